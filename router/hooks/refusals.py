"""Refused deliveries and connections, counted in memory and added to Redis once a second: a flood costs nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from redis.exceptions import RedisError

from workers.counters import count

EVERY = 1.0


class Refusals:
    """Counts of counters with their labels, in memory until the next flush."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._seen: Counter[tuple[str, ...]] = Counter()

    def note(self, source: str, outcome: str) -> None:
        """A delivery to a configured source, or to `unknown`, that was `unauthentic`, `too large` …"""
        self._seen["deliveries", source, outcome] += 1

    def turned_away(self, why: str) -> None:
        """A connection that was closed because there are too many."""
        self._seen["connections_refused", why] += 1

    async def flush(self) -> None:
        """Add what was seen. Raises Redis' errors, and then keeps the counts for the next time."""
        if not self._seen:
            return
        seen, self._seen = self._seen, Counter()
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for (name, *values), times in seen.items():
                    count(pipe, name, *values, by=times)
                await pipe.execute()
        except (RedisError, OSError):
            self._seen.update(seen)
            raise

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.flush()
            except (RedisError, OSError):
                continue
