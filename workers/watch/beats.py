"""Who works: each worker beats, and whoever looks asks those by name instead of searching Redis for them."""

from __future__ import annotations

from typing import cast

from redis import Redis

from workers import keys

LASTS = 10
"""Seconds a worker counts as alive after a beat."""
NAMES_LAST = 86400
"""Seconds the list of names outlives the last beat."""


def beat(redis: Redis, name: str) -> None:
    """This worker is alive."""
    pipe = redis.pipeline(transaction=False)
    pipe.set(keys.worker(name), b"1", ex=LASTS)
    pipe.sadd(keys.WORKERS, name)
    pipe.expire(keys.WORKERS, NAMES_LAST)
    pipe.execute()


def end(redis: Redis, name: str) -> None:
    """It stops, and says so."""
    pipe = redis.pipeline(transaction=False)
    pipe.delete(keys.worker(name))
    pipe.srem(keys.WORKERS, name)
    pipe.execute()


def beating(redis: Redis) -> list[str]:
    """Names of the workers that beat, `lane:host:…` (`workers.watch.succession.name_of`). Who died is forgotten."""
    names = sorted(one.decode() for one in cast("set[bytes]", redis.smembers(keys.WORKERS)))
    if not names:
        return []
    found = cast("list[bytes | None]", redis.mget([keys.worker(one) for one in names]))
    dead = [name for name, alive in zip(names, found, strict=True) if alive is None]
    if dead:
        redis.srem(keys.WORKERS, *dead)
    return [name for name in names if name not in dead]
