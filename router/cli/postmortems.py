"""`tocsin postmortem …`: what is due, the documents out and in, and what was agreed to be done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from router.cli.actions import LIST, Record, actions, say_strangers, tell
from router.cli.incidents import VIA, by_option, whole
from router.cli.remote import ask
from router.cli.session import FINDINGS, Failure, Group, Session, pass_session, stop
from workers.plain import clock, plain

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
    say_strangers(session, answer)


@postmortem.command()
@click.argument("id_", metavar="ID")
@click.option("--anyway", is_flag=True, help="Though something in it is still to be filled in.")
@by_option
@pass_session
def review(session: Session, id_: str, anyway: bool, by: str) -> None:
    """Say that the team has reviewed it."""
    tell(session, id_, "review", "the post-mortem is reviewed.", by, anyway=anyway)


@postmortem.command()
@click.argument("id_", metavar="ID")
@click.argument("reason")
@by_option
@pass_session
def waive(session: Session, id_: str, reason: str, by: str) -> None:
    """Say that there will be none, with the REASON."""
    tell(session, id_, "waive", "the post-mortem is waived; nobody is reminded any more.", by, reason=reason)


@postmortem.command("ask")
@click.argument("id_", metavar="ID")
@click.argument("reason", required=False, default="")
@by_option
@pass_session
def ask_for(session: Session, id_: str, reason: str, by: str) -> None:
    """Ask for one where the rules ask for none, or after it was waived."""
    tell(session, id_, "ask", "a post-mortem is wanted. See when it is due: tocsin postmortem list", by, reason=reason)


postmortem.add_command(actions)
