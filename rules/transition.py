"""What becomes of an incident: `transition(incident, command, now)`, a table of (state, command) -> function.

A command without a row changes nothing, so an escalation that comes after an acknowledgement finds nothing to do.
Pure: the same arguments give the same outcome, nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rules.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangeSeverity,
    Clear,
    Command,
    Escalate,
    FalsePositive,
    Heard,
    Mitigate,
    Resolve,
    Settle,
    Trigger,
    Undeliverable,
)
from rules.duration import show_duration
from rules.effects import Effect
from rules.incident import Incident, Policy, Reason, Signal, State, StepState, TimelineEntry
from rules.turn import Turn, climb, exhaust, fire, ladder, mark_failed, mark_fell_back, next_at_once

TIMELINE_SIGNALS = 100
"""So many signals are named in the timeline when they join; a storm beyond that is only counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The incident as it is now, what the world must do, and what its history gains."""

    incident: Incident
    effects: tuple[Effect, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()


def transition(incident: Incident, command: Command, now: float) -> Outcome:
    """Apply one command. `now` is in Unix seconds."""
    act = TABLE.get((incident.state, type(command)))
    if act is None:
        return Outcome(incident)
    turn = Turn(incident, now)
    act(turn, command)
    return Outcome(turn.incident, tuple(turn.effects), tuple(turn.timeline))


def open_incident(
    incident_id: str, trigger: Trigger, policy: Policy, now: float, previous: str | None = None
) -> Outcome:
    """The first trigger of a group: an incident comes to be and its first responder is told."""
    event, decision = trigger.event, trigger.decision
    signal = _signal(trigger, None)
    incident = Incident(
        id=incident_id,
        group_key=decision.group_key,
        title=event.summary,
        severity=decision.severity,
        state=State.TRIGGERED,
        opened_at=now,
        severity_since=now,
        rule=decision.rule,
        set_by=decision.set_by,
        rules_version=decision.rules_version,
        policy=policy,
        channels=decision.channels,
        runbook=decision.runbook,
        team=decision.team,
        labels=decision.labels or event.labels,
        url=event.url,
        signals={signal.key: signal},
        gate_quiet_for=decision.gate.quiet_for if trigger.gated and decision.gate else None,
        previous=previous,
    )
    turn = Turn(incident, now)
    turn.note(
        "opened", f"opened as {decision.severity} by rule «{decision.rule}»: {event.summary}", delivery=event.delivery
    )
    climb(turn, Reason.OPENED, trigger.roster)
    if incident.gate_quiet_for is not None:
        turn.settle(now + incident.gate_quiet_for)
    return Outcome(turn.incident, tuple(turn.effects), tuple(turn.timeline))


# --- what events do ---------------------------------------------------------------------------


def _trigger(turn: Turn, trigger: Trigger) -> None:
    key = signal_key(trigger)
    before = turn.incident.signals.get(key)
    if before is not None and not trigger.event.moment.is_after(before.last):
        return
    turn.change(signals=turn.incident.signals | {key: _signal(trigger, before)})
    if trigger.decision.severity.worse_than(turn.incident.severity):
        _raise_by_event(turn, trigger)
    elif before is None:
        _join(turn, trigger)
    elif not before.firing:
        _fire_again(turn, trigger)


def signal_key(trigger: Trigger) -> str:
    """Under which key a trigger is a signal: a gate's events are one signal, the group itself."""
    return trigger.decision.group_key if trigger.gated else trigger.event.signal_key


def _signal(trigger: Trigger, before: Signal | None) -> Signal:
    event = trigger.event
    return Signal(
        key=signal_key(trigger),
        source=event.source,
        kind=event.kind,
        summary=event.summary,
        firing=True,
        last=event.moment,
        first_seen=before.first_seen if before else event.received_at,
        last_seen=max(event.received_at, before.last_seen if before else 0.0),
        count=(before.count if before else 0) + trigger.count,
        url=event.url,
    )


