"""What becomes of an incident: `transition(incident, command, now)`, a table of (state, command) -> function.

A command without a row changes nothing, so an escalation that comes after an acknowledgement finds nothing to do.
Pure: the same arguments give the same outcome, nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rules import reported
from rules.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangeSeverity,
    Clear,
    Command,
    DropStep,
    Escalate,
    EscalateNow,
    FalsePositive,
    Heard,
    Lift,
    Mitigate,
    Postpone,
    Resolve,
    Settle,
    Trigger,
    Undeliverable,
    Undo,
)
from rules.effects import Effect
from rules.event import occurred
from rules.incident import Incident, Policy, Reason, State, TimelineEntry
from rules.postmortem.commands import AskForPostmortem, NotePostmortem, RemindOfPostmortem
from rules.responding.response_commands import (
    Assess,
    ClosedElsewhere,
    DropReminder,
    Examine,
    PostUpdate,
    PutOffReminder,
    Remind,
    StateImpact,
    TakePart,
    Tick,
    Untick,
)
from rules.together.grouping import triggered
from rules.transitions import (
    on_events,
    on_hand,
    on_holds,
    on_people,
    on_postmortem,
    on_public,
    on_reminders,
    on_response,
    on_room,
    on_time,
    on_triage,
    on_undo,
)
from rules.transitions.answering import remembered
from rules.turn import Turn, climb


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
    on_postmortem.follow(turn, incident, command)
    on_triage.verify(turn, incident.state)
    if turn.incident is not incident or turn.timeline:
        on_reminders.keep_reminding(turn, incident)
        last = remembered(incident, turn.incident, command, now)
        if last is not turn.incident.last_answer:
            turn.change(last_answer=last)
    if isinstance(command, Trigger) and command.because:
        turn.note("counted", command.because)
    if not isinstance(command, on_public.COMMANDS):
        on_public.keep_public(turn, incident)
    if not isinstance(command, on_room.COMMANDS):
        on_room.keep_up(turn, incident)
    return Outcome(turn.incident, tuple(turn.effects), tuple(turn.timeline))


def open_incident(
    incident_id: str, trigger: Trigger, policy: Policy, now: float, previous: str | None = None
) -> Outcome:
    """The first trigger of a group: an incident comes to be and its first responder is told."""
    event, decision = trigger.event, trigger.decision
    labels = decision.labels or event.labels
    signal = on_events.signal(trigger, None, labels)
    incident = Incident(
        id=incident_id,
        group_key=decision.group_key,
        title=event.summary,
        severity=decision.severity,
        state=State.TRIGGERED,
        opened_at=now,
        severity_since=now,
        fired_at=now,
        called_by=event.moment,
        rule=decision.rule,
        set_by=decision.set_by,
        rules_version=decision.rules_version,
        policy=policy,
        channels=decision.channels,
        runbook=decision.runbook,
        team=decision.team,
        labels=labels,
        url=event.url,
        signals={signal.key: signal},
        triggered=triggered(None, decision, occurred(event)),
        previous=previous,
        response=reported.response(event).changed(triage=decision.triage, links=decision.links),
    )
    turn = Turn(incident, now)
    turn.note(
        "opened", f"opened as {decision.severity} by rule «{decision.rule}»: {event.summary}", delivery=event.delivery
    )
    said = reported.line(event) if reported.by_a_person(event) else ""
    if said:
        turn.note("reported", said, by=event.actor, via=event.source_type, delivery=event.delivery)
    if trigger.because:
        turn.note("counted", trigger.because)
    climb(turn, Reason.OPENED, trigger.roster, note=trigger.because or said or None)
    on_triage.ask(turn)
    if incident.quiet_at is not None:
        turn.settle(incident.quiet_at)
    on_public.keep_public(turn, None)
    on_room.keep_up(turn, None)
    return Outcome(turn.incident, tuple(turn.effects), tuple(turn.timeline))


Act = Callable[[Turn, Any], None]
_T, _A, _M, _R = State.TRIGGERED, State.ACKNOWLEDGED, State.MITIGATED, State.RECOVERED


def _rows(command: type[Command], act: Act, *states: State) -> dict[tuple[State, type[Command]], Act]:
    return {(state, command): act for state in states}


TABLE: dict[tuple[State, type[Command]], Act] = {
    **_rows(Trigger, on_events.trigger, _T, _A, _M, _R),
    **_rows(Clear, on_events.clear, _T, _A, _M),
    **_rows(Clear, on_events.stay_recovered, _R),
    **_rows(Heard, on_events.heard, _T, _A, _M, _R),
    **_rows(Acknowledge, on_people.acknowledge, _T),
    **_rows(Acknowledge, on_people.acknowledge_too, _A, _M),
    **_rows(Acknowledge, on_people.take_recovered, _R),
    **_rows(Mitigate, on_people.mitigate, _T, _A),
    **_rows(Mitigate, on_people.take_recovered, _R),
    **_rows(Resolve, on_people.resolve, _T, _A, _M, _R),
    **_rows(FalsePositive, on_people.false_positive, _T, _A, _M, _R),
    **_rows(ChangeSeverity, on_triage.change_severity, _T, _A, _M, _R),
    **_rows(Assign, on_people.assign, _T, _A, _M, _R),
    **_rows(AddNote, on_people.add_note, _T, _A, _M, _R, State.RESOLVED),
    **_rows(EscalateNow, on_people.escalate_now, _T, _A, _M),
    **_rows(Postpone, on_hand.postpone, _T, _A),
    **_rows(DropStep, on_hand.drop_step, _T),
    **_rows(Undo, on_undo.undo, _T, _A, _M, _R, State.RESOLVED),
    **_rows(Escalate, on_time.escalate, _T),
    **_rows(Escalate, on_time.expire, _A),
    **_rows(Lift, on_holds.lift, _T, _A, _M, _R),
    **_rows(Undeliverable, on_time.undeliverable, _T, _A, _M),
    **_rows(Undeliverable, on_time.write_undeliverable, _R, State.RESOLVED),
    **_rows(Tick, on_response.tick, _T, _A, _M, _R),
    **_rows(Untick, on_response.untick, _T, _A, _M, _R),
    **_rows(AskForPostmortem, on_postmortem.ask, _T, _A, _M, _R, State.RESOLVED),
    **_rows(NotePostmortem, on_postmortem.note, _T, _A, _M, _R, State.RESOLVED),
    **_rows(RemindOfPostmortem, on_postmortem.remind, State.RESOLVED),
    **_rows(Assess, on_triage.assess, _T, _A, _M, _R),
    **_rows(Examine, on_triage.examine, _T, _A, _M, _R),
    **_rows(TakePart, on_response.take_part, _T, _A, _M, _R),
    **_rows(StateImpact, on_response.state_impact, _T, _A, _M, _R, State.RESOLVED),
    **_rows(PostUpdate, on_response.post_update, _T, _A, _M, _R, State.RESOLVED),
    **_rows(ClosedElsewhere, on_response.closed_elsewhere, _T, _A, _M),
    **_rows(Remind, on_reminders.remind, _T, _A, _M, _R),
    **_rows(PutOffReminder, on_reminders.put_off_reminder, _T, _A, _M, _R),
    **_rows(DropReminder, on_reminders.drop_reminder, _T, _A, _M, _R),
    **{row: act for command in on_room.COMMANDS for row, act in _rows(command, on_room.act, *State).items()},
    **{row: act for command in on_public.COMMANDS for row, act in _rows(command, on_public.act, *State).items()},
    **_rows(Settle, on_time.settle_gate, _T, _A, _M),
    **_rows(Settle, on_time.settle_recovered, _R),
}
