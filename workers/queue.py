"""RQ's part: one queue per lane, and bells, the only kind of job there is. RQ executes, it does not keep time.

A bell says "this lane has work of this kind" and names nothing else: what is due stands in the agenda.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from workers import keys, latch
from workers.agenda import Job, Lane

JOB_TIMEOUT = 10
"""Seconds RQ gives a job; one attempt of ours ends by itself after 8."""
RINGS_EVERY = 0.05
"""Seconds between two rings of one process: in a storm a job drains what many transactions brought."""
HELD_MS = 250
"""So long nobody rings for a job that stays and looks again every 20 ms; its death mutes the bell no longer."""
BELL_LASTS_MS = 1000
"""After this a bell that nobody answered counts as lost with its worker, and another may ring."""


def queue(redis: Redis, lane: Lane) -> Queue:
    """The RQ queue of a lane. JSON, not pickle: a job planted in Redis cannot run code of its own."""
    return Queue(lane.value, connection=redis, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT)


def ring(redis: Redis, lane: Lane, job: Job) -> bool:
    """Enqueue a bell unless one is waiting already, which will see the same entries. Returns whether it rang.

    Both in one step: a page waits for each, and a bell that had been taken and not rung would mute the others.
    """
    pipe = redis.pipeline(transaction=True)
    queue(redis, lane).enqueue(
        f"workers.jobs.{job}",
        lane.value,
        result_ttl=0,
        failure_ttl=3600,
        ttl=60,
        description=f"{job} {lane}",
        pipeline=pipe,
    )
    # RQ has told the pipeline what it would write, and nobody executes it.
    return latch.take(redis, keys.bell(lane, job), BELL_LASTS_MS, then=[words for words, _ in pipe.command_stack])


def hold(redis: Redis, lane: Lane, job: Job, milliseconds: int = HELD_MS) -> None:
    """Nobody need ring for so long: the job stays and looks again by itself, or there is nothing to be done till then.

    A job that stays must answer before its last look.
    """
    redis.set(keys.bell(lane, job), "1", px=min(milliseconds, BELL_LASTS_MS))


class Ringer:
    """Rings from a thread of its own, so that nobody who has just committed waits for RQ.

    A bell that fails is no loss: every worker looks at the agenda at least twice a second.
    """

    def __init__(self, redis: Redis, on_error: Callable[[RedisError], None] = lambda _: None) -> None:
        self._redis = redis
        self._on_error = on_error
        self._wanted: set[tuple[Lane, Job]] = set()
        self._wake = threading.Condition()
        self._stopped = False
        self._pause = threading.Event()
        """Set when the end must not wait for the pause between two rings."""
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
        self._thread.start()

    def ring(self, lane: Lane, job: Job) -> None:
        """Let a bell ring soon; calls that come while it is ringing ring once more."""
        with self._wake:
            self._wanted.add((lane, job))
            self._wake.notify()

    def stop(self) -> None:
        """Ring what is still wanted and end the thread."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._pause.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._stopped)
                desks, self._wanted = self._wanted, set()
                stopped = self._stopped
            for desk in desks:
                self._ring(*desk)
            if stopped:
                return
            self._pause.wait(RINGS_EVERY)

    def _ring(self, lane: Lane, job: Job) -> None:
        try:
            ring(self._redis, lane, job)
        except RedisError as wrong:
            self._on_error(wrong)
