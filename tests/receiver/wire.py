"""HTTP byte by byte, for clients that no library would be."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from router import serve
from router.app import build
from tests.receiver.ear import DOWN, KUMA, Ear


class Connect(Protocol):
    """A new connection to the receiver, from one of this machine's addresses."""

    def __call__(self, source: str = "127.0.0.1") -> socket.socket: ...


@contextmanager
def listening(ear: Ear) -> Iterator[Connect]:
    """Run the receiver as `serve` does, on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    started, stop = threading.Event(), threading.Event()

    async def serving() -> None:
        fast = serve.fast_redis(ear.url)
        context = ear.context(fast)
        server = serve.server(build(context), context)
        running = asyncio.create_task(server.serve([listener]))
        started.set()
        await asyncio.to_thread(stop.wait)
        server.should_exit = True
        await running
        await context.refusals.flush()
        await fast.aclose()

    thread = threading.Thread(target=asyncio.run, args=(serving(),))
    thread.start()
    started.wait(5)
    opened: list[socket.socket] = []

    def connection(source: str = "127.0.0.1") -> socket.socket:
        opened.append(socket.create_connection(listener.getsockname(), timeout=10, source_address=(source, 0)))
        return opened[-1]

    try:
        yield connection
    finally:
        for one in opened:
            one.close()
        stop.set()
        thread.join(15)


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
