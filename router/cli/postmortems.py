"""`tocsin postmortem …`: what is due, the documents out and in, and what was agreed to be done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from router.cli.incidents import VIA, by_option, whole
from router.cli.remote import ask
from router.cli.session import FINDINGS, Failure, Group, Session, pass_session, stop
from workers.plain import clock, plain

LIST = "List them with `tocsin postmortem list --all`."
Record = dict[str, Any]
_file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.group(cls=Group)
def postmortem() -> None:
    """What an incident leaves to be written and done. An ID is its incident's, and may be shortened."""


@postmortem.command("list")
@click.option("--overdue", is_flag=True, help="Only what is late; exit code 1 when something is.")
@click.option("--all", "everything", is_flag=True, help="Those that are done with too.")
@pass_session
def list_(session: Session, overdue: bool, everything: bool) -> None:
    """List post-mortems that are due, and what was agreed to be done."""
    state = "overdue" if overdue else "all" if everything else "unfinished"
    found = ask(session, "GET", f"/api/postmortems?state={state}")["postmortems"]
    session.answer({"postmortems": found}, lambda: _list(session, found, state))
    if overdue and found:
        stop(FINDINGS)


def _list(session: Session, found: list[Record], state: str) -> None:
    if not found:
        session.line(
            {"overdue": "Nothing is overdue.", "unfinished": "No post-mortem is due."}.get(state, "There is none.")
        )
        return
    session.table(
        ["INCIDENT", "SEVERITY", "STATE", "DUE", "AUTHOR", "OPEN ITEMS", "TITLE"], [_row(one) for one in found]
    )
    for one in found:
        for line in one["overdue"]:
            session.line(f"! {plain(one['incident'])}: {plain(line)}", "yellow")


def _row(one: Record) -> list[str]:
    due = clock(one["due_at"], 0) if one["due_at"] else "–"
    left = sum(item["status"] == "open" for item in one["actions"])
    author = one["author"] or "nobody yet"
    return [one["incident"], one["severity"], one["stage"], due, author, str(left), plain(one["title"], 60)]


@postmortem.command()
@click.argument("id_", metavar="ID")
@pass_session
def show(session: Session, id_: str) -> None:
    """Print the document as Markdown: `tocsin postmortem show ID > file.md`."""
    found = _fetch(session, whole(session, id_))
    session.answer(found, lambda: click.echo(found["markdown"], nl=False))


def _fetch(session: Session, incident: str) -> Record:
    then = f"To have one all the same: tocsin postmortem ask {incident}"
    found: Record = ask(session, "GET", f"/api/incidents/{incident}/postmortem", otherwise=then)
    return found


def _revision(function: Any) -> Any:
    text = "The revision it was made from, where its last line does not say it, or to save over a later one."
    return click.option("--revision", type=click.IntRange(1), help=text)(function)


@postmortem.command()
@click.argument("id_", metavar="ID")
@click.argument("file", required=False, type=_file)
@_revision
@by_option
@pass_session
def edit(session: Session, id_: str, file: Path | None, revision: int | None, by: str) -> None:
    """Keep FILE (- is stdin) as the document; without one, open it in your editor ($VISUAL, $EDITOR)."""
    incident = whole(session, id_)
    if file is None:
        before = _fetch(session, incident)["markdown"]
        edited = click.edit(before, extension=".md")
        text = before if edited is None else str(edited)
        if text == before:
            session.answer({"changed": False}, lambda: session.line("Nothing was changed."))
            return
    else:
        text = _read(file)
    _hand_in(session, incident, text, file, revision, by, submit=False)


@postmortem.command()
@click.argument("id_", metavar="ID")
@click.argument("file", required=False, type=_file)
@_revision
@by_option
@pass_session
def submit(session: Session, id_: str, file: Path | None, revision: int | None, by: str) -> None:
    """Hand the draft in, from FILE (- is stdin) or as it stands: now the team can review it."""
    incident = whole(session, id_)
    text = _fetch(session, incident)["markdown"] if file is None else _read(file)
    _hand_in(session, incident, text, file, revision, by, submit=True)


def _read(file: Path) -> str:
    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode()
    except OSError as wrong:
        raise Failure(f"{file} cannot be read: {wrong.strerror}") from None
    except UnicodeDecodeError as wrong:
        raise Failure(f"{file} is no UTF-8 text (byte {wrong.start})", "Save it as UTF-8, and try again.") from None


def _hand_in(
    session: Session, incident: str, text: str, file: Path | None, revision: int | None, by: str, *, submit: bool
) -> None:
    body: dict[str, object] = {"text": text, "by": by, "via": VIA, "submit": submit}
    if revision is not None:
        body["revision"] = revision
    answer = ask(session, "POST", f"/api/incidents/{incident}/postmortem", body, otherwise=LIST, also={409, 422})
    if "stage" not in answer:
        raise _not_kept(answer, file, incident, text)
    session.answer(answer, lambda: _kept(session, answer, submit=submit))


def _not_kept(answer: Record, file: Path | None, incident: str, text: str) -> Failure:
    """Each mistake at its place in the file; who was slower hears how to go on, and has lost nothing."""
    name = "the document" if file is None else str(file)
    flaws = [one for one in answer.get("errors") or () if "line" in one]
    if flaws:
        lines = "\n  ".join(f"{name}:{one['line']}:{one['column']}: {plain(one['expected'])}" for one in flaws)
        return Failure(f"{name} cannot be kept:\n  {lines}", "Mend it, and hand it in again: nothing was changed.")
    then = ""
    if "revision" in answer:
        then = f"See theirs: tocsin postmortem show {incident} > theirs.md. Yours is as you left it."
    if file is None and text and "revision" in answer:
        kept = Path(f"post-mortem-{incident}.mine.md")
        kept.write_text(text, encoding="utf-8")
        then = f"Yours is in {kept}. See theirs: tocsin postmortem show {incident}"
    return Failure(plain(str(answer.get("detail")), 500), then)


