"""What stands between a trigger and the people: a gate, silences, working hours, and not too many words."""

from __future__ import annotations

from typing import Any

import pytest

from rules.event import Action, Event
from rules.explained.trace import FIRST, LAST, trace
from rules.reading.load import Ruleset, load
from tests.world import RULES, START

HOURS = "hours: {office: {timezone: UTC, weekday: mon-fri, hours: 09:00-17:00}}\n"
NIGHT = START + 10 * 3600
"""Monday, 19:00 UTC."""


def traced(ruleset: Ruleset, how: str = "odd", at: float = START, decided_by: Ruleset | None = None) -> dict[str, Any]:
    """The trace of one trigger."""
    event = Event(
        kind="test.event",
        action=Action.TRIGGER,
        dedup_key="web",
        summary="web is down",
        labels={"how": how},
        source="uptime",
        source_type="generic",
        received_at=at,
    )
    decision = (decided_by or ruleset).decide(event, at)
    return trace(event, decision, ruleset, ruleset.roster(at, {}), at, {})


def ruleset(old: str = "", new: str = "", more: str = "") -> Ruleset:
    """The stories' rules with a change."""
    assert old in RULES
    return load({"rules.yaml": more + (RULES.replace(old, new) if old else RULES)})


def test_every_rule_before_says_why_not() -> None:
    """In their order, and none after the one that decided."""
    verdicts = traced(ruleset(), "degraded")["verdicts"]
    assert [(one["name"], one["matched"]) for one in verdicts] == [
        ("the site is down", False),
        ("the site is slow", True),
    ]
    assert "how" in verdicts[0]["why"]


def test_of_very_many_rules_some_are_left_out() -> None:
    """The first and the last are told, and how many stood between."""
    many = "".join(f"  - {{name: r{n}, when: {{source: s{n}}}, then: {{severity: P1}}}}\n" for n in range(500))
    found = traced(ruleset("rules:\n", f"rules:\n{many}"))
    assert len(found["verdicts"]) == FIRST + LAST
    assert found["verdicts_left_out"] == 500 + 6 - FIRST - LAST
    assert found["verdicts"][-1]["name"] == "everything else"


def test_a_gate_says_above_what_it_opens() -> None:
    """Nothing opens at once."""
    gate = traced(ruleset(), "payment")["gate"]
    assert (gate["opens"], gate["recovers_after_quiet"]) == ("above 3 within 5m", "15m")


def test_hours_say_when_people_are_told() -> None:
    """At night the matrix begins in the morning, and its four hours are hours of work."""
    worked = ruleset("means: Minor issues, ", "means: Minor issues, hours: office, ", HOURS)
    found = traced(worked, at=NIGHT)
    morning = START + 86400
    assert (found["hours"]["open"], found["hours"]["opens_at"]) == (False, morning)
    assert [row["due_at"] - morning for row in found["timetable"][:2]] == [0.0, 4 * 3600.0]
    assert traced(worked, "outage", NIGHT)["hours"] is None


@pytest.mark.parametrize(("start", "active"), [("2026-03-02T08:00Z", True), ("2026-03-02T12:00Z", False)])
def test_a_silence_is_told_before_it_begins_and_puts_off_only_then(start: str, active: bool) -> None:
    """A silence to come is worth a word; only one that holds moves the matrix."""
    quiet = f"silences: [{{name: deploy, reason: '2.4', when: {{source: uptime}}, start: '{start}', for: 2h}}]\n"
    found = traced(ruleset(more=quiet))
    (one,) = found["silences"]
    assert (one["name"], one["active"]) == ("deploy", active)
    assert found["timetable"][0]["due_at"] == (one["end"] if active else START)


def test_other_rules_than_those_that_decided_are_told_apart() -> None:
    """The decision of then, and what it would be now."""
    now = ruleset("then: {severity: P3}", "then: {severity: P2}")
    found = traced(now, decided_by=ruleset())
    assert (found["severity"], found["by_these_rules"]["severity"]) == ("P3", "P2")
    assert not found["edition"]["same"]
