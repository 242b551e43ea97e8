"""While one thing is in trouble nobody is told of what follows from it; when that is over, of whatever still burns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.commands import Acknowledge, ChangeSeverity, FalsePositive, Resolve
from rules.event import Action, Severity
from rules.incident import State, StepState
from rules.reading.load import load
from tests.children import INHIBIT, OPENED, SHOP, down, errors, heard, history, the
from tests.world import RULES, World, a_world
from workers.channels import OPTIONS
from workers.rulebook import silences
from workers.watch.auditor import audit


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00; while the site is down, nobody is told of errors of the same service."""
    with a_world(redis, RULES + INHIBIT) as world:
        yield world


def test_a_child_opens_and_nobody_is_told(world: World) -> None:
    """It says who its parent is, and the parent lists it; the parent's own people are told as ever."""
    parent = down(world)
    assert heard(world) == [("mail", "opened"), *OPENED]
    child = errors(world)
    assert heard(world) == []
    assert (child.parent, child.state) == (parent.id, State.TRIGGERED)
    assert f"nobody is told while it lasts: site is down (incident {parent.id})" in history(world, child)
    assert [one.id for one in world.house.store.children(parent.id)] == [child.id]
    world.passes("14m")
    assert heard(world) == []
    world.passes("61m")
    told = world.outside.heard[:]
    assert heard(world)
    assert all(child.id not in str(one.body) for one in told)
    assert history(world, child).count("nobody is told") == 1


@pytest.mark.parametrize("how", ["resolved", "recovered", "false positive"])
def test_when_the_parent_is_over_children_that_burn_are_told_at_once_and_once(world: World, how: str) -> None:
    """Whichever way it ends; then their ladder runs as if they had opened now."""
    parent = down(world)
    world.passes("5m")
    errors(world)
    world.passes("2m30s")
    heard(world)
    if how == "recovered":
        world.hears(action=Action.RESOLVE, key="site", labels=SHOP)
    elif how == "resolved":
        world.asks(Resolve(by="ana", via="test"), parent)
    else:
        world.asks(FalsePositive(by="ana", via="test", reason="a drill"), parent)
    told = list(world.outside.heard)
    child = the(world, "boom")
    assert heard(world).count(("slack", "opened")) == 1
    assert f"no longer kept quiet by site is down (incident {parent.id})" in history(world, child)
    assert any(f"held back until now by site is down (incident {parent.id})" in str(one.body) for one in told)
    assert (child.parent, child.steps[0].sent_at) == (None, world.clock.at)
    assert child.steps[1].due_at == world.clock.at + 3600
    world.passes("59m")
    assert heard(world) == []
    world.passes("1m")
    assert ("slack", "escalated") in heard(world)


def test_a_child_that_is_over_before_its_parent_is_told_to_nobody(world: World) -> None:
    """Not that it began, and not that it ended."""
    parent = down(world)
    errors(world)
    errors(world, action=Action.RESOLVE)
    heard(world)
    world.asks(Resolve(by="ana", via="test"), parent)
    assert {why for _, why in heard(world)} == {"resolved", "resolve"}
    world.passes("3h")
    assert heard(world) == []
    assert the(world, "boom").state is State.RESOLVED


def test_children_stay_quiet_while_somebody_works_on_the_parent(world: World) -> None:
    """An acknowledged parent is still in trouble; so is one whose sender says nothing for hours."""
    parent = down(world)
    world.asks(Acknowledge(by="ana", via="test"), parent)
    heard(world)
    errors(world)
    world.passes("6h")
    assert heard(world) == []
    world.hears(action=Action.RESOLVE, key="site", labels=SHOP)
    assert ("slack", "opened") in heard(world)


def test_what_it_does_not_mean_is_told(world: World) -> None:
    """Another service, another sender, one that names no service, and a P1, unless the YAML says so."""
    down(world)
    heard(world)
    errors(world, key="other", labels={"service": "blog"})
    errors(world, key="none", labels={})
    world.hears("degraded", source="uptime", key="slow", labels=SHOP)
    errors(world, "outage", key="worst")
    assert all(one.parent is None for one in world.incidents)
    assert len(heard(world)) == 3 * 2 + 3


def test_a_p1_is_kept_quiet_where_the_yaml_says_so(redis: Redis) -> None:
    """`quiet: {severity: [P1, P2]}`: whoever writes that means it."""
    with a_world(redis, RULES + INHIBIT.replace("source: sentry", "source: sentry, severity: [P1, P2]")) as world:
        down(world)
        heard(world)
        assert errors(world, "outage", key="worst").parent
        assert errors(world, "minor", key="mild").parent is None
        assert heard(world) == [("slack", "opened")]


def test_a_child_that_becomes_a_p1_is_told(world: World) -> None:
    """By an event, or by a person."""
    down(world)
    first, second = errors(world), errors(world, key="bang")
    heard(world)
    assert first.parent
    assert second.parent
    errors(world, "outage")
    assert ("mail", "severity raised") in heard(world)
    roster = world.house.ledger.roster()
    world.asks(ChangeSeverity(by="ana", via="test", to=Severity.P1, roster=roster), second)
    assert ("mail", "severity raised") in heard(world)
    assert the(world, "bang").parent is None


