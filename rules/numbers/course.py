"""The little that is counted of one incident, read off its stored record and its history: `Course`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.event import Severity
from rules.holds.hours import Hours
from rules.incident import State
from rules.record import recall
from rules.replay.answers import KINDS

MOST_KEYS = 20
"""Keys kept of one incident, those with most events: a group may hold thousands."""
ANSWERS = frozenset({"acknowledged", "mitigated", "resolved", "false positive"})
"""The kinds of lines by which somebody has answered: a snooze is an acknowledgement for a while."""
COUNTED = KINDS | {"step"}
"""The kinds of lines of a timeline that are looked at."""
_LONGEST = 300
_NO_ANSWER = ("the change from ", "the assignment to ")
"""What else may be taken back (`rules.transitions.answering`)."""
_CALLED = re.compile(r"\(([^()]+)\) is told$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One key inside an incident, and how many events it sent."""

    key: str
    source: str
    kind: str
    summary: str
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one incident went. Times are Unix seconds."""

    id: str
    opened_at: float
    severity: Severity
    """The last it had."""
    rule: str
    team: str | None
    answered_at: float | None
    """When a person first acknowledged, mitigated or closed it."""
    respond_by: float
    """Until when somebody should have answered: from when it got the severity at which it was answered."""
    over_at: float | None
    """When it recovered for good, else when a person resolved it; None while it is open."""
    quiet_at: float | None
    """When nothing needed an answer any more: recovered, or resolved."""
    false_positive: bool
    acted: bool
    """Did a person do anything with it but write notes?"""
    pages: tuple[tuple[float, str], ...]
    """When a step of its ladder told which person."""
    heard: tuple[Heard, ...]
    events: int


def course(record: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> Course:
    """The course of an incident, from the plain data of its record and of the lines of its timeline."""
    pages: list[tuple[float, str]] = []
    answers: list[float] = []
    acted = False
    for line in lines:
        if line["kind"] in KINDS and line["by"] is not None and line["via"] is not None:
            acted = True
            _answer(answers, line)
        elif line["kind"] == "step" and (found := _CALLED.search(line["text"])):
            pages.append((line["at"], _one(found[1])))
    answered = min(answers, default=None)
    resolved, recovered = record["resolved_at"], record["recovered_at"]
    heard = [_heard(one) for one in record["signals"].values()]
    return Course(
        id=record["id"],
        opened_at=record["opened_at"],
        severity=Severity(record["severity"]),
        rule=_one(record["rule"]),
        team=record["team"] and _one(record["team"]),
        answered_at=answered,
        respond_by=_respond_by(record, answered),
        over_at=(resolved if recovered is None else recovered) if record["state"] == State.RESOLVED else None,
        quiet_at=resolved if recovered is None else recovered,
        false_positive=record["false_positive"] is not None,
        acted=acted,
        pages=tuple(pages),
        heard=tuple(sorted(heard, key=lambda one: -one.events)[:MOST_KEYS]),
        events=sum(one.events for one in heard),
    )


def _answer(answers: list[float], line: Mapping[str, Any]) -> None:
    """Add when somebody answered, or drop the last of it that was taken back."""
    if line["kind"] in ANSWERS:
        answers.append(line["at"])
    elif line["kind"] == "taken back" and answers:
        what = line["text"].removeprefix(f"{line['by']} took back ")
        if not what.startswith(_NO_ANSWER):
            answers.pop()


def _one(text: str) -> str:
    """The same text is held once, in however many courses it stands."""
    return sys.intern(text)


def _heard(signal: Mapping[str, Any]) -> Heard:
    return Heard(
        key=_one(signal["key"]),
        source=_one(signal["source"]),
        kind=_one(signal["kind"]),
        summary=_one(signal["summary"][:_LONGEST]),
        events=signal["count"],
    )


def _respond_by(record: Mapping[str, Any], answered: float | None) -> float:
    """A raise before the answer starts the time anew, as it starts the matrix; one after the answer does not."""
    since: float = record["severity_since"]
    start: float = since if answered is None or since <= answered else record["opened_at"]
    plan = record["policy"]["plans"][record["severity"]]
    within: float = plan["respond_within"]
    hours = plan.get("hours")
    return start + within if hours is None else recall(Hours, hours).after(start, within)
