"""What Tocsin says of itself, as events with the decision already made: no rule of the operator's can hide them."""

from __future__ import annotations

from rules.decision import Decision
from rules.event import Action, Event, Severity

SOURCE = "tocsin"


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


def _decision(event: Event, severity: Severity, rule: str) -> Decision:
    return Decision(severity=severity, rule=rule, group_key=event.signal_key, labels=event.labels)
