"""The receiver is told to stop: it answers what was received, and nobody is left wondering."""

from __future__ import annotations

import json
import socket

import pytest

from router import serve
from router.hooks import edge
from tests.receiver.ear import DOWN, Ear
from tests.receiver.wire import ALIVE, Connect, answer, is_served, listening, request

BODY = json.dumps(DOWN).encode()
HEAD = request(b"", "Expect: 100-continue", f"Content-Length: {len(BODY)}")


def begun(connect: Connect) -> socket.socket:
    """A delivery whose body the receiver waits for."""
    sender = connect()
    sender.sendall(HEAD)
    assert sender.recv(65536).startswith(b"HTTP/1.1 100 ")
    return sender


def test_a_delivery_that_has_begun_is_taken(connect: Connect, ear: Ear) -> None:
    """Its body comes after the word to stop: kept once, answered 202, and told that the connection ends."""
    sender = begun(connect)
    connect.stop()
    sender.sendall(BODY)
    status, said = answer(sender)
    assert status == 202
    assert b"connection: close" in said.lower()
    assert connect.has_ended()
    assert len(ear.redis.keys("tocsin:delivery:*")) == 1


@pytest.mark.parametrize("first", [ALIVE[:20], b""], ids=["half a head", "nothing yet"])
def test_a_sender_that_writes_at_this_moment_is_answered(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    """On a connection kept alive: closed in its face, it could not know what became of its delivery."""
    monkeypatch.setattr(edge, "LINGER", 60.0)
    sender = connect()
    assert is_served(sender)
    sender.sendall(first)
    connect.stop()
    sender.sendall(ALIVE.removeprefix(first))
    status, said = answer(sender)
    assert status == 200
    assert b"connection: close" in said.lower()


def test_who_rests_is_hung_up_on(connect: Connect) -> None:
    """A connection kept alive on which nothing comes does not hold up the end."""
    sender = connect()
    assert is_served(sender)
    connect.stop()
    assert answer(sender)[0] == 0
    assert connect.has_ended()


def test_who_is_too_slow_does_not_hold_up_the_end(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadlines hold while it stops as well."""
    monkeypatch.setattr(serve, "GRACE", 600)
    monkeypatch.setattr(edge, "BODY_WITHIN", 0.5)
    with listening(ear) as connect:
        sender = begun(connect)
        connect.stop()
        assert answer(sender)[0] == 0
        assert connect.has_ended()
