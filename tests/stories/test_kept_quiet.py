"""What is kept quiet: pages that fail meanwhile wait too, and hours that begin or end count at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.commands import Acknowledge, Resolve
from rules.incident import StepState
from tests.children import INHIBIT, down, errors, heard, history, the
from tests.world import RULES, START, World, a_world


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00; while the site is down, nobody is told of errors of the same service."""
    with a_world(redis, RULES + INHIBIT) as world:
        yield world


def test_a_page_that_fails_while_its_incident_is_kept_quiet_waits(world: World) -> None:
    """PagerDuty refuses it for good after the site went down: its fallback is not asked before the site is up.

    Then the page is tried again, says why it comes so late, and asks its fallback where it still fails.
    """
    world.outside.pagerduty.fails(status=500, times=1)
    errors(world)
    assert heard(world) == [("slack", "opened")]
    parent = down(world)
    world.asks(Acknowledge(by="ana", via="test"), parent)
    heard(world)
    world.outside.pagerduty.fails(status=400, times=1)
    world.passes("10m")
    child = the(world, "boom")
    assert heard(world) == []
    assert "pager could not tell on-call engineer (ana)" in history(world, child)
    assert (child.parent, child.steps[0].state) == (parent.id, StepState.WAITING)
    world.passes("3h")
    assert heard(world) == []
    world.outside.pagerduty.fails(status=400, times=2)
    world.asks(Resolve(by="ana", via="test"), parent)
    told = [one for one in world.outside.heard if child.id in str(one.body)]
    assert sorted(one.short for one in told) == [("mail", "opened"), ("slack", "opened")]
    assert any("pager failed" in str(one.body) for one in told)
    heard(world)
    world.passes("59m")
    assert heard(world) == []
    world.passes("1m")
    assert ("slack", "escalated") in heard(world)


def test_nobody_further_is_called_for_whom_no_channel_reached_while_it_is_kept_quiet(world: World) -> None:
    """Every way failed for good: the lead is not called at once, as they would be if nothing kept it quiet."""
    world.outside.pagerduty.fails(status=500, times=1)
    world.outside.slack.fails(status=500, times=1)
    errors(world)
    parent = down(world)
    for receiver in (world.outside.pagerduty, world.outside.slack, world.outside.mail):
        receiver.fails(status=550 if receiver is world.outside.mail else 404, times=9)
    world.passes("5m")
    for receiver in (world.outside.pagerduty, world.outside.slack, world.outside.mail):
        receiver.heals()
    child = the(world, "boom")
    assert child.parent == parent.id
    assert [step.state for step in child.steps] == [StepState.WAITING] * 2
    world.outside.heard.clear()
    world.asks(Acknowledge(by="ana", via="test"), parent)
    world.asks(Resolve(by="ana", via="test"), parent)
    assert [one.short for one in world.outside.heard if child.id in str(one.body)].count(("slack", "opened")) == 1
    assert "engineering lead (maria) is told" not in history(world, child)
    heard(world)


AT_NIGHT = INHIBIT.replace("quiet: {", 'quiet: {hours: "22:00-06:00", timezone: Europe/Bucharest, ')


def test_what_is_kept_quiet_at_some_hours_is_told_at_their_end(redis: Redis) -> None:
    """To the second, by the promise of its own that stands on the agenda: no audit need come by."""
    with a_world(redis, RULES + AT_NIGHT, start=START + 12 * 3600) as world:
        parent = down(world)
        world.asks(Acknowledge(by="ana", via="test"), parent)
        heard(world)
        assert errors(world).parent == parent.id
        world.passes("6h59m59s")
        assert heard(world) == []
        world.passes("1s")
        assert ("slack", "opened") in heard(world)
        assert the(world, "boom").parent is None


def test_the_hours_of_a_parent_begin_though_nothing_is_heard_of_it(redis: Redis) -> None:
    """It opened in the evening; errors that come in its hours are kept quiet, those before and after are not."""
    rules = RULES + INHIBIT.replace("while: {", 'while: {hours: "22:00-06:00", ')
    with a_world(redis, rules, start=START + 12 * 3600) as world:
        parent = down(world)
        world.asks(Acknowledge(by="ana", via="test"), parent)
        heard(world)
        assert errors(world, key="before").parent is None
        world.passes("1h")
        assert errors(world, key="within").parent == parent.id
        world.passes("8h")
        assert the(world, "within").parent is None
        assert errors(world, key="after").parent is None
        heard(world)
