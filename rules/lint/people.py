"""Findings about whoever must answer: nobody at all, nobody for a while, somebody whom nothing reaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rules.clock import zone
from rules.lint.given import Given
from rules.oncall.reach import unreached
from rules.oncall.schedule import edges, shifts
from rules.reading.config import Override, Schedule
from rules.reading.problem import Problem

AHEAD = 60 * 86400.0
"""So far schedules are looked at, in seconds."""
_SWAPS = 500
"""Overrides looked at of one schedule: the last ones, because of two the one listed last holds."""


def unreached_person(given: Given) -> Iterator[Problem]:
    """Somebody who may have to answer, and has no address for any channel of that severity."""
    if given.ways is None:
        return
    config, types = given.config, given.ways
    known = {name: one for name, one in config.channels.items() if one.type in types}
    ways = {name: types[one.type].configured(one.options) for name, one in known.items()}
    for name, severities in unreached(config, ways):
        message = f"'{name}' may have to answer, and no channel of {', '.join(severities)} reaches them"
        hint = f"give {name} an address that one of these channels uses: email, slack or pagerduty"
        yield given.finding(("people", name), message, hint, key=True)


def empty_role(given: Given) -> Iterator[Problem]:
    """A role that nobody ever has, or somebody without any address."""
    for name, role in given.config.roles.items():
        schedule = given.config.schedules.get(role.schedule or "")
        if schedule is not None and not _ever(schedule):
            message = f"nobody is ever '{name}': the schedule '{role.schedule}' names no people"
            yield given.finding(("roles", name), message, f"write people: [...] under {role.schedule}", key=True)
        person = given.config.people.get(role.person or "")
        if person is not None and not (person.email or person.slack or person.pagerduty):
            message = f"'{name}' is {role.person}, who has no address at all"
            hint = f"give {role.person} an email, slack or pagerduty"
            yield given.finding(("roles", name), message, hint, key=True)


def _ever(schedule: Schedule) -> bool:
    return bool(schedule.people) or any(swap.person is not None for swap in schedule.overrides)


def schedule_gap(given: Given) -> Iterator[Problem]:
    """A time in the next sixty days when a schedule that a role uses has nobody."""
    used = {role.schedule for role in given.config.roles.values()}
    for name, schedule in given.config.schedules.items():
        if name not in used or not _ever(schedule):
            continue
        coming = [swap for swap in schedule.overrides if _comes(schedule, swap, given.now)][-_SWAPS:]
        looked = schedule.model_copy(update={"overrides": coming})
        holes = [shift for shift in shifts(looked, given.now, given.now + AHEAD) if shift.person is None]
        if holes:
            first, others = holes[0], len(holes) - 1
            more = f" and {others} more times" if others > 1 else " and once more" if others else ""
            start, end = _local(schedule, first.start), _local(schedule, first.end)
            when = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} {schedule.timezone}"
            place = _place(schedule, name, first.start)
            yield given.finding(place, f"'{name}' has nobody on call {when}{more}", "give somebody that time")


def _comes(schedule: Schedule, swap: Override, now: float) -> bool:
    start, end = edges(schedule, swap)
    return end > now and start < now + AHEAD


def _place(schedule: Schedule, name: str, at: float) -> tuple[str | int, ...]:
    """The override that makes the hole; the schedule when there is none."""
    for number, swap in reversed(list(enumerate(schedule.overrides))):
        start, end = edges(schedule, swap)
        if start <= at < end:
            return ("schedules", name, "overrides", number)
    return ("schedules", name, "people")


def future_start(given: Given) -> Iterator[Problem]:
    """A rotation that `starts` on a day to come: people take turns before it all the same."""
    for name, schedule in given.config.schedules.items():
        if schedule.starts is not None and schedule.starts > _local(schedule, given.now).date() and schedule.people:
            message = f"'{name}' starts on {schedule.starts}, and its people take turns before that day all the same"
            hint = "starts only says whose turn it is; to have nobody until then, write an override"
            yield given.finding(("schedules", name, "starts"), message, hint)


def _local(schedule: Schedule, at: float) -> datetime:
    return datetime.fromtimestamp(at, zone(schedule.timezone))
