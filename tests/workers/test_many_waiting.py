"""More to send than a channel takes: what is claimed can be begun in time, and the rest stands in line unclaimed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from redis import Redis

from tests.world import AtOnce, a_world
from workers import jobs, keys
from workers.agenda import Job, Lane
from workers.house import QUEUED, Pools


class Held(AtOnce):
    """Threads that are busy: what they are given waits until it is let go."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Not now."""
        self.waiting.append(lambda: fn(*args, **kwargs))
        return Future()


class Busy(Pools):
    """One executor for all channels."""

    def __init__(self, held: Held) -> None:
        super().__init__()
        self._held = held

    def of(self, _channel: str) -> Held:
        """The same for every channel."""
        return self._held


def test_what_waits_for_a_thread_is_no_more_than_can_begin_in_time(redis: Redis) -> None:
    """Hundreds of pages at once: a hundred wait for PagerDuty's threads, the others' turns come; each is sent once."""
    number = 3 * QUEUED
    with a_world(redis) as world:
        for n in range(number):
            world.hears("degraded", key=f"host {n}", work=False)
        held = Held()
        world.house.pools = Busy(held)
        desk = keys.agenda(Lane.URGENT, Job.NOTIFY)
        while jobs.drain(world.house, Lane.INTAKE, Job.DEDUPLICATE):
            pass
        for _ in range(20):
            jobs.drain(world.house, Lane.URGENT, Job.NOTIFY)
        assert len(held.waiting) <= QUEUED + 5  # Slack's few, told at its pace, are among them.
        assert redis.zcard(desk) > 2 * QUEUED
        while held.waiting:
            for send in held.waiting:
                send()
            held.waiting.clear()
            world.clock.at += 2
            while jobs.drain(world.house, Lane.URGENT, Job.NOTIFY):
                pass
        pages = [one for one in world.outside.heard if one.channel == "pagerduty"]
        assert len(pages) == number
        world.outside.heard.clear()


def test_the_job_of_pages_ends_when_they_have_left_or_hang() -> None:
    """A page has gone by the end of its job; one that hangs does not keep the lane, and is not forgotten at the end."""
    pools, hangs, left = Pools(), threading.Event(), list[str]()
    try:
        pools.begin("pager", lambda: left.append("page"))
        pools.settle(10)
        assert left == ["page"]
        pools.begin("slack", lambda: left.append("late" if hangs.wait(10) else "never"))
        pools.settle(0.01)
        assert left == ["page"]
        hangs.set()
    finally:
        pools.close()
    assert left == ["page", "late"]
