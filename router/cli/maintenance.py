"""`tocsin maintenance`: one command that silences by scope, has the words for everybody else ready, and reminds."""

from __future__ import annotations

import shlex
import time
from typing import Any

import click

from router.cli.incidents import by_option
from router.cli.planned import LIST, part, public_lines, public_state, publish
from router.cli.remote import ask
from router.cli.session import USAGE, Failure, Group, Session, pass_session
from router.cli.showing import ahead, moment, next_action
from router.cli.silencing import condition_words, label_of, say_doubts
from workers.plain import plain

_SEVERITY = click.Choice(["P1", "P2", "P3", "P4"], case_sensitive=False)


@click.group(cls=Group)
def maintenance() -> None:
    """Work on something without waking anybody: a silence, the words for everybody else, and reminders."""


@maintenance.command()
@click.option("--service", required=True, help="What is worked on. Its label `service` says what is silenced.")
@click.option("--for", "lasts", metavar="DURATION", help="Like 1h.")
@click.option("--end", metavar="TIME", help="Instead of --for: like 2026-03-01T23:30.")
@click.option("--start", metavar="TIME", help="Like 2026-03-01T22:00; now by default.")
@click.option("--timezone", default="UTC", show_default=True, help="Of times without an offset.")
@click.option("--source", "sources", multiple=True, help="Silence this source instead; may be repeated.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Silence what has this label instead.")
@click.option("--reason", default="planned maintenance", show_default=True)
@click.option("--remind", "severity", type=_SEVERITY, default="P4", show_default=True, help="Through its channels.")
@click.option("--name", help="By which it is ended; made up by default.")
@by_option
@pass_session
def start(session: Session, /, **said: Any) -> None:
    """Begin now: steps of running incidents wait too, and what still burns at the end is told then.

    Shortly before the end, and at the end, whoever started it is reminded in the rooms of --remind.
    """
    if not (said["lasts"] or said["end"]):
        raise Failure("how long? A maintenance has an end", "Say --for 1h, or --end TIME.", code=USAGE)
    body = {
        **{name: value for name, value in said.items() if name != "lasts"},
        "for": said["lasts"],
        "severity": said["severity"].upper(),
        "sources": list(said["sources"]),
        "labels": dict(map(label_of, said["labels"])),
    }
    found = ask(session, "POST", "/api/maintenance", {name: value for name, value in body.items() if value})
    session.answer(found, lambda: _begun(session, found))


def _begun(session: Session, found: dict[str, Any]) -> None:
    name = shlex.quote(plain(found["name"]))
    when = "" if found["active"] else f"from {moment(found['from'])} "
    session.line(f"Maintenance of {plain(found['service'])} {when}until {moment(found['until'])}.", "bold")
    session.line(f"Silenced: {condition_words(found['what'])}.")
    say_doubts(session, found)
    if found["remind_at"] is not None:
        session.line(f"People are reminded at {moment(found['remind_at'])}, and told when it is over.")
    session.line(f"When you are done: tocsin maintenance end {name}")
    session.line(f"If it takes longer: tocsin maintenance prolong {name} --for 30m")
    for line in public_lines(found):
        session.line(line)
    for heading, text in found["words"].items():
        session.line("")
        session.line(f"--- {plain(heading)} ---", "bold")
        for line in text.splitlines():
            session.line(plain(line, 2000))


@maintenance.command("list")
@pass_session
def list_(session: Session) -> None:
    """List what is on, what is to come, and what was over within a week."""
    found = ask(session, "GET", "/api/maintenance")["maintenance"]
    session.answer({"maintenance": found}, lambda: _listed(session, found))


def _listed(session: Session, found: list[dict[str, Any]]) -> None:
    if not found:
        session.line("Nothing is worked on. Begin with `tocsin maintenance start --service NAME --for 1h`.")
        return
    now = time.time()
    ordered = sorted(found, key=lambda one: (one["over"], not one["active"], one["until"]))
    rows = [
        [
            one["name"],
            _state(one, now),
            moment(one["until"]),
            plain(one["service"], 40),
            str(len(one["holds"])),
            plain(one["reason"], 60),
            plain(one["by"], 40),
        ]
        for one in ordered
    ]
    heads = ["NAME", "STATE", "UNTIL", "SERVICE", "HOLDS", "REASON", "BY"]
    if any(one.get("public") for one in ordered):
        heads, rows = [*heads, "PUBLIC"], [[*row, public_state(one)] for row, one in zip(rows, ordered, strict=True)]
    session.table(heads, rows)


def _state(one: dict[str, Any], now: float) -> str:
    if one["active"]:
        return "on"
    return "over" if one["over"] else ahead(one["from"] - now)


@maintenance.command()
@click.argument("name")
@click.option("--for", "lasts", required=True, metavar="DURATION", help="So much longer than it was to be: 30m.")
@click.option("--say", metavar="TEXT", help="To the world, where it knows of it, in exactly these words.")
@by_option
@pass_session
def prolong(session: Session, name: str, lasts: str, say: str | None, by: str) -> None:
    """Give NAME more time. Whoever hears its reminders hears that, and the words have the new end."""
    path = f"/api/maintenance/{part(name)}/prolong"
    body: dict[str, object] = {"by": by, "for": lasts, **({"say": say} if say is not None else {})}
    found = ask(session, "POST", path, body, otherwise=LIST)
    session.answer(found, lambda: _begun(session, found))


@maintenance.command()
@click.argument("name")
@click.option("--say", metavar="TEXT", help="To the world, where it knows of it, in exactly these words.")
@by_option
@pass_session
def end(session: Session, name: str, say: str | None, by: str) -> None:
    """End NAME: what still burns is told at once, and listed here. Over already is over: nothing is changed then."""
    body: dict[str, object] = {"by": by, **({"say": say} if say is not None else {})}
    found = ask(session, "POST", f"/api/maintenance/{part(name)}/end", body, otherwise=LIST)
    session.answer(found, lambda: _ended(session, name, found))


maintenance.add_command(publish)


def _ended(session: Session, name: str, found: dict[str, Any]) -> None:
    if not found.get("changed", True):
        session.line(
            f"The maintenance {plain(name)} has been over since {moment(found['until'])}: nothing was changed."
        )
        return
    session.line(f"The maintenance {plain(name)} is over.", "bold")
    burning = found["burning"]
    if (found.get("public") or {}).get("said"):
        session.line(f"The world is told: {plain(found['public']['said']['over'], 4000)}")
    if not burning:
        session.line("Nothing that it held back still burns.")
        return
    now = time.time()
    rows = [[one["id"], one["severity"], next_action(one, now), plain(one["title"])] for one in burning]
    session.line("Still burning, and told now:")
    session.table(["ID", "SEV", "NEXT", "TITLE"], rows)