def _raise_by_event(turn: Turn, trigger: Trigger) -> None:
    """An event raises the severity: whoever had it, the matrix begins anew, for it is another emergency now."""
    was, decision = turn.incident, trigger.decision
    turn.change(
        severity=decision.severity,
        severity_since=turn.now,
        state=State.TRIGGERED,
        rule=decision.rule,
        set_by=decision.set_by,
        runbook=decision.runbook or was.runbook,
        team=decision.team or was.team,
        channels=decision.channels,
        acknowledged_at=None,
        acknowledged_by=None,
        recovered_at=None,
        mitigated_at=None,
    )
    text = f"raised from {was.severity} to {decision.severity} by rule «{decision.rule}»: {trigger.event.summary}"
    turn.note("severity", text, delivery=trigger.event.delivery)
    note = f"was {was.severity}, {was.state}" + (f" by {was.acknowledged_by}" if was.acknowledged_by else "")
    climb(turn, Reason.SEVERITY_RAISED, trigger.roster, note=note)
    _watch_quiet(turn)


def _join(turn: Turn, trigger: Trigger) -> None:
    """A further signal of the group: whoever has the incident has it too."""
    if len(turn.incident.signals) <= TIMELINE_SIGNALS:
        turn.note(
            "joined", f"joined by {trigger.event.source}: {trigger.event.summary}", delivery=trigger.event.delivery
        )
    if turn.incident.state is State.RECOVERED:
        _reopen(turn, trigger)


def _fire_again(turn: Turn, trigger: Trigger) -> None:
    """A signal that had cleared fires: page if nobody has acknowledged, else tell whoever has it."""
    turn.note("fired again", f"fires again: {trigger.event.summary}", delivery=trigger.event.delivery)
    if turn.incident.state is State.RECOVERED:
        _reopen(turn, trigger)
    elif turn.incident.state is State.TRIGGERED:
        turn.update(Reason.RETRIGGERED, note=f"{trigger.event.summary} fires again")
    else:
        turn.update(Reason.UPDATE, note=f"{trigger.event.summary} fires again")


def _reopen(turn: Turn, trigger: Trigger) -> None:
    """It had recovered and fires again. Who acknowledged it still has it; else the matrix begins anew."""
    turn.settle(None)
    _watch_quiet(turn)
    taken_by = turn.incident.acknowledged_by
    if taken_by is None:
        turn.change(state=State.TRIGGERED, recovered_at=None, severity_since=turn.now)
        climb(turn, Reason.RETRIGGERED, trigger.roster, note="It had recovered.")
    else:
        turn.change(state=State.ACKNOWLEDGED, recovered_at=None)
        turn.update(Reason.UPDATE, note=f"fires again after it had recovered; {taken_by} has it")


def _watch_quiet(turn: Turn) -> None:
    if turn.incident.gate_quiet_for is not None:
        turn.settle(turn.now + turn.incident.gate_quiet_for)


def _clear(turn: Turn, clear: Clear) -> None:
    before = turn.incident.signals.get(clear.key)
    if before is None or not clear.event.moment.is_after(before.last):
        return
    seen = max(before.last_seen, clear.event.received_at)
    cleared = replace(before, firing=False, last=clear.event.moment, last_seen=seen)
    turn.change(signals=turn.incident.signals | {clear.key: cleared})
    if before.firing:
        by = f" by {clear.event.actor}" if clear.event.actor else ""
        turn.note(
            "cleared", f"{clear.event.source} says it is over{by}: {clear.event.summary}", delivery=clear.event.delivery
        )
        if not turn.incident.firing:
            _recover(turn)


def _recover(turn: Turn) -> None:
    """Nothing fires any more: nobody is called, and if it stays so the incident is over."""
    quiet = turn.incident.plan.resolve_after
    turn.change(state=State.RECOVERED, recovered_at=turn.now)
    turn.note("recovered", "every signal has cleared")
    turn.stop_ladder()
    turn.update(Reason.RECOVERED, note=f"It counts as resolved when it stays quiet for {show_duration(quiet)}.")
    turn.settle(turn.now + quiet)


def _stay_recovered(turn: Turn, clear: Clear) -> None:
    """A late word that another signal has cleared changes the signal only."""
    before = turn.incident.signals.get(clear.key)
    if before is not None and clear.event.moment.is_after(before.last):
        cleared = replace(before, firing=False, last=clear.event.moment)
        turn.change(signals=turn.incident.signals | {clear.key: cleared})


