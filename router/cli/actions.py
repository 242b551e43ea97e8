"""`tocsin postmortem actions …`: what was agreed to be done, so that it does not happen again."""

from __future__ import annotations

from typing import Any

import click

from router.cli.incidents import VIA, by_option, whole
from router.cli.remote import ask
from router.cli.session import Group, Session, pass_session
from workers.plain import plain

LIST = "List them with `tocsin postmortem list --all`."
ITEMS = "List them with `tocsin postmortem actions list --all`."
Record = dict[str, Any]


def say_strangers(session: Session, answer: Record) -> None:
    """Owners whom the rules do not know."""
    if answer.get("strangers"):
        names = plain(", ".join(answer["strangers"]), 200)
        session.line(f"! The rules know nobody called {names}: Tocsin cannot remind them.", "yellow")


def tell(session: Session, id_: str, what: str, said: str, by: str, **body: Any) -> Record:
    """Ask for a change of a post-mortem, and say that it is made."""
    incident = whole(session, id_)
    path = f"/api/incidents/{incident}/postmortem/{what}"
    otherwise = ITEMS if what.startswith("actions/") else LIST
    answer: Record = ask(session, "POST", path, {"by": by, "via": VIA, **body}, otherwise=otherwise)
    session.answer(answer, lambda: session.line(f"{incident}: {said}", "bold"))
    if not session.as_json:
        say_strangers(session, answer)
    return answer


@click.group(cls=Group)
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
    tell(session, id_, "actions", "written down.", by, text=text, owner=owner or "", due=due or "")


@actions.command()
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(1))
@by_option
@pass_session
def done(session: Session, id_: str, number: int, by: str) -> None:
    """Say that item NUMBER is done."""
    tell(session, id_, f"actions/{number}", f"action item {number} is done.", by, status="done")


@actions.command()
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(1))
@click.argument("reason")
@by_option
@pass_session
def drop(session: Session, id_: str, number: int, reason: str, by: str) -> None:
    """Say that item NUMBER will not be done, with the REASON."""
    tell(session, id_, f"actions/{number}", f"action item {number} is dropped.", by, status="dropped", reason=reason)


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
    tell(session, id_, f"actions/{number}", f"action item {number} is changed.", by, **body)
