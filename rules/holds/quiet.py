"""When people are not told: working hours, and silences, as an operator writes them."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from rules.clock import Span, Zone, zone
from rules.event import Severity
from rules.holds.recurrence import check_repeats
from rules.match import Condition, Spans, Weekdays, asks_for
from rules.reading.fields import Duration, Strict
from rules.reading.problem import Misplaced

YEARS = (2000, 2999)
"""Of a silence: from when on it is worth looking for what recurs, and what every calendar can reckon with."""


class WorkingHours(Strict):
    """When people work: days, times of day, and days off (`2026-12-25`), by the clock of `timezone`."""

    timezone: Zone
    weekday: Weekdays = frozenset(range(7))
    hours: Spans = (Span(0, 1440),)
    holidays: Annotated[list[datetime.date], Field(max_length=366)] = []


class SilenceConfig(Strict):
    """For a while nobody is told of what matches. Times without an offset are local to `timezone`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    when: Condition = Condition()
    severities: list[Severity] = []
    """Only incidents of these; by default of all."""
    everything: bool = False
    """Without a word on what is silenced everything is: then this must be said."""
    start: datetime.datetime
    end: datetime.datetime | None = None
    lasts: Duration | None = Field(default=None, alias="for")
    """Instead of an end."""
    repeats: str | None = None
    """`FREQ=WEEKLY;BYDAY=SU`, as calendars write it (RFC 5545); the time of day is that of `start`."""
    timezone: Zone = "UTC"
    by: str = ""
    reason: str
    then: Literal["pause", "restart"] = "pause"
    """What becomes of a matrix that runs: it goes on where it stood, or begins anew."""

    @property
    def first(self) -> datetime.datetime:
        """When it begins first, by the wall clock of its zone: that is what repeats."""
        return self.start.astimezone(zone(self.timezone)).replace(tzinfo=None) if self.start.tzinfo else self.start

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.end is None) == (self.lasts is None):
            raise Misplaced("end" if self.end else "start", "a silence has either an end, or says how long: for: 1h")
        if self.end is not None and self.repeats is not None:
            raise Misplaced("end", "a silence that repeats says how long each lasts: for: 1h")
        if self.end is not None and (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise Misplaced("end", "give both start and end an offset (like +02:00), or neither")
        for name, when in (("start", self.start), ("end", self.end)):
            if when is not None and not YEARS[0] <= when.year <= YEARS[1]:
                raise Misplaced(name, f"expected a year from {YEARS[0]} to {YEARS[1]}")
        if self.end is not None and self.end <= self.start:
            raise Misplaced("end", "a silence must end after it starts")
        if self.repeats is not None:
            try:
                check_repeats(self.repeats, self.first)
            except ValueError as wrong:
                raise Misplaced("repeats", str(wrong)) from None
        self._says_what()
        return self

    def _says_what(self) -> None:
        """A forgotten `when` hides nothing, and what an incident does not know is not asked."""
        narrowed = self.when != Condition() or bool(self.severities)
        if not narrowed and not self.everything:
            raise ValueError("when or severities says what is silenced; to silence all there is, say everything: true")
        if narrowed and self.everything:
            raise Misplaced("everything", "everything leaves nothing for when and severities to say: keep one of them")
        if asks_for(self.when, "severity"):
            raise Misplaced("when", f"severity is the sender's word, which an incident forgets; {_INSTEAD}")
        if asks_for(self.when, "weekday", "hours"):
            raise Misplaced("when", "when says what is silenced; start, for, repeats and timezone say at what times")


_INSTEAD = "write severities: [P3, P4] beside when"