def _heard(turn: Turn, heard: Heard) -> None:
    event = heard.event
    turn.note("heard", f"{event.source}: {event.summary}", by=event.actor, delivery=event.delivery, event=event.kind)


# --- what people do ---------------------------------------------------------------------------


def _acknowledge(turn: Turn, command: Acknowledge) -> None:
    turn.change(
        state=State.ACKNOWLEDGED,
        acknowledged_at=turn.now,
        acknowledged_by=command.by,
        assignee=command.by,
    )
    turn.note("acknowledged", f"acknowledged by {command.by}", by=command.by, via=command.via)
    turn.stop_ladder()
    turn.update(Reason.ACKNOWLEDGED, by=command.by)


def _acknowledge_too(turn: Turn, command: Acknowledge) -> None:
    """Somebody else joins in: it is written down, and whoever had it keeps it."""
    if command.by != turn.incident.acknowledged_by:
        turn.note("acknowledged", f"{command.by} acknowledges too", by=command.by, via=command.via)


def _mitigate(turn: Turn, command: Mitigate) -> None:
    turn.change(
        state=State.MITIGATED,
        mitigated_at=turn.now,
        acknowledged_at=turn.incident.acknowledged_at or turn.now,
        acknowledged_by=turn.incident.acknowledged_by or command.by,
    )
    turn.note("mitigated", f"mitigated by {command.by}", by=command.by, via=command.via)
    turn.stop_ladder()
    turn.update(Reason.MITIGATED, by=command.by)


def _resolve(turn: Turn, command: Resolve) -> None:
    _close(turn, command.by)
    text = f"resolved by {command.by}" + (f": {command.note}" if command.note else "")
    turn.note("resolved", text, by=command.by, via=command.via)
    turn.update(Reason.RESOLVED, by=command.by, note=command.note)


def _false_positive(turn: Turn, command: FalsePositive) -> None:
    _close(turn, command.by)
    turn.change(false_positive=command.reason)
    turn.note(
        "false positive",
        f"marked as a false positive by {command.by}: {command.reason}",
        by=command.by,
        via=command.via,
    )
    turn.update(Reason.FALSE_POSITIVE, by=command.by, note=command.reason)


def _close(turn: Turn, by: str) -> None:
    turn.change(state=State.RESOLVED, resolved_at=turn.now, resolved_by=by)
    turn.stop_ladder()
    turn.settle(None)


def _change_severity(turn: Turn, command: ChangeSeverity) -> None:
    was = turn.incident.severity
    if command.to == was:
        return
    turn.change(severity=command.to, severity_since=turn.now)
    raised = command.to.worse_than(was)
    text = f"{command.by} {'raised' if raised else 'lowered'} it from {was} to {command.to}"
    turn.note("severity", text, by=command.by, via=command.via)
    if turn.incident.answered:
        turn.update(Reason.UPDATE, by=command.by, note=text)
    elif raised:
        climb(turn, Reason.SEVERITY_RAISED, command.roster, note=text)
    else:
        _lower(turn, text, command.by)


def _lower(turn: Turn, text: str, by: str) -> None:
    """What was sent stays sent; the steps still to come are those of the milder severity, from now."""
    sent = tuple(step for step in turn.incident.steps if step.state is not StepState.WAITING)
    plan = turn.incident.plan
    coming = ladder(plan, turn.now, turn.incident.round)[1:]
    steps = (*sent, *(replace(step, number=len(sent) + n) for n, step in enumerate(coming)))
    turn.change(steps=steps, exhausted=False, exhausted_at=turn.now + plan.exhausted_after)
    turn.update(Reason.SEVERITY_LOWERED, by=by, note=text)
    turn.wake()


def _assign(turn: Turn, command: Assign) -> None:
    turn.change(assignee=command.to)
    turn.note("assigned", f"{command.by} assigned it to {command.to}", by=command.by, via=command.via)
    rooms = frozenset(told.channel for told in turn.incident.told if told.room)
    note = f"{command.by} assigned it to {command.to}"
    turn.tell(
        Reason.ASSIGNED, turn.incident.ways, role="assignee", person=command.to, rooms=rooms, by=command.by, note=note
    )


