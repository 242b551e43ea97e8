"""The resolve gate and the checks: what a checklist waits for is looked at by itself, and again until it is well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.commands import Acknowledge, Resolve
from rules.event import Action
from rules.incident import Reason, State
from rules.responding.response_commands import Examine
from tests.stories.test_triage import API, P1_PAGE, SITE, down
from tests.world import RULES, World, a_world
from workers.channels.contract import Reply
from workers.ledger import Refused

GATE = RULES.replace("fallback: [hook]}", "fallback: [hook], verify: well}") + (
    f"""checks:
  api: {{type: http, url: "{API}"}}
checklists:
  well:
    - {{check: api}}
    - users can log in
"""
)
RECOVERED = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)]


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """A P1 that is closed only when the API answers, and somebody has looked."""
    with a_world(redis, GATE) as world:
        down(world)
        world.outside.pages[API] = Reply(status=500)
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        yield world


def ticks(world: World) -> list[str]:
    """Who has ticked what."""
    return [f"{tick.by} {tick.via}" for tick in world.incident.response.ticks.values()]


def test_nothing_is_verified_while_it_burns(world: World) -> None:
    """That the API answers when the alarm comes says nothing of the end of it."""
    assert world.outside.looked == []
    assert SITE not in world.outside.looked
    world.passes("5m")
    assert world.outside.looked == []


def test_what_has_recovered_is_looked_at_until_it_is_well(world: World) -> None:
    """Every two minutes; the history says it when something changes, and nobody is told of it."""
    world.clock.at += 1
    world.hears(action=Action.RESOLVE)
    world.outside.heard_exactly(RECOVERED)
    assert len(world.outside.looked) == 1
    world.passes("5m")
    assert len(world.outside.looked) == 3
    assert ticks(world) == []
    assert [line.kind for line in world.timeline].count("assessed") == 1
    world.outside.pages[API] = Reply(status=200)
    world.passes("2m")
    assert ticks(world) == ["api check"]
    looked = len(world.outside.looked)
    world.passes("30m")
    assert len(world.outside.looked) == looked
    assert world.incident.state is State.RECOVERED
    heard, world.outside.heard = world.outside.heard, []
    assert {one.reason for one in heard} == {Reason.REMINDER}


def test_whoever_has_it_asks_and_may_then_close_it(world: World) -> None:
    """`check`, and what is well is ticked by the check; what was ticked so and fails later is so no longer."""
    world.asks(Acknowledge(by="ana", via="test"))
    with pytest.raises(Refused, match="waits for the check «api»"):
        world.asks(Resolve(by="ana", via="test"))
    world.outside.pages[API] = Reply(status=200)
    world.asks(Examine(by="ana", via="test"))
    assert ticks(world) == ["api check"]
    world.clock.at += 60
    world.outside.pages[API] = Reply(status=500)
    world.asks(Examine(by="ana", via="test"))
    assert ticks(world) == []
    world.outside.heard = []
