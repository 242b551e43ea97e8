"""What one transaction of the ledger reads and changes: loaded under WATCH, written in one MULTI, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from redis.client import Pipeline

from rules.decision import Gate
from rules.effects import Effect, Notify, PublishOn, Release
from rules.event import Event
from rules.gates.tally import Counting, Tally
from rules.incident import Incident, Policy, TimelineEntry
from rules.record import decode, encode
from rules.transition import Outcome
from rules.transitions import routing
from rules.transitions.routing import Place
from workers import agenda, keys
from workers.agenda import JOBS, Entry, Job, Kind, Lane
from workers.counters import count
from workers.deliveries.intake import mint_short
from workers.postmortems import shelf
from workers.writing.beneath import BeneathDraft
from workers.writing.bundle import Bundle
from workers.writing.gated import GateDraft
from workers.writing.promised import LOOKS, look, memory, once, release, told


class Draft:
    """Reads through a watching pipeline, collects changes, and queues them all. One use, one transaction."""

    def __init__(self, pipe: Pipeline, now: float) -> None:
        self._pipe = pipe
        self.now = now
        self.desks: set[tuple[Lane, Job]] = set()
        """Where something has become due: to be rung once the transaction is through."""
        self._incidents: dict[str, Incident | None] = {}
        self._places: dict[str, Place | None] = {}
        self._groups: dict[str, str | None] = {}
        self._gates = GateDraft(pipe, now)
        self._beneath = BeneathDraft(pipe, now)
        self._written: dict[str, Outcome] = {}
        self._opened: set[str] = set()
        self._reopened: dict[str, float] = {}
        self._ended: set[str] = set()
        self._timeline: dict[str, list[TimelineEntry]] = {}
        self._effects: list[tuple[str, Effect]] = []
        self._revived: list[str] = []
        self._placed: dict[str, Place] = {}
        self._grouped: dict[str, str] = {}
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._heard: dict[str, str] = {}
        self._hears: dict[str, str] = {}
        self._policy: Policy | None = None
        self._policy_json = orjson.Fragment(b"")

    # --- reading ---

    def load(self, signals: Iterable[str], groups: Iterable[str], incidents: Iterable[str] = ()) -> None:
        """Read where these signals and groups go, and every incident they lead to."""
        signal_keys, group_keys = list(dict.fromkeys(signals)), list(dict.fromkeys(groups))
        redis_keys = [*map(keys.signal, signal_keys), *map(keys.group, group_keys)]
        stored = self.read(redis_keys)
        for key, value in zip(signal_keys, stored, strict=False):
            self._places[key] = decode(Place, value) if value else None
        for key, value in zip(group_keys, stored[len(signal_keys) :], strict=True):
            self._groups[key] = value.decode() if value else None
        led = [place.incident for place in self._places.values() if place and place.incident]
        self._load_incidents({*led, *(last for last in self._groups.values() if last), *incidents})

    def load_heard(self, events: Iterable[Event]) -> None:
        """Read in which deliveries the senders' own ids of these events have been heard before."""
        named = list(dict.fromkeys(key for event in events if (key := memory(event))))
        for key, value in zip(named, self.read(named), strict=True):
            if value:
                self._heard[key] = value.decode()

    def repeats(self, event: Event) -> bool:
        """Has the sender said this before, by its own id, in another delivery? If not, it is remembered."""
        key = memory(event)
        if key is None:
            return False
        first = self._heard.setdefault(key, event.delivery)
        self._hears[key] = first
        return first != event.delivery

    def _load_incidents(self, ids: set[str]) -> None:
        ordered = sorted(ids - self._incidents.keys())
        stored = self.read([keys.incident(incident_id) for incident_id in ordered])
        for incident_id, value in zip(ordered, stored, strict=True):
            self._incidents[incident_id] = decode(Incident, value) if value else None

    def load_gates(self, gates: Mapping[str, Gate], since: Mapping[str, float]) -> None:
        """Read what these gates have counted, each from its time on."""
        self._gates.load(gates, since)

    def read(self, redis_keys: list[str]) -> list[bytes | None]:
        """What stands there, watched from now on."""
        if not redis_keys:
            return []
        self._pipe.watch(*redis_keys)  # type: ignore[no-untyped-call]
        found: Any = self._pipe.mget(redis_keys)
        return list(found)

    def incident(self, incident_id: str | None) -> Incident | None:
        """An incident as it is after the changes so far."""
        return None if incident_id is None else self._incidents.get(incident_id)

    def place(self, signal_key: str) -> Place:
        """Where a signal's events go."""
        return self._placed.get(signal_key) or self._places.get(signal_key) or Place()

    def last_of_group(self, group_key: str) -> Incident | None:
        """The open incident of a group, or the last one it had."""
        return self.incident(self._grouped.get(group_key) or self._groups.get(group_key))

    def is_promised(self, entry_id: str) -> bool:
        """Is this entry on the agenda? It stays so, or not so, until the transaction is through."""
        self._pipe.watch(keys.entry(entry_id))  # type: ignore[no-untyped-call]
        return bool(self._pipe.exists(keys.entry(entry_id)))

    def tally(self, gate_key: str) -> Tally:
        """What is known of a gate, this transaction's events included."""
        return self._gates.tally(gate_key)

    def above(self, key: str) -> tuple[Incident, ...]:
        """Incidents that keep others quiet under a key, the oldest first, so many as are looked at."""
        return self._beneath.above(key, self.incident)

    # --- changing ---

    def new_id(self) -> str:
        """For an incident that opens."""
        return mint_short()

    def opened(self, outcome: Outcome, signal_key: str | None) -> None:
        """A new incident: its group leads to it, and its signal unless a gate counted it."""
        incident = outcome.incident
        self._opened.add(incident.id)
        self._grouped[incident.group_key] = incident.id
        if signal_key is not None:
            self._placed[signal_key] = Place(incident.id)
        self.count("incidents", incident.severity, "opened")
        self.changed(outcome)

    def changed(self, outcome: Outcome) -> None:
        """An incident has changed."""
        incident = outcome.incident
        before = self._incidents.get(incident.id)
        if not incident.is_open and (before is None or before.is_open):
            self._ended.add(incident.id)
        self._incidents[incident.id] = incident
        self._written[incident.id] = outcome
        self._timeline.setdefault(incident.id, []).extend(outcome.timeline)
        self._effects += [(incident.id, effect) for effect in outcome.effects if not self._seen_to(incident.id, effect)]

    def _seen_to(self, incident_id: str, effect: Effect) -> bool:
        """Is somebody about to, or does it right now? Then not anew; what is published after one was given up is."""
        entry_id = once(incident_id, effect)
        if entry_id is None or not self.is_promised(entry_id):
            return False
        parked = isinstance(effect, PublishOn) and self._pipe.zscore(keys.PARKED, entry_id) is not None
        self._revived += [entry_id] * parked
        return not parked

    def reopened(self, incident: Incident) -> None:
        """What was over is not: nothing of it has an end any more, and its group leads to it."""
        self._reopened[incident.id] = incident.opened_at
        self._grouped[incident.group_key] = incident.id
        self.count("incidents", incident.severity, "taken up again")

    @property
    def touched(self) -> Iterable[str]:
        """Ids of the incidents that change."""
        return self._written

    def stands(self, incident: Incident, left: Iterable[str], under: Iterable[str]) -> None:
        """An incident keeps others quiet under these keys, and no longer under those it has left."""
        self._beneath.stands(incident, left, under)

    def lies(self, incident: Incident, parent: str) -> None:
        """An incident has become the child of another."""
        self._beneath.lies(incident, parent)

    def put(self, signal_key: str, place: Place) -> None:
        """A signal's events go there from now on."""
        self._placed[signal_key] = place

    def counted(self, gate: Gate, one: Counting) -> None:
        """A gate has counted an event; the same member counts once, at its latest time."""
        self._gates.counted(gate, one)

    def count(self, *name_and_values: str) -> None:
        """Add to a counter if this transaction goes through."""
        self._counts[name_and_values] += 1

    # --- writing: from here on only queued commands ---

    def write(self, writes: Bundle) -> None:
        """Queue every change; the caller will execute the bundle."""
        entries = self._promises(writes)
        # What has no end goes into one command, however many incidents the transaction opens.
        lasting: dict[str, bytes] = {}
        for incident_id, incident in self._changed_incidents():
            self._write_incident(writes, incident_id, incident, lasting)
        for signal_key, place in self._placed.items():
            self._write_place(writes, signal_key, place, lasting)
        lasting |= {keys.group(group_key): incident_id.encode() for group_key, incident_id in self._grouped.items()}
        if lasting:
            writes.mset(lasting)
        self._write_opened(writes)
        agenda.add(writes, *entries)
        self._gates.write(writes)
        self._beneath.write(writes)
        for key, delivery in self._hears.items():
            writes.set(key, delivery, ex=routing.KEEP_HEARD, nx=True)
        self._release_resolved(writes)
        for (name, *values), number in self._counts.items():
            count(writes, name, *values, by=number)

    def _changed_incidents(self) -> Iterator[tuple[str, Incident]]:
        for incident_id in self._written:
            incident = self._incidents[incident_id]
            if incident is not None:
                yield incident_id, incident

    def _write_incident(self, writes: Bundle, incident_id: str, incident: Incident, lasting: dict[str, bytes]) -> None:
        if incident.is_open:
            lasting[keys.incident(incident_id)] = self._encoded(incident)
        elif incident_id in self._ended:
            writes.set(keys.incident(incident_id), self._encoded(incident), ex=keys.KEEP_RESOLVED)
        else:
            writes.rewrite(keys.incident(incident_id), self._encoded(incident))
        lines = self._timeline.get(incident_id)
        if lines:
            writes.rpush(keys.timeline(incident_id), *(encode(line) for line in lines))

    def _encoded(self, incident: Incident) -> bytes:
        """Its JSON. The plans frozen into it are half of that, and the same in all that open under the same rules."""
        if incident.policy is not self._policy:
            self._policy, self._policy_json = incident.policy, orjson.Fragment(encode(incident.policy))
        return encode({**vars(incident), "policy": self._policy_json})

    def _write_place(self, writes: Bundle, signal_key: str, place: Place, lasting: dict[str, bytes]) -> None:
        """A signal leads to its incident while that is open; an echo of a page is forgotten in time."""
        incident = self.incident(place.incident)
        if incident is not None and signal_key in incident.signals:
            lasting[keys.signal(signal_key)] = encode(place)
        else:
            writes.set(keys.signal(signal_key), encode(place), ex=routing.KEEP_TOMBSTONE)

    def _write_opened(self, writes: Bundle) -> None:
        opened = {one.id: one.opened_at for name in self._opened if (one := self._incidents[name]) is not None}
        if opened:
            writes.zadd(keys.INCIDENTS, opened)
            writes.zremrangebyscore(keys.INCIDENTS, "-inf", self.now - keys.KEEP_RESOLVED)
            writes.zadd(keys.OPEN, opened)
        if self._reopened:
            writes.zadd(keys.OPEN, self._reopened)
        for incident_id in self._reopened:
            writes.persist(keys.timeline(incident_id))
            writes.persist(keys.below(incident_id))

    def _release_resolved(self, writes: Bundle) -> None:
        for _, incident in self._changed_incidents():
            # Of what had ended before, its signals and its group may be another's by now.
            if incident.is_open or incident.id not in self._ended:
                continue
            release(writes, incident)
            self.count("incidents", incident.severity, "false positive" if incident.false_positive else "resolved")

    def _promises(self, writes: Bundle) -> list[Entry]:
        """The entries that the effects ask for. Of the looks at one incident the last that was asked for counts."""
        entries: list[Entry] = []
        agenda.unpark(writes, *self._revived)
        looks: dict[tuple[str, Kind], float | None] = {}
        for incident_id, effect in self._effects:
            incident = self._incidents[incident_id]
            if isinstance(effect, Notify | PublishOn):
                entries += [] if incident is None else [told(incident, effect, self.now)]
            else:
                looks[incident_id, LOOKS[type(effect)]] = self.now if isinstance(effect, Release) else effect.at
        for (incident_id, kind), at in looks.items():
            incident = self._incidents[incident_id]
            if incident is not None:
                entries += self._look(writes, incident, kind, at)
            if incident is not None and kind is Kind.REVIEW:
                shelf.owe(writes, incident, at)
        self.desks |= {(entry.lane, entry.job) for entry in entries if entry.due_at <= self.now}
        return entries

    def _look(self, writes: Bundle, incident: Incident, kind: Kind, at: float | None) -> list[Entry]:
        entry_id = f"{kind}-{incident.id}"
        # Of what opens in this very transaction nothing can have been promised before.
        for lane in () if incident.id in self._opened else (Lane.URGENT, Lane.CALM):
            agenda.withdraw(writes, entry_id, lane, JOBS[kind])
        return [] if at is None else [look(incident, kind, at, self.now)]
