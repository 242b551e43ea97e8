"""A few numbers as a row of bars, and the same in words for whoever does not see them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from workers.deliveries.days import Day

WIDTH, HEIGHT, STEP = 8, 28, 10
"""Of one bar, of all, and from one bar to the next: units of the drawing."""
LOWEST = 2
"""What is there at all can be seen, however small beside the largest."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. `kind`: `heard`, `none` for a day without a delivery, `unknown`."""

    x: int
    y: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Sparkline:
    """What a template draws."""

    bars: Sequence[Bar]
    words: str

    @property
    def width(self) -> int:
        """Of the whole drawing."""
        return max(STEP * len(self.bars) - (STEP - WIDTH), WIDTH)


def sparkline(days: Sequence[Day]) -> Sparkline:
    """Deliveries per day, the oldest first; a day that is not known has a mark of its own, and no height."""
    most = max((day.heard or 0 for day in days), default=0)
    return Sparkline([_bar(number, day, most) for number, day in enumerate(days)], _words(days))


def _bar(number: int, day: Day, most: int) -> Bar:
    if day.heard is None:
        return Bar(number * STEP, HEIGHT - 1, 1, "unknown", f"{_date(day.date)}: not known")
    height = max(LOWEST, round(day.heard / most * HEIGHT, 1)) if day.heard else 1
    return Bar(
        number * STEP, HEIGHT - height, height, "heard" if day.heard else "none", f"{_date(day.date)}: {day.heard}"
    )


def _words(days: Sequence[Day]) -> str:
    known = [day for day in days if day.heard is not None]
    if not known:
        return "Deliveries per day are not known yet: a worker begins to count them each day at midnight UTC."
    top = max(known, key=lambda day: day.heard or 0)
    heard = sum(day.heard or 0 for day in known)
    said = [f"{heard} {'delivery' if heard == 1 else 'deliveries'} in {_days(len(known))}"]
    if top.heard:
        said.append(f"most on {_date(top.date)} with {top.heard}")
    if known[-1] is days[-1]:
        said.append(f"today {known[-1].heard}")
    if len(known) < len(days):
        said.append(f"{_days(len(days) - len(known))} not known")
    return ", ".join(said) + "."


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _date(day: date) -> str:
    return f"{day.day} {day:%b}"
