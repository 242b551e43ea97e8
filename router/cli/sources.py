"""`tocsin sources …`: who may speak to this Tocsin, how to set each up, and when it was last heard."""

from __future__ import annotations

import time
from urllib.parse import quote

import click

from router.cli.remote import ask
from router.cli.session import Group, Session, pass_session
from router.cli.showing import Record, about, exact
from workers.plain import plain

_LIST = "List them: tocsin sources list"


@click.group(cls=Group)
def sources() -> None:
    """Configured sources: the address to paste, how to set each up, and when it was last heard."""


@sources.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the sources of the rules in force."""
    found = ask(session, "GET", "/api/sources")
    session.answer(found, lambda: _show_list(session, found["sources"]))


def _show_list(session: Session, found: list[Record]) -> None:
    if not found:
        session.line("The rules have no sources, so nobody can be heard. Add one under `sources:`.")
        return
    now = time.time()
    rows = [[one["name"], one["title"], _heard(one, now), _today(one), _refused(one)] for one in found]
    session.table(["SOURCE", "SENDER", "LAST HEARD", "TODAY", "REFUSED"], rows)
    session.line("How to set one up: tocsin sources show NAME")


@sources.command()
@click.argument("name")
@pass_session
def show(session: Session, name: str) -> None:
    """Show one source: the address to paste, the steps to set it up, and what it said last."""
    one = ask(session, "GET", f"/api/sources/{quote(name, safe='')}", otherwise=_LIST)
    session.answer(one, lambda: _show_one(session, one))


def _show_one(session: Session, one: Record) -> None:
    session.line(f"{one['name']} · {one['title']}", "bold")
    session.line(f"  paste     {one['url']}")
    session.line(f"  proof     {plain(one['proof'])}")
    session.line(f"  heard     {_heard(one, time.time())}")
    if one["last"] is not None:
        session.line(f"  said      {plain(_said(one['last']))}")
    session.line(f"  refused   {_refused(one)}")
    session.line("")
    for number, step in enumerate(one["setup"]["steps"], 1):
        session.line(f"{number}. {_unmarked(step)}")
    if one["setup"]["example"]:
        session.line("")
        for text in one["setup"]["example"].splitlines():
            session.line(f"    {text}")
    for note in one["setup"]["notes"]:
        session.line("")
        session.line(_unmarked(note))
    session.line("")
    session.line(f"Try it without the product: tocsin send {one['name']}")


def _heard(one: Record, now: float) -> str:
    if one["heard_at"] is None:
        return "never"
    return f"{about(max(0.0, now - one['heard_at']))} ago ({exact(one['heard_at'])})"


def _today(one: Record) -> str:
    heard = one["days"][-1]["heard"] if one["days"] else None
    return "not known" if heard is None else str(heard)


def _refused(one: Record) -> str:
    number = one["total"].get("unauthentic", 0)
    return f"{number} that did not prove themselves" if number else "none"


def _said(last: Record) -> str:
    events = last["events"]
    words = last["unreadable"] or (events[0]["summary"] if events else "nothing")
    return f"{last['outcome']}: {words} (tocsin deliveries show {last['id']})"


def _unmarked(text: str) -> str:
    return plain(text.replace("**", ""))
