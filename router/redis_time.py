"""Redis' time without asking Redis each time: an offset to the monotonic clock, measured again every few seconds."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

EVERY = 5.0
TRIES = 5
"""Questions of one measurement, of which the one answered fastest counts: a busy moment makes any single one wrong."""


class Arrivals:
    """When deliveries come: never before the one that came last, though Redis' clock be put back meanwhile.

    A sender's later word must stay the later: the end of an alarm would else be older than its beginning.
    """

    def __init__(self) -> None:
        self._last = 0.0

    def at(self, now: float) -> float:
        """The time of a delivery that comes now, in Unix seconds."""
        self._last = max(self._last, now)
        return self._last


class RedisTime:
    """A `workers.clock.Clock`. Before the first measurement it is this host's own time."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Unix seconds by Redis' clock, good to half a round trip; a jump of the host's clock moves nothing."""
        return time.monotonic() + self._offset

    async def measure(self) -> None:
        """Ask Redis a few times in a row. Raises its errors."""
        self._offset = min([await self._ask() for _ in range(TRIES)])[1]

    async def _ask(self) -> tuple[float, float]:
        """How long the answer took, and the offset it gives; wrong by half of that at most."""
        asked = time.monotonic()
        seconds, micros = await self._redis.time()
        answered = time.monotonic()
        return answered - asked, seconds + micros / 1e6 - (asked + answered) / 2

    async def keep_measuring(self) -> None:
        """Until cancelled. Redis away: the last offset stays."""
        while True:
            with suppress(RedisError, OSError):
                await self.measure()
            await asyncio.sleep(EVERY)
