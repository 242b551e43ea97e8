"""Reading what Redis holds: incidents, their history, who beats, and whether this Redis keeps promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import orjson
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from rules.incident import Incident, TimelineEntry
from rules.record import decode, recall
from rules.replay.answers import KINDS, Answer, answer
from rules.transitions.routing import Place
from rules.upcast import VERSION, NewerRecord
from workers import keys, log
from workers.watch import beats

AT_ONCE = 500
"""Incidents asked for in one command: Redis serves nobody else meanwhile."""
TIMEOUT = 1.0
"""Seconds a command may take: a Redis that hangs counts as one that is away."""


def connect(url: str, timeout: float = TIMEOUT) -> Redis:
    """A connection pool to the Redis of `url`; no command waits longer than `timeout`."""
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "health_check_interval": 15,
        "retry": Retry(NoBackoff(), 1),
    }
    return Redis.from_url(url, **options)


class Ambiguous(Exception):
    """An abbreviated id fits several incidents."""


class Store:
    """Reads only; whoever changes an incident asks the ledger."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def incident(self, incident_id: str) -> Incident | None:
        """One incident as it is now. Raises NewerRecord."""
        stored = cast("bytes | None", self._redis.get(keys.incident(incident_id)))
        return decode(Incident, stored) if stored else None

    def holder(self, signal_key: str) -> str | None:
        """The id of the incident a signal's events go to; None while none does."""
        stored = cast("bytes | None", self._redis.get(keys.signal(signal_key)))
        return decode(Place, stored).incident if stored else None

    def of_group(self, group_key: str) -> str | None:
        """The id of the incident a group has, or had last."""
        found = cast("bytes | None", self._redis.get(keys.group(group_key)))
        return found.decode() if found else None

    def counted(self, gate_key: str, since: float, until: float) -> int:
        """How many a gate has counted after `since` until `until`, as far as it remembers."""
        return int(self._redis.zcount(keys.gate(gate_key), f"({since}", until))

    def full_id(self, beginning: str) -> str | None:
        """The id of the only incident whose id begins so; None when there is none. Raises Ambiguous."""
        if self._redis.exists(keys.incident(beginning)):
            return beginning
        wanted = beginning.upper()
        ids = cast("list[bytes]", self._redis.zrevrange(keys.INCIDENTS, 0, 9999))
        fitting = [one.decode() for one in ids if one.decode().startswith(wanted)] if wanted else []
        if len(fitting) > 1:
            raise Ambiguous(beginning)
        return fitting[0] if fitting else None

    def incidents(self, *, open_only: bool = True, limit: int = 200) -> list[Incident]:
        """Incidents, the newest first."""
        index = keys.OPEN if open_only else keys.INCIDENTS
        ids = cast("list[bytes]", self._redis.zrevrange(index, 0, limit - 1))
        return self.legible(one.decode() for one in ids)

    def each(self, incident_ids: Iterable[str]) -> list[Incident]:
        """These incidents, as far as they are there. Raises NewerRecord."""
        return [decode(Incident, one) for one in self._stored(incident_ids)]

    def legible(self, incident_ids: Iterable[str]) -> list[Incident]:
        """These incidents, as far as this release can read them: a later one looks after the others."""
        found: list[Incident] = []
        for one in self._stored(incident_ids):
            try:
                found.append(decode(Incident, one))
            except NewerRecord as newer:
                log.get("store").warning("an incident is left to a later release", version=newer.version)
        return found

    def _stored(self, incident_ids: Iterable[str]) -> list[bytes]:
        names = [keys.incident(one) for one in incident_ids]
        found: list[bytes] = []
        for begin in range(0, len(names), AT_ONCE):
            stored = cast("list[bytes | None]", self._redis.mget(names[begin : begin + AT_ONCE]))
            found += [one for one in stored if one]
        return found

    def children(self, incident_id: str) -> list[Incident]:
        """Incidents that one keeps or has kept quiet, in that order, as far as this release can read them."""
        names = cast("list[bytes]", self._redis.zrange(keys.below(incident_id), 0, -1))
        return self.legible(name.decode() for name in names)

    def timeline(self, incident_id: str) -> list[TimelineEntry]:
        """An incident's history, the oldest first."""
        lines = cast("list[bytes]", self._redis.lrange(keys.timeline(incident_id), 0, -1))
        return [decode(TimelineEntry, line) for line in lines]

    def recent(self, incident_id: str, skip: int, count: int) -> tuple[list[TimelineEntry], int]:
        """The newest `count` lines of a history after the first `skip`, the oldest first; and how many there are."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.llen(keys.timeline(incident_id))
        pipe.lrange(keys.timeline(incident_id), -skip - count, -skip - 1)
        total, lines = pipe.execute()
        return [decode(TimelineEntry, line) for line in lines], total

    def beginning(self, incident_id: str, count: int) -> list[TimelineEntry]:
        """The first lines of a history."""
        lines = cast("list[bytes]", self._redis.lrange(keys.timeline(incident_id), 0, count - 1))
        return [decode(TimelineEntry, line) for line in lines]

    def answers(self, since: float, until: float) -> Iterator[Answer]:
        """What people did from `since` to `until` with incidents that opened then, or are open: not in order."""
        opened = cast("list[bytes]", self._redis.zrangebyscore(keys.INCIDENTS, since, until))
        ids = list(dict.fromkeys([*opened, *cast("list[bytes]", self._redis.zrange(keys.OPEN, 0, -1))]))
        for begin in range(0, len(ids), AT_ONCE):
            names = [one.decode() for one in ids[begin : begin + AT_ONCE]]
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.lrange(keys.timeline(name), 0, -1)
            stored = cast("list[bytes | None]", self._redis.mget([keys.incident(name) for name in names]))
            for record, lines in zip(stored, pipe.execute(), strict=True):
                if record is not None:
                    yield from (one for one in _answers(record, lines) if since <= one.at <= until)

    def beating(self) -> list[str]:
        """Names of the workers that beat, `lane:host:…` (`workers.watch.succession.name_of`)."""
        return beats.beating(self._redis)

    def open_by_severity(self) -> dict[str, int]:
        """How many incidents are open, by severity and state (`P1/triggered`)."""
        ids = cast("list[bytes]", self._redis.zrange(keys.OPEN, 0, -1))
        counts: Counter[str] = Counter()
        for begin in range(0, len(ids), AT_ONCE):
            stored = self._redis.mget([keys.incident(one.decode()) for one in ids[begin : begin + AT_ONCE]])
            # Two fields of each: a scrape every few seconds must not cost as much as reading every incident whole.
            found = [orjson.loads(one) for one in cast("list[bytes | None]", stored) if one]
            counts.update(f"{one['severity']}/{one['state']}" for one in found)
        return dict(counts)


def _answers(record: bytes, lines: Iterable[bytes]) -> Iterator[Answer]:
    """Read as little as it needs of each: there may be very many."""
    likely = [
        found for line in lines if (found := orjson.loads(line))["kind"] in KINDS and found.get("v", 1) <= VERSION
    ]
    if not likely:
        return
    incident = orjson.loads(record)
    for found in likely:
        line = recall(TimelineEntry, found)
        said = answer(line, tuple(incident["signals"]), incident["group_key"])
        if said is not None:
            yield said


def durability(redis: Redis) -> Sequence[str]:
    """What keeps this Redis from keeping promises: each line says which promise falls and what to set. Empty: nothing.

    A managed Redis may refuse CONFIG; then INFO tells whether it keeps an append-only file, and the line says the rest.
    """
    try:
        settings = cast("dict[str, str]", redis.config_get("append*", "maxmemory-policy"))
    except RedisError:
        return _by_info(redis)
    problems = []
    if settings.get("appendonly") != "yes":
        problems.append("no append-only file: a crash of Redis loses accepted deliveries; set `appendonly yes`")
    elif settings.get("appendfsync") != "always":
        problems.append(
            "appendfsync is not always: a power cut loses up to 2 s of deliveries; set `appendfsync always`"
        )
    if settings.get("maxmemory-policy") != "noeviction":
        problems.append("Redis may evict incidents when its memory is full; set `maxmemory-policy noeviction`")
    return problems


def _by_info(redis: Redis) -> list[str]:
    info = redis.info()
    problems = []
    if not info.get("aof_enabled"):
        problems.append("no append-only file: a crash of Redis loses accepted deliveries; enable AOF with fsync always")
    if info.get("maxmemory_policy", "noeviction") != "noeviction":
        problems.append("Redis may evict incidents when its memory is full; choose the policy noeviction")
    return problems