def test_a_running_ladder_stands_still_and_goes_on(world: World) -> None:
    """The errors came first and were told; a step that comes due meanwhile is told when the parent is over."""
    errors(world)
    assert heard(world) == OPENED
    world.passes("30m")
    parent = down(world)
    heard(world)
    world.asks(Acknowledge(by="ana", via="test"), parent)
    heard(world)
    world.passes("90m")
    assert heard(world) == []
    assert the(world, "boom").parent == parent.id
    world.asks(Resolve(by="ana", via="test"), parent)
    assert ("slack", "escalated") in heard(world)
    assert [step.state for step in the(world, "boom").steps] == [StepState.SENT] * 2
    world.passes("59m")
    assert heard(world) == []
    world.passes("1m")
    assert ("slack", "exhausted") in heard(world)


def test_a_child_keeps_nobody_quiet(redis: Redis) -> None:
    """No chains: what is kept quiet is no parent, and no circle hides two incidents behind each other."""
    chain = """
  - {name: second, while: {source: sentry}, quiet: {source: stripe}, equal: labels.service}
  - {name: back, while: {source: sentry}, quiet: {source: uptime, severity: [P1, P2]}, equal: labels.service}
"""
    with a_world(redis, RULES + INHIBIT + chain) as world:
        parent = down(world)
        child = errors(world)
        heard(world)
        assert child.parent == parent.id
        world.hears("degraded", source="stripe", key="pay", labels=SHOP)
        assert the(world, "pay").parent is None
        assert heard(world) == OPENED
        world.passes("15m")
        assert the(world, "site").parent is None
        assert ("mail", "escalated") in heard(world)


def test_of_two_parents_the_other_goes_on(world: World) -> None:
    """When one is over, the child stays quiet under the other, and is told when that is over too."""
    first = down(world)
    world.passes("1m")
    world.hears("outage", key="api", labels=SHOP)
    second = the(world, "api")
    heard(world)
    assert errors(world).parent == first.id
    world.asks(Resolve(by="ana", via="test"), first)
    assert ("slack", "opened") not in heard(world)
    assert the(world, "boom").parent == second.id
    world.asks(Resolve(by="ana", via="test"), second)
    assert ("slack", "opened") in heard(world)


def test_what_joins_and_is_not_meant_is_told(redis: Redis) -> None:
    """A group across sources of which one part has another cause calls people."""
    groups = "groups:\n  - {name: one service, when: {not: {kind: site}}, by: labels.service, within: 10m}\n"
    with a_world(redis, RULES + INHIBIT + groups) as world:
        down(world, kind="site")
        heard(world)
        errors(world)
        assert heard(world) == []
        world.hears("degraded", source="stripe", key="pay", labels=SHOP)
        assert heard(world) == OPENED
        assert the(world, "boom").parent is None


def test_a_silenced_child_waits_for_both(world: World, redis: Redis) -> None:
    """The parent is over while a silence lasts: the child is told at the end of the silence."""
    parent = down(world)
    errors(world)
    heard(world)
    said = {"name": "S-1", "reason": "a drill", "when": {"source": "sentry"}, "start": "2026-03-02T09:00:00Z"}
    silences.put(redis, {**said, "for": "1h"}, world.clock.now())
    world.asks(Resolve(by="ana", via="test"), parent)
    assert ("slack", "opened") not in heard(world)
    world.passes("59m")
    assert heard(world) == []
    world.passes("2m")
    assert ("slack", "opened") in heard(world)


@pytest.mark.parametrize(
    "rules",
    [
        RULES,
        RULES + INHIBIT.replace("while: {", "while: {severity: P4, "),
        RULES + INHIBIT.replace("quiet: {", "quiet: {labels: {service: other}, "),
    ],
    ids=["taken out", "another cause", "others quiet"],
)
def test_what_new_rules_keep_quiet_no_longer_is_told_within_half_a_minute(world: World, rules: str) -> None:
    """Hours in, somebody sees what it hides and changes `inhibit`: nobody waits for the next look at the child."""
    parent = down(world)
    world.asks(Acknowledge(by="ana", via="test"), parent)
    child = errors(world)
    world.passes("3h")
    heard(world)
    world.ruleset = load({"rules.yaml": rules}, channel_options=OPTIONS)
    audit(world.house)
    world.works()
    assert ("slack", "opened") in heard(world)
    assert the(world, "boom").parent is None
    assert f"no longer kept quiet by site is down (incident {parent.id})" in history(world, child)


def test_an_audit_lets_be_what_is_rightly_kept_quiet(world: World) -> None:
    """The rules have not changed: nobody is told, and the child waits as before."""
    down(world)
    child = errors(world)
    heard(world)
    audit(world.house)
    world.works()
    assert heard(world) == []
    assert the(world, "boom").hold == child.hold
