"""Somebody else has the turn: who is told is worked out when a step is due, not when the incident opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from rules.oncall.override import MadeOverride
from tests.world import RULES, START, World, a_world
from workers.rulebook import overrides

SCHEDULED = (
    RULES.replace("engineering lead: {person: maria}", "engineering lead: {schedule: leads}")
    .replace("schedules:\n", "schedules:\n  leads: {timezone: UTC, people: [maria]}\n")
    .replace("people:\n  ana", "people:\n  zoe: {email: zoe@example.com}\n  ana")
)


def put(it: World, person: str, start: float, end: float, schedule: str = "leads") -> MadeOverride:
    """Somebody made an override."""
    new = MadeOverride(
        id="O-1", schedule=schedule, person=person, start=start, end=end, by="ana", reason="a wedding", made_at=START
    )
    overrides.put(it.redis, new, it.clock.at, lambda _: None)
    return new


@pytest.fixture
def it(redis: Redis) -> Iterator[World]:
    """The engineering lead is a schedule with Maria alone in it."""
    assert SCHEDULED.count("leads") == 2
    assert "zoe:" in SCHEDULED
    with a_world(redis, SCHEDULED) as world:
        yield world


def whom(it: World, step: int) -> str | None:
    """Who was told at a step of the only incident."""
    (incident,) = it.house.store.incidents()
    it.outside.heard.clear()
    return incident.steps[step].person


def test_an_override_made_after_the_opening_changes_who_is_told_next(it: World) -> None:
    """The steps were frozen with their roles; the person is looked up when the time comes."""
    it.hears("outage")
    it.passes("5m")
    put(it, "victor", it.clock.at, it.clock.at + 86400)
    it.passes("15m")
    assert whom(it, 1) == "victor"


def test_one_that_begins_later_or_was_lifted_changes_nothing_now(it: World) -> None:
    """Maria is told."""
    put(it, "victor", it.clock.at + 7200, it.clock.at + 86400)
    it.hears("outage")
    it.passes("16m")
    assert whom(it, 1) == "maria"


def test_a_lifted_one_gives_the_turn_back(it: World) -> None:
    """Between the opening and the step."""
    put(it, "victor", it.clock.at, it.clock.at + 86400)
    it.hears("outage")
    it.passes("5m")
    assert overrides.lift(it.redis, "O-1", "ana") is not None
    assert overrides.lift(it.redis, "O-1", "ana") is None
    it.passes("15m")
    assert whom(it, 1) == "maria"


def test_new_rules_without_the_person_of_a_running_override_still_page_somebody(it: World) -> None:
    """The rota's own person has the turn again at once."""
    put(it, "zoe", it.clock.at, it.clock.at + 86400)
    it.hears("outage")
    people = {name: one for name, one in it.ruleset.config.people.items() if name != "zoe"}
    it.ruleset = replace(it.ruleset, config=it.ruleset.config.model_copy(update={"people": people}))
    it.passes("16m")
    assert whom(it, 1) == "maria"


def test_what_a_later_release_wrote_is_left_alone(it: World) -> None:
    """And the rota pages."""
    it.redis.hset("tocsin:overrides", mapping={"O-9": b'{"v":99}', "O-8": b"nonsense"})
    assert overrides.every(it.redis) == []
    it.hears("outage")
    it.passes("16m")
    assert whom(it, 1) == "maria"
