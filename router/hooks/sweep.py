"""The server's own broom: every half second it closes the connections whose deadline has passed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn

from router.hooks import edge

_SWEEP_TICKS = 5
"""uvicorn ticks every 0.1 s."""
_PAUSE = 0.1


class Server(uvicorn.Server):
    """uvicorn's server with the sweep."""

    def __init__(self, config: uvicorn.Config, leaving: Sequence[Callable[[], None]] = ()) -> None:
        super().__init__(config)
        self._leaving = leaving

    async def on_tick(self, counter: int) -> bool:
        """Every 0.1 s; the sweep runs every 0.5 s."""
        if counter % _SWEEP_TICKS == 0:
            sweep(self.server_state.connections)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody, answer what was received, and sweep on: whoever is too slow does not hold up the end."""
        for leave in self._leaving:
            leave()
        sweeping = asyncio.create_task(self._keep_sweeping())
        try:
            await super().shutdown(sockets)
        finally:
            sweeping.cancel()

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            sweep(self.server_state.connections)
            # Whom the listener had accepted when it was closed, uvicorn does not know yet when it tells the others.
            for late in _edges(self.server_state.connections):
                if not late.ends:
                    late.shutdown()


def sweep(connections: Any) -> None:
    """Close every connection whose deadline has passed."""
    for one in _edges(connections):
        now = one.loop.time()
        if one.read_by is None and one.transport.is_closing():
            # Closed with an answer that is still to be read, and that may be too short to have paused our writing.
            one.read_by = now + edge.READ_WITHIN
        if one.rests_since is not None and now > one.rests_since + edge.KEEP_ALIVE:
            one.transport.close()
        elif any(due is not None and now > due for due in (one.deadline, one.read_by)):
            one.expire()


def _edges(connections: Any) -> list[edge.Edge]:
    return [one for one in connections if isinstance(one, edge.Edge)]
