"""Whom it told, and at what hour of theirs: how often people were woken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rules.clock import zone
from rules.numbers.course import Course
from rules.reading.config import Config

NIGHT = (*range(22, 24), *range(7))
"""The hours of 22:00 to 07:00, in which a page wakes somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The pages of one person. A step of the ladder is one page, on however many channels it went out."""

    person: str
    timezone: str
    hours: tuple[int, ...]
    """Pages in each hour of the day, by the clock of `timezone`; 24 of them."""

    @property
    def pages(self) -> int:
        """All of them."""
        return sum(self.hours)

    @property
    def nights(self) -> int:
        """Those between 22:00 and 07:00."""
        return sum(self.hours[hour] for hour in NIGHT)


def called(courses: Iterable[Course], config: Config) -> list[Called]:
    """The pages of everybody who had one, most often called at night first. False positives count: they woke."""
    counts: dict[str, Counter[int]] = {}
    zones: dict[str, str] = {}
    for one in courses:
        for at, person in one.pages:
            if person not in zones:
                zones[person], counts[person] = zone_of(person, config), Counter()
            counts[person][datetime.fromtimestamp(at, zone(zones[person])).hour] += 1
    found = [
        Called(person=person, timezone=zones[person], hours=tuple(counts[person][hour] for hour in range(24)))
        for person in counts
    ]
    return sorted(found, key=lambda one: (-one.nights, -one.pages, one.person))


def zone_of(person: str, config: Config) -> str:
    """Their own time zone, else that of the first schedule they are in, else UTC."""
    known = config.people.get(person)
    if known is not None and known.timezone is not None:
        return known.timezone
    return next((one.timezone for one in config.schedules.values() if person in one.people), "UTC")
