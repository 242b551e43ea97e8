"""How often each rule has spoken of late, and when last: what nobody needs any more can be told from what is rare.

A rule speaks when it decides a trigger or adds something to what is decided. It is counted where the delivery is
committed, once for a whole batch; the auditor copies the counter as a day begins, as it does for deliveries. Names of
rules are the operator's, so there are few of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from rules.decision import Decision
from workers import keys
from workers.counters import read
from workers.deliveries.days import BEGAN, copied

COUNTED = "rules_spoke"
WITHIN = 7
"""UTC days that are told, today among them."""
FORGOTTEN = 400 * keys.DAY
"""Seconds after which it is forgotten that a rule spoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """`times` since `since` by rule; None: since counting began. `last` is when each last spoke. Unix seconds."""

    since: float | None
    times: Mapping[str, int]
    last: Mapping[str, float]


def of(decision: Decision) -> set[str]:
    """The rules that spoke: the one that ended the search, and those before it that set something."""
    return {decision.rule, *decision.set_by.values()}


def note(pipe: Any, rules: Mapping[str, float]) -> None:
    """When each of these last spoke, within the caller's pipeline, sync or async."""
    if rules:
        # Never back: what a spool hands over may be older than what has come since.
        pipe.zadd(keys.SPOKE, rules, gt=True)


def begin(redis: Redis, now: float) -> None:
    """Copy the counter once a day, and forget what has not spoken for more than a year."""
    if copied(redis, COUNTED, keys.spoken, now):
        redis.zremrangebyscore(keys.SPOKE, "-inf", now - FORGOTTEN)


def lately(redis: Redis, now: float) -> Spoken:
    """Of each rule. Blocks on Redis: two round trips."""
    pipe = redis.pipeline(transaction=False)
    for back in range(WITHIN - 1, -1, -1):
        pipe.hgetall(keys.spoken(_date(now - back * keys.DAY)))
    pipe.zrange(keys.SPOKE, 0, -1, withscores=True)
    *copies, last = pipe.execute()
    before: dict[bytes, bytes] = next(filter(None, copies), {})
    began = before.pop(BEGAN.encode(), None)
    times = {rule: number - int(before.get(rule.encode(), 0)) for (rule,), number in read(redis, COUNTED).items()}
    return Spoken(
        since=None if began is None else float(began), times=times, last={rule.decode(): at for rule, at in last}
    )


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