def _add_note(turn: Turn, command: AddNote) -> None:
    turn.note("note", command.text, by=command.by, via=command.via)


# --- what time does ---------------------------------------------------------------------------


def _escalate(turn: Turn, command: Escalate) -> None:
    """Tell every step that has come due; at the end of the ladder begin again or say that it is exhausted."""
    for number in range(len(turn.incident.steps)):
        step = turn.incident.steps[number]
        if step.state is StepState.WAITING and step.due_at <= turn.now:
            fire(
                turn,
                number,
                Reason.ESCALATED,
                command.roster,
                f"{step.waits_for} did not answer" if step.waits_for else None,
            )
    _end_of_ladder(turn, command)
    turn.wake()


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


def _undeliverable(turn: Turn, command: Undeliverable) -> None:
    """A page did not get through: ask the fallback; when that fails too, do not wait for the next step."""
    _write_undeliverable(turn, command)
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
        next_at_once(turn, command.step, command.roster, f"{step.role} could not be told on any channel")
        turn.wake()


def _was_told(incident: Incident, command: Undeliverable) -> bool:
    """Is it of the present ladder? One that began anew has the same numbers, but has not yet told those further up."""
    steps = incident.steps
    return (
        command.round == incident.round
        and command.step < len(steps)
        and steps[command.step].state is not StepState.WAITING
    )


def _write_undeliverable(turn: Turn, command: Undeliverable) -> None:
    whom = f"{command.role} ({command.person})" if command.person else command.role
    turn.note("undelivered", f"{command.channel} could not tell {whom}: {command.why}", channel=command.channel)


def _settle_gate(turn: Turn, _: Settle) -> None:
    """A gate's incident recovers when nothing more was counted for long enough."""
    quiet_for = turn.incident.gate_quiet_for
    if quiet_for is None:
        return
    quiet_at = max(signal.last_seen for signal in turn.incident.signals.values()) + quiet_for
    if quiet_at > turn.now:
        turn.settle(quiet_at)
        return
    cleared = {key: replace(signal, firing=False) for key, signal in turn.incident.signals.items()}
    turn.change(signals=cleared)
    turn.note("cleared", f"quiet for {show_duration(quiet_for)}")
    _recover(turn)


def _settle_recovered(turn: Turn, _: Settle) -> None:
    """A recovered incident that stayed quiet is over."""
    quiet = turn.incident.plan.resolve_after
    over_at = (turn.incident.recovered_at or turn.now) + quiet
    if over_at > turn.now:
        turn.settle(over_at)
        return
    _close(turn, "Tocsin")
    turn.note("resolved", f"resolved: recovered and quiet for {show_duration(quiet)}", by="Tocsin")


Act = Callable[[Turn, Any], None]
_T, _A, _M, _R = State.TRIGGERED, State.ACKNOWLEDGED, State.MITIGATED, State.RECOVERED


def _rows(command: type[Command], act: Act, *states: State) -> dict[tuple[State, type[Command]], Act]:
    return {(state, command): act for state in states}


TABLE: dict[tuple[State, type[Command]], Act] = {
    **_rows(Trigger, _trigger, _T, _A, _M, _R),
    **_rows(Clear, _clear, _T, _A, _M),
    **_rows(Clear, _stay_recovered, _R),
    **_rows(Heard, _heard, _T, _A, _M, _R),
    **_rows(Acknowledge, _acknowledge, _T),
    **_rows(Acknowledge, _acknowledge_too, _A, _M),
    **_rows(Mitigate, _mitigate, _T, _A),
    **_rows(Resolve, _resolve, _T, _A, _M, _R),
    **_rows(FalsePositive, _false_positive, _T, _A, _M, _R),
    **_rows(ChangeSeverity, _change_severity, _T, _A, _M),
    **_rows(Assign, _assign, _T, _A, _M, _R),
    **_rows(AddNote, _add_note, _T, _A, _M, _R, State.RESOLVED),
    **_rows(Escalate, _escalate, _T),
    **_rows(Undeliverable, _undeliverable, _T),
    **_rows(Undeliverable, _write_undeliverable, _A, _M, _R, State.RESOLVED),
    **_rows(Settle, _settle_gate, _T, _A, _M),
    **_rows(Settle, _settle_recovered, _R),
}
