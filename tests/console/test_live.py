"""What a page hears while it is open: a real socket, a real stream."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import orjson
import pytest

from router.console import live
from router.console.board import Board
from router.console.live import BEHIND, Watcher
from tests.console.conftest import Console
from tests.receiver.wire import Connect, listening
from workers import changes


@pytest.fixture
def connect(console: Console) -> Iterator[Connect]:
    """A running console; each call is a new connection to it."""
    with listening(console) as connection:
        yield connection


MANY = 20
"""Messages, at most, before the one that is waited for: the clock speaks every five seconds."""


def opened(connect: Connect, path: str = "/live?on=now") -> tuple[socket.socket, bytes]:
    """A stream, and the head of its answer."""
    stream = connect()
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return stream, stream.recv(4096)


def heard(stream: socket.socket, name: str) -> dict[str, object]:
    """The next message of this name; others are let by."""
    said = b""
    for _ in range(MANY):
        if b"event: " + name.encode() in said and said.endswith(b"\n\n\r\n"):
            break
        part = stream.recv(65536)
        assert part, f"the stream ended before {name}: {said[-300:]!r}"
        said += part
    assert b"event: " + name.encode() in said, said[-300:]
    found = said.split(b"event: " + name.encode() + b"\ndata: ", 1)[1].split(b"\n\n", 1)[0]
    return dict(orjson.loads(found))


def test_what_opens_appears_and_what_ends_goes(console: Console, connect: Connect) -> None:
    """An incident that opens is sent as a row; answered, as it stands then; resolved, it is taken away."""
    stream, head = opened(connect)
    assert b"200 OK" in head
    assert b"text/event-stream" in head
    incident = console.is_down()
    row = heard(stream, "row")
    assert row["id"] == incident.id
    assert "Shop" in str(row["html"])
    assert str(row["order"]).startswith("P1 0 ")
    console.press("/act", {"do": f"acknowledge {incident.id}"})
    assert "acknowledged" in str(heard(stream, "row")["html"])
    console.press("/act", {"do": f"resolve {incident.id}"})
    assert heard(stream, "gone") == {"id": incident.id}


def test_no_stream_begins_before_it_is_known_how_things_stand(
    console: Console, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or what happens between a page and the first look would be news to nobody."""
    news, may_look = Board.news, threading.Event()
    monkeypatch.setattr(Board, "news", lambda board: may_look.wait(10) and news(board))
    stream = connect()
    stream.sendall(b"GET /live?on=now HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    stream.settimeout(0.3)
    with pytest.raises(TimeoutError):
        stream.recv(4096)
    may_look.set()
    stream.settimeout(10)
    assert b"200 OK" in stream.recv(4096)
    incident = console.is_down()
    assert heard(stream, "row")["id"] == incident.id


def test_a_page_that_is_read_takes_nothing_from_the_stream(console: Console, connect: Connect) -> None:
    """Whoever reloads the list while others watch it: what they see of it first, the others still hear."""
    stream, _ = opened(connect)
    incident = console.is_down()
    for _ in range(3):
        reader = connect()
        reader.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        while reader.recv(65536):
            pass
    assert heard(stream, "row")["id"] == incident.id


def test_a_row_outside_the_filters_is_not_shown(console: Console, connect: Connect) -> None:
    """Whoever looks at P4 hears of a P1 only that it is not there."""
    stream, _ = opened(connect, "/live?on=now&severity=P4")
    incident = console.is_down()
    assert heard(stream, "gone") == {"id": incident.id}


def test_other_pages_hear_that_something_changed(console: Console, connect: Connect) -> None:
    """They read themselves anew when that concerns them."""
    stream, _ = opened(connect, "/live")
    incident = console.is_down()
    assert heard(stream, "changed") == {"ids": [incident.id]}


def test_the_clock_is_that_of_the_promises(console: Console, connect: Connect) -> None:
    """A countdown does not depend on the watch of whoever looks."""
    stream, head = opened(connect)
    said = head if b"event: clock" in head else head + stream.recv(4096)
    assert f'"now":{console.clock.at}'.encode() in said


def test_nobody_opens_more_streams_than_five(connect: Connect) -> None:
    """The sixth of one person is told to come again, and takes nobody's place."""
    streams = [opened(connect) for _ in range(live.PER_PERSON)]
    assert all(b"200 OK" in head for _, head in streams)
    _, head = opened(connect)
    assert b"503 Service Unavailable" in head
    streams[0][0].close()
    for _ in range(100):
        stream, head = opened(connect)
        if b"200 OK" in head:
            break
        stream.close()
    assert b"200 OK" in head


def test_all_together_open_no_more_streams_than_there_is_room(
    console: Console, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S25: 150 ask, and those there is room for are served; deliveries and pages are heard all the while."""
    monkeypatch.setattr(live, "PER_PERSON", 10_000)
    monkeypatch.setattr(live, "TOGETHER", 50)
    heads = [opened(connect)[1] for _ in range(150)]
    assert sum(b"200 OK" in head for head in heads) == 50
    refused = [head for head in heads if b"200 OK" not in head]
    assert all(b"503 Service Unavailable" in head and b"retry-after" in head.lower() for head in refused)
    incident = console.is_down()
    assert console.get(f"/incidents/{incident.id}").status_code == 200


def test_whoever_leaves_makes_room_at_once(connect: Connect) -> None:
    """A page that is left closes its stream, and the next page's takes its place: also twenty in a row."""
    for _ in range(4 * live.PER_PERSON):
        stream, head = opened(connect)
        assert b"200 OK" in head
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(65536):
            pass


def test_streams_do_not_hold_up_the_end(connect: Connect) -> None:
    """A process that is told to stop ends its streams: browsers connect to another one."""
    stream, _ = opened(connect)
    connect.stop()
    while stream.recv(65536):
        pass
    assert connect.has_ended()


def test_a_slow_reader_is_dropped() -> None:
    """Whoever is too far behind is hung up on instead of being remembered for."""
    watcher = Watcher("somebody", None)
    for _ in range(BEHIND + 1):
        watcher.hear(b"x")
    assert watcher.waiting.get_nowait() is None


def test_a_stream_that_was_cut_is_said_to_be_unknown(console: Console) -> None:
    """Too far behind, or a Redis that has begun anew: then everything is looked at again."""
    assert changes.since(console.redis, changes.NOTHING) == (changes.NOTHING, [])
    first = console.is_down()
    mark = changes.latest(console.redis)
    assert changes.since(console.redis, changes.NOTHING) == (mark, [first.id])
    assert changes.since(console.redis, mark) == (mark, [])
    second = console.is_down(monitor=8)
    assert changes.since(console.redis, mark) == (changes.latest(console.redis), [second.id])
    console.redis.delete("tocsin:changes")
    assert changes.since(console.redis, mark) is None
