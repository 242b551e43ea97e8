"""`tocsin maintenance publish`: what the world is told of planned work, shown before it is public."""

from __future__ import annotations

import shlex
import time
from typing import Any
from urllib.parse import quote

import click

from router.cli.incidents import by_option
from router.cli.remote import ask
from router.cli.session import USAGE, Command, Failure, Session, pass_session
from rules.announcing.planned import OVER, Announced, coming
from rules.announcing.public import NO_PAGE
from rules.event import Severity
from rules.holds.maintenance import Maintenance
from workers.plain import plain

LIST = "List them with `tocsin maintenance list`."
Record = dict[str, Any]


def part(name: str) -> str:
    """A name as part of an address. Raises Failure for an empty one."""
    if not plain(name):
        raise Failure("which one? The NAME is empty", LIST, code=USAGE)
    return quote(name, safe="")


@click.command(cls=Command)
@click.argument("name")
@click.argument("text", required=False)
@click.option("--title", help="What the public reads above it; the first time it needs one.")
@click.option("--over", metavar="TEXT", help=f"What is said at its end. [default: {OVER}]")
@click.option("--component", "components", multiple=True, metavar="NAME", help="What is worked on; may be repeated.")
@click.option("--page", "pages", multiple=True, help="On this status page only; may be repeated.")
@click.option("--preview", is_flag=True, help="Show what would become public, and publish nothing.")
@by_option
@pass_session
def publish(session: Session, /, name: str, text: str | None, preview: bool, by: str, **said: Any) -> None:
    """Tell the world of NAME, in exactly these words. Without TEXT: show what there is to say, publish nothing."""
    given = {field: list(value) if isinstance(value, tuple) else value for field, value in said.items() if value}
    path = f"/api/maintenance/{part(name)}/publish"
    if text is None or preview:
        _show(session, name, text, given)
        return
    found = ask(session, "POST", path, {"by": by, "text": text, **given}, otherwise=LIST)
    session.answer(found, lambda: _published(session, found))


def _published(session: Session, found: Record) -> None:
    said = found["public"]["said"]
    session.line(f"Public on {', '.join(map(plain, found['public']['pages']))}, in a moment:", "bold")
    session.line(f"  {plain(said['title'], 255)}")
    session.line(f"  {plain(said['text'], 4000)}")
    session.line(f"See whether each page says it: tocsin maintenance publish {shlex.quote(plain(found['name']))}")


def _show(session: Session, name: str, text: str | None, given: Record) -> None:
    """What the world reads now, what it would read and when, and the words that are ready."""
    known = ask(session, "GET", "/api/maintenance")["maintenance"]
    one = next((each for each in known if each["name"] == name), None)
    if one is None:
        raise Failure(f"there is no maintenance {plain(name)!r}", LIST, code=1)
    said = (one.get("public") or {}).get("said")
    would = _would(one, text, given, said) if text else None
    answer = {"name": one["name"], "published": False, "public": one.get("public"), "would": would}
    session.answer({**answer, "words": one["words"]}, lambda: _shown(session, one, would))


def _would(one: Record, text: str, given: Record, said: Record | None) -> Record:
    now, before = time.time(), said or {}
    words = Announced(
        title=given.get("title") or before.get("title") or "",
        text=text,
        over=given.get("over") or before.get("over") or OVER,
        components=tuple(given.get("components") or before.get("components") or ()),
        pages=tuple(given.get("pages") or ()),
        by="",
        at=now,
        first=now,
    )
    work = Maintenance(
        name=one["name"],
        service=one["service"],
        reason=one["reason"],
        by=one["by"],
        severity=Severity(one["severity"]),
        start=one["from"],
        end=one["until"],
    )
    texts = [{"when": when, "text": each} for when, each in coming(work, words, now)]
    return {"title": words.title or None, "texts": texts, "components": list(words.components)}


def _shown(session: Session, one: Record, would: Record | None) -> None:
    for line in public_lines(one) or [NO_PAGE]:
        session.line(line)
    if would is not None:
        session.line("")
        session.line("This would become public, and was not published:", "bold")
        session.line(f"  {plain(would['title'] or '(a title is missing: add --title)', 255)}")
        for each in would["texts"]:
            session.line(f"  {each['when']}: {plain(each['text'], 4000)}")
        if would["components"]:
            session.line(f"  under maintenance: {', '.join(map(plain, would['components']))}")
    for heading, text in one["words"].items():
        session.line("")
        session.line(f"--- {plain(heading)} ---", "bold")
        for line in text.splitlines():
            session.line(plain(line, 2000))


def public_lines(one: Record) -> list[str]:
    """What the world reads of it, or how to tell it; nothing where there is no status page."""
    public = one.get("public")
    if public is None:
        return []
    if public["said"] is None:
        how = f"tocsin maintenance publish {shlex.quote(plain(one['name']))} --title TITLE TEXT"
        return [] if one["over"] else [f"The world knows nothing of it. Tell it: {how}"]
    return [_on_page(plain(page), on) for page, on in public["pages"].items()]


def _on_page(page: str, on: Record) -> str:
    says = f"says “{on['says'].replace('_', ' ')}”" if on["says"] else "says nothing of it"
    at = f": {plain(on['url'], 300)}" if on["url"] else ""
    why = f"; it is tried again: {plain(on['trouble'], 300)}" if on["trouble"] else ""
    behind = ", and will say more in a moment" if on["says"] and not on["up_to_date"] and not why else ""
    return f"{page} {says}{behind}{at}{why}"


def public_state(one: Record) -> str:
    """In a word, for the list."""
    public = one.get("public") or {}
    if public.get("said") is None:
        return "no"
    pages = public["pages"].values()
    if any(on["trouble"] for on in pages):
        return "in trouble"
    if one["over"] and not any(on["says"] for on in pages):
        return "no"
    return "yes" if all(on["up_to_date"] for on in pages) else "soon"
