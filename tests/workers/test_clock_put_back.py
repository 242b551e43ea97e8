"""Redis' clock is put back by an hour: what is promised in seconds comes, and nothing holds for an hour."""

from __future__ import annotations

from redis import Redis

from rules.incident import Reason
from tests.world import START, a_world
from workers import keys, latch
from workers.telling.pace import AT_ONCE, Destination, Pace
from workers.watch.auditor import audit

HOUR = 3600.0
P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]


def test_what_was_heard_just_before_is_worked_on(redis: Redis) -> None:
    """A receiver goes by the old time for some seconds: its promises stand an hour ahead, until the next audit."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        world.clock.at -= HOUR
        world.works()
        world.outside.heard_exactly([])
        audit(world.house)
        world.works()
        assert {one.title for one in world.incidents} >= {"web is down"}
        assert [one for one in world.outside.heard if one.channel == "pagerduty"]
        world.outside.heard.clear()


def test_a_page_that_waits_for_its_next_try_is_tried(redis: Redis) -> None:
    """Also what a worker had put off by some seconds when it happened."""
    with a_world(redis) as world:
        world.outside.pagerduty.fails()
        world.hears("outage")
        world.outside.heard.clear()
        world.clock.at -= HOUR
        world.works()
        world.outside.heard_exactly([])
        audit(world.house)
        world.works()
        assert [one for one in world.outside.heard if one.channel == "pagerduty"]
        world.outside.heard.clear()


def test_a_step_is_due_when_it_is(redis: Redis) -> None:
    """The audit calls nobody early: due times are Redis' own."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.clock.at -= HOUR
        assert not audit(world.house).mended
        world.passes("74m")
        world.outside.heard_exactly([])
        world.passes("2m")
        assert {one.reason for one in world.outside.heard} & {Reason.ESCALATED}
        world.outside.heard.clear()


def test_a_latch_that_would_hold_for_an_hour_is_taken(redis: Redis) -> None:
    """It was given a second, and seems to have an hour to go."""
    assert latch.take(redis, keys.AUDIT, 1000)
    assert not latch.take(redis, keys.AUDIT, 1000)
    redis.pexpire(keys.AUDIT, 3_601_000)
    assert latch.take(redis, keys.AUDIT, 1000)
    assert not latch.take(redis, keys.AUDIT, 1000)
    assert 0 < redis.pttl(keys.AUDIT) <= 1000


def test_a_room_does_not_fall_silent(redis: Redis) -> None:
    """What it was sent in the hour that comes again does not count against it."""
    with a_world(redis) as world:
        pace, room = Pace(redis, lambda: world.ruleset), Destination("slack//", 1.0)
        assert pace.take(room, AT_ONCE, START) == (AT_ONCE, 0.0)
        assert pace.take(room, 1, START)[0] == 0
        assert pace.take(room, 1, START - HOUR) == (1, 0.0)
