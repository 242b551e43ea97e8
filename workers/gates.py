"""Reading what gates have counted: which stand, how much of how much, and in which incident they are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

import orjson
from redis import Redis

from rules.gates.gate import standing
from rules.gates.standing import Standing, gate_of
from rules.gates.tally import Tally
from rules.gates.usual import Past
from rules.incident import Incident
from rules.reading.config import Rule
from workers import keys
from workers.writing.gated import past_of


def standings(redis: Redis, rules: Sequence[Rule], now: float, limit: int) -> list[Standing]:
    """The gates of these rules that have counted something within their time, the fullest first.

    Of more than `limit` those that counted last.
    """
    names = cast("list[bytes]", redis.zrevrangebyscore(keys.GATES, "+inf", f"({now}", start=0, num=limit))
    known = [found for name in names if (found := gate_of(rules, name.decode())) is not None]
    pipe = redis.pipeline(transaction=False)
    for gate, _ in known:
        pipe.zrangebyscore(keys.gate(gate.key), now - gate.within, "+inf", withscores=True)
        pipe.hgetall(keys.past(gate.key))
    answers: list[Any] = pipe.execute()
    stand: list[Standing] = []
    for (gate, by), counted, past in zip(known, answers[::2], answers[1::2], strict=True):
        tally = Tally({member.decode(): at for member, at in counted}, past=_past(past, now))
        reading = standing(gate, tally, now)
        if reading is not None:
            stand.append(Standing(rule=orjson.loads(gate.key)[0], by=by, reading=reading))
    return sorted(stand, key=lambda one: -one.reading.full)


def counting(redis: Redis, rules: Iterable[Rule], now: float) -> Counter[str]:
    """How many gates of each rule have counted something within their time; 0 for the others."""
    found = Counter(dict.fromkeys((rule.name for rule in rules if rule.more_than is not None), 0))
    for name in cast("list[bytes]", redis.zrangebyscore(keys.GATES, f"({now}", "+inf")):
        rule = orjson.loads(name)[0]
        if rule in found:
            found[rule] += 1
    return found


def opened_by(incidents: Iterable[Incident]) -> dict[str, str]:
    """Key of a gate that is open -> the incident it is open in."""
    return {
        key: one.id
        for one in incidents
        for key, signal in one.signals.items()
        if signal.firing and signal.quiet_for is not None
    }


def _past(stored: dict[bytes, bytes], now: float) -> Past:
    return past_of(stored).lasting(now)
