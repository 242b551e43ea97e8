"""`tocsin runbook ID …`: what to do about an incident, step by step, and who has done what."""

from __future__ import annotations

import shlex
import time
from urllib.parse import quote

import click

from router.cli.incidents import VIA, by_option, whole
from router.cli.remote import ask
from router.cli.session import Command, Session, pass_session
from router.cli.showing import Record, as_it_is
from workers.plain import clock, plain

WORDS = {
    "tick": "Say the number of a step",
    "untick": "Say the number of a step",
    "answer": "Say yes, no, or what else the question allows",
    "reopen": "Say the id of a question, as -o json shows it",
}
"""What can be done, and what must be said with it."""
OTHERWISE = "Read one of them: tocsin runbook {} --name NAME"


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("word", metavar="[tick|untick|answer|reopen]", required=False, type=click.Choice(list(WORDS)))
@click.argument("of", metavar="[STEP|ANSWER|QUESTION-ID]", required=False)
@click.option("--name", metavar="RUNBOOK", help="Another runbook than the one of the incident's rule.")
@click.option("--question", metavar="QUESTION-ID", help="Which is answered; by default the one that is open.")
@by_option
@pass_session
def runbook(
    session: Session, id_: str, word: str | None, of: str | None, name: str | None, question: str | None, by: str
) -> None:
    """Work through the runbook of the incident ID; alone, it shows the steps and who has done which.

    \b
    tocsin runbook 4F tick 3       step 3 is done; untick 3: it is not
    tocsin runbook 4F answer no    to the question that is open; reopen QUESTION-ID asks it again

    What must be verified before it closes is another list: tocsin incidents tick.
    """
    if word is None:
        return _show(session, id_, name)
    if not of:
        raise click.UsageError(f"{word} what? {WORDS[word]}.")
    return _work(session, id_, word, {"by": by, "via": VIA, "runbook": name, word: of, "question": question})


def _show(session: Session, id_: str, name: str | None) -> None:
    query = f"?name={quote(name, safe='')}" if name else ""
    full = whole(session, id_)
    found = ask(session, "GET", f"/api/incidents/{full}/runbook{query}", otherwise=OTHERWISE.format(full))
    session.answer(found, lambda: show_runbook(session, found))


def _work(session: Session, id_: str, word: str, body: dict[str, str | None]) -> None:
    full = whole(session, id_)
    said = {key: value for key, value in body.items() if value is not None}
    found = ask(session, "POST", f"/api/incidents/{full}/runbook", {**said}, otherwise=OTHERWISE.format(full))
    first = plain(str(found.get("done_by") or ""))
    late = word == "tick" and first not in ("", plain(str(found.get("by"))))
    told = f"{first} had done it already: {plain(found['item'])}" if late else _done(found, word, str(body[word]))
    session.answer(found, lambda: session.line(f"{full}: {_ended(told)}"))


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!", ")")) else f"{text}."


def _done(found: Record, word: str, of: str) -> str:
    if word == "answer":
        return _decided(found, of)
    said = {"tick": "done", "untick": "not done after all", "reopen": "asked again"}[word]
    # An incident has a checklist too, whose items have numbers as these steps have.
    return f"runbook {plain(found['runbook'])}, {said}: {plain(found['item'])}"


def _decided(found: Record, given: str) -> str:
    asks = next((one["asks"] for one in found["decisions"] if one["asks"]), None)
    taken = [step for one in found["decisions"] for step in one["path"] if step["question"] == found["item"]]
    leads = f": {plain(taken[-1]['leads'])}" if taken else ""
    further = f". Next: {_asked(asks)}" if asks else ""
    return f"{plain(found['item'])} {plain(given)}{leads}{further}"


def _asked(asks: Record) -> str:
    return f"{plain(asks['question'])} ({' or '.join(plain(one['answer']) for one in asks['answers'])})"


def show_runbook(session: Session, found: Record) -> None:
    """The next step first, or that it is over; then all of them, and the trees."""
    steps, now = found["steps"], time.time()
    session.line(f"{plain(found['title'])} (runbook {plain(found['runbook'])})", "bold")
    left = [one for one in steps if one["done"] is None]
    over = not found.get("open", True)
    if over:
        done = len(steps) - len(left)
        session.line(f"The incident is resolved: {done} of {len(steps)} steps were done; none can be ticked any more.")
    elif left:
        session.line(f"Next: {left[0]['number']}. {plain(left[0]['text'])}")
    for one in steps:
        session.line("")
        _show_step(session, one, now)
    for tree in found["decisions"]:
        session.line("")
        _show_tree(session, found["incident"], tree, now, over=over)
    if found["before_the_change"]:
        session.line("")
        session.line("Done before the runbook was changed:", "bold")
        for one in found["before_the_change"]:
            session.line(f"  [x] {plain(one['words'])} {plain(one['answer'])} ({_who(one, now)})")
    if not over:
        session.line("")
        session.line(f"When one is done: tocsin runbook {found['incident']} tick NUMBER")


def _show_step(session: Session, one: Record, now: float) -> None:
    done = one["done"]
    session.line(
        f"  [{'x' if done else ' '}] {one['number']}. {plain(one['text'])}" + (f" ({_who(done, now)})" if done else "")
    )
    for command in () if done else one["commands"]:
        for line in command.splitlines():
            session.line(f"         {as_it_is(line)}")


def _answers(tree: Record) -> list[str]:
    """As they can be typed."""
    return [shlex.quote(plain(one["answer"])) for one in tree["asks"]["answers"]]


def _show_tree(session: Session, incident: str, tree: Record, now: float, *, over: bool) -> None:
    session.line(plain(tree["title"]), "bold")
    for one in tree["path"]:
        session.line(f"  {plain(one['question'])} {plain(one['answer'])}: {plain(one['leads'])} ({_who(one, now)})")
    if tree["asks"] and over:
        session.line(f"  {plain(tree['asks']['question'])} (nobody answered)")
    elif tree["asks"]:
        session.line(f"  {plain(tree['asks']['question'])}")
        for one in tree["asks"]["answers"]:
            session.line(f"    {plain(one['answer'])}: {plain(one['leads'])}")
        session.line(f"  Answer it: tocsin runbook {incident} answer {'|'.join(_answers(tree))}")
    else:
        session.line(f"  Decided: {plain(tree['outcome'])}")


def _who(done: Record, now: float) -> str:
    return f"{plain(done['by'])}, {clock(done['at'], now)}"
