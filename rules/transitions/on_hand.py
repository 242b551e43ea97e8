"""A person moves what the agenda has promised of an incident: its next step later, or not at all."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import DropStep, Postpone
from rules.duration import show_duration
from rules.incident import Incident, State, StepState
from rules.state import Step
from rules.transitions.answering import next_to_call, stands
from rules.turn import Turn, moment


def why_not_postponed(incident: Incident) -> str:
    """Why its next step cannot be put off, in a sentence; "" when it can."""
    if incident.parent is not None:
        return (
            f"Nothing is put off: it is kept quiet while incident {incident.parent} lasts, and its steps stand still."
        )
    if incident.state is State.ACKNOWLEDGED and incident.acknowledged_until is not None:
        return ""
    if incident.state is State.TRIGGERED and not incident.exhausted and incident.exhausted_at is not None:
        return ""
    return f"There is no step to put off: it is {stands(incident)}."


def postpone(turn: Turn, command: Postpone) -> None:
    """Every step still to come, and the end, is so much later; of an acknowledged one its expiry."""
    incident = turn.incident
    if why_not_postponed(incident):
        return
    later = show_duration(command.seconds)
    if incident.acknowledged_until is not None and incident.answered:
        turn.change(acknowledged_until=max(turn.now, incident.acknowledged_until) + command.seconds)
        text = f"{command.by} put the end of the acknowledgement off by {later}"
    else:
        steps = tuple(_later(step, command.seconds) for step in incident.steps)
        ends = incident.exhausted_at
        turn.change(steps=steps, exhausted_at=None if ends is None else ends + command.seconds)
        step = next_to_call(turn.incident, turn.now)
        what = f"{step.role} is told at {moment(step.due_at)} at the earliest" if step else "the end of the matrix"
        text = f"{command.by} put what comes next off by {later}: {what}"
    turn.note("put off", text, by=command.by, via=command.via)
    turn.wake()


def _later(step: Step, seconds: float) -> Step:
    return replace(step, due_at=step.due_at + seconds) if step.state is StepState.WAITING else step


def why_not_dropped(incident: Incident, now: float) -> str:
    """Why its next step cannot be dropped, in a sentence; "" when it can. The end of the matrix always stays."""
    if incident.state is not State.TRIGGERED:
        return f"There is no step to drop: it is {stands(incident)}."
    if incident.parent is not None:
        return f"Nothing is dropped: it is kept quiet while incident {incident.parent} lasts."
    step = next_to_call(incident, now)
    if step is None:
        return (
            "The end of the matrix cannot be dropped: it is the last that calls anybody. "
            "Acknowledge the incident instead, or resolve it."
        )
    if step.number == 0:
        return "Nobody has been told of it yet: the first step cannot be dropped. Resolve the incident, or silence it."
    return ""


def drop_step(turn: Turn, command: DropStep) -> None:
    """Whom the matrix names next is not called at all; the others and the end come in their time."""
    if why_not_dropped(turn.incident, turn.now):
        return
    dropped = next_to_call(turn.incident, turn.now)
    if dropped is None:
        return
    one = replace(dropped, state=StepState.DROPPED)
    turn.change(steps=tuple(one if step.number == one.number else step for step in turn.incident.steps))
    text = f"{command.by} dropped the step of {one.role}: {command.reason}"
    turn.note("dropped", text, by=command.by, via=command.via)
    turn.wake()
