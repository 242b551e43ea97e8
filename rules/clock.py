"""Times of day, days of the week and time zones, as people write them. What time it is comes from the caller."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, WithJsonSchema

from rules.reading.problem import Hinted, nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_LONG = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}


class Span(NamedTuple):
    """From a minute of the day (included) to another (excluded); one that ends before it starts crosses midnight."""

    start: int
    end: int

    def holds(self, minute: int) -> bool:
        """Is this minute of the day inside?"""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return f"{show_time(self.start)}-{show_time(self.end)}"


def show_time(minute: int) -> str:
    """`09:05` of 545."""
    return f"{minute // 60:02}:{minute % 60:02}"


def parse_time(text: object) -> int:
    """Minutes since midnight of `09:00`; `24:00` is the end of the day. Raises ValueError."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found else 24 * 60 + 1
    if minute > 24 * 60:
        raise ValueError(f"expected a time of day like 09:00, found '{text}'")
    return minute


def parse_span(text: object) -> Span:
    """`09:00-17:00`. Raises ValueError."""
    if isinstance(text, Span):
        return text
    start, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
    if not dash:
        raise ValueError(f"expected hours like 09:00-17:00, found '{text}'")
    try:
        span = Span(parse_time(start), parse_time(end))
    except ValueError:
        raise ValueError(f"expected hours like 09:00-17:00, found '{text}'") from None
    if span.start == span.end:
        raise ValueError(f"'{text}' is no time at all; for the whole day leave hours out")
    return span


def parse_day(text: object) -> int:
    """0 for `mon` or `Monday`. Raises ValueError."""
    word = text.strip().lower() if isinstance(text, str) else ""
    if word[:3] in DAYS and (word in DAYS or word in _LONG):
        return DAYS.index(word[:3])
    raise ValueError(f"expected days like mon, fri or mon-fri, found '{text}'")


def parse_weekdays(value: object) -> frozenset[int]:
    """The days of `mon`, `sat-mon` or a list of such; 0 is Monday. Raises ValueError."""
    if isinstance(value, frozenset):
        return value
    days: set[int] = set()
    for text in value if isinstance(value, list) else [value]:
        first, dash, last = text.partition("-") if isinstance(text, str) else ("", "", "")
        start = parse_day(first if dash else text)
        end = parse_day(last) if dash else start
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    if not days:
        raise ValueError("an empty list of days holds never; leave weekday out")
    return frozenset(days)


def show_days(days: frozenset[int]) -> list[str]:
    """`["mon", "tue"]` of {0, 1}."""
    return [DAYS[day] for day in sorted(days)]


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_zone(name: str) -> str:
    """The name itself. Raises ValueError, with the nearest right one, when no zone is called so."""
    if name not in _zones():
        offset = re.match(r"(?:UTC|GMT)? ?[+-][0-9]", name, re.ASCII)
        hint = "name a city: it knows when the clocks change" if offset else nearest(name, _zones())
        raise Hinted(f"'{name}' is not a time zone; expected one like Europe/Bucharest", hint)
    return name


_AS_ZONE = {"type": "string", "examples": ["UTC", "Europe/Bucharest", "America/New_York"]}
Zone = Annotated[str, AfterValidator(check_zone), WithJsonSchema(_AS_ZONE)]
"""The name of a time zone, as in the IANA table."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The zone of a name that `Zone` has checked."""
    return ZoneInfo(name)


class HandOver(NamedTuple):
    """When a turn ends: a minute of the day, on one day of the week or (None) on every day."""

    day: int | None
    minute: int


def parse_hand_over(text: object) -> HandOver:
    """`Mon 09:00` for turns of weeks, `09:00` for turns of days. Raises ValueError."""
    first, _, rest = text.strip().partition(" ") if isinstance(text, str) else ("", "", "")
    wrong = ValueError(f"expected a hand-over like 'Mon 09:00', or '09:00' for turns of days, found '{text}'")
    try:
        found = HandOver(parse_day(first), parse_time(rest)) if rest else HandOver(None, parse_time(first))
    except ValueError:
        raise wrong from None
    if found.minute == 24 * 60:
        raise wrong
    return found
