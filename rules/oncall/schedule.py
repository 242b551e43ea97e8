"""Who is on call, by wall clock: rotations with overrides, and the roster of every role at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from rules.clock import HandOver, parse_hand_over, zone
from rules.holds.hours import Hours
from rules.holds.silence import Silences
from rules.incident import Reason
from rules.oncall.roster import Reach, Roster
from rules.reading.config import Config, Override, Person, Schedule
from rules.together.inhibition import Inhibitions


@dataclass(frozen=True, slots=True)
class Way:
    """What the rules must know of a channel: does it post to a room, and which field of a person is its address?"""

    room: bool
    address: str | None = None
    shared: str | None = None
    """The option of the channel that serves people without an address of their own."""
    gap: float | None = None
    """Seconds between two messages beyond the first few; None for a machine, which takes all."""
    silent: frozenset[Reason] = field(default_factory=frozenset)
    """What it has no words for."""

    def reaches(self, person: Person | None) -> bool:
        """Can it say something to this person: by a room, by whatever is shared, or at an address of theirs?"""
        return self.room or self.address is None or bool(getattr(person, self.address, None))

    def configured(self, options: Mapping[str, object]) -> Way:
        """This way as one channel's options make it: with what is shared, it reaches everybody."""
        served = self.shared is not None and options.get(self.shared) is not None
        return replace(self, address=None) if served else self


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's unbroken time on call, in Unix seconds; `person` None is a hole."""

    start: float
    end: float
    person: str | None


def on_call(schedule: Schedule, at: float) -> str | None:
    """Who is on call at `at` (Unix seconds). Of overrides that overlap, the one listed last holds; None is nobody."""
    for override in reversed(schedule.overrides):
        start, end = edges(schedule, override)
        if start <= at < end:
            return override.person
    if not schedule.people:
        return None
    return schedule.people[_turn(schedule, at) % len(schedule.people)]


def holds_until(config: Config, now: float) -> float:
    """Until when everybody has the role they have at `now`: the next hand-over or override; infinite without any."""
    ahead = [
        edge
        for schedule in config.schedules.values()
        for edge in (
            *((_begins(schedule, _turn(schedule, now) + 1),) if schedule.people else ()),
            *(edge for override in schedule.overrides for edge in edges(schedule, override)),
        )
        if edge > now
    ]
    return min(ahead, default=float("inf"))


def shifts(schedule: Schedule, start: float, end: float) -> list[Shift]:
    """Who is on call from `start` to `end`, without gaps; neighbouring times of the same person are one shift."""
    edges = {start, *(edge for edge in _changes(schedule, start, end) if start < edge < end)}
    found: list[Shift] = []
    for begins in sorted(edges):
        person = on_call(schedule, begins)
        if not found or found[-1].person != person:
            found.append(Shift(begins, end, person))
    ends = [*(shift.start for shift in found[1:]), end]
    return (
        [Shift(shift.start, stop, shift.person) for shift, stop in zip(found, ends, strict=True)] if start < end else []
    )


def roster(
    config: Config,
    now: float,
    ways: Mapping[str, Way],
    silences: Silences | None = None,
    inhibitions: Inhibitions | None = None,
) -> Roster:
    """Every role of the YAML at `now`, which of the configured channels reach it, what is silenced or kept quiet."""
    rooms = frozenset(name for name, way in ways.items() if way.room)
    reaches: dict[str, Reach] = {}
    for name, role in config.roles.items():
        person = role.person
        if role.schedule is not None:
            person = on_call(config.schedules[role.schedule], now)
        if person is None:
            reaches[name] = Reach(person=None, why_nobody=f"schedule {role.schedule} has nobody on call")
        else:
            hours = working_hours(config, config.people[person].hours)
            reaches[name] = _reach(person, config.people[person], ways, hours)

    def addresses(person: str) -> frozenset[str]:
        known = config.people.get(person)
        return frozenset() if known is None else _reach(person, known, ways, None).channels

    pages = {name: frozenset(page.components) for name, page in config.status_pages.items()}
    return Roster(reaches, rooms, pages, silences or Silences(), inhibitions or Inhibitions(), addresses=addresses)


def working_hours(config: Config, name: str | None) -> Hours | None:
    """The hours of this name; None for none."""
    written = config.hours.get(name or "")
    if written is None or name is None:
        return None
    return Hours(
        name=name,
        timezone=written.timezone,
        days=tuple(sorted(written.weekday)),
        spans=tuple((span.start, span.end) for span in written.hours),
        holidays=tuple(day.isoformat() for day in written.holidays),
    )


def _reach(name: str, person: Person, ways: Mapping[str, Way], hours: Hours | None) -> Reach:
    channels = frozenset(channel for channel, way in ways.items() if way.reaches(person))
    why = "" if channels else f"{name} has no address for {', '.join(ways)}" if ways else "no channel is configured"
    return Reach(person=name, channels=channels, hours=hours, why_nobody=why)


def _turn(schedule: Schedule, at: float) -> int:
    """Number of the turn that holds at `at`: the last one that has begun."""
    guess = (datetime.fromtimestamp(at, zone(schedule.timezone)).date() - _anchor(schedule)).days // _days(schedule) + 1
    while _begins(schedule, guess) > at:
        guess -= 1
    return guess


def _begins(schedule: Schedule, turn: int) -> float:
    """When a turn begins, at local wall-clock time.

    A time that the clocks skip in spring is taken as far after the change as it was after the skip's begin; of a time
    that comes twice in autumn, the first (PEP 495, fold=0).
    """
    day = _anchor(schedule) + timedelta(days=turn * _days(schedule))
    minute = _hand_over(schedule).minute
    return datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=zone(schedule.timezone)).timestamp()


def _anchor(schedule: Schedule) -> date:
    """The day on which turn 0 begins."""
    day = _hand_over(schedule).day
    if day is None:
        return schedule.starts or date(2024, 1, 1)
    if schedule.starts is None:
        return date(2024, 1, 1 + day)
    return schedule.starts - timedelta(days=(schedule.starts.weekday() - day) % 7)


def _hand_over(schedule: Schedule) -> HandOver:
    return parse_hand_over(schedule.hand_over)


def _days(schedule: Schedule) -> int:
    return int(schedule.every[:-1]) * (7 if schedule.every.endswith("w") else 1)


def _changes(schedule: Schedule, start: float, end: float) -> Iterator[float]:
    turn = _turn(schedule, start)
    while (begins := _begins(schedule, turn)) < end:
        yield begins
        turn += 1
    for override in schedule.overrides:
        yield from edges(schedule, override)


def edges(schedule: Schedule, override: Override) -> tuple[float, float]:
    """When an override begins and ends, in Unix seconds."""
    return _instant(schedule, override.start), _instant(schedule, override.end)


def _instant(schedule: Schedule, when: datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=zone(schedule.timezone))).timestamp()
