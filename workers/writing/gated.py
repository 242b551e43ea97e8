"""Gates in Redis, as a part of the ledger's draft: read under WATCH, written in the same MULTI as all it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis.client import Pipeline

from rules.decision import Gate
from rules.gates.tally import Counting, Sample, Tally
from rules.gates.usual import HOUR, SLOTS, Past
from rules.record import decode, encode
from workers import keys
from workers.writing.bundle import Bundle

SINCE = "since"
"""Field of a past: the hour in which counting began. The others are slots, each with its hour and how many."""


class GateDraft:
    """What one transaction reads of gates and counts at them."""

    def __init__(self, pipe: Pipeline, now: float) -> None:
        self._pipe = pipe
        self._now = now
        self._tallies: dict[str, Tally] = {}
        self._counted: dict[str, dict[str, float]] = {}
        self._keep: dict[str, float] = {}
        self._forgets: dict[str, float] = {}
        """Key -> up to when what it counted is forgotten."""
        self._until: dict[str, float] = {}
        """Key -> until when what it has counted now matters."""

    def load(self, gates: Mapping[str, Gate], since: Mapping[str, float]) -> None:
        """Read what these gates have counted, each from its time on."""
        asked = [gate for key, gate in gates.items() if key not in self._tallies]
        compares = [gate for gate in asked if gate.times is not None]
        if not asked:
            return
        names = [name(gate.key) for gate in asked for name in (keys.gate, keys.samples)]
        self._pipe.watch(*names, *(keys.past(gate.key) for gate in compares))  # type: ignore[no-untyped-call]
        told: Any = self._pipe.mget([keys.samples(gate.key) for gate in asked])
        for gate, samples in zip(asked, told, strict=True):
            found: Any = self._pipe.zrangebyscore(keys.gate(gate.key), since[gate.key], "+inf", withscores=True)
            self._tallies[gate.key] = Tally({member.decode(): at for member, at in found}, samples_of(samples))
        for gate in compares:
            stored: Any = self._pipe.hgetall(keys.past(gate.key))
            self._tallies[gate.key].past = past_of(stored).lasting(self._now)

    def tally(self, gate_key: str) -> Tally:
        """What is known of a gate, this transaction's events included."""
        return self._tallies[gate_key]

    def counted(self, gate: Gate, one: Counting) -> None:
        """A gate has counted an event."""
        key = gate.key
        at = self._tallies[key].add(one)
        self._counted.setdefault(key, {})[one.member] = at
        self._keep[key] = max(one.keep, self._keep.get(key, 0.0))
        self._forgets[key] = min(one.forgets, self._forgets.get(key, one.forgets))
        self._until[key] = max(at + gate.within, self._until.get(key, 0.0))

    def write(self, writes: Bundle) -> None:
        """Queue what was counted."""
        for gate_key, members in self._counted.items():
            self._write(writes, gate_key, members)
        if self._counted:
            writes.zadd(keys.GATES, self._until, gt=True)
            writes.zremrangebyscore(keys.GATES, "-inf", self._now)

    def _write(self, writes: Bundle, gate_key: str, members: Mapping[str, float]) -> None:
        name, tally, keep = keys.gate(gate_key), self._tallies[gate_key], int(self._keep[gate_key])
        writes.zadd(name, dict(members), gt=True)
        writes.zremrangebyscore(name, "-inf", self._forgets[gate_key])
        writes.expire(name, keep)
        writes.set(keys.samples(gate_key), encode(tally.samples), ex=keep)
        if tally.touched:
            slots = {str(slot): "{} {}".format(*tally.past.ring[slot]) for slot in sorted(tally.touched)}
            writes.hset(keys.past(gate_key), mapping={SINCE: str(tally.past.since), **slots})
            writes.expire(keys.past(gate_key), SLOTS * HOUR)


def samples_of(stored: bytes | None) -> tuple[Sample, ...]:
    """The events a gate keeps in words."""
    return tuple(decode(list[Sample], stored)) if stored else ()


def past_of(stored: Mapping[bytes, bytes]) -> Past:
    """What a gate counted hour by hour."""
    slots = {int(field): _hour(value) for field, value in stored.items() if field != SINCE.encode()}
    since = stored.get(SINCE.encode())
    return Past(None if since is None else int(since), slots)


def _hour(value: bytes) -> tuple[int, int]:
    hour, _, number = value.partition(b" ")
    return int(hour), int(number)
