"""What is usual at a gate in an hour of the week: the median of the same hour over the last four weeks.

The median, and not the mean: an outage last week must not make the next one look usual. Hours and weeks are of UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

HOUR = 3600
WEEK = 168
"""Hours."""
WEEKS = 4
"""So many weeks back are looked at."""
SLOTS = (WEEKS + 1) * WEEK
"""So many hours are kept, the oldest overwritten: the weeks that are looked at, and the present one."""


def hour_of(moment: float) -> int:
    """The hour that holds this moment, counted from 1970."""
    return floor(moment / HOUR)


@dataclass(slots=True)
class Past:
    """What a gate has counted hour by hour, and the hour in which it began to. It never holds more than `SLOTS`."""

    since: int | None = None
    ring: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Slot -> (hour, how many): an hour has the slot of the one five weeks before it."""

    def of(self, hour: int) -> int:
        """How many were counted in that hour."""
        held, number = self.ring.get(hour % SLOTS, (hour, 0))
        return number if held == hour else 0

    def lasting(self, now: float) -> Past:
        """This past, or an empty one when nothing was counted for so long that all of it is over."""
        newest = max((hour for hour, _ in self.ring.values()), default=0)
        return self if newest > hour_of(now) - SLOTS else Past()

    def add(self, at: float, heard: float) -> int:
        """One more event that happened at `at`; counting has begun when the first was `heard` of. Returns its slot."""
        hour, began = hour_of(at), hour_of(heard)
        self.since = began if self.since is None else min(self.since, began)
        slot = hour % SLOTS
        # What comes five weeks late has no slot any more.
        if self.ring.get(slot, (hour, 0))[0] <= hour:
            self.ring[slot] = (hour, self.of(hour) + 1)
        return slot


@dataclass(frozen=True, slots=True)
class Usual:
    """How many events are usual in a window, and by how many weeks that is known: 0, and then nothing is usual."""

    events: Fraction
    weeks: int


def usual(past: Past, until: float, within: float) -> Usual:
    """What is usual in the `within` seconds before `until`: of each hour it touches its share.

    An hour is known when counting had begun before it did. Where one of them is not known in any week, nothing is.
    """
    end = Fraction(until)
    begin = end - Fraction(within)
    expected, weeks = Fraction(0), WEEKS
    for hour in range(floor(begin / HOUR), ceil(end / HOUR)):
        share = min(end, Fraction((hour + 1) * HOUR)) - max(begin, Fraction(hour * HOUR))
        before = [hour - week * WEEK for week in range(1, WEEKS + 1)]
        known = [past.of(each) for each in before if past.since is not None and each > past.since]
        weeks = min(weeks, len(known))
        expected += _median(known) * share / HOUR
    return Usual(expected, weeks) if weeks else Usual(Fraction(0), 0)


def _median(numbers: list[int]) -> Fraction:
    ordered, half = sorted(numbers), len(numbers) // 2
    if not ordered:
        return Fraction(0)
    return Fraction(ordered[half]) if len(ordered) % 2 else Fraction(ordered[half - 1] + ordered[half], 2)
