"""Natural group commit: all deliveries that wait at this moment go to Redis in one transaction.

Alone, a delivery waits for nobody. While a transaction runs, the next deliveries gather, so that a storm costs few
transactions and `appendfsync always` few fsyncs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from workers import log
from workers.clock import Clock
from workers.deliveries.intake import Received

Told = Callable[[Exception | None], None]
"""What a delivery's fate is told to: None when it is kept, else NotKept or Unstorable."""

AT_MOST = 256
"""Deliveries in one transaction."""
BYTES_AT_MOST = 4 * 1024 * 1024
"""Bytes of bodies in one transaction; a larger delivery goes alone."""
WAITING_AT_MOST = 64 * 1024 * 1024
"""Bytes that may wait; beyond, the sender must wait."""
PATIENCE = 1.0
"""Seconds a delivery waits to be kept; the most impatient sender gives us as much (Sentry)."""


class NotKept(Exception):
    """The delivery could not be stored now: the sender must keep it."""


class Unstorable(Exception):
    """What was read out of the delivery cannot be written down, now or ever; its neighbours are kept."""


@dataclass(slots=True, eq=False)
class _Waiting:
    received: Received
    told: Told
    since: float
    """By the loop's clock."""
    size: int
    is_told: bool = False

    def tell(self, wrong: Exception | None) -> None:
        """Once; what goes wrong in the telling is nobody else's."""
        if self.is_told:
            return
        self.is_told = True
        try:
            self.told(wrong)
        except Exception:  # noqa: BLE001 the neighbours in the batch wait for their answers too
            log.get("receiver").exception("not answered", id=self.received.id)


def _size(received: Received) -> int:
    """Bytes of memory: an event read out of a body weighs about as much as the body, and some more."""
    return 2 * len(received.body) + 1024 * (1 + len(received.judged))


class Committer:
    """One per process. `write(batch, now)` stores a batch all or nothing; `ring()` wakes the workers afterwards."""

    def __init__(
        self, write: Callable[[Sequence[Received], float], Awaitable[None]], clock: Clock, ring: Callable[[], None]
    ) -> None:
        self._write = write
        self._clock = clock
        self._ring = ring
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._written: Sequence[_Waiting] = ()
        """The batch that is being written now."""
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def submit(self, received: Received, told: Told) -> None:
        """Keep the delivery, and tell its fate once: None, NotKept after a second or when Redis refuses, or Unstorable.

        A call instead of a future to wait for: of the thousands a second, none costs a task.
        """
        loop = asyncio.get_running_loop()
        one = _Waiting(received, told, loop.time(), _size(received))
        if self._bytes + one.size > WAITING_AT_MOST and self._waiting:
            one.tell(NotKept("too much is waiting"))
            return
        self._waiting.append(one)
        self._bytes += one.size
        if self._task is None:
            self._task = loop.create_task(self._run())
        if self._timer is None:
            self._timer = loop.call_later(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        """Tell those who have waited too long; one timer, set for whoever waits longest, serves all that wait."""
        loop = asyncio.get_running_loop()
        waiting = [*self._written, *self._waiting]
        too_long = loop.time() - PATIENCE
        _settle([one for one in waiting if one.since <= too_long], NotKept("Redis is slow"))
        left = [one.since for one in waiting if not one.is_told]
        self._timer = loop.call_at(min(left) + PATIENCE, self._lose_patience) if left else None

    async def settle(self) -> None:
        """Return when nothing waits any more: the end of a graceful shutdown."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while batch := self._take():
                self._written = batch
                await self._commit(batch)
        finally:
            self._written = ()
            self._task = None

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < AT_MOST:
            if batch and size + self._waiting[0].size > BYTES_AT_MOST:
                break
            one = self._waiting.popleft()
            self._bytes -= one.size
            # Who has been told to come back must not be stored behind their back.
            if not one.is_told:
                batch.append(one)
                size += one.size
        return batch

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._write([one.received for one in batch], self._clock.now())
        except (RedisError, OSError, TimeoutError) as refused:
            _settle(batch, NotKept(type(refused).__name__))
        except Exception as broken:  # noqa: BLE001 one delivery that cannot be written must not take its neighbours along
            await self._one_by_one(batch, broken)
        else:
            _settle(batch)
            self._ring()

    async def _one_by_one(self, batch: Sequence[_Waiting], broken: Exception) -> None:
        if len(batch) == 1:
            _settle(batch, Unstorable(type(broken).__name__))
            return
        for one in batch:
            await self._commit([one])


def _settle(batch: Sequence[_Waiting], wrong: Exception | None = None) -> None:
    with log.together():
        for one in batch:
            one.tell(wrong)
