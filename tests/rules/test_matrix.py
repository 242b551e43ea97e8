"""The matrix of the runbook as the plans that are frozen into incidents."""

from __future__ import annotations

from typing import Any

from rules.event import Severity
from rules.incident import PlanStep
from rules.matrix import plan, policy
from rules.reading.config import Config

MINUTE = 60.0
ROWS = [
    {"severity": "P1", "responder": "on-call", "after": "15m", "escalate_to": "lead"},
    {"severity": "P1", "responder": "lead", "after": "30m", "escalate_to": "ceo"},
]


def config(**said: Any) -> Config:
    """The runbook's P1, and a P4 without a row."""
    severity = {"means": "…", "respond_within": "24h", "channels": ["slack"], **said.pop("severity", {})}
    severities = {"P1": severity, "P4": {**severity, "first_responder": "on-call"}}
    return Config.model_validate({"severities": severities, "rules": [], "escalation": ROWS, **said})


def test_after_counts_from_the_severity() -> None:
    """The lead at T+15, the CEO at T+30, and the ladder is at its end as long after as the last row waited."""
    p1 = plan(config(), Severity.P1)
    assert p1.responder == "on-call"
    assert p1.steps == (
        PlanStep(role="lead", after=15 * MINUTE, waits_for="on-call"),
        PlanStep(role="ceo", after=30 * MINUTE, waits_for="lead"),
    )
    assert p1.exhausted_after == 45 * MINUTE


def test_after_counts_from_the_step_before() -> None:
    """With `escalation_clock: previous_step` the CEO is told at T+45 and the end is at T+75."""
    p1 = plan(config(escalation_clock="previous_step"), Severity.P1)
    assert [step.after for step in p1.steps] == [15 * MINUTE, 45 * MINUTE]
    assert p1.exhausted_after == 75 * MINUTE


def test_the_end_of_the_ladder_may_be_given() -> None:
    """`exhausted_after` counts from the last step; where there is none, from the beginning."""
    given = config(severity={"exhausted_after": "5m"})
    assert plan(given, Severity.P1).exhausted_after == 35 * MINUTE
    assert plan(given, Severity.P4).exhausted_after == 5 * MINUTE


def test_a_severity_without_rows_tells_its_first_responder() -> None:
    """It has no steps and ends when somebody should have answered."""
    p4 = plan(config(), Severity.P4)
    assert (p4.responder, p4.steps, p4.exhausted_after) == ("on-call", (), 24 * 60 * MINUTE)


def test_one_row_waits_as_long_again() -> None:
    """A single row of 15 minutes is exhausted after 30."""
    assert plan(config(escalation=ROWS[:1]), Severity.P1).exhausted_after == 30 * MINUTE


def test_the_policy_holds_every_severity_and_its_version() -> None:
    """It is what an incident keeps when the matrix is edited later."""
    whole = policy(config(), "abc")
    assert (set(whole.plans), whole.version) == ({Severity.P1, Severity.P4}, "abc")
