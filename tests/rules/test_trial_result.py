"""What a trial came to, held against what was expected: nothing missing is overlooked, and nothing unexpected."""

from __future__ import annotations

import pytest

from rules.event import Severity
from rules.incident import Incident, Policy, Reason, State
from rules.reading.document import Place
from rules.trial.read import START, Trial
from rules.trial.result import Message, differences, show_offset
from rules.trial.written import Expect, Line

HERE = Place("a.test.yaml", 5, 1)


def a_line(who: str, *by: str, at: float = 0.0, incident: int | None = None) -> Line:
    """Somebody is expected to be told."""
    return Line(at=at, who=who, by=list(by), reason=Reason.OPENED, incident=incident)


def a_trial(*lines: Line, **expected: object) -> Trial:
    """A trial that expects these."""
    return Trial(
        name="x",
        place=HERE,
        start=START,
        happenings=(),
        until=None,
        expect=Expect.model_validate({"told": list(lines), **expected}),
        lines=tuple((line, HERE) for line in lines),
        expected_at=dict.fromkeys(Expect.model_fields, HERE),
    )


def a_message(who: str, role: str, by: str, at: float = 0.0, incident: int = 1) -> Message:
    """Somebody was told."""
    return Message(at=at, who=who, role=role, by=(by,), reason=Reason.OPENED, incident=incident)


def an_incident(severity: Severity = Severity.P1, state: State = State.TRIGGERED) -> Incident:
    """An incident without a story."""
    return Incident(
        id="I",
        group_key="g",
        title="t",
        severity=severity,
        state=state,
        opened_at=START,
        severity_since=START,
        rule="r",
        policy=Policy(plans={}),
    )


def texts(trial: Trial, messages: list[Message], incidents: tuple[Incident, ...] = (an_incident(),)) -> list[str]:
    """The differences, as they are read."""
    return [f"{one.sign} {one.text}" for one in differences(trial, incidents, messages)]


DAN = [a_message("dan", "on-call", "slack"), a_message("dan", "lead", "slack")]
CASES: list[tuple[list[Line], list[Message], list[str]]] = [
    ([], [], []),
    ([a_line("dan", "slack"), a_line("lead", "slack")], DAN, []),
    ([a_line("lead", "slack"), a_line("dan", "slack")], DAN, []),
    ([a_line("dan", "slack")], DAN, ["+ 0m  dan (lead) by slack: opened"]),
    ([a_line("dan", "slack")] * 3, DAN, ["- 0m  dan by slack: opened"]),
    ([a_line("lead", "slack", "mail")], DAN[1:], ["- 0m  lead by mail: opened"]),
    ([a_line("lead", "slack", at=60.0)], DAN[1:], ["+ 0m  dan (lead) by slack: opened", "- 1m  lead by slack: opened"]),
    (
        [a_line("lead", "slack", incident=2)],
        DAN[1:],
        ["- 0m  lead by slack: opened", "+ 0m  dan (lead) by slack: opened"],
    ),
    (
        [a_line("dan", "slack"), a_line("dan", "slack", incident=1)],
        [a_message("dan", "lead", "slack", incident=1), a_message("dan", "lead", "slack", incident=2)],
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "messages", "said"), CASES)
def test_each_line_takes_one_message_of_each_channel(
    lines: list[Line], messages: list[Message], said: list[str]
) -> None:
    """Whatever is left on either side is a difference, by time."""
    assert texts(a_trial(*lines), messages) == said


@pytest.mark.parametrize(
    ("expected", "found", "said"),
    [
        ({"severity": "P1"}, [Severity.P1], []),
        ({"severity": "P1"}, [Severity.P1, Severity.P1], []),
        ({"severity": "P1"}, [Severity.P1, Severity.P2], ["! severity: expected P1, found P1, P2"]),
        ({"severity": ["P1", "P2"]}, [Severity.P1, Severity.P2], []),
        ({"severity": ["P2", "P1"]}, [Severity.P1, Severity.P2], ["! severity: expected P2, P1, found P1, P2"]),
        ({"severity": "P1"}, [], ["! severity: expected P1, found no incident"]),
        ({"incidents": 0}, [], []),
        ({"incidents": 1}, [], ["! incidents: expected 1, found 0"]),
        ({"runbook": "none", "state": "triggered", "rule": "r"}, [Severity.P1], []),
        ({"runbook": "site-down"}, [Severity.P1], ["! runbook: expected site-down, found none"]),
    ],
)
def test_other_values_are_of_each_incident(expected: dict[str, object], found: list[Severity], said: list[str]) -> None:
    """One word for all of them, or a list in the order in which they opened."""
    assert texts(a_trial(**expected), [], tuple(an_incident(severity) for severity in found)) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "0m"), (0.4, "0m"), (59.0, "59s"), (200.0, "3m20s"), (90061.0, "1d1h1m1s")]
)
def test_a_time_is_shown_as_a_test_writes_it(seconds: float, said: str) -> None:
    """To the second, so that it can be copied into the test."""
    assert show_offset(seconds) == said
