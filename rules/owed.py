"""What an open incident must have been promised, worked out from the incident alone: the auditor compares."""

from __future__ import annotations

from collections.abc import Sequence

from rules.effects import ExamineAt, RemindAt, SettleAt, WakeAt
from rules.incident import Incident, Reason, State, Told
from rules.responding.updates import next_reminder
from rules.responding.verification import closes_at
from rules.turn import Turn, next_wake


def wake_owed(incident: Incident) -> WakeAt | None:
    """The look at its ladder that must stand on the agenda; None when nobody is left to wait for."""
    at = next_wake(incident) if incident.state in (State.TRIGGERED, State.ACKNOWLEDGED) else None
    return None if at is None else WakeAt(at=at)


def settle_owed(incident: Incident) -> SettleAt | None:
    """The look whether it has stayed quiet that must stand on the agenda; None when its senders will say so."""
    at = incident.quiet_at if incident.is_open else None
    if incident.state is State.RECOVERED:
        at = closes_at(incident)
    return None if at is None else SettleAt(at=at)


def examine_owed(incident: Incident) -> ExamineAt | None:
    """The run of its checks that must stand on the agenda; None when they have answered, or none were asked."""
    asked = incident.response.examining if incident.is_open else None
    return None if asked is None else ExamineAt(at=asked.at)


def remind_owed(incident: Incident) -> RemindAt | None:
    """The reminder that must stand on the agenda; None when nobody owes anything, or was reminded often enough."""
    at = next_reminder(incident)
    return None if at is None else RemindAt(at=at)


def tell_again(turn: Turn, lost: Sequence[Told]) -> None:
    """Pages whose promise is gone and whose outcome nobody wrote down: told once more, in case they never were."""
    for told in lost:
        step = next((one for one in reversed(turn.incident.steps) if one.role == told.role), None)
        turn.note("repaired", f"a page on {told.channel} to {told.role} was lost; it is told again")
        turn.tell(
            Reason.ESCALATED if step is not None and step.number else Reason.OPENED,
            [told.channel],
            role=told.role,
            person=told.person,
            rooms=frozenset({told.channel}) if told.room else frozenset(),
            step=step,
            note="an earlier page of this may have been lost",
        )
