"""Transactions from the event loop: MULTI … EXEC in one write, on a connection of their own, one after the other.

redis-py's pipeline takes 0.3 ms for the dozen commands that keep a batch of deliveries, this 0.1 ms; and while a
receiver is not busy, nearly every delivery is a batch of its own.
"""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError, ResponseError

from workers.writing.commands import Commands, conclude


class Wire:
    """A connection as the client's are, except that it waits as long as whoever sends lets it."""

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        self._connection: Any = pool.connection_class(**{**pool.connection_kwargs, "socket_timeout": None})
        self._turn = asyncio.Lock()

    async def send(self, writes: Commands) -> None:
        """All or nothing. Raises Redis' errors; after one of the connection's nobody knows whether it was written."""
        async with self._turn:
            try:
                await self._connect()
                await self._connection.send_packed_command([writes.transaction()], check_health=False)
                answers = [await self._answer() for _ in range(len(writes) + 2)]
            except BaseException:
                # Whoever gave us up included: an answer that is still to come would be taken for the next one's.
                await self.close()
                raise
            try:
                conclude(answers)
            except ReadOnlyError:
                # Another is the master now: whoever its name leads to is asked anew.
                await self.close()
                raise

    async def close(self) -> None:
        """Hang up; the next transaction connects again."""
        await self._connection.disconnect(nowait=True)

    async def _connect(self) -> None:
        """Redis may have hung up since, or have said something nobody asked for."""
        if self._connection.is_connected and not await self._connection.can_read():
            return
        await self.close()
        await self._connection.connect()

    async def _answer(self) -> Any:
        """One answer. A command that is refused still has others after it, whose answers must be read too."""
        try:
            return await self._connection.read_response()
        except ResponseError as refused:
            return refused
