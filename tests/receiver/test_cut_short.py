"""Connections that end, half end, or go too far while a delivery takes the short way."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress

import pytest

from router.hooks import committer, edge
from router.hooks.spooling import Spooling
from tests.processes.tocsin import wait_for
from tests.receiver.ear import KUMA, Ear
from tests.receiver.test_errand import BODY, CHUNKED, LENGTH, read_answer, took
from tests.receiver.wire import ALIVE, Connect, answer, heard, is_served, listening, request
from workers.deliveries.intake import Received

KEPT = request(BODY, LENGTH)
LONG = request(CHUNKED, "Transfer-Encoding: chunked")
WRONG = request(BODY, LENGTH, path="/hooks/kuma/wrong")
LAST = request(BODY, LENGTH, "Connection: close", path="/hooks/kuma/wrong")


class Gate:
    """Holds every commit until it is opened."""

    def __init__(self) -> None:
        self.open, self.reached = threading.Event(), threading.Event()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Commits wait for it."""
    held, write = Gate(), Spooling.write
    monkeypatch.setattr(committer, "PATIENCE", 10.0)

    async def waits(self: Spooling, batch: Sequence[Received], now: float) -> None:
        held.reached.set()
        await asyncio.to_thread(held.open.wait, 5)
        await write(self, batch, now)

    monkeypatch.setattr(Spooling, "write", waits)
    return held


def kept(ear: Ear) -> int:
    """How many deliveries are kept."""
    return len(ear.redis.keys("tocsin:delivery:*"))


def rest(connection: socket.socket) -> bytes:
    """Everything that is said until the end."""
    return answer(connection)[1]


@pytest.mark.parametrize("stopping", [False, True], ids=["asked to", "stopping"])
def test_nothing_is_taken_after_the_last_request(
    connect: Connect, ear: Ear, monkeypatch: pytest.MonkeyPatch, stopping: bool
) -> None:
    """After an answer that ends the connection nothing is looked at (RFC 9112, 9.6), also when it was there at once."""
    monkeypatch.setattr(edge, "LINGER", 60.0)
    sender = connect()
    assert is_served(sender)
    if stopping:
        connect.stop()
    sender.sendall((WRONG if stopping else LAST) + KEPT)
    assert rest(sender).count(b"HTTP/1.1 ") == 1
    connect.stop()
    assert connect.has_ended()
    assert kept(ear) == 0


@pytest.mark.parametrize("first", [KEPT, LONG], ids=["short way", "long way"])
def test_who_hangs_up_with_more_waiting_harms_nobody(
    gate: Gate, connect: Connect, ear: Ear, capfd: pytest.CaptureFixture[str], first: bytes
) -> None:
    """Reset while a delivery is being kept and another request waits behind it: kept, and no failure is logged."""
    sender = connect()
    sender.sendall(first + ALIVE)
    assert gate.reached.wait(5)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sender.close()
    assert is_served(connect())
    gate.open.set()
    assert heard(connect)
    assert kept(ear) == 2
    said = "".join(capfd.readouterr())
    assert "not answered" not in said
    assert "Exception" not in said


@pytest.mark.parametrize("asked", [KEPT, KEPT + ALIVE, ALIVE + KEPT, ALIVE], ids=["one", "two", "behind", "long way"])
def test_who_has_nothing_more_to_say_is_answered(gate: Gate, connect: Connect, asked: bytes) -> None:
    """A sender that closes its half of the connection after its request still reads; then the connection ends."""
    sender = connect()
    sender.sendall(asked)
    sender.shutdown(socket.SHUT_WR)
    gate.open.set()
    said = rest(sender)
    assert said.count(b"HTTP/1.1 20") == asked.count(b" HTTP/1.1\r\n")
    assert said.lower().count(b"connection: close") <= 1


@pytest.mark.parametrize("asked", [KEPT[:-3], KEPT[:30], b"", KEPT + KEPT[:-3]], ids=["body", "head", "none", "second"])
def test_half_a_request_and_the_end_is_none(connect: Connect, ear: Ear, asked: bytes) -> None:
    """Closed at once; what was whole is kept, whoever is told."""
    sender = connect()
    sender.sendall(asked)
    sender.shutdown(socket.SHUT_WR)
    assert rest(sender).count(b"HTTP/1.1 ") <= asked.count(BODY)
    assert wait_for(lambda: kept(ear) == asked.count(BODY), 5)


def test_no_answer_has_a_body_when_only_the_head_was_asked_for(connect: Connect) -> None:
    """HEAD: the next answer of the connection would begin with that body."""
    sender = connect()
    sender.sendall(request(b"", "Content-Length: 0").replace(b"POST", b"HEAD", 1))
    said = b""
    while not said.endswith(b"\r\n\r\n"):
        said += sender.recv(1)
    assert said.startswith(b"HTTP/1.1 405 ")
    assert is_served(sender)


@pytest.mark.parametrize(
    "path", [b"/hooks/kuma/\xff\xfe", b"/hooks/\xc3\xa4/x", b"/hooks/kuma/a?\xff", b"/hooks/kuma/;a"]
)
def test_a_path_that_is_no_text_names_nothing(connect: Connect, path: bytes) -> None:
    """A refusal, and no failure of ours."""
    sender = connect()
    sender.sendall(KEPT.replace(KUMA.encode(), path, 1))
    assert read_answer(sender).status_code in (400, 401, 404)


def test_a_slow_request_behind_a_refused_one_has_its_time(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection does not rest while half a request has come."""
    monkeypatch.setattr(edge, "KEEP_ALIVE", 0.0)
    sender = connect()
    sender.sendall(WRONG + KEPT[:-3])
    assert read_answer(sender).status_code == 401
    sender.settimeout(1.5)
    with pytest.raises(TimeoutError):
        sender.recv(1)
    sender.settimeout(10)
    sender.sendall(KEPT[-3:])
    assert read_answer(sender).status_code == 202


def test_who_is_being_answered_makes_no_room(ear: Ear, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are too many connections, one whose delivery is being kept is not the slow one."""
    crowded = Ear(ear.url, ear.redis, {"TOCSIN_CONNECTIONS": "1"})
    with listening(crowded) as connect:
        sender = connect()
        sender.sendall(WRONG + KEPT)
        assert gate.reached.wait(5)
        assert rest(connect()).startswith(b"HTTP/1.1 503 ")
        gate.open.set()
        assert read_answer(sender).status_code == 401


def test_a_client_that_does_not_read_is_not_answered_without_end(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refusals are written at once; when as many wait as the kernel's buffers hold, no more requests are taken."""
    short = took(monkeypatch)
    sender = connect()
    sent = 0
    with suppress(OSError):
        for _ in range(400):
            sender.sendall(WRONG * 100)
            sent += 100
    assert heard(connect)
    assert len(short) < sent / 2


def test_told_to_stop_while_it_keeps(ear: Ear, gate: Gate) -> None:
    """A delivery that is being kept is answered and told that the connection ends; what came behind it too."""
    with listening(ear) as connect:
        sender, gone = connect(), connect()
        sender.sendall(KEPT + KEPT)
        gone.sendall(KEPT)
        assert gate.reached.wait(5)
        connect.stop()
        gone.close()
        gate.open.set()
        said = rest(sender)
        assert said.count(b"HTTP/1.1 202 ") == 2
        assert said.count(b"connection: close") == 1
        assert connect.has_ended()
    assert kept(ear) == 3
