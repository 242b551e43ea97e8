"""Where each event goes: to the open incident of its signal or its group, to a new one, or nowhere but the record.

Acknowledge, resolve and info find their incident by the index of signals, never by rules. Where incidents stand, in
Redis or in memory, is the books' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rules.commands import Acknowledge, Clear, Command, Heard, Resolve, Trigger, Undo
from rules.decision import Decision, Gate, Judged
from rules.event import Action, Event, Moment, occurred
from rules.gates import counting
from rules.gates.counting import GateBooks
from rules.incident import Incident, Policy, State
from rules.oncall.roster import Roster
from rules.responding.response_commands import ClosedElsewhere
from rules.responding.verification import missing
from rules.together import beneath
from rules.together.beneath import Shelves
from rules.together.grouping import takes
from rules.transition import Outcome, open_incident, transition
from rules.transitions.answering import why_not
from rules.transitions.refusals import refused
from rules.upcast import VERSION

KEEP_TOMBSTONE = 86400
"""Seconds the signal of a resolved incident is known, and a resolve that came before its trigger."""

KEEP_HEARD = 7 * 86400
"""Seconds in which a sender's own id of a message makes a second one a repetition."""

CLOCKS_DIFFER = 5.0
"""So many seconds before an incident fired again may an answer to that be dated, by a clock that is behind ours."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signal's events go: to an incident or, after a resolve that came first, nowhere until something newer."""

    incident: str | None = None
    resolved: Moment | None = None
    v: int = VERSION


class Books(GateBooks, Shelves, Protocol):
    """What is known of incidents, and what changes in one go: all of it, or nothing."""

    def load(self, signals: Iterable[str], groups: Iterable[str], incidents: Iterable[str] = ()) -> None:
        """Get ready to be asked for these signals, groups and incidents."""

    def load_heard(self, events: Iterable[Event]) -> None:
        """Get ready to be asked whether these events repeat others."""

    def repeats(self, event: Event) -> bool:
        """Has the sender said this before, by its own id, in another delivery? If not, it is remembered."""

    def incident(self, incident_id: str | None) -> Incident | None:
        """An incident as it is after the changes so far."""

    def place(self, signal_key: str) -> Place:
        """Where a signal's events go."""

    def last_of_group(self, group_key: str) -> Incident | None:
        """The open incident of a group, or the last one it had."""

    def new_id(self) -> str:
        """For an incident that opens."""

    def opened(self, outcome: Outcome, signal_key: str | None) -> None:
        """A new incident: its group leads to it, and its signal unless a gate counted it."""

    def changed(self, outcome: Outcome) -> None:
        """An incident has changed."""

    def reopened(self, incident: Incident) -> None:
        """What was over is not: it is kept as open incidents are, and its group leads to it."""

    def put(self, signal_key: str, place: Place) -> None:
        """A signal's events go there from now on."""

    def count(self, *name_and_values: str) -> None:
        """Something worth a number has happened."""


def apply(books: Books, judged: Sequence[Judged], policy: Policy, roster: Roster) -> None:
    """Put a batch of events into their incidents, in the order in which they came."""
    _load(books, judged)
    for one in _folded(judged):
        if books.repeats(one.event):
            books.count("events", one.event.source, "repeated")
        else:
            _apply_one(books, one, policy, roster)


def _load(books: Books, judged: Sequence[Judged]) -> None:
    books.load_heard(one.event for one in judged)
    decisions = [one.decision for one in judged if one.decision is not None]
    books.load(
        (one.event.signal_key for one in judged),
        (decision.group_key for decision in decisions),
        {one.event.incident for one in judged if one.event.incident},
    )
    counting.load(books, judged)


def _folded(judged: Sequence[Judged]) -> list[Judged]:
    """In order of arrival; ids of deliveries sort by it."""
    return sorted(judged, key=lambda one: one.event.delivery)


