"""What comes of events: signals fire, join, fire again, clear. `rules.transition` says in which state which applies."""

from __future__ import annotations

from dataclasses import replace

from rules import reported
from rules.commands import Clear, Heard, Trigger
from rules.duration import show_duration
from rules.event import occurred
from rules.incident import Reason, Signal, State
from rules.responding.verification import closes_at, for_people
from rules.together.grouping import triggered
from rules.transitions.on_triage import ask, take_over
from rules.turn import Turn, climb, in_hours

TIMELINE_SIGNALS = 100
"""So many signals are named in the timeline when they join; a storm beyond that is only counted."""


def trigger(turn: Turn, command: Trigger) -> None:
    """A signal fires: count it, and page when that is news. What a gate counts has no order among itself."""
    key = signal_key(command)
    before = turn.incident.signals.get(key)
    if before is not None and not command.gated and not command.event.moment.is_after(before.last):
        return
    turn.change(
        signals=turn.incident.signals | {key: signal(command, before, turn.incident.labels)},
        triggered=triggered(turn.incident.triggered, command.decision, occurred(command.event)),
    )
    if _is_raise(turn, command, before):
        _raise_by_event(turn, command)
    elif before is None:
        _join(turn, command)
    elif not before.firing:
        _fire_again(turn, command)
    elif before.count <= TIMELINE_SIGNALS:
        _say_who(turn, command, "reported again")
    if before is None or not before.firing:
        watch_quiet(turn)


def signal_key(command: Trigger) -> str:
    """Under which key a trigger is a signal: what a gate counts is one signal, the gate itself."""
    gate = command.decision.gate
    return gate.key if command.gated and gate is not None else command.event.signal_key


def _is_raise(turn: Turn, command: Trigger, before: Signal | None) -> bool:
    """Worse than the incident is, and not just what this signal said before a person lowered it."""
    severity = command.decision.severity
    known = before.severity if before is not None and before.firing else None
    return severity.worse_than(turn.incident.severity) and (known is None or severity.worse_than(known))


def signal(command: Trigger, before: Signal | None, labels: dict[str, str]) -> Signal:
    """The signal as it stands after this trigger, in an incident with these labels."""
    event, decision = command.event, command.decision
    own = decision.labels or event.labels
    newest = before is None or event.moment.is_after(before.last)
    return Signal(
        key=signal_key(command),
        source=event.source,
        kind=event.kind,
        summary=event.summary,
        firing=True,
        last=event.moment if newest or before is None else before.last,
        first_seen=before.first_seen if before else event.received_at,
        last_seen=max(event.received_at, before.last_seen if before else 0.0),
        count=(before.count if before else 0) + command.count,
        url=event.url,
        source_type=event.source_type,
        labels=None if own == labels else own,
        severity=decision.severity,
        quiet_for=decision.gate.quiet_for if command.gated and decision.gate is not None else None,
    )


def _raise_by_event(turn: Turn, command: Trigger) -> None:
    """An event raises the severity: whoever had it, the matrix begins anew, for it is another emergency now."""
    was, decision = turn.incident, command.decision
    turn.change(
        severity=decision.severity,
        severity_since=turn.now,
        fired_at=turn.now,
        called_by=command.event.moment,
        state=State.TRIGGERED,
        rule=decision.rule,
        set_by=decision.set_by,
        runbook=decision.runbook or was.runbook,
        team=decision.team or was.team,
        channels=decision.channels,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledged_until=None,
        recovered_at=None,
        mitigated_at=None,
    )
    text = f"raised from {was.severity} to {decision.severity} by rule «{decision.rule}»: {command.event.summary}"
    turn.note("severity", text, delivery=command.event.delivery)
    note = f"was {was.severity}, {was.state}" + (f" by {was.acknowledged_by}" if was.acknowledged_by else "")
    climb(turn, Reason.SEVERITY_RAISED, command.roster, note=note)
    take_over(turn, decision)
    ask(turn)


def _join(turn: Turn, command: Trigger) -> None:
    """A further signal of the group: whoever has the incident has it too."""
    take_over(turn, command.decision)
    if len(turn.incident.signals) <= TIMELINE_SIGNALS:
        decided = command.decision
        # In a group across sources each has been judged by itself.
        judged = f", {decided.severity} by rule «{decided.rule}»" if decided.group is not None else ""
        text = f"joined by {command.event.source}: {command.event.summary}{judged}"
        turn.note("joined", text, delivery=command.event.delivery)
        _say_who(turn, command, "reported")
    if turn.incident.state is State.RECOVERED:
        _reopen(turn, command)
    else:
        _break_hold(turn, command)


def _say_who(turn: Turn, command: Trigger, how: str) -> None:
    """A person reported it, and may have said more than the first did."""
    event = command.event
    if reported.by_a_person(event):
        text = reported.line(event, how)
        turn.note("reported", text, by=event.actor, via=event.source_type, delivery=event.delivery)


