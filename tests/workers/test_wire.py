"""What a receiver writes: one transaction after the other on a connection of its own, each all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ResponseError

from workers.writing.commands import Commands
from workers.writing.wire import Wire


def talk(valkey: str, story: Callable[[Wire], Awaitable[None]]) -> None:
    """Tell a story within one event loop."""

    async def told() -> None:
        redis = AsyncRedis.from_url(valkey)
        wire = Wire(redis)
        try:
            await story(wire)
        finally:
            await wire.close()
            await redis.aclose()

    asyncio.run(told())


def counting(*names: str) -> Commands:
    """One more of each."""
    writes = Commands()
    for name in names:
        writes.incrby(name, 1)
    return writes


def test_many_at_once_are_written_one_after_the_other(redis: Redis, valkey: str) -> None:
    """Nobody is given another's answers."""

    async def story(wire: Wire) -> None:
        await asyncio.gather(*(wire.send(counting("a", "b")) for _ in range(20)))

    talk(valkey, story)
    assert redis.mget("a", "b") == [b"20", b"20"]


def test_a_connection_that_redis_has_closed_is_made_anew(redis: Redis, valkey: str) -> None:
    """A quiet night, and a proxy that hangs up after it: the next delivery is kept, not sent away."""

    async def story(wire: Wire) -> None:
        await wire.send(counting("a"))
        await asyncio.to_thread(redis.client_kill_filter, _type="normal", skipme=True)
        await asyncio.sleep(0)
        await wire.send(counting("a"))

    talk(valkey, story)
    assert redis.get("a") == b"2"


def test_whoever_is_given_up_leaves_no_answer_behind(redis: Redis, valkey: str) -> None:
    """Redis hangs longer than a batch may take; what it says of that later belongs to nobody."""

    async def story(wire: Wire) -> None:
        await wire.send(counting("a"))
        redis.client_pause(200, all=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await wire.send(counting("lost?"))
        await wire.send(counting("b", "b", "b"))

    talk(valkey, story)
    assert redis.mget("a", "b") == [b"1", b"3"]


def test_a_redis_that_is_full_keeps_nothing_of_it(redis: Redis, valkey: str) -> None:
    """The refusal of one command is raised, and the connection serves the next transaction."""

    async def story(wire: Wire) -> None:
        redis.config_set("maxmemory", "1")
        try:
            with pytest.raises(OutOfMemoryError):
                await wire.send(counting("a"))
        finally:
            redis.config_set("maxmemory", "0")
        await wire.send(counting("b"))

    talk(valkey, story)
    assert redis.mget("a", "b") == [None, b"1"]


def test_a_command_on_something_else_is_an_error_and_spoils_no_answer(redis: Redis, valkey: str) -> None:
    """As in any MULTI the others are done; the caller hears of it."""
    redis.set("word", "no number")

    async def story(wire: Wire) -> None:
        with pytest.raises(ResponseError, match="not an integer"):
            await wire.send(counting("a", "word", "b"))
        await wire.send(counting("b"))

    talk(valkey, story)
    assert redis.mget("a", "b") == [b"1", b"2"]


def test_where_nobody_listens_it_says_so(redis: Redis, valkey: str) -> None:
    """Redis is not there: no transaction is begun."""

    async def story(wire: Wire) -> None:
        with pytest.raises(RedisConnectionError):
            await wire.send(counting("a"))

    talk(f"{valkey}.not-there", story)
    assert redis.exists("a") == 0


def test_a_greeting_that_was_given_up_is_not_gone_on_with(redis: Redis, valkey: str) -> None:
    """Redis hangs while the connection is made: what it says of that later is no answer to a transaction."""
    redis.set("word", "no number")

    async def story(wire: Wire) -> None:
        redis.client_pause(200, all=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await wire.send(counting("a"))
        with pytest.raises(ResponseError, match="not an integer"):
            await wire.send(counting("a", "word", "b"))
        await wire.send(counting("b"))

    talk(valkey, story)
    assert redis.mget("a", "b") == [b"1", b"2"]
