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
"""Seconds to wait for a reading, which is asked after once a second."""
FRESH = 60
"""Seconds a reading may be old."""
ANEW = 5
"""So often one is asked for that is fresher; then the old one will do."""
_WITHIN = ("HALF WITHIN", "9 OF 10 WITHIN")
"""The median and the ninth tenth, as they are read aloud."""


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
    oldest = time.time() - FRESH
    for tried in range(PATIENCE):
        # One that is older is being made anew, because somebody has asked.
        if answer["as_of"] is not None and (answer["as_of"] >= oldest or tried == ANEW):
            break
        time.sleep(1)
        answer = ask(session, "GET", path)
    else:
        then = "It goes on by itself: ask again in a while, or for less with --since 4w."
        raise Failure(f"{answer['read']} of {answer['of']} incidents are read so far", then, code=UNREACHABLE)
    session.answer(answer, lambda: _show(session, answer))


def _show(session: Session, told: dict[str, Any]) -> None:
    opened = f"{told['incidents']} incident{'' if told['incidents'] == 1 else 's'} opened"
    session.line(f"{opened} since {_moment(told['since'])}, as counted at {_moment(told['as_of'])}.")
    if not told["incidents"]:
        session.line("None has opened in that time. For a longer one: --since 52w.")
        return
    _show_answers(session, told["severities"])
    _show_ends(session, told["severities"])
    if told["people"]:
        _head(session, "Who was paged: a page is one call to one person")
        session.table(
            ["PERSON", "PAGES", "OF THEM 22:00-07:00", "BY THE CLOCK OF"],
            [[one["person"], str(one["pages"]), str(one["nights"]), one["timezone"]] for one in told["people"]],
        )
    if told["keys"]:
        _head(session, "What paged most")
    for number, one in enumerate(told["keys"], 1):
        session.line(f"{number}. {plain(one['summary'] or one['name'], 100)}: {one['said']}")
        if one["suggestion"]:
            session.line(f"   {plain(one['suggestion']['why'])} The YAML is in -o json, and on the page /numbers.")


def _head(session: Session, text: str) -> None:
    session.line("")
    session.line(text, "bold")


def _show_answers(session: Session, severities: list[dict[str, Any]]) -> None:
    """The last four columns are all incidents, each once."""
    _head(session, "How soon a person answered")
    heads = [
        "INCIDENTS",
        "ACKNOWLEDGED",
        *_WITHIN,
        "IN TIME",
        "LATE OR NEVER",
        "OVER BY ITSELF IN TIME",
        "STILL IN TIME",
    ]
    rows = [
        [one["severity"], str(one["incidents"]), *_spread(one["acknowledged"])]
        + [str(one[name]) for name in ("kept", "missed", "not_needed", "running")]
        for one in severities
    ]
    session.table(["SEVERITY", *heads], rows)
    for one in severities:
        session.line(one["said"][0])


def _show_ends(session: Session, severities: list[dict[str, Any]]) -> None:
    _head(session, "How soon it was over")
    session.table(["SEVERITY", "OVER", *_WITHIN], [[one["severity"], *_spread(one["resolved"])] for one in severities])
    for one in severities:
        session.line(one["said"][1])


def _spread(seen: dict[str, Any]) -> list[str]:
    return [f"{seen['n']} of {seen['of']}", _duration(seen["median"]), _duration(seen["p90"])]


def _duration(seconds: float | None) -> str:
    return "–" if seconds is None else show_duration(seconds)


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
