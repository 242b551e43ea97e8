"""What comes of what people do with an incident. `rules.transition` says in which state which applies."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import Acknowledge, AddNote, Assign, ChangeSeverity, EscalateNow, FalsePositive, Mitigate, Resolve
from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Reason, State, StepState
from rules.oncall.roster import Roster
from rules.responding.verification import missing
from rules.transitions.answering import next_to_call, stands
from rules.turn import Turn, climb, fire, ladder, moment, steady_at, untold


def acknowledge(turn: Turn, command: Acknowledge) -> None:
    """Somebody has it: nobody further is called."""
    expires = take(turn, command)
    turn.update(Reason.ACKNOWLEDGED, by=command.by, note=expires)


def take(turn: Turn, command: Acknowledge) -> str | None:
    """It is theirs; returns until when, in words. Nobody is told yet."""
    until = _holds_until(turn, command)
    turn.change(
        state=State.ACKNOWLEDGED,
        acknowledged_at=turn.now,
        acknowledged_by=command.by,
        acknowledged_until=until,
        assignee=command.by,
    )
    expires = None if until is None else f"until {moment(until)}"
    text = f"{'snoozed' if command.lasts else 'acknowledged'} by {command.by}" + (f", {expires}" if expires else "")
    turn.note("acknowledged", text, by=command.by, via=command.via)
    turn.wake()
    return expires


def _holds_until(turn: Turn, command: Acknowledge) -> float | None:
    """How long whoever answers has it: as they said, else as long as the severity lets them."""
    lasts = command.lasts or turn.incident.plan.acknowledged_for
    return None if lasts is None else turn.now + lasts


def acknowledge_too(turn: Turn, command: Acknowledge) -> None:
    """Somebody else joins in: it is written down, and whoever had it keeps it, now for longer."""
    until = _holds_until(turn, command)
    if command.by != turn.incident.acknowledged_by:
        turn.note("acknowledged", f"{command.by} acknowledges too", by=command.by, via=command.via)
    elif until is not None and until != turn.incident.acknowledged_until:
        turn.note("acknowledged", f"{command.by} has it until {moment(until)}", by=command.by, via=command.via)
    if until is not None:
        turn.change(acknowledged_until=until)
        turn.wake()


def take_recovered(turn: Turn, command: Acknowledge | Mitigate) -> None:
    """It has recovered before they answered: nobody needs to hear of that, but should it fire again, it is theirs.

    For as long as a snooze says; else as long as the severity lets them, from when it fires again.
    """
    until = _holds_until(turn, command) if isinstance(command, Acknowledge) and command.lasts else None
    turn.change(
        acknowledged_until=until or turn.incident.acknowledged_until,
        acknowledged_at=turn.incident.acknowledged_at or turn.now,
        acknowledged_by=turn.incident.acknowledged_by or command.by,
        assignee=turn.incident.assignee or command.by,
    )
    turn.note("acknowledged", f"{command.by} has it, should it fire again", by=command.by, via=command.via)


def mitigate(turn: Turn, command: Mitigate) -> None:
    """The bleeding has stopped; whoever does that has it, if nobody had."""
    turn.change(
        state=State.MITIGATED,
        mitigated_at=turn.now,
        acknowledged_at=turn.incident.acknowledged_at or turn.now,
        acknowledged_by=turn.incident.acknowledged_by or command.by,
        acknowledged_until=None,
    )
    turn.note("mitigated", f"mitigated by {command.by}", by=command.by, via=command.via)
    turn.stop_ladder()
    turn.update(Reason.MITIGATED, by=command.by)


def resolve(turn: Turn, command: Resolve) -> None:
    """It is over, and everybody who was told hears so. Not before it is verified, or somebody says why not."""
    left = missing(turn.incident, turn.now)
    if left and command.override is None:
        return
    close(turn, command.by)
    # Where nothing was left to verify, the reason to close all the same is only what they say of it.
    said = command.note if left else command.note or command.override
    text = f"resolved by {command.by}" + (f": {said}" if said else "")
    turn.note("resolved", text, by=command.by, via=command.via)
    turn.update(Reason.RESOLVED, by=command.by, note=_unverified(turn, command, len(left)) or said)
    announce(turn, command.by, said)


def announce(turn: Turn, by: str, note: str | None = None) -> None:
    """Beside those who were told of it: everybody's rooms, if users have noticed, and whoever has a stake in it."""
    incident, response = turn.incident, turn.incident.response
    parts = [
        f"Resolved after {show_duration(turn.now - incident.opened_at)}.",
        note or (response.update.text if response.update is not None else ""),
        f"Affected: {response.affected}." if response.affected else "",
    ]
    said = " ".join(part for part in parts if part)
    rooms = frozenset(told.channel for told in incident.told if told.room)
    if response.users_noticed:
        ways = [channel for channel in incident.plan.announce if channel not in rooms]
        turn.tell(Reason.UPDATE, ways, role="everybody", person=None, rooms=frozenset(ways), by=by, note=said)
    known = {told.person for told in incident.told if not told.room}
    ways = [channel for channel in incident.ways if channel not in rooms | set(incident.plan.announce)]
    for person in incident.plan.stakeholders:
        if person not in known:
            turn.tell(Reason.UPDATE, ways, role="stakeholder", person=person, rooms=rooms, by=by, note=said)


