"""HTTP byte by byte, for clients that no library would be."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

from tests.receiver.ear import DOWN, KUMA

Connect = Callable[[], socket.socket]


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


def heard(connect: Connect) -> bool:
    """Is an honest delivery still heard?"""
    body = json.dumps(DOWN).encode()
    honest = connect()
    honest.sendall(request(body, f"Content-Length: {len(body)}", "Connection: close"))
    return answer(honest)[0] == 202