def _apply_one(books: Books, one: Judged, policy: Policy, roster: Roster) -> None:
    event, decision = one.event, one.decision
    if event.incident is not None:
        _echo(books, event)
    elif event.action is not Action.TRIGGER or decision is None:
        _follow(books, event)
    elif decision.suppress is not None:
        books.count("incidents", decision.severity, "suppressed")
    else:
        _trigger(books, event, decision, policy, roster)


def _trigger(books: Books, event: Event, decision: Decision, policy: Policy, roster: Roster) -> None:
    place = books.place(event.signal_key)
    holder = books.incident(place.incident)
    if _overtaken(event, place, holder):
        books.count("incidents", decision.severity, "overtaken")
        return
    command = Trigger(event=event, decision=decision, roster=roster, gated=decision.gate is not None)
    if holder is not None and holder.is_open:
        change(books, holder, replace(command, gated=False))
    elif decision.gate is None:
        _trigger_group(books, command, policy)
    elif decision.gate.nothing:
        books.count("incidents", decision.severity, "counted as nothing")
    elif counting.count(books, event, decision.gate):
        _trigger_gated(books, command, decision.gate, policy)


def _trigger_group(books: Books, command: Trigger, policy: Policy) -> None:
    """To the open incident of the group, else to a new one; from then on the signal leads there."""
    last = books.last_of_group(command.decision.group_key)
    if last is not None and last.is_open and takes(last, command.decision, occurred(command.event)):
        books.put(command.event.signal_key, Place(last.id))
        change(books, last, command)
    else:
        _open(books, command, policy, last, command.event.signal_key)


def _trigger_gated(books: Books, command: Trigger, gate: Gate, policy: Policy) -> None:
    """To the open incident where the gate is open already; else only when more are counted than may be."""
    last = books.last_of_group(command.decision.group_key)
    running = last if last is not None and last.is_open else None
    signal = running.signals.get(gate.key) if running is not None else None
    if running is not None and signal is not None and signal.firing:
        change(books, running, command)
        return
    reading = counting.opens(books, command.event, gate)
    if reading is None:
        books.count("incidents", command.decision.severity, "below the gate")
        return
    command = replace(command, because=counting.because(reading, books.tally(gate.key)))
    if running is not None and takes(running, command.decision, occurred(command.event)):
        change(books, running, command)
    else:
        _open(books, command, policy, last, None)


def _open(books: Books, command: Trigger, policy: Policy, last: Incident | None, signal_key: str | None) -> None:
    command = beneath.informed(books, command)
    outcome = open_incident(books.new_id(), command, policy, books.now, last.id if last else None)
    books.opened(beneath.concluded(books, None, outcome, command), signal_key)


def _overtaken(event: Event, place: Place, holder: Incident | None) -> bool:
    """Has the sender already taken this back? Then nobody is paged for it."""
    if place.resolved is not None:
        return not event.moment.is_after(place.resolved)
    signal = holder.signals.get(event.signal_key) if holder else None
    over = signal is not None and holder is not None and not (signal.firing and holder.is_open)
    return over and signal is not None and not event.moment.is_after(signal.last)


def _follow(books: Books, event: Event) -> None:
    """What is no trigger goes to the incident that holds its signal; without one it is recorded and pages nobody."""
    place = books.place(event.signal_key)
    holder = books.incident(place.incident)
    if holder is not None and holder.is_open:
        change(books, holder, _command(event, holder))
    elif event.action is Action.RESOLVE and _newer(place, holder, event):
        books.put(event.signal_key, Place(incident=None, resolved=event.moment))


def _newer(place: Place, holder: Incident | None, event: Event) -> bool:
    """Is it news to what is known of its signal, which may be a resolved incident's?"""
    signal = holder.signals.get(event.signal_key) if holder else None
    last = place.resolved or (signal.last if signal else None)
    return last is None or event.moment.is_after(last)


