"""The receiver the tests of this folder talk to."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
from redis import Redis

from router import serve
from router.app import build
from tests.receiver.ear import Ear
from tests.receiver.wire import Connect


@pytest.fixture
def ear(valkey: str, redis: Redis) -> Ear:
    """A receiver over an empty Valkey."""
    return Ear(valkey, redis)


@pytest.fixture
def connect(ear: Ear) -> Iterator[Connect]:
    """A running receiver; each call is a new connection to it."""
    listener = socket.create_server(("127.0.0.1", 0))
    started, stop = threading.Event(), threading.Event()

    async def serving() -> None:
        fast = serve.fast_redis(ear.url)
        server = serve.server(build(ear.context(fast)), ear.settings)
        running = asyncio.create_task(server.serve([listener]))
        started.set()
        await asyncio.to_thread(stop.wait)
        server.should_exit = True
        await running
        await fast.aclose()

    thread = threading.Thread(target=asyncio.run, args=(serving(),))
    thread.start()
    started.wait(5)
    opened: list[socket.socket] = []

    def connection() -> socket.socket:
        opened.append(socket.create_connection(listener.getsockname(), timeout=10))
        return opened[-1]

    yield connection
    for one in opened:
        one.close()
    stop.set()
    thread.join(15)
