"""The server's own broom: every half second it closes the connections whose deadline has passed."""

from __future__ import annotations

from typing import Any

import uvicorn

from router import edge

_SWEEP_TICKS = 5
"""uvicorn ticks every 0.1 s."""


class Server(uvicorn.Server):
    """uvicorn's server with the sweep."""

    async def on_tick(self, counter: int) -> bool:
        """Every 0.1 s; the sweep runs every 0.5 s."""
        if counter % _SWEEP_TICKS == 0:
            sweep(self.server_state.connections)
        return await super().on_tick(counter)


def sweep(connections: Any) -> None:
    """Close every connection whose deadline has passed."""
    for one in list(connections):
        if not isinstance(one, edge.Edge):
            continue
        now = one.loop.time()
        if one.read_by is None and one.transport.is_closing():
            # Closed with an answer that is still to be read, and that may be too short to have paused our writing.
            one.read_by = now + edge.READ_WITHIN
        if any(due is not None and now > due for due in (one.deadline, one.read_by)):
            one.expire()
