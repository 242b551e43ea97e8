"""Charts as SVG, drawn by pure functions. Colours are classes of the stylesheet; every text in them is escaped.

Nothing is said by colour alone: medians are solid with filled dots, p90 dashed with rings, and each has its label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from markupsafe import Markup

from rules.duration import show_duration
from rules.event import Severity
from rules.numbers.nights import NIGHT, Called

WIDE, HIGH = 520, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 112, 14, 24
"""Space around a chart, for its labels."""
TICKS = (60.0, 900.0, 3600.0, 4 * 3600.0, 86400.0, 7 * 86400.0)
SHORTEST, LONGEST = 15.0, 28 * 86400.0
"""Seconds: what lies outside is drawn at the edge."""
HOURS = (*range(21, 24), *range(21))
"""From nine in the evening: a night is in one piece, and before the rest, which a telephone shows when scrolled."""
APART = 15
"""Between two labels at the ends of lines."""
STEPS = 4
"""Shades of the heat map beside none at all."""


@dataclass(frozen=True, slots=True)
class Point:
    """One week; None where there is nothing to show. Seconds."""

    label: str
    median: float | None
    p90: float | None


def times(severity: Severity, points: Sequence[Point], title: str, agreed: float | None = None) -> Markup:
    """Median and p90 by week, on a scale of ratios; `agreed` (seconds) is a line of its own."""
    seen = [one for point in points for one in (point.median, point.p90, agreed) if one is not None]
    scale = _Scale(min(seen, default=60.0), max(seen, default=3600.0))
    lines = [("p90", [point.p90 for point in points]), ("median", [point.median for point in points])]
    return _svg(
        f"times {severity}",
        WIDE,
        HIGH,
        title,
        [
            *(_tick(scale, seconds) for seconds in TICKS if scale.holds(seconds)),
            *([_agreed(scale, agreed)] if agreed is not None else []),
            *_weeks(points),
            *(part for name, values in lines for part in _line(scale, name, values)),
            *_ends(scale, lines),
        ],
    )


class _Scale:
    """Where so many seconds are: every height is a ratio, since minutes matter as much as hours do."""

    def __init__(self, least: float, most: float) -> None:
        self._least = max(SHORTEST, least * 0.7)
        self._most = min(LONGEST, max(most * 1.4, self._least * 4))

    def holds(self, seconds: float) -> bool:
        return self._least <= seconds <= self._most

    def y(self, seconds: float) -> float:
        within = min(max(seconds, self._least), self._most)
        share = log(within / self._least) / log(self._most / self._least)
        return round(TOP + (1 - share) * (HIGH - TOP - BOTTOM), 1)


def _x(number: int, of: int) -> float:
    return round(LEFT + 8 + (WIDE - LEFT - RIGHT - 16) * (number / (of - 1) if of > 1 else 0.5), 1)


def _tick(scale: _Scale, seconds: float) -> Markup:
    y = scale.y(seconds)
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDE - RIGHT, y, y)
    return line + _text(LEFT - 6, y + 4, show_duration(seconds), "end")


def _agreed(scale: _Scale, seconds: float) -> Markup:
    y = scale.y(seconds)
    line = Markup('<line class="agreed" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDE - RIGHT, y, y)
    return line + _text(LEFT + 4, y - 4, f"agreed: {show_duration(seconds)}", "start", "agreed")


def _weeks(points: Sequence[Point]) -> Iterable[Markup]:
    every = max(1, -(-len(points) // 6))
    for number, point in enumerate(points):
        if (len(points) - 1 - number) % every == 0:
            yield _text(_x(number, len(points)), HIGH - 6, point.label, "middle")


def _line(scale: _Scale, name: str, values: Sequence[float | None]) -> Iterable[Markup]:
    """Joined only where weeks follow each other: an empty week is a gap, not a slope."""
    places = [None if one is None else (_x(number, len(values)), scale.y(one)) for number, one in enumerate(values)]
    for one, other in pairwise(places):
        if one is not None and other is not None:
            yield Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(name, *one, *other)
    for place in places:
        if place is not None:
            yield Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(name, *place, 3.5)


def _ends(scale: _Scale, lines: Sequence[tuple[str, Sequence[float | None]]]) -> Iterable[Markup]:
    """Beside the last dot of each line, what it is and how long; pushed apart where they would cover each other."""
    last = {name: next((one for one in reversed(values) if one is not None), None) for name, values in lines}
    known = [(name, seconds) for name, seconds in last.items() if seconds is not None]
    above = float("-inf")
    for left, (name, seconds) in zip(range(len(known) - 1, -1, -1), known, strict=True):
        # Never so low that it, or the next one below, would cover the names of the weeks.
        y = above = max(min(scale.y(seconds) + 4, HIGH - BOTTOM - APART * left), above + APART)
        yield _text(WIDE - RIGHT + 4, y, f"{name} {show_duration(seconds)}", "start", f"end {name}")


def nights(people: Sequence[Called], title: str) -> Markup:
    """Pages by person and hour, the night first and shaded; each cell has its number."""
    cell, row, left = 25, 26, 130
    most = max((number for one in people for number in one.hours), default=0)
    high = 22 + row * len(people)
    dark = [number for number, hour in enumerate(HOURS) if hour in NIGHT]
    shade = Markup('<rect class="night" x="{}" y="0" width="{}" height="{}"/>').format(
        left + cell * dark[0], cell * len(dark), high
    )
    heads = [_text(left + cell * n + cell / 2, 14, f"{hour:02}", "middle") for n, hour in enumerate(HOURS)]
    rows = [part for number, one in enumerate(people) for part in _row(one, 22 + row * number, left, cell, row, most)]
    return _svg("nights", left + cell * 24 + 50, high, title, [shade, *heads, *rows])


def _row(one: Called, y: int, left: int, cell: int, row: int, most: int) -> Iterable[Markup]:
    name = one.person if len(one.person) <= 16 else one.person[:15] + "…"
    yield _text(left - 8, y + 17, name, "end", "name")
    for number, hour in enumerate(HOURS):
        pages = one.hours[hour]
        if not pages:
            continue
        shade = -(-pages * STEPS // most)
        x = left + cell * number
        yield Markup('<rect class="heat h{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>').format(
            shade, x + 1, y + 1, cell - 2, row - 2
        )
        yield _text(x + cell / 2, y + 17, str(pages), "middle", f"on h{shade}")
    yield _text(left + cell * 24 + 8, y + 17, str(one.pages), "start", "name")


def bar(value: int, most: int, title: str) -> Markup:
    """One bar, as long as its share of the longest."""
    wide = round(200 * value / most, 1) if most else 0
    return _svg("bar", 200, 10, title, [Markup('<rect x="0" y="1" width="{}" height="8" rx="2"/>').format(wide)])


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, round(x, 1), round(y, 1), anchor, text
    )


def _svg(kind: str, wide: int, high: int, title: str, parts: Iterable[Markup]) -> Markup:
    head = Markup(
        '<svg class="chart {}" viewBox="0 0 {} {}" preserveAspectRatio="xMinYMid" role="img" aria-label="{}">'
    ).format(kind, wide, high, title)
    return head + Markup("").join(parts) + Markup("</svg>")
