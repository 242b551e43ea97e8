"""Refused deliveries, counted in memory and added to Redis once a second: a flood of forgeries costs nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from redis.exceptions import RedisError

from workers.counters import count

EVERY = 1.0


class Refusals:
    """Counts by source (a configured name, or `unknown`) and outcome (`unauthentic`, `unknown`, `too large` …)."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._seen: Counter[tuple[str, str]] = Counter()

    def note(self, source: str, outcome: str) -> None:
        """Count one, soon."""
        self._seen[source, outcome] += 1

    async def flush(self) -> None:
        """Add what was seen. Raises Redis' errors, and then keeps the counts for the next time."""
        if not self._seen:
            return
        seen, self._seen = self._seen, Counter()
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for (source, outcome), times in seen.items():
                    count(pipe, "deliveries", source, outcome, by=times)
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
