"""What is known of checks between their runs: what each found last, how a scheduled one fares; and asking for a run."""

from __future__ import annotations

from typing import Any

from redis import Redis

from rules.record import decode
from rules.responding.response import Finding
from rules.responding.watching import Watched
from workers import agenda, keys, queue
from workers.agenda import Agenda, Entry, Kind, Lane


def scheduled_id(name: str) -> str:
    """The entry of a scheduled check."""
    return f"check-every-{name}"


def asked_id(name: str) -> str:
    """The entry of a check that somebody asked for: one at a time."""
    return f"check-asked-{name}"


def last(redis: Redis) -> dict[str, Finding]:
    """What each check has found last, whoever asked; nothing of one that never ran."""
    stored: Any = redis.hgetall(keys.CHECKS)
    return {name.decode(): decode(Finding, one) for name, one in stored.items()}


def watched(redis: Redis, name: str) -> Watched:
    """What is remembered of a scheduled check."""
    stored: Any = redis.hget(keys.WATCHED, name)
    return decode(Watched, stored) if stored else Watched()


def every_watched(redis: Redis) -> dict[str, Watched]:
    """The same of all of them."""
    stored: Any = redis.hgetall(keys.WATCHED)
    return {name.decode(): decode(Watched, one) for name, one in stored.items()}


def next_at(redis: Redis, name: str) -> float | None:
    """When a scheduled check is run next; None while that is not promised."""
    entry = Agenda(redis).entry(scheduled_id(name))
    return None if entry is None else entry.due_at or None


def ask(redis: Redis, name: str, by: str, now: float) -> Entry:
    """Somebody wants a check run now; a run that is asked for already serves them too. Raises RedisError."""
    body = {"check": name, "by": by}
    entry = Entry(id=asked_id(name), kind=Kind.CHECK, lane=Lane.CALM, due_at=now, created_at=now, body=body)
    if not redis.exists(keys.entry(entry.id)):
        with redis.pipeline(transaction=True) as pipe:
            agenda.add(pipe, entry)
            pipe.execute()
    queue.ring(redis, entry.lane, entry.job)
    return entry


def is_asked(redis: Redis, entry: Entry) -> bool:
    """Has it still to be run?"""
    return bool(redis.exists(keys.entry(entry.id)))
