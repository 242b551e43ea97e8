"""What stands in RQ's queues, and the jobs that failed there: read, run once more, forgotten.

A failed job is no failed promise: what it was to do stands on the agenda, and the next bell tries it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from redis import Redis
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from workers.agenda import Lane
from workers.plain import plain
from workers.queue import queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A job that raised. `at` in Unix seconds; `why` is the last line of its exception, fit to be read."""

    id: str
    lane: Lane
    what: str
    at: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One queue of RQ's, in numbers of jobs."""

    lane: Lane
    waiting: int
    started: int
    failed: int


def standings(redis: Redis) -> list[Standing]:
    """Every lane's queue."""
    found = [(lane, queue(redis, lane)) for lane in Lane]
    return [
        Standing(
            lane=lane,
            waiting=one.count,
            started=one.started_job_registry.get_job_count(cleanup=False),
            failed=one.failed_job_registry.get_job_count(cleanup=False),
        )
        for lane, one in found
    ]


def failed(redis: Redis, at_most: int = 50) -> list[Failed]:
    """The jobs that failed last, the latest first, `at_most` of each lane."""
    found: list[Failed] = []
    for lane in Lane:
        ids = queue(redis, lane).failed_job_registry.get_job_ids(0, at_most - 1, desc=True, cleanup=False)
        jobs = Job.fetch_many(ids, connection=redis, serializer=JSONSerializer)
        found += [_failed(lane, job) for job in jobs if job is not None]
    return sorted(found, key=lambda job: job.at or 0.0, reverse=True)


def _failed(lane: Lane, job: Job) -> Failed:
    result = job.latest_result()
    lines = (result.exc_string if result is not None and result.exc_string else "").strip().splitlines()
    at = job.ended_at.replace(tzinfo=UTC).timestamp() if job.ended_at is not None else None
    why = plain(lines[-1], 300) if lines else "RQ keeps no reason"
    return Failed(id=job.id, lane=lane, what=plain(job.description or "", 80), at=at, why=why)


def requeue(redis: Redis, job_id: str) -> bool:
    """Let a failed job run once more; False when none of this id has failed, or no longer."""
    registry = _registry_of(redis, job_id)
    try:
        if registry is not None:
            registry.requeue(job_id)
    except (InvalidJobOperation, NoSuchJobError):
        return False  # Somebody was quicker.
    return registry is not None


def remove(redis: Redis, job_id: str) -> bool:
    """Forget a failed job: no promise goes with it. False when none of this id has failed."""
    registry = _registry_of(redis, job_id)
    if registry is not None:
        registry.remove(job_id, delete_job=True)
    return registry is not None


def _registry_of(redis: Redis, job_id: str) -> FailedJobRegistry | None:
    registries = [queue(redis, lane).failed_job_registry for lane in Lane]
    return next((one for one in registries if job_id in one), None)
