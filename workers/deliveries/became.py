"""What became of deliveries: which opened an incident, which only repeated one, and which page nobody.

Nothing of it is stored with them: it is worked out from what incidents remember, when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import orjson
from redis import Redis

from rules.decision import Judged
from rules.event import Action
from rules.incident import Incident
from rules.record import decode
from rules.transitions.routing import Place
from workers import keys
from workers.deliveries.inbox import Kept
from workers.store import Store

BACK = 6
"""So many incidents of one group are looked at, the last first: an older delivery belongs to an older one."""


class Outcome(StrEnum):
    """What one delivery has done; of several events the first that is true of any, in this order."""

    QUARANTINED = "quarantined"
    """Nobody could read it: kept, and told as an incident of its own."""
    OPENED = "opened"
    REPEAT = "repeat"
    """It went to an incident that was open already."""
    COUNTED = "counted"
    """A gate counted it and did not open by it."""
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"
    """It said that something is over."""
    ACKNOWLEDGED = "acknowledged"
    RECORDED = "recorded"
    """It said nothing that opens or ends anything."""
    WAITING = "waiting"
    """A trigger that no incident knows of: it waits for a worker, or the incident is forgotten."""


_ORDER = {one: number for number, one in enumerate(Outcome)}
_OF_ACTION = {
    Action.RESOLVE: Outcome.RESOLVED,
    Action.ACKNOWLEDGE: Outcome.ACKNOWLEDGED,
    Action.INFO: Outcome.RECORDED,
}
LOOKED_UP = frozenset({Outcome.OPENED, Outcome.REPEAT, Outcome.COUNTED, Outcome.WAITING})
"""What a delivery's own record does not tell."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one event, or of a whole delivery; the incident as far as it is known."""

    outcome: Outcome
    incident: str | None = None


def by_itself(one: Judged) -> Outcome | None:
    """What became of an event, as far as its decision says it; None: that has to be looked up."""
    if one.event.action is not Action.TRIGGER or one.decision is None:
        return _OF_ACTION.get(one.event.action, Outcome.RECORDED)
    if one.decision.suppress is not None:
        return Outcome.SUPPRESSED
    return Outcome.COUNTED if one.decision.gate is not None and one.decision.gate.nothing else None


def together(kept: Kept, fates: Sequence[Fate]) -> Fate:
    """Of the events of one delivery, what is most worth knowing."""
    first = min(fates, key=lambda one: _ORDER[one.outcome], default=Fate(Outcome.RECORDED))
    incident = first.incident or next((one.incident for one in fates if one.incident), None)
    return Fate(Outcome.QUARANTINED if kept.unreadable is not None else first.outcome, incident)


class Became:
    """Asks Redis, for many deliveries at once: about four round trips, however many they are."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._store = Store(redis)

    def of(self, several: Sequence[Kept]) -> list[Fate]:
        """Of whole deliveries, in their order. Raises RedisError."""
        return [together(kept, fates) for kept, fates in zip(several, self.each(several), strict=True)]

    def each(self, several: Sequence[Kept]) -> list[list[Fate]]:
        """Of every event of each."""
        judged = [one for kept in several for one in kept.judged]
        homes = self._homes(judged)
        openers = self._openers({home.id for home in homes if home is not None})
        fates = iter([_fate(one, home, openers) for one, home in zip(judged, homes, strict=True)])
        return [[next(fates) for _ in kept.judged] for kept in several]

    def _homes(self, judged: Sequence[Judged]) -> list[Incident | None]:
        """The incident each event has come to, looked for from the group's last one backwards."""
        trails = self._begun(judged)
        known: dict[str, Incident | None] = {}
        for _ in range(BACK):
            lacking = {name for trail in trails for name in trail} - known.keys()
            if not lacking:
                break
            known |= dict.fromkeys(lacking) | {one.id: one for one in self._store.legible(lacking)}
            for trail, one in zip(trails, judged, strict=True):
                _walk(trail, one, known)
        return [_home(trail, one, known) for trail, one in zip(trails, judged, strict=True)]

    def _begun(self, judged: Sequence[Judged]) -> list[list[str]]:
        signals = self._texts(keys.signal(one.event.signal_key) for one in judged)
        groups = self._texts(keys.group(one.decision.group_key if one.decision else "") for one in judged)
        trails: list[list[str]] = []
        for one, signal, group in zip(judged, signals, groups, strict=True):
            held = decode(Place, signal).incident if signal else None
            names = (one.event.incident, held, group.decode() if group and one.decision else None)
            trails.append(list(dict.fromkeys(filter(None, names))))
        return trails

    def _texts(self, names: Iterable[str]) -> list[bytes | None]:
        wanted = list(names)
        return cast("list[bytes | None]", self._redis.mget(wanted)) if wanted else []

    def _openers(self, incidents: Iterable[str]) -> Mapping[str, str]:
        """Incident -> the delivery that opened it."""
        names = sorted(incidents)
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.lindex(keys.timeline(name), 0)
        lines = [orjson.loads(line) if line else {} for line in (pipe.execute() if names else [])]
        return {name: line.get("detail", {}).get("delivery", "") for name, line in zip(names, lines, strict=True)}


def _walk(trail: list[str], one: Judged, known: Mapping[str, Incident | None]) -> None:
    if _home(trail, one, known) is None:
        before = [each.previous for name in trail if (each := known[name]) is not None]
        trail += [name for name in before if name is not None and name not in trail]


def _home(trail: Sequence[str], one: Judged, known: Mapping[str, Incident | None]) -> Incident | None:
    there = [known.get(name) for name in trail]
    return next((each for each in there if each is not None and _belongs(one, each)), None)


def _belongs(one: Judged, incident: Incident) -> bool:
    """Was the incident open for this event, and did it take it?"""
    event, gate = one.event, one.decision.gate if one.decision else None
    if event.incident == incident.id:
        return True
    if incident.resolved_at is not None and event.received_at > incident.resolved_at:
        return False
    signals = [incident.signals.get(key) for key in (event.signal_key, gate.key if gate else "")]
    return any(signal is not None and signal.first_seen <= event.received_at for signal in signals)


def _fate(one: Judged, home: Incident | None, openers: Mapping[str, str]) -> Fate:
    told = by_itself(one)
    if told is not None:
        return Fate(told, home.id if home is not None and told is not Outcome.SUPPRESSED else None)
    if home is not None:
        opened = openers.get(home.id) == one.event.delivery
        return Fate(Outcome.OPENED if opened else Outcome.REPEAT, home.id)
    gated = one.decision is not None and one.decision.gate is not None
    return Fate(Outcome.COUNTED if gated else Outcome.WAITING)