def _kept(session: Session, answer: Record, *, submit: bool) -> None:
    what = "is submitted; the team can review it" if submit else "is kept"
    session.line(f"The post-mortem of {answer['incident']} {what}, revision {answer['revision']}.", "bold")
    if answer["blanks"]:
        session.line(f"Still to be filled in: {plain(', '.join(answer['blanks']), 400)}.")
    _say_strangers(session, answer)


def _say_strangers(session: Session, answer: Record) -> None:
    if answer.get("strangers"):
        names = plain(", ".join(answer["strangers"]), 200)
        session.line(f"! The rules know nobody called {names}: Tocsin cannot remind them.", "yellow")


def _tell(session: Session, id_: str, what: str, said: str, by: str, **body: Any) -> Record:
    incident = whole(session, id_)
    path = f"/api/incidents/{incident}/postmortem/{what}"
    answer: Record = ask(session, "POST", path, {"by": by, "via": VIA, **body}, otherwise=LIST)
    session.answer(answer, lambda: session.line(f"{incident}: {said}", "bold"))
    if not session.as_json:
        _say_strangers(session, answer)
    return answer


@postmortem.command()
@click.argument("id_", metavar="ID")
@click.option("--anyway", is_flag=True, help="Though something in it is still to be filled in.")
@by_option
@pass_session
def review(session: Session, id_: str, anyway: bool, by: str) -> None:
    """Say that the team has reviewed it."""
    _tell(session, id_, "review", "the post-mortem is reviewed.", by, anyway=anyway)


@postmortem.command()
@click.argument("id_", metavar="ID")
@click.argument("reason")
@by_option
@pass_session
def waive(session: Session, id_: str, reason: str, by: str) -> None:
    """Say that there will be none, with the REASON."""
    _tell(session, id_, "waive", "the post-mortem is waived; nobody is reminded any more.", by, reason=reason)


@postmortem.command("ask")
@click.argument("id_", metavar="ID")
@click.argument("reason", required=False, default="")
@by_option
@pass_session
def ask_for(session: Session, id_: str, reason: str, by: str) -> None:
    """Ask for one where the rules ask for none, or after it was waived."""
    _tell(session, id_, "ask", "a post-mortem is wanted. See when it is due: tocsin postmortem list", by, reason=reason)


@postmortem.group()
def actions() -> None:
    """What was agreed to be done: list it, write it down, say what became of it."""


@actions.command("list")
@click.argument("id_", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="What is done or dropped too.")
@pass_session
def list_actions(session: Session, id_: str | None, everything: bool) -> None:
    """List what is still to be done, of one incident or of all."""
    found = ask(session, "GET", "/api/postmortems?state=all")["postmortems"]
    wanted = whole(session, id_) if id_ is not None else None
    items = [
        {"incident": one["incident"], **item}
        for one in found
        if wanted in (None, one["incident"]) and one["waived"] is None
        for item in one["actions"]
        if everything or item["status"] == "open"
    ]
    items.sort(key=lambda item: item["due"] or "9")
    session.answer({"actions": items}, lambda: _items(session, items))


def _items(session: Session, items: list[Record]) -> None:
    if not items:
        session.line("Nothing is left to be done.")
        return
    rows = [
        [
            one["incident"],
            str(one["number"]),
            one["due"] or "–",
            one["owner"] or "nobody yet",
            _status(one),
            plain(one["text"], 80),
        ]
        for one in items
    ]
    session.table(["INCIDENT", "NUMBER", "DUE", "OWNER", "STATUS", "WHAT"], rows)


def _status(item: Record) -> str:
    return f"{item['status']}: {plain(item['reason'], 60)}" if item["reason"] else str(item["status"])


_owner = click.option("--owner", help="A person of the rules, or whoever else.")
_due = click.option("--due", metavar="DAY", help="Like 2026-12-01.")


@actions.command()
@click.argument("id_", metavar="ID")
@click.argument("text")
@_owner
@_due
@by_option
@pass_session
def add(session: Session, id_: str, text: str, owner: str | None, due: str | None, by: str) -> None:
    """Write down TEXT as something to be done."""
    _tell(session, id_, "actions", "written down.", by, text=text, owner=owner or "", due=due or "")


@actions.command()
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(1))
@by_option
@pass_session
def done(session: Session, id_: str, number: int, by: str) -> None:
    """Say that item NUMBER is done."""
    _tell(session, id_, f"actions/{number}", f"action item {number} is done.", by, status="done")


@actions.command()
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(1))
@click.argument("reason")
@by_option
@pass_session
def drop(session: Session, id_: str, number: int, reason: str, by: str) -> None:
    """Say that item NUMBER will not be done, with the REASON."""
    _tell(session, id_, f"actions/{number}", f"action item {number} is dropped.", by, status="dropped", reason=reason)


@actions.command()
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(1))
@click.option("--text", help="What shall be done.")
@_owner
@_due
@click.option("--open", "again", is_flag=True, help="It was done or dropped, and is open again.")
@by_option
@pass_session
def change(
    session: Session, id_: str, number: int, text: str | None, owner: str | None, due: str | None, again: bool, by: str
) -> None:
    """Write item NUMBER otherwise: another text, owner or due date."""
    said = {"text": text, "owner": owner, "due": due, "status": "open" if again else None}
    body = {name: value for name, value in said.items() if value is not None}
    _tell(session, id_, f"actions/{number}", f"action item {number} is changed.", by, **body)