def _command(event: Event, holder: Incident) -> Command:
    by = event.actor or event.source
    if event.action is Action.ACKNOWLEDGE and not _came_before(event, holder):
        return Acknowledge(by=by, via=event.source_type)
    if event.action is Action.RESOLVE:
        return Clear(event=event, key=event.signal_key)
    return Heard(event=event)


def _echo(books: Books, event: Event) -> None:
    """A receiver speaks of an incident of ours: it attaches to it and never opens one.

    A late answer to what had been over, and fires again since, is written down and answers nothing.
    """
    incident = books.incident(event.incident)
    if incident is None:
        return
    books.put(event.signal_key, Place(incident.id))
    by = event.actor or event.source
    if _answers_something_older(event, incident):
        change(books, incident, Heard(event=event))
    elif event.action is Action.ACKNOWLEDGE:
        change(books, incident, Acknowledge(by=by, via=event.source_type))
    elif event.action is Action.RESOLVE and incident.state is not State.RECOVERED:
        _echoed_resolve(books, incident, event, by)
    else:
        change(books, incident, Heard(event=event))


def _echoed_resolve(books: Books, incident: Incident, event: Event, by: str) -> None:
    """It was closed over there. What is not verified stays open here; a person who closes it has it (decision 0028)."""
    if not missing(incident, books.now):
        change(books, incident, Resolve(by=by, via=event.source_type))
        return
    change(books, incident, ClosedElsewhere(event=event, by=by, via=event.source_type))


def _came_before(event: Event, incident: Incident) -> bool:
    """Did it come in before its signal, or what made this an emergency, and was overtaken by that on its way here?

    By arrival: answers come from people's clocks and pagers', triggers from their senders'.
    """
    called, signal = incident.called_by, incident.signals.get(event.signal_key)
    if signal is not None and event.received_at < signal.first_seen:
        return True
    return called is not None and (event.received_at, event.delivery) < (called.received_at, called.delivery)


def _answers_something_older(event: Event, incident: Incident) -> bool:
    if _came_before(event, incident):
        return True
    again = incident.fired_at > incident.opened_at
    return again and event.occurred_at is not None and event.occurred_at < incident.fired_at - CLOCKS_DIFFER


def change(books: Books, incident: Incident, command: Command) -> Incident:
    """Apply a command to an incident; returns it as it is afterwards, changed or not."""
    if isinstance(command, Undo) and refusal(books, incident, command):
        return incident
    command = beneath.informed(books, command, incident)
    outcome = beneath.concluded(books, incident, transition(incident, command, books.now), command)
    if outcome.incident is not incident or outcome.timeline or outcome.effects:
        books.changed(outcome)
    if outcome.incident.is_open and not incident.is_open:
        _reopen(books, outcome.incident)
    return outcome.incident


def refusal(books: Books, incident: Incident, command: Command) -> str:
    """Why nothing can come of what a person asks, in a sentence for them; "" where something can."""
    if not isinstance(command, Undo):
        return refused(incident, command, books.now)
    return why_not(incident, command.by, books.now) or ("" if incident.is_open else _gone_on(books, incident))


def _gone_on(books: Books, incident: Incident) -> str:
    """What was over cannot be taken up again once its senders have gone on: to another incident, or to an end."""
    books.load(incident.signals, [incident.group_key])
    group = books.last_of_group(incident.group_key)
    places = [books.place(key) for key in incident.signals]
    elsewhere = [one.incident for one in places if one.incident not in (None, incident.id)]
    if group is not None and group.id != incident.id:
        elsewhere.append(group.id)
    if elsewhere:
        return f"It cannot be taken back: incident {elsewhere[0]} has opened since, and has taken its place."
    if any(one.resolved is not None for one in places):
        return "It cannot be taken back, and need not be: its sender has said since that it is over."
    return ""


def _reopen(books: Books, incident: Incident) -> None:
    books.reopened(incident)
    for key in incident.signals:
        if books.place(key).incident == incident.id:
            books.put(key, Place(incident.id))
