"""Deliveries per source and UTC day, at no cost to the receivers: the auditor copies their counters as a day begins.

What a day brought is the difference between two such copies. A day that no auditor saw begin is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redis import Redis

from workers import keys
from workers.counters import SEPARATOR, read

COUNTED = "deliveries"
KEEP = 16 * keys.DAY
"""Seconds a copy is kept: fourteen days are told, and the day before them begins the first."""
BEGAN = "began"
"""The field of a copy that says when it was made; a copy of nothing has no other."""
_HEARD = ("accepted", "unreadable")

Totals = Mapping[tuple[str, str], int]
"""(source, outcome) -> how many so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One UTC day of one source. None: that day's beginning was not seen, so it is not known."""

    date: date
    heard: int | None = None
    unreadable: int | None = None
    forged: int | None = None
    """Deliveries that did not prove where they come from."""


def begin(redis: Redis, now: float) -> bool:
    """Copy the counters, if this day (of `now`, Unix seconds) has none yet. True: this was the beginning."""
    return copied(redis, COUNTED, keys.day, now)


def copied(redis: Redis, counter: str, key: Callable[[str], str], now: float) -> bool:
    """Copy a counter, unless this day has a copy: how it stood at `now`. True: it has been copied.

    On the very first day it is as if nothing had been counted before: all there is came on this day.
    """
    copy = key(_date(now).isoformat())
    if redis.exists(copy):
        return False
    first = _first_ever(redis, key, now)
    pipe = redis.pipeline(transaction=True)
    if first is None:
        pipe.copy(keys.count(counter), copy)
    pipe.hset(copy, BEGAN, repr(now if first is None else first))
    pipe.expire(copy, KEEP)
    pipe.execute()
    return True


def _first_ever(redis: Redis, key: Callable[[str], str], now: float) -> float | None:
    """When the first delivery there has ever been came in, if that was on this day (of `now`); else None."""
    before = [key((_date(now) - timedelta(days=back)).isoformat()) for back in range(1, KEEP // keys.DAY)]
    oldest: Any = redis.zrange(keys.DELIVERIES, 0, 0, withscores=True)
    if not oldest or redis.exists(*before):
        return None
    at = float(oldest[0][1])
    return at if _date(at) == _date(now) else None


def totals(redis: Redis) -> dict[tuple[str, str], int]:
    """All that was ever counted."""
    return {(source, outcome): number for (source, outcome), number in read(redis, COUNTED).items()}


class Days:
    """The days until now, of every source: what Redis holds is read once."""

    def __init__(self, redis: Redis, now: float, number: int = 14) -> None:
        self.dates = [_date(now) - timedelta(days=back) for back in range(number - 1, -1, -1)]
        self.total: Totals = totals(redis)
        pipe = redis.pipeline(transaction=False)
        for one in self.dates:
            pipe.hgetall(keys.day(one.isoformat()))
        self._begun: Sequence[Totals | None] = [_read(found) for found in pipe.execute()]

    def of(self, source: str) -> list[Day]:
        """One source's, the oldest first."""
        return [self._day(source, number) for number in range(len(self.dates))]

    def _day(self, source: str, number: int) -> Day:
        begun = self._begun[number]
        if begun is None:
            return Day(date=self.dates[number])
        # Until the next day that began; a day in between that nobody saw begin brought nothing that can be told apart.
        ended = next((copy for copy in self._begun[number + 1 :] if copy is not None), self.total)

        def brought(*outcomes: str) -> int:
            return sum(max(0, ended.get((source, one), 0) - begun.get((source, one), 0)) for one in outcomes)

        return Day(
            date=self.dates[number],
            heard=brought(*_HEARD),
            unreadable=brought("unreadable"),
            forged=brought("unauthentic"),
        )


def _date(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _read(found: Mapping[bytes, Any]) -> Totals | None:
    if not found:
        return None
    stood: dict[tuple[str, str], int] = {}
    for name, number in found.items():
        source, mark, outcome = name.decode().partition(SEPARATOR)
        if mark:
            stood[source, outcome] = int(number)
    return stood
