"""One worker process: an RQ SimpleWorker on one lane's queue, and beside it the tick that keeps time.

`tocsin work` supervises one for each lane.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.client import Pipeline
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from workers import jobs, keys, log, queue, release
from workers.agenda import DESKS, Job, Lane
from workers.clock import RedisClock
from workers.garbage import spare_the_collector
from workers.house import build
from workers.outward import Outward
from workers.rulebook.reload import Folder, Live, Reload, Rereading
from workers.settings import Environment, Settings
from workers.store import TIMEOUT, connect
from workers.watch import beats, succession
from workers.watch.auditor import Auditor

TICK = 0.5
"""Seconds between two looks at the agenda, at most."""
SOON = 0.05
"""Seconds between two looks at least, however closely promises follow each other."""
RQ_TTL = 20
"""Seconds RQ keeps a silent worker in its books; it listens 15 s less, and waits 10 s longer than that for an answer.

RQ's own 420 would have a worker wait for seven minutes on a connection that a network has silently dropped.
"""
SAYS_EVERY = 4.0
"""Seconds between two heartbeats of a worker that has nothing else to say: less than it listens at a time."""


class LaneWorker(SimpleWorker):
    """RQ's worker, but one that is back a second after Redis is: RQ doubles its pauses up to a minute."""

    max_connection_wait_time = 1.0
    _said = -SAYS_EVERY
    """When it last said that it lives, on this machine's clock."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that it lives: with what is written anyway, else seldom, and in one round trip.

        RQ says it before, at the beginning and after each job, in three round trips, and a page waits for them.
        """
        if pipeline is None and time.monotonic() < self._said + SAYS_EVERY:
            return
        self._said = time.monotonic()
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
            return
        with self.connection.pipeline(transaction=False) as pipe:
            super().heartbeat(timeout, pipe)
            pipe.execute()


class Tick(threading.Thread):
    """Twice a second, in every worker process and with no leader: beat, and ring for what is due and was not rung for.

    Where a promise comes due sooner than that, it looks then. It also ends the process when its supervisor is gone:
    nobody would restart it, and a second one may be running.
    """

    def __init__(self, redis: Redis, name: str, orphaned: Callable[[], None], supervisor: int | None = None) -> None:
        super().__init__(name="tick", daemon=True)
        self._redis = redis
        self._name = name
        self._orphaned = orphaned
        # It may have died while we were starting; who our parent is now does not tell.
        self._parent = supervisor or os.getppid()
        self._clock = RedisClock(redis)
        self._beaten = 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        """Tick until stopped, beginning at once; a Redis that is away is waited for."""
        while not self._ended.is_set():
            if os.getppid() != self._parent:
                self._orphaned()
                return
            pause = TICK
            try:
                pause = self.look()
            except RedisError as wrong:
                log.get("tick").warning("redis is away", error=type(wrong).__name__)
            self._ended.wait(pause)

    def look(self) -> float:
        """One tick; returns the seconds until the next."""
        now = self._clock.now()
        if abs(now - self._beaten) >= TICK:
            beats.beat(self._redis, self._name)
            self._beaten = now
        due, soonest = glance(self._redis, now, now + TICK)
        for desk in due:
            queue.ring(self._redis, *desk)
        return max(SOON, soonest - now)

    def stop(self) -> None:
        """No further tick; the worker no longer counts as alive."""
        self._ended.set()
        self.join(timeout=2 * TICK)
        try:
            beats.end(self._redis, self._name)
        except RedisError as wrong:
            log.get("tick").info("could not take the beat back", error=type(wrong).__name__)


def glance(redis: Redis, now: float, until: float) -> tuple[list[tuple[Lane, Job]], float]:
    """The desks that have something due, and when the next promise comes due: by `until`, or that."""
    pipe = redis.pipeline(transaction=False)
    for desk in DESKS:
        pipe.zcount(keys.agenda(*desk), "-inf", now)
        pipe.zrangebyscore(keys.agenda(*desk), f"({now!r}", until, start=0, num=1, withscores=True)
    found = pipe.execute()
    due = [desk for desk, number in zip(DESKS, found[::2], strict=True) if number]
    return due, min((at for soon in found[1::2] for _, at in soon), default=until)


def run(lane: Lane, settings: Settings, live: Live, folder: Folder) -> None:
    """Work on one lane until SIGTERM or SIGINT; what is in flight is finished first. SIGHUP reads the rules again.

    Raises NewerRecord.
    """
    log.configure(settings.log)
    url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    redis = connect(url)
    release.join(redis)
    name = succession.name_of(lane)
    outward = Outward(settings.allow_net)
    house = build(redis, live, settings, Environment(), outward.perform, name, outward)
    house.joined = True
    jobs.install(house)
    succession.inherit(redis, lane, house.clock.now())
    tick = Tick(redis, name, orphaned=lambda: os._exit(1), supervisor=settings.supervisor)
    auditor = Auditor(house, lane)
    reload = Reload(connect(url), house.clock, live, folder)
    rereading = Rereading(reload)
    # From the first beat on somebody may tell it to stop; RQ's own handlers come with `work`.
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: reload.ask())
    try:
        reload.begin()
        rereading.start()
        tick.start()
        auditor.start()
        spare_the_collector()
        _worker(url, lane, name).work(with_scheduler=False, logging_level="WARNING")
    finally:
        rereading.stop()
        auditor.stop()
        house.pools.close()
        tick.stop()


def _worker(url: str, lane: Lane, name: str) -> LaneWorker:
    # A connection of its own: it blocks on the queue for longer than any of our commands may take.
    connection = Redis.from_url(url, socket_connect_timeout=TIMEOUT, retry=Retry(ConstantBackoff(0.5), 2))
    return LaneWorker(
        [queue.queue(connection, lane)],
        name=name.replace(":", "-"),
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=RQ_TTL,
    )
