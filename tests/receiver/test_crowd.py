"""Crowds of connections: honest senders are heard all the same, and whoever opens too many is told to come back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from redis import Redis

from router.hooks import edge
from router.hooks.crowd import Crowd, Crowded
from tests.receiver.ear import Ear
from tests.receiver.wire import ALIVE, Connect, answer, heard, is_served, listening, request
from workers.counters import read

SETTINGS = {"TOCSIN_CONNECTIONS": "6", "TOCSIN_CONNECTIONS_PER_CLIENT": "2", "TOCSIN_TRUSTED_PROXIES": "127.0.0.9/32"}


@pytest.fixture
def small(valkey: str, redis: Redis) -> Ear:
    """A receiver with room for six connections, two of each address; 127.0.0.9 is its proxy."""
    return Ear(valkey, redis, SETTINGS)


@pytest.fixture
def connect(small: Ear) -> Iterator[Connect]:
    """It runs; each call is a new connection."""
    with listening(small) as connection:
        yield connection


def is_turned_away(connection: socket.socket) -> bool:
    """Does it hear 503, when to come back, and then nothing?"""
    status, said = answer(connection)
    return status == 503 and b"retry-after: 5" in said.lower()


def begun(connect: Connect, client: str) -> socket.socket:
    """A delivery that the proxy passes on for `client`: it is under way, and its body is still to come."""
    connection = connect("127.0.0.9")
    connection.sendall(request(b"", f"X-Forwarded-For: {client}", "Expect: 100-continue", "Content-Length: 9"))
    return connection


def is_under_way(connection: socket.socket) -> bool:
    """Does the receiver want its body?"""
    return connection.recv(65536).startswith(b"HTTP/1.1 100 ")


def test_one_address_has_no_more_than_its_share(connect: Connect, small: Ear) -> None:
    """The third of an address is closed with 503; another address is served, and so is the first when it has room."""
    first, second = connect("127.0.0.2"), connect("127.0.0.2")
    assert is_served(first)
    assert is_served(second)
    assert is_turned_away(connect("127.0.0.2"))
    assert heard(connect)
    assert is_served(second)
    first.sendall(ALIVE.replace(b"Host", b"Connection: close\r\nHost"))
    assert answer(first)[0] == 200
    assert is_served(connect("127.0.0.2"))


def test_who_is_turned_away_is_counted(small: Ear) -> None:
    """In /metrics, by why."""
    with listening(small) as connect:
        assert is_served(connect("127.0.0.2"))
        assert is_served(connect("127.0.0.2"))
        assert is_turned_away(connect("127.0.0.2"))
    assert read(small.redis, "connections_refused") == {("too many of one address",): 1}


def test_a_header_of_a_stranger_does_not_say_who_it_is(connect: Connect) -> None:
    """Whoever is no proxy of ours counts by its address, whatever it claims."""
    for number in range(2):
        assert is_served(connect("127.0.0.2"), ALIVE.replace(b"Host", b"X-Forwarded-For: 192.0.2.%d\r\nHost" % number))
    assert is_turned_away(connect("127.0.0.2"))


def test_behind_a_trusted_proxy_the_client_counts_and_not_the_proxy(connect: Connect) -> None:
    """Two requests of a client at once; its third is turned away while another client's is served."""
    assert is_under_way(begun(connect, "192.0.2.7"))
    assert is_under_way(begun(connect, "198.51.100.1, 192.0.2.7"))
    assert is_turned_away(begun(connect, "192.0.2.7"))
    assert is_under_way(begun(connect, "192.0.2.8"))


def test_a_proxys_resting_connections_count_for_nobody(connect: Connect) -> None:
    """It keeps them for whoever comes next."""
    asked = ALIVE.replace(b"Host", b"X-Forwarded-For: 192.0.2.7\r\nHost")
    for _ in range(4):
        assert is_served(connect("127.0.0.9"), asked)


def test_beyond_the_cap_the_slowest_makes_room(connect: Connect) -> None:
    """Whoever has said nothing for longest; a crowd that says nothing keeps nobody out."""
    crowd = [connect("127.0.1.0")]
    assert heard(connect)  # The loop's clock counts milliseconds.
    crowd += [connect(f"127.0.1.{number}") for number in range(1, 6)]
    assert heard(connect)
    assert answer(crowd[0])[0] == 0
    assert is_served(crowd[5])


def test_who_rests_makes_room_before_who_is_about_to_speak(connect: Connect) -> None:
    """A connection kept open for later is the least loss: its sender opens another."""
    speaking = [connect(f"127.0.1.{number}") for number in range(5)]
    resting = connect("127.0.2.1")
    assert is_served(resting)
    assert heard(connect)
    assert answer(resting)[0] == 0
    assert all(is_served(one) for one in speaking)


def test_when_all_are_being_answered_the_newest_is_turned_away(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is cut off in the middle."""
    monkeypatch.setattr(edge.Edge, "_make_room", lambda _self: False)
    crowd = [connect(f"127.0.1.{number}") for number in range(6)]
    assert is_turned_away(connect())
    assert all(is_served(one) for one in crowd)


def test_a_connection_that_rests_is_closed_in_time(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept alive for the next request, but not for ever."""
    monkeypatch.setattr(edge, "KEEP_ALIVE", 0.2)
    sender = connect()
    assert is_served(sender)
    assert answer(sender)[0] == 0


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("10.0.0.1, 10.0.0.2", None),
        ("192.0.2.7, unknown", None),
        ("", None),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(forwarded: str, client: str | None) -> None:
    """Whatever stands before it, the client may have written itself."""
    crowd = Crowd(1, 1, [ip_network("10.0.0.0/8")], print)
    assert crowd.behind(forwarded) == client


def test_a_client_of_ipv6_is_its_network() -> None:
    """It has 2**64 addresses to itself; who is unknown is not counted."""
    crowd = Crowd(1, 1, [], print)
    one = crowd.enter("2001:db8:0:1::7")
    with pytest.raises(Crowded):
        crowd.enter("2001:db8:0:1:ffff::1")
    assert crowd.enter("2001:db8:0:2::7") != one
    assert crowd.enter(None) is crowd.enter("not an address") is None
    crowd.leave(one)
    assert crowd.enter("2001:db8:0:1:ffff::1") == one