def _unverified(turn: Turn, command: Resolve, left: int) -> str:
    """What is told of a close that went before its checklist; "" where it did not."""
    if not left or command.override is None:
        return ""
    turn.change(response=turn.incident.response.changed(unverified=command.override))
    text = f"closed by {command.by} with {left} of {len(turn.incident.plan.verify)} not verified: {command.override}"
    turn.note("unverified", text, by=command.by, via=command.via)
    return f"{command.note}\n{text}" if command.note else text


def false_positive(turn: Turn, command: FalsePositive) -> None:
    """It never was one: closed, with the reason kept."""
    false_alarm(turn, command.by, command.via, command.reason)


def false_alarm(turn: Turn, by: str, via: str | None, reason: str) -> None:
    """It never was one, says a person or a check."""
    close(turn, by)
    turn.change(false_positive=reason)
    turn.note("false positive", f"marked as a false positive by {by}: {reason}", by=by, via=via)
    turn.update(Reason.FALSE_POSITIVE, by=by, note=reason)


def close(turn: Turn, by: str) -> None:
    """Nothing more is promised for it."""
    turn.change(state=State.RESOLVED, resolved_at=turn.now, resolved_by=by)
    turn.stop_ladder()
    turn.settle(None)


def change_severity(turn: Turn, command: ChangeSeverity) -> None:
    """A person says how bad it is. Raised, the matrix begins anew; lowered, its coming steps are the milder ones."""
    was = turn.incident.severity
    if command.to == was:
        return
    raised = command.to.worse_than(was)
    text = f"{command.by} {'raised' if raised else 'lowered'} it from {was} to {command.to}"
    turn.note("severity", text, by=command.by, via=command.via)
    turn.change(response=turn.incident.response.changed(severity_by=command.by))
    rated(turn, command.to, text, command.by, command.roster)


def rated(turn: Turn, to: Severity, text: str, by: str, roster: Roster) -> None:
    """It is as bad as `to` from now on, says a person or a check; `text` is what people read."""
    raised = to.worse_than(turn.incident.severity)
    turn.change(severity=to, severity_since=turn.now)
    if turn.incident.answered:
        _expires_too(turn)
        turn.update(Reason.UPDATE, by=by, note=text)
    elif raised:
        climb(turn, Reason.SEVERITY_RAISED, roster, note=text)
    else:
        _lower(turn, text, by, roster)


def _expires_too(turn: Turn) -> None:
    """An acknowledgement that had no end has the one that acknowledgements of the new severity have."""
    incident, lasts = turn.incident, turn.incident.plan.acknowledged_for
    if incident.state is State.ACKNOWLEDGED and incident.acknowledged_until is None and lasts is not None:
        turn.change(acknowledged_until=turn.now + lasts)
        turn.wake()


def _lower(turn: Turn, text: str, by: str, roster: Roster) -> None:
    """What was sent stays sent; the steps still to come are those of the milder severity, from now.

    Where nobody has been told yet, because something holds it back, the first responder still is.
    """
    turn.update(Reason.SEVERITY_LOWERED, by=by, note=text)
    if untold(turn.incident):
        first = turn.incident.steps[0]
        climb(
            turn,
            first.reason or Reason.OPENED,
            roster,
            round_number=turn.incident.round,
            note=first.note,
            not_before=steady_at(turn.incident),
        )
        return
    hold = roster.hold(turn.incident, turn.now)
    start = turn.now if hold is None or hold.parent is not None else hold.until
    sent = tuple(step for step in turn.incident.steps if step.state is not StepState.WAITING)
    plan = turn.incident.plan
    coming = ladder(plan, start, turn.incident.round)[1:]
    steps = (*sent, *(replace(step, number=len(sent) + n) for n, step in enumerate(coming)))
    turn.change(steps=steps, exhausted=False, exhausted_at=plan.due(start, plan.exhausted_after), hold=hold)
    turn.wake()


def assign(turn: Turn, command: Assign) -> None:
    """It is theirs, and they are told."""
    turn.change(assignee=command.to)
    turn.note("assigned", f"{command.by} assigned it to {command.to}", by=command.by, via=command.via)
    rooms = frozenset(told.channel for told in turn.incident.told if told.room)
    note = f"{command.by} assigned it to {command.to}"
    turn.tell(
        Reason.ASSIGNED, turn.incident.ways, role="assignee", person=command.to, rooms=rooms, by=command.by, note=note
    )


def escalate_now(turn: Turn, command: EscalateNow) -> None:
    """Whom the matrix names next is called now, and nobody else. Whoever has it keeps it: they want help."""
    step = next_to_call(turn.incident, turn.now)
    if step is None:
        return
    if step.number == len(turn.incident.steps):
        turn.change(steps=(*turn.incident.steps, step))
    turn.note("called in", f"{command.by} calls in {step.role}", by=command.by, via=command.via)
    note = f"{command.by} asks for you now: it is {stands(turn.incident)}"
    fire(turn, step.number, Reason.CALLED, command.roster, note, command.by)
    if not turn.incident.answered:
        turn.wake()


def add_note(turn: Turn, command: AddNote) -> None:
    """A sentence for the history."""
    turn.note("note", command.text, by=command.by, via=command.via)
