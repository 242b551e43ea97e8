"""Overrides of schedules that people have made: kept in Redis, in force in every process at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from pydantic import ValidationError
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from rules.oncall.override import MadeOverride
from rules.record import decode, encode
from rules.upcast import NewerRecord
from workers import keys, log

KEEP = 7 * 86400.0
"""Seconds an override is kept after it was over: a replay of last week asks who was on call."""
AT_MOST = 1000
TRIES = 20
_log = log.get("overrides")


class TooMany(Exception):
    """There are as many overrides as there may be."""


class Crowded(Exception):
    """Others kept making overrides in the same moment; nothing was kept."""


def every(redis: Redis) -> list[MadeOverride]:
    """All of them, those that are over too, by their beginning; what only a later release can read is left out."""
    return _read(cast("dict[bytes, bytes]", redis.hgetall(keys.OVERRIDES)))


def put(redis: Redis, new: MadeOverride, now: float, check: Callable[[Sequence[MadeOverride]], None]) -> None:
    """Keep a new one, after `check` has seen all others and not objected; what has long been over goes.

    Two that are made in the same moment see one another. Raises what `check` raises, TooMany and Crowded.
    """
    for _ in range(TRIES):
        with redis.pipeline(transaction=True) as pipe:
            try:
                _put(pipe, new, now, check)
            except WatchError:
                continue
        _log.info("override made", id=new.id, schedule=new.schedule, person=new.person, by=new.by)
        return
    raise Crowded


def lift(redis: Redis, override_id: str, by: str) -> MadeOverride | None:
    """End it by the word of `by`; returns it, or None when there is none of this id."""
    stored = cast("bytes | None", redis.hget(keys.OVERRIDES, override_id))
    if stored is None or not redis.hdel(keys.OVERRIDES, override_id):
        return None
    _log.info("override lifted", id=override_id, by=by)
    return next(iter(_read({override_id.encode(): stored})), None)


def _put(pipe: Pipeline, new: MadeOverride, now: float, check: Callable[[Sequence[MadeOverride]], None]) -> None:
    pipe.watch(keys.OVERRIDES)  # type: ignore[no-untyped-call]
    known = _read(cast("dict[bytes, bytes]", pipe.hgetall(keys.OVERRIDES)))
    old = [one.id for one in known if one.end < now - KEEP]
    check(known)
    if len(known) - len(old) >= AT_MOST:
        raise TooMany
    pipe.multi()
    if old:
        pipe.hdel(keys.OVERRIDES, *old)
    pipe.hset(keys.OVERRIDES, new.id, encode(new))
    pipe.execute()


def _read(stored: dict[bytes, bytes]) -> list[MadeOverride]:
    found = []
    for name, text in stored.items():
        try:
            found.append(decode(MadeOverride, text))
        except (ValidationError, NewerRecord):
            _log.error("an override cannot be read", name=name.decode("utf-8", "replace"))
    return sorted(found, key=lambda one: (one.start, one.id))
