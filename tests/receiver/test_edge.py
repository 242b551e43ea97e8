"""The edge against hostile clients: a real server on loopback, spoken to byte by byte."""

from __future__ import annotations

import json
import socket

import pytest

from router.hooks import edge
from tests.receiver.ear import DOWN
from tests.receiver.wire import Connect, answer, heard, request


def test_an_honest_delivery_is_heard_and_the_server_says_nothing_of_itself(connect: Connect) -> None:
    """202, and no Server header."""
    body = json.dumps(DOWN).encode()
    honest = connect()
    honest.sendall(request(body, f"Content-Length: {len(body)}", "Connection: close"))
    status, said = answer(honest)
    assert status == 202
    assert b"\r\nserver:" not in said.lower()


@pytest.mark.parametrize(
    "flood",
    [
        request(b"", "X-Long: " + "x" * 20_000),
        request(b"", *(f"X-{number}: {'y' * 100}" for number in range(400))),
        b"POST /" + b"z" * 20_000,
        b"POST / HTTP/1.1\r\nX-Endless: " + b"e" * 20_000,
    ],
    ids=["one long header", "many headers", "endless address", "endless header"],
)
def test_headers_beyond_the_cap_are_431_and_the_end(connect: Connect, flood: bytes) -> None:
    """Also when they never end."""
    hostile = connect()
    hostile.sendall(flood)
    assert answer(hostile)[0] == 431
    assert heard(connect)


@pytest.mark.parametrize(
    "bad",
    [
        request(b"0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"),
        request(b"0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 5"),
        request(b"x", "Content-Length: 1", "Content-Length: 2"),
        b"not http at all\r\n\r\n",
    ],
    ids=["CL+TE", "TE+CL", "two lengths", "words"],
)
def test_an_ambiguous_request_is_400_and_the_end(connect: Connect, bad: bytes) -> None:
    """Two servers could read it in two ways: nobody reads it."""
    hostile = connect()
    hostile.sendall(bad)
    assert answer(hostile)[0] == 400


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"POST /hooks/kuma HTTP/1.1\r\nHost: x\r\n"])
def test_headers_that_do_not_come_are_not_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    """Slowloris: 408 and closed, also for one that connects and says nothing."""
    monkeypatch.setattr(edge, "HEADERS_WITHIN", 0.2)
    hostile = connect()
    hostile.sendall(begun)
    assert answer(hostile)[0] == 408


def test_a_body_that_does_not_come_is_not_waited_for(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is closed, and nothing was kept."""
    monkeypatch.setattr(edge, "BODY_WITHIN", 0.2)
    hostile = connect()
    hostile.sendall(request(b"{", "Content-Length: 1000"))
    assert answer(hostile)[0] == 0
    assert heard(connect)


def test_dripping_bytes_do_not_move_the_deadline(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is absolute: one more byte buys no time."""
    monkeypatch.setattr(edge, "HEADERS_WITHIN", 0.5)
    hostile = connect()
    hostile.settimeout(0.1)
    hostile.sendall(b"POST / HTTP/1.1\r\nX: ")
    said = b""
    for _ in range(50):
        try:
            hostile.sendall(b"d")
            said = hostile.recv(65536)
            break
        except TimeoutError:
            continue
        except OSError:
            break
    assert said == b"" or b" 408 " in said
    assert heard(connect)


def test_a_body_beyond_the_cap_is_answered_while_it_still_comes(connect: Connect) -> None:
    """413 reaches a sender that writes on."""
    hostile = connect()
    hostile.sendall(request(b"", "Transfer-Encoding: chunked"))
    for _ in range(64):
        hostile.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    assert hostile.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert heard(connect)


def test_trailers_are_no_way_around_the_cap_or_a_proxy(connect: Connect) -> None:
    """Headers after the body, credentials among them, are refused: one connection cannot fill the memory with them."""
    chunked = request(b"0\r\nAuthorization: Bearer api-token-1\r\n\r\n", "Transfer-Encoding: chunked", path="/api/x")
    connection = connect()
    connection.sendall(chunked)
    status, said = answer(connection)
    assert status == 400
    assert b"Trailers" in said


@pytest.mark.parametrize("hosts", [[], ["Host: a", "Host: b"]])
def test_a_request_names_one_host(connect: Connect, hosts: list[str]) -> None:
    """None or two is no request (RFC 9112, 3.2): proxy and receiver might each believe another."""
    connection = connect()
    connection.sendall("\r\n".join(["GET /healthz HTTP/1.1", *hosts, "", ""]).encode())
    status, said = answer(connection)
    assert status == 400
    assert b"Host" in said


def test_one_endless_trailer_is_cut_off(connect: Connect) -> None:
    """The parser would keep it whole in memory until it ends: far less than a megabyte is taken."""
    connection = connect()
    connection.sendall(request(b"2\r\n{}\r\n0\r\nX: ", "Transfer-Encoding: chunked"))
    assert flooded(connection, 50_000_000) < 50_000_000


def flooded(connection: socket.socket, at_most: int) -> int:
    """Send until the other side will have no more; how many bytes that took."""
    sent = 0
    try:
        while sent < at_most:
            sent += connection.send(b"y" * 65536)
    except OSError:
        return sent
    return sent


def test_a_body_in_chunks_of_one_byte_is_taken(connect: Connect) -> None:
    """Wasteful, and allowed: the frames are not mistaken for headers."""
    connection = connect()
    body = json.dumps(DOWN).encode() + b" " * 20_000
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    connection.sendall(request(chunks, "Transfer-Encoding: chunked", "Connection: close"))
    assert answer(connection)[0] == 202
