"""The writes of a transaction on their own connection: all or nothing, and whoever loses the race is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError, ResponseError, WatchError

from tests.failing import Fuse, fused
from workers.writing.bundle import Bundle


def write(redis: Redis, queue: Callable[[Bundle], None], meanwhile: Callable[[], Any] = lambda: None) -> None:
    """Watch a key, queue the writes, let something else happen, and send them."""
    with redis.pipeline() as pipe:
        pipe.watch("watched")  # type: ignore[no-untyped-call]
        bundle = Bundle(pipe)
        queue(bundle)
        meanwhile()
        bundle.execute()


def everything(bundle: Bundle) -> None:
    """Each of its commands."""
    bundle.mset({"a": b"1", "gone": b"x", "too": b"x"})
    bundle.delete("gone", "too")
    bundle.set("b", "2", ex=60)
    bundle.set("a", b"not now", ex=60, nx=True)
    bundle.rpush("list", b"x", "y")
    bundle.expire("list", 60)
    bundle.hset("hash", mapping={"f": "é", "g": 1, "h": b"\xff"})
    bundle.hdel("hash", "g")
    bundle.hincrby("hash", "n", 3)
    bundle.zadd("set", {"m": 1795166039.123456, "n": 2.0, "o": 3.0, "p": 4.0})
    bundle.zadd("set", {"m": 1.0, "n": 5.0}, gt=True)
    bundle.zrem("set", "o", "p")
    bundle.zremrangebyscore("empty", "-inf", 7.5)


def test_every_command_does_what_redis_does(redis: Redis) -> None:
    """Texts, bytes and numbers arrive as they are, times to the microsecond."""
    write(redis, everything)
    assert redis.mget("a", "b", "gone", "too") == [b"1", b"2", None, None]
    assert redis.lrange("list", 0, -1) == [b"x", b"y"]
    assert redis.hgetall("hash") == {b"f": "é".encode(), b"h": b"\xff", b"n": b"3"}
    assert redis.zrange("set", 0, -1, withscores=True) == [(b"n", 5.0), (b"m", 1795166039.123456)]
    assert (redis.ttl("a"), redis.ttl("b"), redis.ttl("list")) == (-1, 60, 60)


def test_who_was_slower_has_written_nothing(redis: Redis) -> None:
    """What was read has changed since: nothing is written, and the connection is good for the next attempt."""
    with pytest.raises(WatchError):
        write(redis, everything, meanwhile=lambda: redis.set("watched", b"changed"))
    assert redis.keys() == [b"watched"]
    write(redis, everything)
    assert redis.get("a") == b"1"


def test_a_redis_that_is_full_keeps_every_promise(redis: Redis) -> None:
    """It deletes as long as it may and writes no more: then the deletion that belongs to a write must not happen."""
    redis.set("gone", b"a promise")
    redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(OutOfMemoryError):
            write(redis, everything)
        assert redis.keys() == [b"gone"]
    finally:
        redis.config_set("maxmemory", "0")
    write(redis, everything)


def test_a_command_on_something_else_is_an_error_and_spoils_no_answer(redis: Redis) -> None:
    """As in any MULTI the others are done; the caller hears of it, and the connection still fits its answers."""
    redis.set("list", b"no list")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        write(redis, everything)
    assert redis.get("a") == b"1"


@pytest.mark.parametrize("executed", [False, True])
def test_when_nobody_knows_whether_it_was_written_it_counts_as_a_lost_race(
    redis: Redis, valkey: str, executed: bool
) -> None:
    """The connection breaks while it is sent: who reads again finds out."""
    client = fused(valkey, Fuse(at=2, executed=executed, deadly=False))
    with pytest.raises(WatchError):
        write(client, everything)
    assert redis.exists("a") == executed
    client.close()


def test_nothing_is_written_that_was_not_read_first(redis: Redis) -> None:
    """A transaction without WATCH could undo what another worker has just done."""
    with redis.pipeline() as pipe:
        bundle = Bundle(pipe)
        bundle.execute()
        bundle.delete("a")
        with pytest.raises(ValueError, match="watches nothing"):
            bundle.execute()
