"""Silences that people have set since the rules were written: kept in Redis, in force in every process at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson
from pydantic import ValidationError
from redis import Redis
from redis.client import Pipeline

from rules.holds.quiet import SilenceConfig
from rules.holds.silence import Silence
from workers import keys, log

KEEP = 7 * 86400.0
"""Seconds a silence is listed after it was over."""
AT_MOST = 1000


class TooMany(Exception):
    """There are as many silences as there may be."""


def every(redis: Redis) -> list[SilenceConfig]:
    """All of them, those that are over too; what only a later release can read is left out and logged."""
    found = cast("dict[bytes, bytes]", redis.hgetall(keys.SILENCES))
    return [one for name, text in sorted(found.items()) if (one := _read(name, text)) is not None]


def put(redis: Redis, said: Mapping[str, Any], now: float) -> None:
    """Set the silence that is `said` as in the YAML, in place of one of the same name; what has long been over goes.

    Raises TooMany, and pydantic's ValidationError.
    """
    pipe = redis.pipeline(transaction=True)
    queue_put(redis, pipe, said, now)
    pipe.execute()


def queue_put(redis: Redis, pipe: Pipeline, said: Mapping[str, Any], now: float) -> None:
    """As `put`, within a MULTI that writes more than that."""
    silence = SilenceConfig.model_validate(said)
    known = every(redis)
    old = [one.name for one in known if _is_long_over(one, now)]
    if len(known) - len(old) >= AT_MOST:
        raise TooMany
    if old:
        pipe.hdel(keys.SILENCES, *old)
    pipe.hset(keys.SILENCES, silence.name, orjson.dumps(said))


def lift(redis: Redis, name: str) -> bool:
    """End it; False when there is none of this name."""
    return bool(redis.hdel(keys.SILENCES, name))


def _is_long_over(silence: SilenceConfig, now: float) -> bool:
    return silence.repeats is None and Silence(silence).next_window(now - KEEP) is None


def _read(name: bytes, text: bytes) -> SilenceConfig | None:
    try:
        said = orjson.loads(text)
        # Of before `everything` had to be said: the API had asked for it, and did not keep it.
        said.setdefault("everything", not said.get("when") and not said.get("severities"))
        return SilenceConfig.model_validate(said)
    except (ValidationError, orjson.JSONDecodeError, AttributeError):
        log.get("silences").error("a silence cannot be read", name=name.decode("utf-8", "replace"))
        return None
