"""What an incident's runbook asks, and what of it is done: for the console, the signed link and the API alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.problems import Problem
from rules.incident import Incident
from rules.reading.problem import nearest
from rules.responding.response import Ticked
from rules.responding.response_commands import Tick, Untick
from rules.runbooks.inline import words
from rules.runbooks.outline import Code, Node
from rules.runbooks.progress import NoSuchItem, Progress, answering, leads, reopening, ticking, unticking
from rules.runbooks.runbook import Step, opened
from rules.runbooks.tree import Question, Tree

BUTTONS = ("tick", "untick", "answer", "reopen")
"""What a form's button is called; its value is the item, of an answer followed by ` = ` and the answer."""
_GIVES = " = "


def progress(incident: Incident, written: Mapping[str, str], name: str | None = None) -> Progress | None:
    """How far the incident is in the runbook of its rule, or in the one of this `name`; None when there is none."""
    found = opened(name or incident.runbook or "", written)
    return None if found is None else Progress(found, incident.response.ticks)


def needed(incident: Incident, written: Mapping[str, str], name: str | None = None) -> Progress:
    """The same. Raises Problem 404, which says what there is."""
    found = progress(incident, written, name)
    if found is not None:
        return found
    known = ", ".join(sorted(written)[:8]) or "none"
    asked = name or incident.runbook
    if asked is None:
        raise Problem(404, f"No rule has named a runbook for this incident. There are: {known}.")
    hint = nearest(asked, written) or f"there are: {known}."
    raise Problem(404, f"The rules in force carry no runbook '{asked[:64]}'; {hint}")


def pressed(at: Progress, form: Mapping[str, str], by: str, via: str) -> Tick | Untick:
    """What the button of a form asks. Raises Problem 422."""
    what = next((one for one in BUTTONS if one in form), None)
    if what is None:
        raise Problem(422, "No button of the runbook was pressed. Please go back.")
    item, _, word = form[what].partition(_GIVES)
    return asked(at, what, item, word, by, via)


def asked(at: Progress, what: str, item: str | None, word: str, by: str, via: str) -> Tick | Untick:
    """The command that is meant. `item` is a step's number or id, or a question's id; None: the first open question.

    Raises Problem 422 for a step, a question or an answer that there is none of.
    """
    try:
        if what in ("tick", "untick"):
            step = at.step(item or "")
            return ticking(step, by, via) if what == "tick" else unticking(step, by, via)
        question = at.question(item)
        return answering(question, word, by, via) if what == "answer" else reopening(question, by, via)
    except NoSuchItem as wrong:
        raise Problem(422, f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.") from None


def button(question: Question, word: str) -> str:
    """The value of the button that gives this answer."""
    return f"{question.id}{_GIVES}{word}"


def closed(incident: Incident) -> str:
    """Why nothing more is ticked, in a sentence; empty while it is open."""
    if incident.is_open:
        return ""
    how = f"`tocsin incidents note {incident.id} TEXT`"
    return f"It is resolved: nothing of its runbook can be ticked any more. What should be known all the same: {how}."


def told(at: Progress) -> dict[str, Any]:
    """The whole of it as plain data."""
    return {
        "runbook": at.runbook.name,
        "title": at.runbook.title,
        "steps": [_step(step, at.of(step)) for step in at.runbook.steps],
        "decisions": [_tree(at, tree) for tree in at.runbook.trees],
        "before_the_change": [{**_done(one), "words": one.words, "answer": one.answer} for one in at.before],
    }


def _step(step: Step, done: Ticked | None) -> dict[str, Any]:
    return {
        "number": step.number,
        "id": step.id,
        "text": words(step.text),
        "commands": commands(step.body),
        "done": None if done is None else _done(done),
    }


def _tree(at: Progress, tree: Tree) -> dict[str, Any]:
    walk = at.walk(tree)
    path = [
        {"question": words(one.text), "id": one.id, "answer": answer.word, "leads": leads(answer)}
        | (_done(ticked) if (ticked := at.of(one)) is not None else {})
        for one, answer in walk.taken
    ]
    return {"title": tree.title, "path": path, "asks": _asks(walk.asks), "outcome": walk.outcome}


def _asks(question: Question | None) -> dict[str, Any] | None:
    if question is None:
        return None
    answers = [{"answer": one.word, "leads": leads(one), "commands": commands(one.body)} for one in question.answers]
    return {"id": question.id, "question": words(question.text), "answers": answers}


def _done(ticked: Ticked) -> dict[str, Any]:
    return {"by": ticked.by, "at": ticked.at, "via": ticked.via}


def commands(body: tuple[Node, ...]) -> list[str]:
    """What is to be copied, as it is written."""
    return [one.text for one in body if isinstance(one, Code)]
