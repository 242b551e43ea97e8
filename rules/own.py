"""What Tocsin says of itself, as events with the decision already made: no rule of the operator's can hide them."""

from __future__ import annotations

from enum import StrEnum

from rules.decision import Decision
from rules.event import Action, Event, Severity

SOURCE = "tocsin"


class Finding(StrEnum):
    """What the auditor looks for."""

    ASTRAY = "astray"
    """A promise that stood where no worker looks."""
    FORGOTTEN = "forgotten"
    """An open incident without a promise."""
    OVERDUE = "overdue"
    """Promises due for long that nobody takes up."""
    IDLE = "idle"
    """A lane without a worker."""
    WIPED = "wiped"
    """A Redis that has lost what it held."""


_SEVERITIES = {Finding.OVERDUE: Severity.P2, Finding.IDLE: Severity.P2, Finding.WIPED: Severity.P1}
"""Of what could not be mended; the rest is for the morning."""


def given_up(entry: str, kind: str, why: str, now: float, delivery: str) -> tuple[Event, Decision]:
    """An agenda entry that could not be dealt with: somebody must look, for it may hold somebody's incident."""
    event = Event(
        kind="tocsin.given_up",
        action=Action.TRIGGER,
        dedup_key=f"given up {kind}",
        summary=f"Tocsin gave up an agenda entry ({kind}): {why}. Look at it with `tocsin pending --parked`",
        labels={"entry": entry},
        source=SOURCE,
        source_type=SOURCE,
        delivery=delivery,
        received_at=now,
    )
    return event, _decision(event, Severity.P2, "an agenda entry was given up")


def unreadable(source: str, source_type: str, why: str, received_at: float, delivery: str) -> tuple[Event, Decision]:
    """An authentic delivery that no parser understood: it may be an emergency, so a person reads it."""
    event = Event(
        kind="tocsin.unreadable",
        action=Action.TRIGGER,
        dedup_key="unreadable",
        summary=f"A delivery from {source} could not be read: {why}",
        source=source,
        source_type=source_type,
        delivery=delivery,
        received_at=received_at,
    )
    return event, _decision(event, Severity.P3, "unreadable delivery")


def found(finding: Finding, what: str, now: float, delivery: str) -> tuple[Event, Decision]:
    """The auditor found something. What it could mend is for the morning, what it could not is not."""
    event = _finding(finding, Action.TRIGGER, f"Tocsin's own audit: {what}", now, delivery)
    return event, _decision(event, _SEVERITIES.get(finding, Severity.P3), f"audit: {finding}")


def over(finding: Finding, now: float, delivery: str) -> Event:
    """The auditor finds it no longer."""
    return _finding(finding, Action.RESOLVE, f"Tocsin's own audit finds nothing {finding} any more", now, delivery)


def signal_of(finding: Finding) -> str:
    """The signal key under which a finding is told."""
    return f"{SOURCE}/audit {finding}"


def _finding(finding: Finding, action: Action, summary: str, now: float, delivery: str) -> Event:
    return Event(
        kind=f"tocsin.audit.{finding}",
        action=action,
        dedup_key=f"audit {finding}",
        summary=summary,
        source=SOURCE,
        source_type=SOURCE,
        delivery=delivery,
        received_at=now,
    )


def _decision(event: Event, severity: Severity, rule: str) -> Decision:
    return Decision(severity=severity, rule=rule, group_key=event.signal_key, labels=event.labels)