def _break_hold(turn: Turn, command: Trigger) -> None:
    """It was held back, and something joins that nothing covers: people are told now."""
    hold, incident = turn.incident.hold, turn.incident
    if hold is None or incident.state is not State.TRIGGERED or (hold.parent is None and hold.until <= turn.now):
        return
    if command.roster.hold(incident, turn.now) is None:
        turn.note("released", f"no longer held back by {hold.why}: {command.event.summary}", silence=hold.silence)
        turn.change(hold=None)
        reason = Reason.RETRIGGERED if incident.told else Reason.OPENED
        climb(turn, reason, command.roster, note=f"{command.event.summary} is not covered by {hold.why}")


def _fire_again(turn: Turn, command: Trigger) -> None:
    """A signal that had cleared fires: page if nobody has acknowledged, else tell whoever has it."""
    turn.note("fired again", f"fires again: {command.event.summary}", delivery=command.event.delivery)
    if turn.incident.state is State.RECOVERED:
        _reopen(turn, command)
    elif turn.incident.state is not State.TRIGGERED:
        turn.update(Reason.UPDATE, note=f"{command.event.summary} fires again")
    elif in_hours(turn) and command.roster.hold(turn.incident, turn.now) is None:
        turn.update(Reason.RETRIGGERED, note=f"{command.event.summary} fires again")
        _break_hold(turn, command)
    else:
        turn.note("held back", "nobody is told that it fires again")
        _break_hold(turn, command)


def _reopen(turn: Turn, command: Trigger) -> None:
    """It had recovered and fires again. Who acknowledged it still has it; else the matrix begins anew."""
    taken_by = turn.incident.acknowledged_by
    turn.change(fired_at=turn.now, called_by=command.event.moment)
    if taken_by is None:
        turn.change(state=State.TRIGGERED, recovered_at=None, severity_since=turn.now)
        steady = turn.now + turn.incident.plan.again_after
        climb(turn, Reason.RETRIGGERED, command.roster, note="It had recovered.", not_before=steady)
    else:
        until, lasts = turn.incident.acknowledged_until, turn.incident.plan.acknowledged_for
        if until is None and lasts is not None:
            until = turn.now + lasts  # Of what was mitigated, or answered when it had recovered.
        turn.change(state=State.ACKNOWLEDGED, recovered_at=None, acknowledged_until=until)
        turn.wake()
        turn.update(Reason.UPDATE, note=f"fires again after it had recovered; {taken_by} has it")


def watch_quiet(turn: Turn) -> None:
    """No sender takes back what a gate counts: promise to see whether it has become quiet. In place of other looks."""
    turn.settle(turn.incident.quiet_at)


def clear(turn: Turn, command: Clear) -> None:
    """A signal is over; when it was the last that fired, the incident has recovered."""
    before = turn.incident.signals.get(command.key)
    if before is None or not command.event.moment.is_after(before.last):
        return
    seen = max(before.last_seen, command.event.received_at)
    cleared = replace(before, firing=False, last=command.event.moment, last_seen=seen)
    turn.change(signals=turn.incident.signals | {command.key: cleared})
    if before.firing:
        by = f" by {command.event.actor}" if command.event.actor else ""
        text = f"{command.event.source} says it is over{by}: {command.event.summary}"
        turn.note("cleared", text, delivery=command.event.delivery)
        if not turn.incident.firing:
            recover(turn)


def recover(turn: Turn) -> None:
    """Nothing fires any more: nobody is called, and if it stays so the incident is over."""
    quiet = turn.incident.plan.resolve_after
    turn.change(state=State.RECOVERED, recovered_at=turn.now)
    turn.note("recovered", "every signal has cleared")
    turn.stop_ladder()
    left = for_people(turn.incident)
    if left:
        words = "; ".join(item.text for item in left)
        turn.note("to be verified", f"it stays open until somebody has verified it: {words}")
        note = f"It stays open until it is verified: {len(left)} to go."
    else:
        note = f"It counts as resolved when it stays quiet for {show_duration(quiet)}."
    # It fired again and cleared before anybody was told so: then nobody need hear that it is over, once more.
    if not turn.incident.all_clear:
        turn.update(Reason.RECOVERED, note=note)
    turn.settle(closes_at(turn.incident))


def stay_recovered(turn: Turn, command: Clear) -> None:
    """A late word that another signal has cleared changes the signal only."""
    before = turn.incident.signals.get(command.key)
    if before is not None and command.event.moment.is_after(before.last):
        cleared = replace(before, firing=False, last=command.event.moment)
        turn.change(signals=turn.incident.signals | {command.key: cleared})


def heard(turn: Turn, command: Heard) -> None:
    """It is written down, and changes nothing."""
    event = command.event
    turn.note("heard", f"{event.source}: {event.summary}", by=event.actor, delivery=event.delivery, event=event.kind)
