"""`tocsin numbers`: how soon incidents were answered and over, whom they woke, and what only makes noise."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import click

from router.cli.remote import ask
from router.cli.session import UNREACHABLE, Command, Failure, Session, pass_session
from rules.duration import show_duration
from workers.plain import plain

PATIENCE = 120
"""Seconds to wait for a first reading, which is asked after once a second."""


@click.command("numbers", cls=Command)
@click.option("--since", default="12w", show_default=True, help="How far back: 90d, or whole weeks like 12w.")
@click.option("--severity", type=click.Choice(["P1", "P2", "P3", "P4"]), help="Only incidents of this one.")
@click.option("--team", help="Only incidents of this team.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone of the weeks.")
@pass_session
def numbers(session: Session, since: str, severity: str | None, team: str | None, zone: str) -> None:
    """How soon incidents were answered and over, whom they woke, and what makes most noise."""
    asked = {"since": since, "severity": severity, "team": team, "zone": zone}
    path = f"/api/numbers?{urlencode({name: value for name, value in asked.items() if value})}"
    answer = ask(session, "GET", path)
    for _ in range(PATIENCE):
        if answer["as_of"] is not None:
            break
        time.sleep(1)
        answer = ask(session, "GET", path)
    else:
        then = "It goes on by itself: ask again in a while, or for less with --since 4w."
        raise Failure(f"{answer['read']} of {answer['of']} incidents are read so far", then, code=UNREACHABLE)
    session.answer(answer, lambda: _show(session, answer))


def _show(session: Session, told: dict[str, Any]) -> None:
    session.line(f"As of {_moment(told['as_of'])}, since {_moment(told['since'])}: {told['incidents']} incidents.")
    if not told["incidents"]:
        session.line("None has opened in that time. For a longer one: --since 52w.")
        return
    heads = ["SEVERITY", "INCIDENTS", "ACKNOWLEDGED", "MEDIAN", "P90", "IN TIME", "TOO LATE", "OVER", "MEDIAN", "P90"]
    session.table(heads, [_row(one) for one in told["severities"]])
    for one in told["severities"]:
        session.line(one["said"][0])
    if told["people"]:
        session.line("")
        session.table(
            ["PERSON", "PAGES", "22:00-07:00", "TIME ZONE"],
            [[one["person"], str(one["pages"]), str(one["nights"]), one["timezone"]] for one in told["people"]],
        )
    session.line("")
    for number, one in enumerate(told["keys"], 1):
        session.line(f"{number}. {plain(one['summary'] or one['name'], 100)}: {one['said']}")
        if one["suggestion"]:
            session.line(f"   {plain(one['suggestion']['why'])} The YAML is in -o json, and on the page /numbers.")


def _row(one: dict[str, Any]) -> list[str]:
    acknowledged, resolved = one["acknowledged"], one["resolved"]
    return [
        one["severity"],
        str(one["incidents"]),
        f"{acknowledged['n']} of {acknowledged['of']}",
        _duration(acknowledged["median"]),
        _duration(acknowledged["p90"]),
        str(one["kept"]),
        str(one["missed"]),
        f"{resolved['n']} of {resolved['of']}",
        _duration(resolved["median"]),
        _duration(resolved["p90"]),
    ]


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else show_duration(seconds)


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
