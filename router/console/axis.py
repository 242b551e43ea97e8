"""What fires in the next hour, on a line: where each mark stands, and the same in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rules.duration import show_duration

AHEAD = 3600.0
"""Seconds the line is long; now is at its left."""
BINS = 20
"""Marks within the same twentieth of it are one, with their number: on a telephone they would cover each other."""
ROW = 34
"""Pixels between two severities."""
TOP = 6
OTHER = "–"
"""What is of no incident."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A mark: `left` in per cent of the line, `top` in pixels, `number` of promises, and it in words."""

    severity: str
    left: float
    top: int
    number: int
    said: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The drawing: marks, its height in pixels without the scale, the rows' names, and all of it in a sentence."""

    spots: tuple[Spot, ...]
    height: int
    rows: tuple[tuple[str, int], ...]
    words: str


def axis(due: Iterable[tuple[float, str | None]], now: float, total: int) -> Axis:
    """Of promises (due at, severity): overdue ones stand at now. `total` may be more than were handed in."""
    width = AHEAD / BINS
    bins: Counter[tuple[str, int]] = Counter()
    for at, severity in due:
        if at <= now + AHEAD:
            bins[severity or OTHER, min(BINS - 1, max(0, int((at - now) // width)))] += 1
    present = sorted({severity for severity, _ in bins}, key=lambda one: (one == OTHER, one))
    tops = {severity: TOP + ROW * row for row, severity in enumerate(present)}
    spots = tuple(
        Spot(
            severity=severity,
            left=round(100 * (number + 0.5) / BINS, 2),
            top=tops[severity],
            number=count,
            said=f"{count} {severity} {_when(number, width)}",
        )
        for (severity, number), count in sorted(bins.items(), key=lambda one: (one[0][1], tops[one[0][0]]))
    )
    height = TOP + ROW * max(1, len(present))
    return Axis(spots, height, tuple(tops.items()), _words(spots, sum(bins.values()), total))


def _when(number: int, width: float) -> str:
    if number == 0:
        return f"within {show_duration(width)}"
    return f"in {show_duration(number * width)} to {show_duration((number + 1) * width)}"


def _words(spots: tuple[Spot, ...], shown: int, total: int) -> str:
    if not total:
        return "Nothing is due in the next hour."
    most = spots[:12]
    more = "; and later in the hour more" if len(spots) > len(most) else ""
    beyond = f" The first {shown} are drawn." if total > shown else ""
    promises = "1 promise is" if total == 1 else f"{total} promises are"
    return f"{promises} due in the next hour: {'; '.join(one.said for one in most)}{more}.{beyond}"
