"""Which answer may be taken back, for how long, and what must then be made up for."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import Acknowledge, Assign, ChangeSeverity, Command, EscalateNow, FalsePositive, Mitigate, Resolve
from rules.duration import show_duration
from rules.incident import Incident, State, StepState
from rules.state import Step
from rules.transitions.last_answer import FIELDS, LastAnswer, Missed, Stood
from rules.turn import ladder

TAKE_BACK_WITHIN = 30.0
"""Seconds after an answer in which it may be taken back: enough for a slip, too short to hide behind."""
ANSWERS = Acknowledge | Mitigate | Resolve | FalsePositive | ChangeSeverity | Assign
"""What can be taken back. A note stays, and who was called has been called."""
_SINCE = {"state", "severity", "hold"}
"""Where one of these has changed since an answer, it is no longer the same incident that was answered."""
_GOES_ON = {"response"}
"""What others add to it meanwhile, a check's finding or a tick, makes no other incident of it."""


def remembered(before: Incident, after: Incident, command: Command, now: float) -> LastAnswer | None:
    """What may be taken back after this command: its own answer, or still the one before it."""
    last = after.last_answer
    if last is None and not isinstance(command, ANSWERS):
        return None
    if isinstance(command, EscalateNow):
        return None  # Who says "undo" now means this, and who was called has been called.
    moved = tuple(name for name in FIELDS if getattr(before, name) != getattr(after, name))
    if isinstance(command, ANSWERS) and moved:
        stood = Stood(**{name: getattr(before, name) for name in moved})
        return LastAnswer(by=command.by, at=now, what=_what(before, command), fields=moved, before=stood)
    if last is None or _is_past(last, now) or not (_SINCE.union(last.fields) - _GOES_ON).isdisjoint(moved):
        return None
    # Who joins in relies on it, even where that changes nothing.
    return None if isinstance(command, ANSWERS) and command.by != last.by else last


def _what(before: Incident, command: ANSWERS) -> str:
    match command:
        case Acknowledge(lasts=lasts):
            return "the acknowledgement" if lasts is None else "the snooze"
        case Mitigate():
            return "that it is mitigated"
        case Resolve():
            return "that it is resolved"
        case FalsePositive():
            return "that it was a false positive"
        case ChangeSeverity(to=to):
            return f"the change from {before.severity} to {to}"
        case Assign(to=whom):
            return f"the assignment to {whom}"


def _is_past(last: LastAnswer, now: float) -> bool:
    return now - last.at > TAKE_BACK_WITHIN


def why_not(incident: Incident, by: str, now: float) -> str:
    """Why `by` cannot take their last answer back, in a sentence; "" when they can."""
    last = incident.last_answer
    within = show_duration(TAKE_BACK_WITHIN)
    if last is None or _is_past(last, now):
        return (
            f"Nothing can be taken back: an answer can be within {within}, by whoever gave it, and only while nothing "
            f"else has changed. It is {stands(incident)}."
        )
    if last.by != by:
        return f"The last answer is that of {last.by}, and only they can take it back. It is {stands(incident)}."
    return ""


def stands(incident: Incident) -> str:
    """How it stands, in a few words: `acknowledged by ana`, `P1, and nobody has it`."""
    who = incident.assignee or incident.acknowledged_by
    match incident.state:
        case State.TRIGGERED:
            return f"{incident.severity}, and nobody has it"
        case State.ACKNOWLEDGED:
            return f"acknowledged by {incident.acknowledged_by}"
        case State.RESOLVED if incident.false_positive is not None:
            return f"marked as a false positive by {incident.resolved_by}"
        case State.RESOLVED:
            return f"resolved by {incident.resolved_by}"
        case _:
            return f"{incident.state}" + (f", and {who} has it" if who else "")


def miss(incident: Incident, missed: Missed, now: float) -> Incident:
    """The incident that remembers a page which comes to nothing, if the answer that may be the cause can be undone."""
    last = incident.last_answer
    if last is None or _is_past(last, now) or missed in last.missed:
        return incident
    return incident.changed(last_answer=replace(last, missed=tuple(sorted((*last.missed, missed), key=repr))))


def next_to_call(incident: Incident, now: float) -> Step | None:
    """Whom the matrix names next; None at its end.

    Where somebody has it the severity may have changed since its ladder was begun: then by the present matrix, in a
    step that may have to be added.
    """
    waiting = [step for step in incident.steps if step.state is StepState.WAITING]
    if not incident.answered:
        return min(waiting, key=lambda step: (step.due_at, step.number), default=None)
    told = {step.role for step in incident.steps if step.state is not StepState.WAITING}
    coming = (step for step in ladder(incident.plan, now, incident.round) if step.role not in told)
    row = next(coming, None)
    if row is None:
        return None
    return next((step for step in waiting if step.role == row.role), replace(row, number=len(incident.steps)))


def why_nobody(incident: Incident, now: float) -> str:
    """Why nobody further can be called, in a sentence; "" where somebody can."""
    if incident.state is State.RESOLVED or incident.state is State.RECOVERED:
        return f"Nobody is called: it is {stands(incident)}."
    if next_to_call(incident, now) is None:
        told = list(dict.fromkeys(step.role for step in incident.steps))
        have = "has" if len(told) == 1 else "have"
        end = f"The matrix is at its end: {', '.join(told)} {have} been told."
        return f"{end} To bring in somebody else, assign it to them."
    return ""
