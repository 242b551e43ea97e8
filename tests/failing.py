"""Clients of Redis on which something goes wrong at a chosen moment.

fused(url, Fuse(at=17, executed=True))     the 17th command fails, or only its answer is lost
meddled(url, meddler)                      somebody else is faster, just before a transaction is sent
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.connection import UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from workers.store import connect


class Died(BaseException):
    """The process is gone in the middle of what it did: no handler of ours may catch that."""


@dataclass(slots=True, kw_only=True)
class Fuse:
    """Which command fails, and how. Commands that go out together, as of a MULTI, are one."""

    at: int = 0
    """Counted from 1; 0 never fails."""
    executed: bool = False
    """Redis has done it, and nobody learns of it."""
    deadly: bool = True
    """The process dies of it; else only this connection breaks."""
    sent: int = 0
    blown: bool = False

    def failure(self) -> BaseException:
        """What the caller sees."""
        return Died() if self.deadly else RedisConnectionError("the fuse has blown")


def fused(url: str, fuse: Fuse) -> Redis:
    """A client of the Redis behind a UNIX socket that runs over the fuse."""

    class Connection(UnixDomainSocketConnection):
        """Counts what is sent once it is connected."""

        def on_connect_check_health(self, check_health: bool = True) -> None:
            sent, at, fuse.at = fuse.sent, fuse.at, 0
            super().on_connect_check_health(check_health)
            fuse.sent, fuse.at = sent, at

        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            if fuse.blown and fuse.deadly:
                # Only clean-up still runs in a process that has died; it finds no connection.
                raise RedisConnectionError("dead")
            fuse.sent += 1
            if fuse.sent != fuse.at:
                super().send_packed_command(command, check_health)
                return
            fuse.blown = True
            if fuse.executed:
                super().send_packed_command(command, check_health)
                _wait_until_done(self._sock)
            self.disconnect()
            raise fuse.failure()

    client = connect(url)
    client.connection_pool.connection_class = Connection
    return client


def _wait_until_done(sock: Any) -> None:
    """Redis closes when it has dealt with everything that came before our end of file."""
    sock.shutdown(socket.SHUT_WR)
    while sock.recv(65536):
        pass


@dataclass(slots=True)
class Meddler:
    """What somebody else does just before the next transaction: once."""

    act: Callable[[], None] | None = None


def meddled(url: str, meddler: Meddler) -> Redis:
    """A client of the Redis behind a UNIX socket whose transactions somebody is faster than."""

    class Connection(UnixDomainSocketConnection):
        """Lets the other act first."""

        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            act = meddler.act
            if act is not None and any(b"EXEC" in part for part in command):
                meddler.act = None
                act()
            super().send_packed_command(command, check_health)

    client = connect(url)
    client.connection_pool.connection_class = Connection
    return client
