"""What comes of time: steps due, pages failed, quiet. `rules.transition` says in which state which applies."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import Escalate, Settle, Undeliverable
from rules.duration import show_duration
from rules.incident import Incident, Reason, State, StepState
from rules.oncall.roster import Roster
from rules.responding.verification import closes_at
from rules.state import Step
from rules.transitions.answering import miss
from rules.transitions.last_answer import Missed
from rules.transitions.on_events import recover
from rules.transitions.on_holds import catch_up, end_hold, hold_back, set_free, tell_afterwards
from rules.transitions.on_people import announce, close
from rules.turn import (
    Turn,
    climb,
    exhaust,
    exhausted_after,
    fire,
    mark_failed,
    mark_fell_back,
    mark_untold,
    next_at_once,
)


def escalate(turn: Turn, command: Escalate) -> None:
    """Tell every step that has come due; at the end of the ladder begin again or say that it is exhausted.

    What is silenced now waits until the silence is over, and is looked at again then; so does what is kept quiet.
    """
    hold = command.roster.hold(turn.incident, turn.now)
    if hold is not None and hold.until > turn.now:
        hold_back(turn, hold)
    else:
        set_free(turn)
        catch_up(turn)
        end_hold(turn, told=_tell_due(turn, command.roster))
        _end_of_ladder(turn, command)
    turn.wake()


def _tell_due(turn: Turn, roster: Roster) -> bool:
    """Tell the steps that have come due; was there any?"""
    told = False
    for number in range(len(turn.incident.steps)):
        step = turn.incident.steps[number]
        if step.state is StepState.WAITING and step.due_at <= turn.now:
            waited = f"{step.waits_for} did not answer" if step.waits_for else None
            held = turn.incident.hold
            note = step.note or waited or (f"held back until now by {held.why}" if held is not None else None)
            fire(turn, number, step.reason or Reason.ESCALATED, roster, note)
            _give_time(turn)
            told = True
    return told


def _give_time(turn: Turn) -> None:
    """Whoever was told late, because Tocsin was away, has as long to answer as in time: the end waits for them."""
    plan, ends = turn.incident.plan, turn.incident.exhausted_at
    wait = exhausted_after(plan, plan.repeat_factor**turn.incident.round)
    if ends is not None:
        last = plan.steps[-1].after if plan.steps else 0.0
        turn.change(exhausted_at=max(ends, plan.due(turn.now, wait - last)))


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


def expire(turn: Turn, command: Escalate) -> None:
    """An acknowledgement has run out and it still burns: it is nobody's again, and the matrix begins anew."""
    incident = turn.incident
    if incident.acknowledged_until is None:
        return
    if incident.acknowledged_until > turn.now:
        turn.wake()
        return
    note = f"{incident.acknowledged_by} had it until now, and it still burns"
    turn.change(state=State.TRIGGERED, acknowledged_at=None, acknowledged_by=None, acknowledged_until=None)
    turn.note("expired", f"the acknowledgement of {incident.acknowledged_by} has run out")
    climb(turn, Reason.RETRIGGERED, command.roster, note=note)


def undeliverable(turn: Turn, command: Undeliverable) -> None:
    """A page did not get through: ask the fallback; when that fails too, do not wait for the next step.

    What is silenced, or kept quiet by another incident, is told when that is over. Where somebody has it, only whom
    they called in is looked after.
    """
    write_undeliverable(turn, command)
    if not _was_told(turn.incident, command):
        return
    asked_by = turn.incident.steps[command.step].asked_by
    if turn.incident.answered and asked_by is None:
        return
    step = mark_failed(turn, command.step, command.channel)
    reach = command.roster.reach(step.role).channels | command.roster.rooms
    fallback = [c for c in turn.incident.plan.fallback if c in reach and c not in turn.incident.ways]
    note = f"{command.channel} failed: {command.why}"
    ask_fallback = bool(fallback) and not step.fell_back
    is_untold = {c for c in (*turn.incident.ways, *fallback) if c in reach} <= set(step.failed)
    hold = command.roster.hold(turn.incident, turn.now) if asked_by is None else None
    if hold is not None and (ask_fallback or is_untold):
        tell_afterwards(turn, step, hold, note)
    elif ask_fallback:
        mark_fell_back(turn, command.step)
        _tell_fallback(turn, command, step, fallback, note)
    elif is_untold:
        mark_untold(turn, command.step)
        _nobody_was_told(turn, command, step)


def _tell_fallback(turn: Turn, command: Undeliverable, step: Step, fallback: list[str], note: str) -> None:
    reason = Reason.ESCALATED if command.step else Reason.OPENED
    turn.tell(
        Reason.CALLED if step.asked_by else reason,
        fallback,
        role=command.role,
        person=command.person,
        rooms=command.roster.rooms,
        step=step,
        by=step.asked_by,
        note=note,
    )


def _nobody_was_told(turn: Turn, command: Undeliverable, step: Step) -> None:
    """The next step does not wait; but where somebody has it, it is theirs to know that nobody comes."""
    note = f"{step.role} could not be told on any channel"
    if turn.incident.answered:
        turn.update(Reason.UPDATE, note=note)
        return
    next_at_once(turn, command.step, command.roster, note)
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
    if turn.incident.answered or command.ladder != turn.incident.ladders:
        turn.incident = miss(turn.incident, _missed(command), turn.now)


def _missed(command: Undeliverable) -> Missed:
    return Missed(
        channel=command.channel,
        role=command.role,
        person=command.person,
        step=command.step,
        ladder=command.ladder,
        note=command.why,
    )


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
    """A recovered incident that stayed quiet, and is verified where that is asked, is over."""
    quiet, over_at = turn.incident.plan.resolve_after, closes_at(turn.incident)
    if over_at is None or over_at > turn.now:
        turn.settle(over_at)
        return
    close(turn, "Tocsin")
    verified = "verified, " if turn.incident.plan.verify else ""
    turn.note("resolved", f"resolved: {verified}recovered and quiet for {show_duration(quiet)}", by="Tocsin")
    announce(turn, "Tocsin")
