"""A schedule as four weeks of bars: who has which part of each day, by the schedule's own wall clock. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.clock import zone
from rules.oncall.schedule import Shift, shifts
from rules.reading.config import Schedule

WEEKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """Somebody's time within one week: `left` and `width` in hundredths of the week; `person` None is a gap."""

    person: str | None
    left: float
    width: float
    start: float
    end: float
    """Unix seconds, of the whole shift."""


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday. `now`: where this moment is, in hundredths; None in other weeks."""

    days: Sequence[date]
    bars: Sequence[Bar]
    now: float | None


def weeks(laid: Schedule, now: float) -> list[Week]:
    """The week of `now` and the three after it. A day is as wide as any other, also when the clocks change in it."""
    today = datetime.fromtimestamp(now, zone(laid.timezone)).date()
    monday = today - timedelta(days=today.weekday())
    turns = shifts(laid, _begins(laid, monday), _begins(laid, monday + timedelta(weeks=WEEKS)))
    return [_week(laid, turns, monday + timedelta(weeks=number), now) for number in range(WEEKS)]


def _week(laid: Schedule, turns: Sequence[Shift], monday: date, now: float) -> Week:
    days = [monday + timedelta(days=number) for number in range(7)]
    edges = [_begins(laid, day) for day in (*days, monday + timedelta(days=7))]
    bars = []
    for turn in turns:
        left, right = _place(edges, turn.start), _place(edges, turn.end)
        if right > left:
            bars.append(Bar(turn.person, left, round(right - left, 3), turn.start, turn.end))
    here = edges[0] <= now < edges[-1]
    return Week(days, bars, _place(edges, now) if here else None)


def _place(edges: Sequence[float], at: float) -> float:
    """Where a moment is in the week, in hundredths: before it 0, after it 100."""
    if at >= edges[-1]:
        return 100.0
    day = max((number for number in range(7) if edges[number] <= at), default=None)
    if day is None:
        return 0.0
    return round((day + (at - edges[day]) / (edges[day + 1] - edges[day])) / 7 * 100, 3)


def _begins(laid: Schedule, day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone(laid.timezone)).timestamp()
