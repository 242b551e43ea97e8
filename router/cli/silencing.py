"""`tocsin silence …`: what nobody is told of for a while, and who said so."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from router.cli.incidents import by_option
from router.cli.remote import ask
from router.cli.session import USAGE, Failure, Group, Session, pass_session
from router.cli.showing import ahead, moment
from workers.plain import plain

LIST = "List them with `tocsin silence list`."


@click.group(cls=Group)
def silence() -> None:
    """Tell nobody of some things for a while. They are kept, and told when it is over and they still burn."""


@silence.command()
@click.argument("reason")
@click.option("--for", "lasts", metavar="DURATION", help="Like 30m or 2h.")
@click.option("--start", metavar="TIME", help="Like 2026-03-01T22:00; now by default.")
@click.option("--end", metavar="TIME", help="Instead of --for.")
@click.option("--source", "sources", multiple=True, help="A source, a type or a family; may be repeated.")
@click.option("--kind", "kinds", multiple=True, help="Like stripe.charge.*; may be repeated.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="May be repeated: all must hold.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(["P1", "P2", "P3", "P4"]))
@click.option("--everything", is_flag=True, help="All there is.")
@click.option("--repeats", metavar="RRULE", help="Like 'FREQ=WEEKLY;BYDAY=SU'.")
@click.option("--timezone", default="UTC", show_default=True, help="Of times without an offset, and of what repeats.")
@click.option("--restart", is_flag=True, help="Afterwards a running matrix begins anew instead of going on.")
@click.option("--name", help="By which it is lifted; made up by default.")
@by_option
@pass_session
def add(session: Session, /, reason: str, by: str, **said: Any) -> None:
    """Be silent because of REASON."""
    body = _asked(reason, by, said)
    found = ask(session, "POST", "/api/silences", body)
    session.answer(found, lambda: _added(session, found))


def _asked(reason: str, by: str, said: dict[str, Any]) -> dict[str, object]:
    labels = dict(map(label_of, said["labels"]))
    when = {"source": list(said["sources"]), "kind": list(said["kinds"]), "labels": labels}
    body = {
        "reason": reason,
        "by": by,
        "name": said["name"],
        "when": {name: value for name, value in when.items() if value},
        "severities": list(said["severities"]),
        "for": said["lasts"],
        "start": said["start"],
        "end": said["end"],
        "repeats": said["repeats"],
        "timezone": said["timezone"],
        "then": "restart" if said["restart"] else "pause",
        "everything": said["everything"],
    }
    if not (said["lasts"] or said["end"]):
        raise Failure("how long? A silence has an end", "Say --for 1h, or --end TIME.", code=USAGE)
    if not (body["when"] or body["severities"] or body["everything"]):
        hint = "Say --label service=api, --source, --kind or --severity; all there is: --everything."
        raise Failure("what is to be silent?", hint, code=USAGE)
    return {name: value for name, value in body.items() if value}


def label_of(text: str) -> tuple[str, str]:
    """A label as it is typed, `KEY=VALUE`. Raises click's BadParameter."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.BadParameter(f"{text!r} is not KEY=VALUE, like service=api", param_hint="--label")
    return key, value


def _added(session: Session, found: dict[str, Any]) -> None:
    when = (
        f"until {moment(found['until'])}"
        if found["active"]
        else f"from {moment(found['from'])} to {moment(found['until'])}"
    )
    session.line(f"Silent {when}: {plain(found['reason'])}.", "bold")
    say_doubts(session, found)
    session.line(f"Lift it: tocsin silence lift {plain(found['name'])}")


def say_doubts(session: Session, found: dict[str, Any]) -> None:
    """What of its scope nobody has ever named: it may be new, or mistyped."""
    for one in found.get("doubts") or ():
        session.line(f"! {plain(one, 400)}", "yellow")


@silence.command("list")
@pass_session
def list_(session: Session) -> None:
    """List silences, those in force first."""
    found = ask(session, "GET", "/api/silences")["silences"]
    session.answer({"silences": found}, lambda: _listed(session, found))


def _listed(session: Session, found: list[dict[str, Any]]) -> None:
    if not found:
        session.line("Nothing is silenced.")
        return
    now = time.time()
    ordered = sorted(found, key=lambda one: (not one["active"], one["from"] is None, one["from"] or 0))
    rows = [
        [
            one["name"],
            _state(one, now),
            moment(one["until"]),
            _what(one),
            plain(one["reason"]),
            plain(one.get("by", "")),
        ]
        for one in ordered
    ]
    session.table(["NAME", "STATE", "UNTIL", "WHAT", "REASON", "BY"], rows)


def _state(one: dict[str, Any], now: float) -> str:
    if one["active"]:
        return "silent"
    return "over" if one["from"] is None else ahead(one["from"] - now)


def _what(one: dict[str, Any]) -> str:
    parts = [condition_words(one.get("when") or {}), ", ".join(one.get("severities") or [])]
    return plain("; ".join(filter(None, parts)) or "everything", 80)


def condition_words(when: dict[str, Any]) -> str:
    """A condition in a line: `source shop-uptime; labels service=api`."""
    return plain("; ".join(f"{name} {_words(value)}" for name, value in when.items() if value))


def _words(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={_words(inner)}" for name, inner in value.items())
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)


@silence.command()
@click.argument("name")
@by_option
@pass_session
def lift(session: Session, name: str, by: str) -> None:
    """End the silence NAME before its time: what it held back goes on at once."""
    found = ask(session, "POST", f"/api/silences/{quote(name, safe='')}/lift", {"by": by}, otherwise=LIST)
    number = len(found["incidents"])
    held = f"; {number} incident{'' if number == 1 else 's'} held back by it go on" if number else ""
    session.answer(found, lambda: session.line(f"The silence {plain(name)} is lifted{held}.", "bold"))
