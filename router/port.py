"""The socket a receiver listens at, bound before anything runs: that others have the port is found out in time."""

from __future__ import annotations

import socket

from workers.settings import Settings

BACKLOG = 1024
"""Connections the kernel keeps for us while we are busy."""


def listener(settings: Settings, *, shared: bool = False) -> socket.socket:
    """A socket at HOST and PORT; `shared` with others of this user. Raises OSError when they cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind((settings.host, settings.port))
        if not shared:
            # Two that are only bound do not notice each other; a shared one hears nobody before it is ready to answer.
            bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound
