"""Whether anything at all reaches a person: asked of the rules before anybody is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rules.matrix import plan
from rules.oncall.schedule import Way
from rules.reading.config import Config, Person, Role


def out_of_reach(person: Person, ways: Iterable[Way]) -> bool:
    """Does none of these channels call this person?

    A room calls whom it can mention. Where there are rooms only, that is what the operator wants, and any address will
    do; a receiver of the operator's own may call anybody.
    """
    known = list(ways)
    if any(not way.room and way.address is None for way in known):
        return False
    fields = ("email", "slack", "pagerduty") if all(way.room for way in known) else [way.address for way in known]
    return not any(getattr(person, field) for field in fields if field)


def unreached(config: Config, ways: Mapping[str, Way]) -> Iterator[tuple[str, list[str]]]:
    """People of the matrix, each with the severities none of whose channels calls them; `ways` by channel name."""
    found: dict[str, list[str]] = {}
    for severity in config.severities:
        written = plan(config, severity)
        through = [ways[channel] for channel in (*written.channels, *written.fallback) if channel in ways]
        roles = dict.fromkeys([written.responder, *(step.role for step in written.steps)])
        people = dict.fromkeys(name for role in roles for name in _people(config, config.roles[role]))
        for name in people:
            if out_of_reach(config.people[name], through):
                found.setdefault(name, []).append(severity.value)
    yield from found.items()


def _people(config: Config, role: Role) -> Iterator[str]:
    """Whoever may have the role some day."""
    if role.schedule is None:
        yield role.person or ""
        return
    schedule = config.schedules[role.schedule]
    yield from schedule.people
    yield from (override.person for override in schedule.overrides if override.person is not None)
