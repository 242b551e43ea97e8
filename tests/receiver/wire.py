"""HTTP byte by byte, for clients that no library would be."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from router import serve
from router.app import build
from tests.receiver.ear import DOWN, KUMA, Ear


class Connect:
    """A running receiver; each call is a new connection to it, from one of this machine's addresses."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = self._listener.getsockname()
        self._opened: list[socket.socket] = []
        self._started, self._told = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=uvloop.run, args=(self._serve(),))
        self._thread.start()
        assert self._started.wait(5)

    def __call__(self, source: str = "127.0.0.1") -> socket.socket:
        """A new connection."""
        connection = socket.create_connection(self._address, timeout=10, source_address=(source, 0))
        self._opened.append(connection)
        return connection

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._address[1])

    def stop(self) -> None:
        """Tell it to stop; when this returns it has begun to."""
        self._told.set()
        while self._opens():
            pass

    def _opens(self) -> bool:
        try:
            socket.create_connection(self._address, timeout=10).close()
        except ConnectionResetError:
            return True
        except ConnectionRefusedError:
            return False
        return True

    def has_ended(self) -> bool:
        """Has it come to its end?"""
        self._thread.join(15)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Hang up everywhere, and stop it."""
        for one in self._opened:
            one.close()
        self._told.set()
        self._thread.join(15)

    async def _serve(self) -> None:
        fast = serve.fast_redis(self._ear.url)
        context = self._ear.context(fast)
        server = serve.server(build(context), context)
        running = asyncio.create_task(server.serve([self._listener]))
        # Not before it listens: what it says at its start belongs to the setup of the test, and to its captured output.
        while not server.started and not running.done():  # noqa: ASYNC110 uvicorn has no event for it
            await asyncio.sleep(0.005)
        self._started.set()
        await asyncio.to_thread(self._told.wait)
        server.should_exit = True
        await running
        await context.refusals.flush()
        await self._ear.wire.close()
        await fast.aclose()


@contextmanager
def listening(ear: Ear) -> Iterator[Connect]:
    """Run the receiver as `serve` does, on a port of its own."""
    running = Connect(ear)
    try:
        yield running
    finally:
        running.close()


def request(body: bytes = b"", *headers: str, path: str = KUMA) -> bytes:
    """A request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: tocsin.example.com", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and rest, read until the server closes."""
    said = b""
    try:
        while part := connection.recv(65536):
            said += part
    except ConnectionResetError:
        pass
    return (int(said.split(b" ", 2)[1]) if said else 0), said


ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def is_served(connection: socket.socket, asked: bytes = ALIVE) -> bool:
    """Is a question answered 200, and the connection kept? Reads the answer to its end."""
    connection.sendall(asked)
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        one = connection.recv(1)
        if not one:
            return False
        said += one
    left = int(said.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while left:
        left -= len(connection.recv(left))
    return said.startswith(b"HTTP/1.1 200 ")


def heard(connect: Connect) -> bool:
    """Is an honest delivery still heard?"""
    body = json.dumps(DOWN).encode()
    honest = connect()
    honest.sendall(request(body, f"Content-Length: {len(body)}", "Connection: close"))
    return answer(honest)[0] == 202
