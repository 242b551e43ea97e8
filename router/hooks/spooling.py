"""Redis or, when it is away or slow, the spool: either way the delivery is kept and the sender hears 202.

A breaker keeps a Redis that hangs from costing every batch its patience: after one failure the spool is used at once,
and beside it one task asks Redis four times a second whether it is back, then hands over what waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from redis.exceptions import RedisError

from workers import log
from workers.clock import Clock
from workers.deliveries.intake import Received
from workers.deliveries.spool import BATCH_BYTES, Spool, SpoolFailed

REDIS_WITHIN = 0.15
"""Seconds Redis has for a batch while it counts as present."""
ASK_WITHIN = 1.0
"""Seconds it has to show that it is back, and to take a megabyte that waited."""
EVERY = 0.25
"""Seconds between two questions."""
AT_ONCE = 256

Write = Callable[[Sequence[Received], float], Awaitable[None]]
_log = log.get("spool")


class Spooling:
    """Stands between the committer and Redis. `redis(batch, now)` stores in Redis; an empty batch only asks it.

    `hand_over(batch, now)` stores what has waited, and only that of it which Redis did not take after all.
    """

    def __init__(
        self,
        redis: Write,
        hand_over: Write,
        spool: Spool,
        clock: Clock,
        ring: Callable[[], None],
        within: float = REDIS_WITHIN,
    ) -> None:
        self._redis = redis
        self._hand_over = hand_over
        self.spool = spool
        self._clock = clock
        self._ring = ring
        self._within = within
        self.away = False
        """Is Redis away? Then deliveries go to the spool without asking it."""

    async def write(self, batch: Sequence[Received], now: float) -> None:
        """Keep the batch. Raises SpoolFailed when neither can; what Redis says of a batch it cannot hold passes on."""
        if not self.away:
            try:
                async with asyncio.timeout(self._within):
                    await self._redis(batch, now)
            except (RedisError, OSError, TimeoutError) as why:
                self._lost(why)
            else:
                return
        await asyncio.to_thread(self.spool.put, batch)

    def ring(self) -> None:
        """Wake the workers, unless there is no Redis to wake them through."""
        if not self.away:
            self._ring()

    def _lost(self, why: Exception) -> None:
        if not self.away:
            _log.error("redis is away, spooling", why=type(why).__name__)
        self.away = True

    async def keep_draining(self) -> None:
        """Until cancelled: look whether Redis is back, and hand over what waits."""
        while True:
            try:
                await self.drain()
            except (RedisError, OSError, TimeoutError) as why:
                _log.debug("not drained", why=type(why).__name__)
            except Exception:  # noqa: BLE001
                # What is broken in one delivery must not end the task that the others wait for.
                _log.exception("spool cannot be drained")
            await asyncio.sleep(EVERY)

    async def drain(self) -> int:
        """Hand over everything that waits; returns how much. Raises what Redis or the disk says."""
        if self.away:
            async with asyncio.timeout(ASK_WITHIN):
                await self._redis((), self._clock.now())
            self.away = False
            _log.info("redis is back")
        total = 0
        with self.spool.draining() as ours:
            while ours and (batch := await asyncio.to_thread(self.spool.oldest, AT_ONCE)):
                async with asyncio.timeout(_within(batch)):
                    await self._hand_over(batch, self._clock.now())
                await asyncio.to_thread(self.spool.drop, batch)
                self._ring()
                total += len(batch)
        if total:
            _log.info("spool drained", deliveries=total)
        return total

    def waiting(self) -> int | None:
        """How many deliveries wait; None when the disk does not say. Blocks."""
        try:
            return self.spool.waiting()
        except SpoolFailed:
            return None

    def writable(self) -> bool:
        """Could the spool keep a delivery now? Blocks."""
        return self.spool.writable()

    def close(self) -> None:
        """The process ends; what waits stays on the disk."""
        self.spool.close()


def _within(batch: Sequence[Received]) -> float:
    """Seconds for a batch: a body that is larger than a batch should be would else never be handed over."""
    return ASK_WITHIN * (1 + sum(len(one.body) for one in batch) // BATCH_BYTES)
