"""Requests sent before the last was answered: a few are served in order, a flood of them fills no memory."""

from __future__ import annotations

import gc
import json
import socket

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from router.hooks import edge
from tests.receiver.ear import DOWN
from tests.receiver.wire import ALIVE, Connect, answer, heard, is_served, request

LAST = ALIVE.replace(b"Host", b"Connection: close\r\nHost")


def requests_in_memory() -> int:
    """How many requests the server of this process holds."""
    return sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects())


def test_a_few_are_answered_in_order(connect: Connect) -> None:
    """Deliveries and questions mixed, one of them wrong: as many answers as requests, in their order."""
    body = json.dumps(DOWN).encode()
    delivery = request(body, f"Content-Length: {len(body)}")
    sender = connect()
    sender.sendall(delivery + ALIVE + request(b"", "Content-Length: 0", path="/hooks/kuma/wrong") + delivery + LAST)
    _, said = answer(sender)
    assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"202", b"200", b"401", b"202", b"200"]


def test_beyond_that_those_taken_are_answered_and_the_connection_ends(connect: Connect) -> None:
    """What was not taken has no answer, so that its sender knows to send it again (RFC 9112, 9.3.2)."""
    sender = connect()
    sender.sendall(ALIVE * 100)
    _, said = answer(sender)
    answers = said.split(b"HTTP/1.1 ")[1:]
    assert {one[:3] for one in answers} == {b"200"}
    assert 1 <= len(answers) <= edge.PIPELINED + 1
    assert [b"connection: close" in one for one in answers] == [False] * (len(answers) - 1) + [True]


def test_a_flood_whose_answers_nobody_reads_fills_no_memory(connect: Connect) -> None:
    """Megabytes of requests on many connections: the server holds a few of each, and hears the others."""
    before = requests_in_memory()
    crowd = [connect() for _ in range(10)]
    for one in crowd:
        one.settimeout(0.2)
        flood(one)
    assert heard(connect)
    assert requests_in_memory() - before <= len(crowd) * (edge.PIPELINED + 2)


@pytest.mark.parametrize("path", ["/hooks/nobody", "/hooks/kuma/wrong"])
def test_a_flood_of_refused_deliveries_is_answered_a_few_at_a_time(connect: Connect, path: str) -> None:
    """Each is refused at once and answered at a multiple of its size: beyond a few, the connection ends."""
    sender = connect()
    sender.sendall(request(b"{}", "Content-Length: 2", path=path) * 5000)
    _, said = answer(sender)
    answers = said.split(b"HTTP/1.1 ")[1:]
    assert {one[:3] for one in answers} <= {b"404", b"401"}
    assert edge.PIPELINED <= len(answers) <= 3 * edge.PIPELINED + 2
    assert heard(connect)


def flood(connection: socket.socket) -> None:
    """Send requests until the other side takes no more of them."""
    try:
        for _ in range(8):
            connection.sendall(ALIVE * 20_000)
    except OSError:
        return


def test_a_broken_request_behind_good_ones_takes_no_answer_away(connect: Connect) -> None:
    """The good ones are answered, then the connection ends: an answer out of turn would be taken for one of theirs."""
    sender = connect()
    sender.sendall(ALIVE * 2 + b"not http at all\r\n\r\n" + ALIVE)
    _, said = answer(sender)
    assert said.count(b"HTTP/1.1 200 ") == said.count(b"HTTP/1.1 ")


def test_a_broken_request_after_an_answer_is_told_so(connect: Connect) -> None:
    """On a connection that was kept alive the second request is refused as the first would be."""
    sender = connect()
    assert is_served(sender)
    sender.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
    status, said = answer(sender)
    assert status == 400
    assert b"Host" in said


def test_answers_that_nobody_reads_do_not_hold_a_connection(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when more requests come meanwhile: the deadline for reading is not theirs to move."""
    monkeypatch.setattr(edge, "READ_WITHIN", 0.2)
    hostile = connect()
    hostile.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with pytest.raises(ConnectionError):
        flood_for_ever(hostile)


def flood_for_ever(connection: socket.socket) -> None:
    """Send requests until the connection breaks."""
    while True:
        connection.sendall(ALIVE * 4)
