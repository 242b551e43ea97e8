"""The books of a rehearsal: incidents, places, gates and what senders have said before, held in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.decision import Gate
from rules.effects import Effect
from rules.event import Event
from rules.gates.tally import Counting, Tally
from rules.incident import Incident, TimelineEntry
from rules.together.beneath import AT_MOST
from rules.together.inhibition import inhibiting
from rules.transition import Outcome
from rules.transitions.routing import KEEP_HEARD, KEEP_TOMBSTONE, Place


@dataclass(slots=True)
class Counted:
    """What one gate has counted: when each member happened, and the members by time."""

    at: dict[str, float] = field(default_factory=dict)
    by_time: list[tuple[float, str]] = field(default_factory=list)

    def since(self, moment: float) -> dict[str, float]:
        """The members from `moment` on."""
        begins = bisect_left(self.by_time, (moment, ""))
        return {member: at for at, member in self.by_time[begins:]}

    def add(self, member: str, at: float) -> None:
        """The same member counts once, at its latest time."""
        known = self.at.get(member)
        if known is not None and known >= at:
            return
        if known is not None:
            self.by_time.pop(bisect_left(self.by_time, (known, member)))
        self.at[member] = at
        insort(self.by_time, (at, member))

    def forget(self, until: float) -> None:
        """What happened at `until` or before."""
        ends = bisect_right(self.by_time, until, key=lambda one: one[0])
        for _, member in self.by_time[:ends]:
            del self.at[member]
        del self.by_time[:ends]


class MemoryBooks:
    """`rules.transitions.routing.Books` in memory. What nobody looks at for 400 days is not thrown away here."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.incidents: dict[str, Incident] = {}
        """In the order in which they opened."""
        self.timelines: dict[str, list[TimelineEntry]] = {}
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.fate = ""
        """What became of the event that was applied last: `opened`, `changed`, `below the gate` …"""
        self.holder: str | None = None
        """The incident it went to."""
        self.effects: list[tuple[str, Effect]] = []
        """What is asked for since the books were last closed."""
        self._places: dict[str, Place] = {}
        self._forgotten: dict[str, float] = {}
        self._groups: dict[str, str] = {}
        self._heard: dict[tuple[str, str], tuple[str, float]] = {}
        self._gates: dict[str, Counted] = {}
        self._tallies: dict[str, Tally] = {}
        self._placed: list[str] = []
        self._changed: dict[str, None] = {}
        self._minted = 0
        self._above: dict[str, dict[str, float]] = {}
        self._below: dict[str, dict[str, float]] = {}

    # --- reading ---

    def load(self, signals: Iterable[str], groups: Iterable[str], incidents: Iterable[str] = ()) -> None:
        """All of it is here."""

    def load_heard(self, events: Iterable[Event]) -> None:
        """All of it is here."""

    def load_gates(self, gates: Mapping[str, Gate], since: Mapping[str, float]) -> None:
        """The part of what they have counted that can matter."""
        for key in gates:
            before = self._tallies.get(key, Tally())
            counted = self._gates.setdefault(key, Counted()).since(since[key])
            self._tallies[key] = Tally(counted, before.samples, before.past.lasting(self.now))

    def repeats(self, event: Event) -> bool:
        """Has the sender said this before, by its own id, in another delivery? If not, it is remembered."""
        if not event.sender_id:
            return False
        key = (event.source, event.sender_id)
        first, until = self._heard.get(key, ("", 0.0))
        if until <= self.now:
            first = event.delivery
            self._heard[key] = (first, self.now + KEEP_HEARD)
        return first != event.delivery

    def incident(self, incident_id: str | None) -> Incident | None:
        """An incident as it is now."""
        return None if incident_id is None else self.incidents.get(incident_id)

    def place(self, signal_key: str) -> Place:
        """Where a signal's events go."""
        found = self._places.get(signal_key)
        if found is None or self._forgotten.get(signal_key, self.now + 1) <= self.now:
            return Place()
        return found

    def last_of_group(self, group_key: str) -> Incident | None:
        """The open incident of a group, or the last one it had."""
        return self.incident(self._groups.get(group_key))

    def tally(self, gate_key: str) -> Tally:
        """What is known of a gate from the moment on that was asked for."""
        return self._tallies[gate_key]

    def above(self, key: str) -> tuple[Incident, ...]:
        """Incidents that stand under a key and keep others quiet now, the oldest first, so many as are looked at."""
        ids = sorted(self._above.get(key, {}).items(), key=lambda one: (one[1], one[0]))[:AT_MOST]
        return tuple(one for name, _ in ids if key in inhibiting(one := self.incidents[name]))

    def children(self, incident_id: str) -> list[str]:
        """Incidents that were kept quiet by one, in that order."""
        found = self._below.get(incident_id, {})
        return sorted(found, key=lambda name: (found[name], name))

    # --- changing ---

    def new_id(self) -> str:
        """The same in every rehearsal: I1, I2 …"""
        self._minted += 1
        return f"I{self._minted}"

    def opened(self, outcome: Outcome, signal_key: str | None) -> None:
        """A new incident: its group leads to it, and its signal unless a gate counted it."""
        incident = outcome.incident
        self._groups[incident.group_key] = incident.id
        if signal_key is not None:
            self.put(signal_key, Place(incident.id))
        self.changed(outcome)
        self.count("incidents", incident.severity, "opened")

    def changed(self, outcome: Outcome) -> None:
        """An incident has changed."""
        incident = outcome.incident
        self.fate, self.holder = "changed", incident.id
        self.incidents[incident.id] = incident
        self._changed[incident.id] = None
        self.timelines.setdefault(incident.id, []).extend(outcome.timeline)
        self.effects += [(incident.id, effect) for effect in outcome.effects]

    def reopened(self, incident: Incident) -> None:
        """What was over is not: nothing of it is forgotten in time, and its group leads to it."""
        self._groups[incident.group_key] = incident.id
        for signal_key in incident.signals:
            self._forgotten.pop(signal_key, None)

    def stands(self, incident: Incident, left: Iterable[str], under: Iterable[str]) -> None:
        """An incident keeps others quiet under these keys, and no longer under those it has left."""
        for key in left:
            self._above.get(key, {}).pop(incident.id, None)
        for key in under:
            self._above.setdefault(key, {})[incident.id] = incident.opened_at

    def lies(self, incident: Incident, parent: str) -> None:
        """An incident has become the child of another."""
        self._below.setdefault(parent, {})[incident.id] = self.now

    def put(self, signal_key: str, place: Place) -> None:
        """A signal's events go there from now on."""
        self._places[signal_key] = place
        self._forgotten.pop(signal_key, None)
        self._placed.append(signal_key)

    def counted(self, gate: Gate, one: Counting) -> None:
        """A gate has counted an event."""
        counted = self._gates[gate.key]
        counted.add(one.member, self._tallies[gate.key].add(one))
        counted.forget(one.forgets)

    def count(self, *name_and_values: str) -> None:
        """Something worth a number has happened; its last word is what became of the event."""
        self.counts[name_and_values] += 1
        self.fate = name_and_values[-1]

    def close(self) -> list[tuple[str, Effect]]:
        """What these changes ask for; what leads to no open incident any more is forgotten in time."""
        for signal_key in self._placed:
            incident = self.incident(self._places[signal_key].incident)
            if incident is None or signal_key not in incident.signals:
                self._forgotten[signal_key] = self.now + KEEP_TOMBSTONE
        for incident_id in self._changed:
            incident = self.incidents[incident_id]
            for signal_key in () if incident.is_open else incident.signals:
                self._forgotten[signal_key] = self.now + KEEP_TOMBSTONE
        asked, self.effects = self.effects, []
        self._placed, self._changed = [], {}
        return asked

    def holding(self, signal_keys: Iterable[str], group_key: str) -> list[str]:
        """The open incidents that hold one of these signals, and the group's."""
        led = [self.place(key).incident for key in signal_keys]
        last = self.last_of_group(group_key)
        ids = dict.fromkeys([*led, last.id if last is not None else None])
        return [one.id for name in ids if (one := self.incident(name)) is not None and one.is_open]

    def forget(self) -> list[Incident]:
        """Let go of what nothing asks for any more; returns the incidents that went.

        Histories, and incidents that are over and whose signals lead to them no longer; a group's next incident then
        has no `previous`.
        """
        self.timelines.clear()
        lost = [key for key, until in self._forgotten.items() if until <= self.now]
        for key in lost:
            self._places.pop(key, None)
            del self._forgotten[key]
        gone = [one for one in self.incidents.values() if _is_past(one, self.now)]
        for one in gone:
            del self.incidents[one.id]
            if self._groups.get(one.group_key) == one.id:
                del self._groups[one.group_key]
        return gone


def _is_past(incident: Incident, now: float) -> bool:
    return incident.resolved_at is not None and not incident.is_open and incident.resolved_at + KEEP_TOMBSTONE < now
