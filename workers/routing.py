"""Where each event goes: to the open incident of its signal or its group, to a new one, or nowhere but the record.

Acknowledge, resolve and info find their incident by the index of signals, never by rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rules.commands import Acknowledge, Clear, Command, Heard, Resolve, Trigger
from rules.decision import Decision, Gate
from rules.event import Action, Event
from rules.gate import is_over
from rules.incident import Incident, Policy, State
from rules.roster import Roster
from rules.transition import open_incident, transition
from workers.draft import Draft, Place
from workers.intake import Judged, mint_short

KEEP_GATE = 3600.0
"""Seconds a gate remembers at least, so that late events still find their company."""

CLOCKS_DIFFER = 5.0
"""So many seconds before an incident fired again may an answer to that be dated, by a clock that is behind ours."""


def apply(draft: Draft, judged: Sequence[Judged], policy: Policy, roster: Roster) -> None:
    """Put a batch of events into their incidents, in the order in which they came."""
    _load(draft, judged)
    for one in _folded(judged):
        if draft.repeats(one.event):
            draft.count("events", one.event.source, "repeated")
        else:
            _apply_one(draft, one, policy, roster)


def _load(draft: Draft, judged: Sequence[Judged]) -> None:
    draft.load_heard(one.event for one in judged)
    decisions = [one.decision for one in judged if one.decision is not None]
    draft.load(
        (one.event.signal_key for one in judged),
        (decision.group_key for decision in decisions),
        {one.event.incident for one in judged if one.event.incident},
    )
    earliest: dict[str, float] = {}
    for one in judged:
        if one.decision is not None and one.decision.gate is not None:
            since = _at(one.event) - one.decision.gate.within
            earliest[one.decision.gate.key] = min(since, earliest.get(one.decision.gate.key, since))
    for gate_key, since in earliest.items():
        draft.load_gate(gate_key, since)


def _folded(judged: Sequence[Judged]) -> list[Judged]:
    """In order of arrival; ids of deliveries sort by it."""
    return sorted(judged, key=lambda one: one.event.delivery)


def _apply_one(draft: Draft, one: Judged, policy: Policy, roster: Roster) -> None:
    event, decision = one.event, one.decision
    if event.incident is not None:
        _echo(draft, event)
    elif event.action is not Action.TRIGGER or decision is None:
        _follow(draft, event)
    elif decision.suppress is not None:
        draft.count("incidents", decision.severity, "suppressed")
    else:
        _trigger(draft, event, decision, policy, roster)


def _trigger(draft: Draft, event: Event, decision: Decision, policy: Policy, roster: Roster) -> None:
    place = draft.place(event.signal_key)
    holder = draft.incident(place.incident)
    if _overtaken(event, place, holder):
        draft.count("incidents", decision.severity, "overtaken")
        return
    command = Trigger(event=event, decision=decision, roster=roster, gated=decision.gate is not None)
    if holder is not None and holder.is_open:
        _change(draft, holder, replace(command, gated=False))
    elif decision.gate is None:
        _trigger_group(draft, command, policy)
    elif _counted(draft, event, decision.gate):
        _trigger_gated(draft, command, decision.gate, policy)


def _trigger_group(draft: Draft, command: Trigger, policy: Policy) -> None:
    """To the open incident of the group, else to a new one; from then on the signal leads there."""
    last = draft.last_of_group(command.decision.group_key)
    if last is not None and last.is_open:
        draft.put(command.event.signal_key, Place(last.id))
        _change(draft, last, command)
    else:
        _open(draft, command, policy, last, command.event.signal_key)


def _trigger_gated(draft: Draft, command: Trigger, gate: Gate, policy: Policy) -> None:
    """To the open incident where the gate is open already; else only when more are counted than may be."""
    last = draft.last_of_group(command.decision.group_key)
    running = last if last is not None and last.is_open else None
    signal = running.signals.get(gate.key) if running is not None else None
    if (signal is None or not signal.firing) and not is_over(gate, draft.gate(gate.key).values(), _at(command.event)):
        draft.count("incidents", command.decision.severity, "below the gate")
    elif running is not None:
        _change(draft, running, command)
    else:
        _open(draft, command, policy, last, None)


def _open(draft: Draft, command: Trigger, policy: Policy, last: Incident | None, signal_key: str | None) -> None:
    draft.opened(open_incident(mint_short(), command, policy, draft.now, last.id if last else None), signal_key)


def _overtaken(event: Event, place: Place, holder: Incident | None) -> bool:
    """Has the sender already taken this back? Then nobody is paged for it."""
    if place.resolved is not None:
        return not event.moment.is_after(place.resolved)
    signal = holder.signals.get(event.signal_key) if holder else None
    over = signal is not None and holder is not None and not (signal.firing and holder.is_open)
    return over and signal is not None and not event.moment.is_after(signal.last)


def _counted(draft: Draft, event: Event, gate: Gate) -> bool:
    """Count the event at its gate; False when this very event has been counted before."""
    seen = draft.gate(gate.key)
    member = (gate.counts or event.sender_id or f"{event.delivery}/{event.nth}/{event.dedup_key}")[:200]
    known = member in seen
    draft.counted(gate.key, member, _at(event), max(KEEP_GATE, gate.within))
    return not known or bool(gate.counts)


def _follow(draft: Draft, event: Event) -> None:
    """What is no trigger goes to the incident that holds its signal; without one it is recorded and pages nobody."""
    place = draft.place(event.signal_key)
    holder = draft.incident(place.incident)
    if holder is not None and holder.is_open:
        _change(draft, holder, _command(event))
    elif event.action is Action.RESOLVE and _newer(place, holder, event):
        draft.put(event.signal_key, Place(incident=None, resolved=event.moment))


def _newer(place: Place, holder: Incident | None, event: Event) -> bool:
    """Is it news to what is known of its signal, which may be a resolved incident's?"""
    signal = holder.signals.get(event.signal_key) if holder else None
    last = place.resolved or (signal.last if signal else None)
    return last is None or event.moment.is_after(last)


