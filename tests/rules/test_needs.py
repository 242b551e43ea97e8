"""What rules must keep as long as an incident is open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.event import Severity
from rules.incident import Incident, State, Told
from rules.reading.load import load
from rules.reading.needs import dropped
from tests.world import RULES

RULESET = load({"rules.yaml": RULES})
WITHOUT = {
    "a role of its matrix": (RULES.replace("ceo", "chief"), Severity.P1, ["ceo"]),
    "a role of a worse matrix": (RULES.replace("ceo", "chief"), Severity.P3, ["ceo"]),
    "a role of a milder one": (RULES.replace("team lead", "shift lead"), Severity.P2, []),
    "a channel": (
        RULES.replace("mail]", "hook]").replace("[mail]", "[hook]").replace("  mail:", "  post:"),
        Severity.P1,
        ["mail"],
    ),
    "nothing": (RULES, Severity.P1, []),
}


def incident(severity: Severity, **more: object) -> Incident:
    """An open one."""
    return Incident(
        id="4F2K9XTB01",
        group_key="g",
        title="Shop is down",
        severity=severity,
        state=State.TRIGGERED,
        opened_at=1.0,
        severity_since=1.0,
        rule="r",
        policy=RULESET.policy,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("text", "severity", "lacking"), WITHOUT.values(), ids=WITHOUT.keys())
def test_what_may_still_be_asked_for_must_stay(text: str, severity: Severity, lacking: list[str]) -> None:
    """An incident may get worse by itself, never milder."""
    found = dropped(load({"rules.yaml": text}).config, [incident(severity)])
    assert [need.name for need in found] == lacking


def test_each_need_is_told_once_and_names_an_incident() -> None:
    """However many need it."""
    config = load({"rules.yaml": RULES.replace("ceo", "chief")}).config
    (need,) = dropped(config, [incident(Severity.P1), incident(Severity.P1)])
    assert str(need) == "the role 'ceo' is still needed by incident 4F2K9XTB01 (P1, open)"


def test_a_way_out_that_was_used_must_stay_for_the_end_of_the_story() -> None:
    """Also when the matrix does not name it; a team as well."""
    told = Told(channel="old room", role="on-call engineer", person="ana", entry="e1")
    found = dropped(RULESET.config, [incident(Severity.P4, told=(told,), team="payments")])
    assert [(need.kind, need.name) for need in found] == [("channel", "old room"), ("team", "payments")]


def test_a_resolved_incident_needs_nothing() -> None:
    """It is history."""
    config = load({"rules.yaml": RULES.replace("ceo", "chief")}).config
    assert dropped(config, [replace(incident(Severity.P1), state=State.RESOLVED)]) == []
