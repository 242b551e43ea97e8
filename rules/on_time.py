"""What comes of time: steps due, pages failed, quiet. `rules.transition` says in which state which applies."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import Escalate, Settle, Undeliverable
from rules.duration import show_duration
from rules.incident import Incident, Reason, StepState
from rules.on_events import recover
from rules.on_people import close
from rules.turn import Turn, climb, exhaust, fire, mark_failed, mark_fell_back, mark_untold, next_at_once


def escalate(turn: Turn, command: Escalate) -> None:
    """Tell every step that has come due; at the end of the ladder begin again or say that it is exhausted."""
    for number in range(len(turn.incident.steps)):
        step = turn.incident.steps[number]
        if step.state is StepState.WAITING and step.due_at <= turn.now:
            note = f"{step.waits_for} did not answer" if step.waits_for else None
            fire(turn, number, Reason.ESCALATED, command.roster, note)
            _give_time(turn)
    _end_of_ladder(turn, command)
    turn.wake()


def _give_time(turn: Turn) -> None:
    """Whoever was told late, because Tocsin was away, has as long to answer as in time: the end waits for them."""
    plan, ends = turn.incident.plan, turn.incident.exhausted_at
    wait = plan.exhausted_after - (plan.steps[-1].after if plan.steps else 0.0)
    if ends is not None:
        turn.change(exhausted_at=max(ends, turn.now + wait))


def _end_of_ladder(turn: Turn, command: Escalate) -> None:
    incident = turn.incident
    waiting = any(step.state is StepState.WAITING for step in incident.steps)
    if waiting or incident.exhausted or incident.exhausted_at is None or incident.exhausted_at > turn.now:
        return
    if incident.round < incident.plan.repeat:
        turn.note(
            "repeated", f"nobody has answered: the matrix begins again ({incident.round + 1} of {incident.plan.repeat})"
        )
        climb(
            turn, Reason.ESCALATED, command.roster, round_number=incident.round + 1, note="Nobody has answered so far."
        )
    else:
        exhaust(turn, command.roster)


def undeliverable(turn: Turn, command: Undeliverable) -> None:
    """A page did not get through: ask the fallback; when that fails too, do not wait for the next step."""
    write_undeliverable(turn, command)
    if not _was_told(turn.incident, command):
        return
    step = mark_failed(turn, command.step, command.channel)
    reach = command.roster.reach(step.role).channels | command.roster.rooms
    fallback = [c for c in turn.incident.plan.fallback if c in reach and c not in turn.incident.ways]
    note = f"{command.channel} failed: {command.why}"
    if fallback and not step.fell_back:
        mark_fell_back(turn, command.step)
        reason = Reason.ESCALATED if command.step else Reason.OPENED
        turn.tell(
            reason, fallback, role=command.role, person=command.person, rooms=command.roster.rooms, step=step, note=note
        )
    elif {c for c in (*turn.incident.ways, *fallback) if c in reach} <= set(step.failed):
        mark_untold(turn, command.step)
        next_at_once(turn, command.step, command.roster, f"{step.role} could not be told on any channel")
        turn.wake()


def _was_told(incident: Incident, command: Undeliverable) -> bool:
    """Is it of the present ladder? One that began anew has the same numbers, but has not yet told those further up."""
    steps = incident.steps
    return (
        command.ladder == incident.ladders
        and command.step < len(steps)
        and steps[command.step].state is not StepState.WAITING
    )


def write_undeliverable(turn: Turn, command: Undeliverable) -> None:
    """A page that did not get through is part of the history, also where nobody waits for it any more."""
    whom = f"{command.role} ({command.person})" if command.person else command.role
    turn.note("undelivered", f"{command.channel} could not tell {whom}: {command.why}", channel=command.channel)


def settle_gate(turn: Turn, _: Settle) -> None:
    """What a gate counts is over when nothing more was counted for long enough; what others say still holds."""
    for key, signal in turn.incident.signals.items():
        if signal.quiet_for is not None and signal.quiet_at is not None and signal.quiet_at <= turn.now:
            turn.change(signals=turn.incident.signals | {key: replace(signal, firing=False)})
            turn.note("cleared", f"{signal.summary}: quiet for {show_duration(signal.quiet_for)}")
    if not turn.incident.firing:
        recover(turn)
    elif turn.incident.quiet_at is not None:
        turn.settle(turn.incident.quiet_at)


def settle_recovered(turn: Turn, _: Settle) -> None:
    """A recovered incident that stayed quiet is over."""
    quiet = turn.incident.plan.resolve_after
    over_at = (turn.incident.recovered_at or turn.now) + quiet
    if over_at > turn.now:
        turn.settle(over_at)
        return
    close(turn, "Tocsin")
    turn.note("resolved", f"resolved: recovered and quiet for {show_duration(quiet)}", by="Tocsin")
