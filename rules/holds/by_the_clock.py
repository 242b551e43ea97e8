"""What a condition asks of the clock: when that may change next, and what is left of it at any time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from rules.clock import zone
from rules.match import Condition, asks_for

Asked = TypeVar("Asked", bound=Condition)
_AHEAD = 8
"""Days that are looked through: a weekday comes again within a week."""


def timeless(condition: Asked) -> Asked:
    """The condition without its hours and weekdays: it holds whenever the whole one does, and at other times too."""
    outer: dict[str, Any] = {"weekday": frozenset(), "hours": ()}
    if condition.not_ is not None and asks_for(condition.not_, "weekday", "hours"):
        outer["not_"] = None
    return condition.model_copy(update={**outer, "any_": tuple(timeless(each) for each in condition.any_)})


def turns(condition: Condition, now: float) -> float | None:
    """When, after `now` (Unix seconds), its hours and weekdays may say something else; None: it has none."""
    return min((at for each in _parts(condition) if (at := _next(each, now)) is not None), default=None)


def _parts(condition: Condition) -> Iterator[Condition]:
    """The condition, and all those within its `not` and `any`."""
    yield condition
    for inner in (*([condition.not_] if condition.not_ else ()), *condition.any_):
        yield from _parts(inner)


def _next(condition: Condition, now: float) -> float | None:
    """Of one by itself: the next edge of its hours, or midnight, or the clocks that are changed before that."""
    if not condition.hours and not condition.weekday:
        return None
    minutes = {minute % 1440 for span in condition.hours for minute in span} | ({0} if condition.weekday else set())
    where = zone(condition.timezone)
    today = datetime.fromtimestamp(now, where).date()
    days = [today + timedelta(days=ahead) for ahead in range(_AHEAD)]
    at = min(moment for day in days for moment in _moments(day, minutes, condition.timezone) if moment > now)
    return _clocks_changed(now, at, condition.timezone) or at


def _moments(day: date, minutes: set[int], timezone: str) -> Iterator[float]:
    """Each of these minutes of a day by its wall clock; both of one that comes twice."""
    for minute in minutes:
        for fold in (0, 1):
            hour, past = divmod(minute, 60)
            yield datetime(day.year, day.month, day.day, hour, past, tzinfo=zone(timezone), fold=fold).timestamp()


def _clocks_changed(start: float, end: float, timezone: str) -> float | None:
    """The first whole second with another offset than at `start`; None when it is the same up to `end`."""
    was = _offset(start, timezone)
    if was == _offset(end, timezone):
        return None
    low, high = int(start), int(end)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, timezone) == was else (low, middle)
    return float(high)


def _offset(at: float, timezone: str) -> timedelta | None:
    return datetime.fromtimestamp(at, zone(timezone)).utcoffset()
