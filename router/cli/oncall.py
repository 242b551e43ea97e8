"""`tocsin oncall`: who is on call now and next, and somebody else for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from router.cli.incidents import by_option
from router.cli.remote import ask
from router.cli.session import Group, Session, pass_session
from rules.clock import zone
from workers.plain import plain

LIST = "List them with `tocsin oncall`."


@click.group(cls=Group, invoke_without_command=True)
@pass_session
@click.pass_context
def oncall(ctx: click.Context, session: Session) -> None:
    """Say who is on call, now and next."""
    if ctx.invoked_subcommand is not None:
        return
    found = ask(session, "GET", "/api/schedules")
    session.answer(found, lambda: _say(session, found))


def _say(session: Session, found: dict[str, Any]) -> None:
    if not found["schedules"]:
        session.line("The rules have no schedules: every role is one person.")
    rows = [
        [
            plain(one["name"]),
            _person(one["now"]),
            _local(one, one["now"]["until"]) if one["next"] else "for four weeks and longer",
            _person(one["next"]) if one["next"] else "–",
        ]
        for one in found["schedules"]
    ]
    if rows:
        session.table(["SCHEDULE", "NOW", "UNTIL", "NEXT"], rows)
    for one in found["schedules"]:
        for each in one["overrides"]:
            session.line(_override(one, each))
    for line in found["stranded"]:
        session.line(f"! {plain(line)}", "yellow")


def _override(schedule: dict[str, Any], one: dict[str, Any]) -> str:
    span = f"{_local(schedule, one['from'])} to {_local(schedule, one['until'])}"
    because = f", because: {plain(one['reason'])} ({plain(one['by'])})" if one["of"] == "people" else ", by the rules"
    return f"{plain(one.get('id', 'override'))}  {plain(schedule['name'])}: {_person(one)} {span}{because}"


@oncall.command()
@click.argument("schedule")
@click.option("--person", required=True, help="Who is on call instead.")
@click.option("--from", "start", metavar="TIME", help="Like 2026-11-27T18:00, by the schedule's clock; now by default.")
@click.option("--until", "end", metavar="TIME", required=True, help="Like 2026-11-30T09:00.")
@click.option("--reason", required=True, help="Shown to whoever wonders.")
@by_option
@pass_session
def override(session: Session, schedule: str, person: str, start: str | None, end: str, reason: str, by: str) -> None:
    """Let somebody else take the turns of SCHEDULE for a while."""
    body: dict[str, object] = {"person": person, "until": end, "reason": reason, "by": by}
    if start:
        body["from"] = start
    found = ask(session, "POST", f"/api/schedules/{quote(schedule, safe='')}/overrides", body, otherwise=LIST)
    session.answer(found, lambda: _made(session, found))


def _made(session: Session, found: dict[str, Any]) -> None:
    session.line(
        f"{plain(found['person'])} has {plain(found['schedule'])} for that time: open incidents call them.", "bold"
    )
    session.line(f"Lift it: tocsin oncall lift {plain(found['schedule'])} {plain(found['id'])}")


@oncall.command()
@click.argument("schedule")
@click.argument("override_id", metavar="ID")
@by_option
@pass_session
def lift(session: Session, schedule: str, override_id: str, by: str) -> None:
    """End the override ID of SCHEDULE before its time: the rota holds again."""
    path = f"/api/schedules/{quote(schedule, safe='')}/overrides/{quote(override_id, safe='')}/lift"
    found = ask(session, "POST", path, {"by": by}, otherwise=LIST)
    text = f"The override {plain(override_id)} is lifted: the rota of {plain(schedule)} holds again."
    session.answer(found, lambda: session.line(text, "bold"))


def _person(turn: dict[str, Any]) -> str:
    return plain(turn["person"]) if turn["person"] else "nobody"


def _local(schedule: dict[str, Any], at: float) -> str:
    return f"{datetime.fromtimestamp(at, zone(schedule['timezone'])):%a %d %b %H:%M %Z}"
