"""How an answer is taken back: said when it is given, and what is said once that is done."""

from __future__ import annotations

import shlex

from router.cli.showing import next_now
from router.cli.times import Record
from rules.duration import show_duration
from rules.transitions.answering import TAKE_BACK_WITHIN
from workers.plain import plain

ANSWERS = ("acknowledge", "snooze", "mitigate", "resolve", "false-positive", "severity", "assign")
"""What can be taken back, as the API calls it."""


def afterwards(incident: Record, what: str, by: str, me: str) -> str:
    """A second line: how `what` is taken back; once it is, what comes next. "" where there is nothing to say.

    `me` is who asks where nobody says --by.
    """
    if what == "undo" and incident["state"] == "triggered":
        return f"Next: {next_now(incident)}"
    last = incident.get("last_answer") or {}
    if what not in ANSWERS or plain(str(last.get("by") or "")) != by:
        return ""
    name = "" if by == me else f" --by {shlex.quote(by)}"
    within = show_duration(TAKE_BACK_WITHIN)
    return f"Not what you meant? Within {within}: tocsin incidents undo {incident['id']}{name}"


def taken_back(incident: Record) -> str:
    """What was taken back, how it stands now, and what comes next where that calls somebody."""
    said = [line["text"] for line in incident.get("timeline") or () if line["kind"] == "taken back"]
    what, _, stands = plain(said[-1]).partition(": it is ") if said else ("", "", "")
    if not stands:
        return "is as it was"
    return f"is as before, {stands}: {what}, and whoever had been told hears so"
