"""Overrides that people make while the rules stand: for a while somebody else has a schedule's turn. Pure.

They are laid over the schedules of the YAML, so that everything that asks who is on call meets one kind of override.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.clock import zone
from rules.reading.config import Config, Override
from rules.reading.problem import nearest
from rules.upcast import VERSION

LONGEST = 366 * 86400.0
"""Seconds: who is away for longer is taken out of the rota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOverride:
    """`person` is on call in `schedule` from `start` to before `end` (Unix seconds), whoever's turn it is."""

    id: str
    schedule: str
    person: str
    start: float
    end: float
    by: str
    reason: str
    made_at: float
    v: int = VERSION


def applied(config: Config, made: Iterable[MadeOverride]) -> Config:
    """The config with these laid over its schedules: they hold before those of the YAML.

    One whose person or schedule the rules no longer have is left out, so that the rota goes on paging somebody.
    """
    laid: dict[str, list[Override]] = defaultdict(list)
    for one in made:
        if one.schedule in config.schedules and one.person in config.people:
            laid[one.schedule].append(Override(start=_utc(one.start), end=_utc(one.end), person=one.person))
    if not laid:
        return config
    schedules = {
        name: schedule.model_copy(update={"overrides": [*schedule.overrides, *laid[name]]})
        if name in laid
        else schedule
        for name, schedule in config.schedules.items()
    }
    return config.model_copy(update={"schedules": schedules})


def stranded(config: Config, made: Iterable[MadeOverride], now: float) -> list[str]:
    """A sentence for each that is not over and cannot hold, because the rules have lost its person or its schedule."""
    found = []
    for one in made:
        lost = f"schedule {one.schedule!r}" if one.schedule not in config.schedules else f"person {one.person!r}"
        if one.end > now and (one.schedule not in config.schedules or one.person not in config.people):
            found.append(f"the rules have no {lost} any more: the override {one.id} does not hold, the rota does")
    return found


def check(config: Config, new: MadeOverride, known: Iterable[MadeOverride], now: float) -> None:
    """Raises ValueError, in a sentence that says what to do, for an override that cannot hold."""
    if new.person not in config.people:
        hint = nearest(new.person, config.people) or f"the rules have {_some(config.people)}"
        raise ValueError(f"There is no person '{new.person}' ({hint}).")
    if new.end <= new.start:
        raise ValueError("It would end before it begins: give an end after its beginning.")
    if new.end <= now:
        raise ValueError("It is over already: its end lies in the past.")
    if new.end - new.start > LONGEST:
        raise ValueError("An override lasts a year at most; who is away for longer is taken out of the rota.")
    for one in known:
        if one.schedule == new.schedule and one.start < new.end and new.start < one.end:
            between = f"{told(config, one.schedule, one.start)} to {told(config, one.schedule, one.end)}"
            raise ValueError(f"{one.person} has it from {between} by the override {one.id}. Lift that first.")


def instant(timezone: str, text: str) -> float:
    """Unix seconds of an ISO date and time; without an offset by the wall clock of `timezone`. Raises ValueError.

    A time that the clocks skip is taken as far after the change as it was after the skip began; of a time that comes
    twice, the first.
    """
    try:
        when = datetime.fromisoformat(text.strip())
        moment = (when if when.tzinfo else when.replace(tzinfo=zone(timezone))).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"expected a date and time like 2026-11-27T18:00, found '{text[:40]}'") from None
    if not 2000 <= when.year <= 2999:
        raise ValueError(f"expected a year from 2000 to 2999, found '{text[:40]}'")
    return moment


def told(config: Config, schedule: str, at: float) -> str:
    """`Fri 27 Nov 18:00 EET`: a moment by the wall clock of a schedule."""
    found = config.schedules.get(schedule)
    return f"{datetime.fromtimestamp(at, zone(found.timezone if found else 'UTC')):%a %d %b %H:%M %Z}"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:8]) + (" …" if len(listed) > 8 else "")
