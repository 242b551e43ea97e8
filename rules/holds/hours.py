"""Working hours: when somebody may be told who need not be woken, and four hours that mean four hours of work.

By the wall clock of one time zone, with days on which nobody works. Pure; what time it is comes from the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.clock import zone

_DAYS_AHEAD = 400
"""Hours that do not open within a year never do; `rules.reading.check` refuses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Days of the week (0 is Monday), spans of minutes of the day, and dates (`2026-12-25`) that do not count."""

    name: str
    timezone: str
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    spans: tuple[tuple[int, int], ...] = ((0, 1440),)
    holidays: tuple[str, ...] = ()

    def holds(self, at: float) -> bool:
        """Is it open at `at` (Unix seconds)?"""
        return self.opens(at) == at

    def opens(self, at: float) -> float:
        """`at` when it is open then, else when it opens next."""
        return next((max(start, at) for start, end in self._open(at) if end > at), at)

    def after(self, start: float, seconds: float) -> float:
        """When so many seconds of open time have gone by since `start`; a moment that is open itself.

        Four hours from Friday 16:00 end on Monday, and no time at all ends when it opens next.
        """
        left, counted = seconds, start
        for opens, closes in self._open(start):
            begins = max(opens, counted)
            if closes <= begins:
                continue
            if left < closes - begins:
                return begins + left
            left -= closes - begins
            counted = closes
        return start + seconds

    def between(self, start: float, end: float) -> float:
        """Seconds of open time from `start` to `end`."""
        total, counted = 0.0, start
        for opens, closes in self._open(start):
            if opens >= end:
                break
            total += max(0.0, min(closes, end) - max(opens, counted))
            counted = max(counted, closes)
        return total

    def _open(self, at: float) -> Iterator[tuple[float, float]]:
        """Open times from the day before `at` on, in their order; spans that cross midnight end on the day after."""
        where = zone(self.timezone)
        day = datetime.fromtimestamp(at, where).date() - timedelta(days=1)
        for _ in range(_DAYS_AHEAD):
            if day.weekday() in self.days and day.isoformat() not in self.holidays:
                for start, end in sorted(self.spans):
                    later = day + timedelta(days=1) if end <= start else day
                    yield _moment(day, start, self.timezone), _moment(later, end, self.timezone)
            day += timedelta(days=1)


def _moment(day: date, minute: int, timezone: str) -> float:
    """A wall-clock time; one the clocks skip is as far after the change as it was after the skip's begin (PEP 495)."""
    if minute >= 1440:
        day, minute = day + timedelta(days=1), minute - 1440
    return datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=zone(timezone)).timestamp()
