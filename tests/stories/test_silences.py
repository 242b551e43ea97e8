"""A silence holds pages back, running ladders too; when it is over, what still burns is told, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.commands import Acknowledge, Lift
from rules.event import Action
from rules.incident import State
from tests.world import RULES, World, a_world
from workers.rulebook import silences

OPENED = [("pagerduty", "trigger"), ("slack", "opened")]
RECOVERED = [("pagerduty", "acknowledge"), ("slack", "recovered")]
DEPLOY = """
silences:
  - {name: deploy, when: {source: uptime}, start: 2026-03-02T09:10:00Z, for: 1h, by: ana, reason: the deployment of 2.4}
"""


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00; from 09:10 to 10:10 the uptime monitor is silenced."""
    with a_world(redis, RULES + DEPLOY) as world:
        yield world


def heard(world: World) -> list[tuple[str, str]]:
    """Who was told since the last time, channel and why, in alphabetical order."""
    found = sorted(one.short for one in world.outside.heard)
    world.outside.heard.clear()
    return found


def test_what_begins_in_a_silence_is_told_when_it_is_over(world: World) -> None:
    """It is an incident at once, and says until when it is held back and why; then the ladder runs as ever."""
    world.passes("15m")
    world.hears("degraded")
    assert heard(world) == []
    assert world.incident.hold is not None
    assert any("10:10 UTC: the deployment of 2.4 (ana)" in line for line in world.history())
    world.passes("54m")
    assert heard(world) == []
    world.passes("1m")
    told = list(world.outside.heard)
    assert heard(world) == OPENED
    assert any("held back until now by the deployment of 2.4 (ana)" in str(one.body) for one in told)
    world.passes("1h")
    assert ("slack", "escalated") in heard(world)


def test_what_is_over_before_the_silence_is_told_to_nobody(world: World) -> None:
    """Not that it began, and not that it ended."""
    world.passes("15m")
    world.hears("degraded")
    world.passes("10m")
    world.hears("degraded", action=Action.RESOLVE)
    world.passes("3h")
    assert heard(world) == []
    assert world.incident.state is State.RESOLVED


def test_a_running_ladder_waits_and_goes_on_where_it_stood(world: World) -> None:
    """The lead was due at 10:00, in the silence: she is told at its end, the others later by as much."""
    world.hears("outage")
    assert heard(world) == [("mail", "opened"), *OPENED]
    world.passes("15m")
    assert heard(world) == []
    world.passes("54m")
    assert heard(world) == []
    world.passes("1m")
    assert [why for _, why in heard(world)].count("escalated") >= 1
    steps = world.incident.steps
    assert steps[2].due_at - (steps[1].sent_at or 0) == 15 * 60


def test_a_silence_that_restarts_begins_the_ladder_anew(redis: Redis) -> None:
    """From the first responder on."""
    with a_world(redis, RULES + DEPLOY.replace("by: ana", "by: ana, then: restart")) as world:
        world.hears("outage")
        heard(world)
        world.passes("70m")
        told = list(world.outside.heard)
        assert {one.short[1] for one in told} == {"fired again", "trigger"}
        assert world.incident.steps[0].sent_at == world.clock.at
        heard(world)


def test_who_has_been_told_hears_that_it_still_burns(world: World) -> None:
    """Where no step is due at the end of the silence, whoever was told hears of it once."""
    world.hears("outage", source="other")
    heard(world)
    world.hears("degraded")
    assert heard(world) == OPENED
    world.passes("9m")
    world.asks(Acknowledge(by="ana", via="test"), next(one for one in world.incidents if one.severity == "P1"))
    heard(world)
    world.passes("52m")
    assert heard(world) == []
    world.passes("9m")
    assert "slack" in {channel for channel, _ in heard(world)}


def test_something_else_that_joins_is_told_at_once(redis: Redis) -> None:
    """A group of which one part is not silenced calls people."""
    rules = RULES + DEPLOY.replace("{source: uptime}", "{labels: {part: front}}")
    with a_world(redis, rules) as world:
        world.passes("15m")
        world.hears("grouped", key="a", labels={"service": "shop", "part": "front"})
        assert heard(world) == []
        world.hears("grouped", key="a", labels={"service": "shop", "part": "front"})
        assert heard(world) == []
        world.hears("grouped", key="b", labels={"service": "shop", "part": "back"})
        assert heard(world) == OPENED
        assert world.incident.hold is None
        world.passes("2h")
        heard(world)


def test_a_silence_set_by_hand_holds_at_once_and_is_lifted_early(world: World, redis: Redis) -> None:
    """What it held back is told when it is lifted."""
    said = {
        "name": "S-1",
        "reason": "a drill",
        "by": "dan",
        "start": "2026-03-02T09:00:00Z",
        "for": "5h",
        "everything": True,
    }
    silences.put(redis, said, world.clock.now())
    world.hears("outage", source="other")
    assert heard(world) == []
    world.passes("2h")
    assert heard(world) == []
    assert silences.lift(redis, "S-1")
    world.asks(Lift(by="dan", silence="S-1"))
    world.works()
    assert heard(world) == [("mail", "opened"), *OPENED]
    assert any("dan ended the silence: a drill (dan)" in line for line in world.history())


def test_two_silences_after_another_hold_through(redis: Redis) -> None:
    """Nobody is told between them."""
    more = DEPLOY + "  - {name: more, when: {source: uptime}, start: 2026-03-02T10:05:00Z, for: 1h, reason: and more}\n"
    with a_world(redis, RULES + more) as world:
        world.passes("15m")
        world.hears("degraded")
        world.passes("55m")
        assert heard(world) == []
        world.passes("54m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == OPENED


def test_an_open_incident_is_promised_its_end_of_silence(world: World) -> None:
    """The auditor finds nothing missing, and mends it when it is."""
    world.passes("15m")
    world.hears("degraded")
    ledger, incident = world.house.ledger, world.incident
    assert not ledger.repair(incident.id)
    world.redis.delete(f"tocsin:entry:step-{incident.id}")
    world.redis.zrem("tocsin:agenda:urgent:escalate", f"step-{incident.id}")
    assert ledger.repair(incident.id)
    world.passes("55m")
    assert heard(world) == OPENED
