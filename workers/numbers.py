"""Past incidents read for their numbers: in small batches beside everything else, and then only what has changed.

What is over does not change any more: each process keeps the little that is counted of it, and next time reads only
what has been opened or resolved since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import orjson
from redis import Redis

from rules.numbers.course import COUNTED, Course, course
from rules.upcast import NewerRecord, upcast
from workers import keys

AT_ONCE = 200
"""Incidents read in one go; as long as that took, others are served before the next."""


class PastIncidents:
    """One per process; one thread at a time reads."""

    def __init__(self, redis: Redis, pause: Callable[[float], object] = time.sleep) -> None:
        self._redis = redis
        self._pause = pause
        self._known: dict[str, Course] = {}
        self._reaches = float("inf")
        self.progress = (0, 0)
        """How many of how many incidents the present reading has come to."""

    def read(self, since: float) -> dict[str, Course]:
        """The courses of incidents opened from `since` (Unix seconds) on. Blocks for as long as it takes.

        Raises redis.RedisError; what had been read by then is kept for the next time.
        """
        every = int(self._redis.zcount(keys.INCIDENTS, since, "+inf"))
        found: dict[str, Course] = {}
        for ids in self._pages(since):
            began = time.perf_counter()
            settled = {one: known for one in ids if (known := self._known.get(one)) is not None and known.over_at}
            unknown = [one for one in ids if one not in settled]
            fresh = self._courses(unknown) if unknown else {}
            found |= settled | fresh
            self._known |= fresh
            self.progress = (len(found), every)
            if unknown:
                self._pause(time.perf_counter() - began)
        if since <= self._reaches:
            # What is no longer there is forgotten; after a look at less than before, nobody can say what that is.
            self._known, self._reaches = found, since
        return found

    def _pages(self, since: float) -> Iterator[list[str]]:
        """Newest first: what opens meanwhile moves the others down, so that none is passed over."""
        at = 0
        while True:
            page: Any = self._redis.zrevrange(keys.INCIDENTS, at, at + AT_ONCE - 1, withscores=True)
            yield [one.decode() for one, opened_at in page if opened_at >= since]
            if len(page) < AT_ONCE or page[-1][1] < since:
                return
            at += AT_ONCE

    def _courses(self, ids: list[str]) -> dict[str, Course]:
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.mget([keys.incident(one) for one in ids])
            for one in ids:
                pipe.lrange(keys.timeline(one), 0, -1)
            records, *histories = pipe.execute()
        stored = zip(ids, cast("list[bytes | None]", records), histories, strict=True)
        read = ((one, _course(record, lines)) for one, record, lines in stored if record is not None)
        return {one: found for one, found in read if found is not None}


def _course(record: bytes, lines: list[bytes]) -> Course | None:
    """None for what a later release has written: it will count it."""
    said = (orjson.loads(line) for line in lines)
    try:
        return course(
            upcast("Incident", orjson.loads(record)),
            (upcast("TimelineEntry", line) for line in said if line["kind"] in COUNTED),
        )
    except NewerRecord:
        return None
