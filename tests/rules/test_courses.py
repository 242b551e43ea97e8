"""What is read off an incident's record and history: who answered when, and whether that was in time."""

from __future__ import annotations

from typing import Any

import pytest

from rules.numbers.course import course
from tests.rules.test_numbers import AT

RECORD: dict[str, Any] = {
    "id": "I1", "opened_at": AT, "severity": "P1", "severity_since": AT + 3600, "rule": "r", "team": None,
    "policy": {"plans": {"P1": {"respond_within": 900.0, "hours": None}}}, "resolved_at": None, "recovered_at": None,
    "state": "acknowledged", "false_positive": None, "signals": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "answered"),
    [
        ([("ticked", "done: look"), ("called in", "ana calls in ceo"), ("update", "Update: wait")], None),
        ([("severity", "ana: P2 → P1"), ("unticked", "not done: look")], None),
        ([("false positive", "x"), ("taken back", "ana took back that it was a false positive: it is P2")], None),
        ([("acknowledged", "x"), ("taken back", "ana took back the snooze: it is P2"), ("mitigated", "x")], 2),
        ([("acknowledged", "x"), ("taken back", "ana took back the assignment to dan: it is P2")], 0),
        ([("acknowledged", "x"), ("taken back", "ana took back the change from P1 to P2: it is P1")], 0),
        ([("called in", "x"), ("resolved", "x")], 1),
    ],
)
def test_only_an_answer_is_an_answer(lines: list[tuple[str, str]], answered: int | None) -> None:
    """Who ticks a step, says an update or calls somebody in has not said that they have it; nor who takes it back."""
    said = [
        {"at": AT + n, "kind": kind, "by": "ana", "via": "cli", "text": text} for n, (kind, text) in enumerate(lines)
    ]
    found = course(RECORD, said)
    assert found.answered_at == (None if answered is None else AT + answered)
    assert found.acted


def test_a_raise_before_the_answer_starts_the_time_anew() -> None:
    """As the matrix does; a raise after the answer changes nothing of whether it came in time."""
    record, plan = RECORD, RECORD["policy"]["plans"]["P1"]
    line = {"kind": "acknowledged", "by": "ana", "via": "slack", "text": ""}
    assert course(record, [{**line, "at": AT + 4000}]).respond_by == AT + 4500
    assert course(record, [{**line, "at": AT + 60}]).respond_by == AT + 900
    assert course(record, []).answered_at is None
    office = {"name": "o", "timezone": "UTC", "days": [0, 1, 2, 3, 4], "spans": [[540, 1020]], "holidays": []}
    in_hours = {**record, "severity_since": AT - 2 * 86400, "policy": {"plans": {"P1": {**plan, "hours": office}}}}
    assert course(in_hours, []).respond_by == AT - 3600 + 900
