"""RQ's part: one queue per lane, and the bell, the only kind of job there is. RQ executes, it does not keep time.

A bell says "there is work in this lane" and carries no argument: what is due stands in the agenda.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from workers import keys
from workers.agenda import Lane

JOB_TIMEOUT = 10
"""Seconds RQ gives a job; one attempt of ours ends by itself after 8."""
PAUSE = 0.05
"""Seconds: at most one bell per lane in this time, and a trailing one."""

_JOBS = {Lane.INTAKE: "workers.jobs.deduplicate", Lane.URGENT: "workers.jobs.urgent", Lane.CALM: "workers.jobs.calm"}


def queue(redis: Redis, lane: Lane) -> Queue:
    """The RQ queue of a lane. JSON, not pickle: a job planted in Redis cannot run code of its own."""
    return Queue(lane.value, connection=redis, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT)


def ring(redis: Redis, lane: Lane) -> bool:
    """Enqueue a bell unless one was rung within the last moment. Returns whether it rang."""
    if not redis.set(keys.bell(lane), b"1", nx=True, px=int(PAUSE * 1000)):
        return False
    queue(redis, lane).enqueue(_JOBS[lane], result_ttl=0, failure_ttl=3600, ttl=60, description=f"bell of {lane}")
    return True


class Ringer:
    """Rings from a thread of its own, so that nobody who has just committed waits for RQ.

    A bell that fails is no loss: every worker looks at the agenda twice a second.
    """

    def __init__(self, redis: Redis, on_error: Callable[[RedisError], None] = lambda _: None) -> None:
        self._redis = redis
        self._on_error = on_error
        self._wanted: set[Lane] = set()
        self._wake = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
        self._thread.start()

    def ring(self, lane: Lane) -> None:
        """Let a bell ring soon; many calls within a moment ring once, the last of them after the fact."""
        with self._wake:
            self._wanted.add(lane)
            self._wake.notify()

    def stop(self) -> None:
        """Ring what is still wanted and end the thread."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._stopped)
                lanes, self._wanted = self._wanted, set()
                stopped = self._stopped
            self._ring_all(lanes)
            if stopped:
                return
            time.sleep(PAUSE if lanes else 0)

    def _ring_all(self, lanes: set[Lane]) -> None:
        for lane in lanes:
            try:
                rang = ring(self._redis, lane)
            except RedisError as wrong:
                self._on_error(wrong)
                continue
            if not rang:
                self.ring(lane)
