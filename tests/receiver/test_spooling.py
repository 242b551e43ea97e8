"""Redis goes away and comes back: senders hear 202 all the while, and every delivery becomes what it should."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisAway

from router.hooks.spooling import Spooling
from rules.incident import State
from tests.receiver.ear import DOWN, ENVIRONMENT, KUMA, Ear
from tests.receiver.test_committer import delivery
from workers import counters
from workers.clock import DrivenClock
from workers.deliveries.intake import Received, queue_commands
from workers.deliveries.spool import Spool, SpoolFailed
from workers.store import connect


class Redis:
    """Stands where Redis stands: takes, refuses or hangs."""

    def __init__(self, folder: Path) -> None:
        self.taken: list[str] = []
        self.asked = 0
        self.mood = "takes"
        self.rung = 0
        self.spooling = Spooling(self.write, self.write, Spool(folder), DrivenClock(1.0), self.ring, within=0.01)

    async def write(self, batch: Sequence[Received], _now: float) -> None:
        self.asked += 1
        if self.mood == "hangs":
            await asyncio.Event().wait()
        if self.mood == "refuses":
            raise RedisAway
        self.taken += [one.id for one in batch]

    def ring(self) -> None:
        self.rung += 1

    async def put(self, *names: str) -> None:
        """One batch."""
        await self.spooling.write([delivery(name) for name in names], 1.0)


@pytest.mark.parametrize("mood", ["refuses", "hangs"])
def test_what_redis_does_not_take_is_kept_and_handed_over_later(tmp_path: Path, mood: str) -> None:
    """Refused or hung: kept at once, in order; Redis is asked only once, and not again for every delivery."""

    async def story() -> None:
        redis = Redis(tmp_path)
        redis.mood = mood
        await redis.put("a", "b")
        await redis.put("c")
        assert redis.asked == 1
        assert redis.spooling.waiting() == 3
        redis.spooling.ring()
        assert redis.rung == 0
        redis.mood = "takes"
        assert await redis.spooling.drain() == 3
        assert redis.taken == ["a", "b", "c"]
        assert redis.rung == 1
        await redis.put("d")
        assert redis.taken[-1] == "d"
        assert redis.spooling.waiting() == 0

    asyncio.run(story())


def test_while_redis_is_away_nothing_is_dropped_from_the_spool(tmp_path: Path) -> None:
    """It dies again in the middle of the hand-over: what it did not take still waits."""

    async def story() -> None:
        redis = Redis(tmp_path)
        redis.mood = "refuses"
        await redis.put("a")
        for _ in range(3):
            with pytest.raises(RedisAway):
                await redis.spooling.drain()
        assert redis.spooling.waiting() == 1

    asyncio.run(story())


def test_what_a_former_process_left_is_handed_over(tmp_path: Path) -> None:
    """Killed with a full spool: the next receiver drains it before anything has gone wrong for itself."""
    Spool(tmp_path).put([delivery("left")])
    redis = Redis(tmp_path)
    assert asyncio.run(redis.spooling.drain()) == 1
    assert redis.taken == ["left"]


def test_without_redis_and_disk_it_is_refused(tmp_path: Path) -> None:
    """Then, and only then, the sender must keep it."""
    (tmp_path / "file").touch()
    redis = Redis(tmp_path / "file")
    redis.mood = "refuses"
    with pytest.raises(SpoolFailed):
        asyncio.run(redis.put("a"))


def test_a_delivery_that_both_took_counts_once(valkey: str, ear: Ear) -> None:
    """Redis took them, but too late to say so; the spool took them as well: once in incident, timeline and counters."""
    away = Ear(ENVIRONMENT["REDIS_URL"], connect(ENVIRONMENT["REDIS_URL"]))
    for status in (0, 3, 2):
        assert away.post(KUMA, {**DOWN, "heartbeat": {**DOWN["heartbeat"], "status": status}}).status_code == 202
    ear.spool = away.spool
    twin = Ear(valkey, ear.redis)
    twin.spool.put(away.spool.oldest(10)[:2])
    for one, waited in ((twin, 2), (ear, 3)):
        one.ask("GET", "/healthz")
        assert drained(one) == waited
        one.works()
    assert ear.incident().state is State.TRIGGERED
    assert ear.incident().count == 1
    told = [(entry.kind, entry.text) for entry in ear.store.timeline(ear.incident().id)]
    assert len(told) == len(set(told))
    assert counters.read(ear.redis, "deliveries") == {("kuma", "accepted"): 3}


def test_large_bodies_are_handed_over_too(valkey: str, ear: Ear) -> None:
    """Twenty of a megabyte, which nothing can compress: a few at a time, as many as Redis takes in its second."""
    ear.spool.put([replace(delivery(f"D{number}"), body=os.urandom(1024 * 1024)) for number in range(20)])
    ear.ask("GET", "/healthz")
    assert drained(ear) == 20
    assert ear.spool.waiting() == 0
    assert max(ear.commits) == 1
    assert counters.read(ear.redis, "deliveries") == {("s", "accepted"): 20}


def drained(ear: Ear) -> int:
    """Hand over what waits, over a client of this moment's event loop."""

    async def drain(_client: object) -> int:
        return await ear.spooling.drain()

    return int(ear.converse(drain))


def test_asking_redis_whether_it_is_back_is_a_write(ear: Ear) -> None:
    """A hand-over of nothing must fail where a delivery would: a Redis that only reads is not back."""
    before = ear.redis.info("commandstats").get("cmdstat_incrby", {}).get("calls", 0)
    with ear.redis.pipeline(transaction=True) as pipe:
        queue_commands(pipe, [], 1.0)
        pipe.execute()
    assert ear.redis.info("commandstats")["cmdstat_incrby"]["calls"] == before + 1