def _command(event: Event) -> Command:
    by = event.actor or event.source
    if event.action is Action.ACKNOWLEDGE:
        return Acknowledge(by=by, via=event.source_type)
    if event.action is Action.RESOLVE:
        return Clear(event=event, key=event.signal_key)
    return Heard(event=event)


def _echo(draft: Draft, event: Event) -> None:
    """A receiver speaks of an incident of ours: it attaches to it and never opens one.

    A late answer to what had been over, and fires again since, is written down and answers nothing.
    """
    incident = draft.incident(event.incident)
    if incident is None:
        return
    draft.put(event.signal_key, Place(incident.id))
    by = event.actor or event.source
    if _answers_something_older(event, incident):
        _change(draft, incident, Heard(event=event))
    elif event.action is Action.ACKNOWLEDGE:
        _change(draft, incident, Acknowledge(by=by, via=event.source_type))
    elif event.action is Action.RESOLVE and incident.state is not State.RECOVERED:
        _change(draft, incident, Resolve(by=by, via=event.source_type))
    else:
        _change(draft, incident, Heard(event=event))


def _answers_something_older(event: Event, incident: Incident) -> bool:
    again = incident.fired_at > incident.opened_at
    return again and event.occurred_at is not None and event.occurred_at < incident.fired_at - CLOCKS_DIFFER


def _change(draft: Draft, incident: Incident, command: Command) -> None:
    outcome = transition(incident, command, draft.now)
    if outcome.incident is not incident or outcome.timeline or outcome.effects:
        draft.changed(outcome)


def _at(event: Event) -> float:
    """When it happened; a sender's clock that runs ahead of ours counts as now."""
    return event.received_at if event.occurred_at is None else min(event.occurred_at, event.received_at)
