"""`tocsin maintenance`: one command that silences by scope and has the words for everybody else ready."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from router.cli.incidents import by_option, every
from router.cli.remote import ask
from router.cli.session import USAGE, Failure, Group, Session, pass_session
from router.cli.showing import moment, next_action
from router.prepared import Unfit, filled
from workers.configuration import packaged
from workers.plain import plain

TEMPLATE = Path("words") / "maintenance.md"
LIST = "List them with `tocsin silence list`."


@click.group(cls=Group)
def maintenance() -> None:
    """Work on something without waking anybody: a silence, and the words for everybody else."""


@maintenance.command()
@click.option("--for", "lasts", required=True, metavar="DURATION", help="Like 1h.")
@click.option("--service", required=True, help="What is worked on: alerts with the label service=SERVICE are silenced.")
@click.option("--source", "sources", multiple=True, help="Silence this source instead; may be repeated.")
@click.option("--reason", default="planned maintenance", show_default=True)
@by_option
@pass_session
def start(session: Session, lasts: str, service: str, sources: tuple[str, ...], reason: str, by: str) -> None:
    """Begin now: steps of running incidents wait too, and what still burns at the end is told then."""
    when: dict[str, object] = {"source": list(sources)} if sources else {"labels": {"service": service}}
    said: dict[str, object] = {"by": by, "reason": f"{reason}: {service}", "when": when, "for": lasts}
    found = ask(session, "POST", "/api/silences", said)
    words = _words(session, service, reason, found)
    session.answer({**found, "words": words}, lambda: _begun(session, found, words))


def _words(session: Session, service: str, reason: str, found: dict[str, Any]) -> dict[str, str]:
    own = (session.config or packaged()) / TEMPLATE
    values = {
        "service": plain(service),
        "reason": plain(reason),
        "start": _clock(found["from"]),
        "end": _clock(found["until"]),
        "minutes": round((found["until"] - found["from"]) / 60),
    }
    try:
        return filled(own if own.is_file() else packaged() / TEMPLATE, values)
    except (Unfit, OSError) as wrong:
        # The silence is set: what is wrong with the words must not hide that.
        return {"No words": f"the template cannot be used: {wrong}"}


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %H:%M UTC")


def _begun(session: Session, found: dict[str, Any], words: dict[str, str]) -> None:
    name = shlex.quote(plain(found["name"]))
    session.line(f"Maintenance until {moment(found['until'])}: {plain(found['reason'])}.", "bold")
    session.line(f"When you are done: tocsin maintenance end {name}")
    for heading, text in words.items():
        session.line("")
        session.line(f"--- {plain(heading)} ---", "bold")
        for line in text.splitlines():
            session.line(plain(line, 2000))


@maintenance.command()
@click.argument("name")
@by_option
@pass_session
def end(session: Session, name: str, by: str) -> None:
    """End it: what still burns is told at once, and listed here."""
    if not plain(name):
        raise Failure("which one? The NAME is empty", LIST, code=USAGE)
    found = ask(session, "POST", f"/api/silences/{quote(name, safe='')}/lift", {"by": by}, otherwise=LIST)
    burning = [one for one in every(session, "open") if one["id"] in found["incidents"]]
    session.answer({**found, "burning": burning}, lambda: _ended(session, name, burning))


def _ended(session: Session, name: str, burning: list[dict[str, Any]]) -> None:
    session.line(f"The maintenance {plain(name)} is over.", "bold")
    if not burning:
        session.line("Nothing that it held back still burns.")
        return
    now = datetime.now(UTC).timestamp()
    rows = [[one["id"], one["severity"], next_action(one, now), plain(one["title"])] for one in burning]
    session.line("Still burning, and told now:")
    session.table(["ID", "SEV", "NEXT", "TITLE"], rows)
