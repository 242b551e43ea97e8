"""What several senders say of one service is one incident: as bad as the worst of it, with one matrix, told once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from redis import Redis

from rules.commands import Acknowledge, Resolve
from rules.event import Action, Event, Severity
from rules.incident import State
from tests.failing import Meddler, meddled
from tests.world import RULES, World, a_world
from workers.agenda import Job, Lane

INTAKE = (Lane.INTAKE, Job.DEDUPLICATE)
ONE_SERVICE = "groups:\n  - {name: one service, by: labels.service, within: 10m}\n"
TEAMS = RULES.replace("people:\n", "teams: {payments: {people: [dan]}, web: {people: [maria]}}\npeople:\n", 1).replace(
    "then: {severity: P1}}", "then: {severity: P1, runbook: site-down, team: web}}", 1
)
SHOP = {"service": "shop"}
SAYS = [("sentry", "minor", "sentry-1"), ("uptime", "degraded", "web"), ("stripe", "outage", "pi_1")]
"""Three senders, each judged by its own rule: a P3, a P2, a P1."""


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00; whatever says the same service within ten minutes belongs together."""
    with a_world(redis, TEAMS + ONE_SERVICE) as world:
        yield world


def says(world: World, source: str, how: str, key: str, **more: object) -> Event:
    """One sender says something of the shop."""
    return world.hears(how, source=source, key=key, **{"labels": SHOP, **more})  # type: ignore[arg-type]


def heard(world: World) -> list[tuple[str, str]]:
    """Who was told since the last time, in alphabetical order."""
    found = sorted(one.short for one in world.outside.heard)
    world.outside.heard.clear()
    return found


def test_three_senders_are_one_incident(world: World) -> None:
    """It opens milder, is raised by whoever says worse, has the worst one's rule, runbook and team, and one ladder."""
    says(world, "sentry", "minor", "sentry-1")
    assert heard(world) == [("slack", "opened")]
    world.passes("2m")
    says(world, "uptime", "degraded", "web")
    assert heard(world) == [("pagerduty", "trigger"), ("slack", "severity raised")]
    world.passes("2m")
    says(world, "stripe", "outage", "pi_1")
    told = list(world.outside.heard)
    assert heard(world) == [("mail", "severity raised"), ("pagerduty", "trigger"), ("slack", "severity raised")]
    assert all("3 alerts: sentry, uptime, stripe" in one.text + str(one.body) for one in told)
    incident = world.incident
    assert (incident.severity, incident.rule, incident.runbook, incident.team) == (
        Severity.P1, "the site is down", "site-down", "web",
    )  # fmt: skip
    assert sorted(incident.signals) == ["sentry/sentry-1", "stripe/pi_1", "uptime/web"]
    assert [step.role for step in incident.steps] == ["on-call engineer", "engineering lead", "ceo"]
    world.passes("15m")
    assert {why for _, why in heard(world)} == {"escalated", "trigger"}


def test_a_milder_one_joins_without_lowering_or_calling(world: World) -> None:
    """It is written down, with what its own rule said; nobody is called again."""
    says(world, "stripe", "outage", "pi_1")
    heard(world)
    says(world, "sentry", "minor", "sentry-1")
    assert heard(world) == []
    assert world.incident.severity is Severity.P1
    assert "joined by sentry: sentry-1 is down, P3 by rule «everything else»" in world.history()


@pytest.mark.parametrize("order", list(permutations(SAYS)), ids=lambda each: "-".join(one[0] for one in each))
def test_in_any_order_and_told_twice_it_comes_to_the_same(world: World, order: list[tuple[str, str, str]]) -> None:
    """One incident, P1, three signals; what is handed in again changes nothing."""
    now = world.clock.now()
    events = [
        says(world, source, how, key, at=now + 60 * SAYS.index((source, how, key)), work=False)
        for source, how, key in order
    ]
    world.works()
    world.takes_in(*events)
    world.works()
    assert len(world.incident.signals) == 3
    assert (world.incident.severity, world.incident.count) == (Severity.P1, 3)
    heard(world)


def test_each_signal_clears_by_itself(world: World) -> None:
    """The incident recovers when the last of the three is over, and fires again with any of them."""
    for source, how, key in SAYS:
        says(world, source, how, key)
    heard(world)
    for source, how, key in SAYS[:2]:
        says(world, source, how, key, action=Action.RESOLVE)
    assert world.incident.state is State.TRIGGERED
    assert [key for key, one in world.incident.signals.items() if one.firing] == ["stripe/pi_1"]
    says(world, "stripe", "outage", "pi_1", action=Action.RESOLVE)
    assert world.incident.state is State.RECOVERED
    says(world, "uptime", "degraded", "web")
    assert world.incident.state is State.TRIGGERED
    heard(world)


def test_after_the_window_a_new_incident_opens_and_knows_the_old(world: World) -> None:
    """Each further trigger holds the window open; eleven minutes after the last one it is another incident."""
    says(world, "uptime", "degraded", "web")
    world.passes("9m")
    says(world, "sentry", "minor", "sentry-1")
    world.passes("9m")
    says(world, "sentry", "minor", "sentry-2")
    assert len(world.incident.signals) == 3
    world.passes("11m")
    says(world, "stripe", "outage", "pi_1")
    old, new = world.incidents
    assert (new.previous, new.severity, old.severity) == (old.id, Severity.P1, Severity.P2)
    says(world, "uptime", "degraded", "web")
    says(world, "uptime", "degraded", "api")
    old, new = world.incidents
    assert sorted(old.signals) == ["sentry/sentry-1", "sentry/sentry-2", "uptime/web"]
    assert sorted(new.signals) == ["stripe/pi_1", "uptime/api"]
    world.asks(Resolve(by="ana", via="test"), old)
    says(world, "sentry", "minor", "sentry-3")
    assert "sentry/sentry-3" in world.incidents[1].signals
    heard(world)


def test_whoever_lacks_the_label_stands_alone(world: World) -> None:
    """What names no service is of no group, least of all of one of all that name none."""
    world.hears("minor", source="sentry", key="a")
    world.hears("minor", source="uptime", key="b")
    world.hears("minor", source="sentry", key="c", labels={"service": ""})
    assert [len(one.signals) for one in world.incidents] == [1, 1, 1]
    says(world, "sentry", "minor", "d")
    world.hears("minor", source="uptime", key="e", labels={"service": "blog"})
    assert len(world.incidents) == 5
    heard(world)


def test_who_has_it_has_what_joins_too(world: World) -> None:
    """An acknowledged incident stays so when something as bad joins, and is nobody's when something worse does."""
    says(world, "uptime", "degraded", "web")
    world.asks(Acknowledge(by="ana", via="test"))
    says(world, "sentry", "degraded", "sentry-1")
    assert world.incident.state is State.ACKNOWLEDGED
    says(world, "stripe", "outage", "pi_1")
    assert (world.incident.state, world.incident.acknowledged_by) == (State.TRIGGERED, None)
    heard(world)


def test_what_a_gate_counts_joins_when_the_gate_opens(world: World) -> None:
    """Below it nothing joins; then the gate is one more signal of the group, and quiet alone clears it."""
    says(world, "uptime", "degraded", "web")
    heard(world)
    for n in range(3):
        says(world, "stripe", "payment", f"pi_{n}")
    assert len(world.incident.signals) == 1
    says(world, "stripe", "payment", "pi_3")
    assert (len(world.incident.signals), world.incident.severity) == (2, Severity.P1)
    says(world, "uptime", "degraded", "web", action=Action.RESOLVE)
    assert world.incident.state is State.TRIGGERED
    world.passes("16m")
    assert world.incident.state is State.RECOVERED
    heard(world)


def test_a_gate_that_opens_after_the_window_opens_its_own(world: World) -> None:
    """Linked to the old one, as everything is that comes too late."""
    says(world, "uptime", "degraded", "web")
    world.passes("11m")
    for n in range(4):
        says(world, "stripe", "payment", f"pi_{n}")
    old, new = world.incidents
    assert (new.previous, len(old.signals)) == (old.id, 1)
    heard(world)


def test_two_workers_with_different_senders_make_one_incident(redis: Redis, valkey: str, world: World) -> None:
    """One is overtaken in the middle of its transaction by the other, who opens what it was about to open."""
    meddler = Meddler()
    other = world.another(meddled(valkey, meddler))
    says(world, "uptime", "degraded", "web", work=False)
    mine = world.house.agenda.claim(*INTAKE, world.clock.now())
    says(world, "sentry", "minor", "sentry-1", work=False)
    others = other.agenda.claim(*INTAKE, world.clock.now())
    assert mine
    assert others
    meddler.act = lambda: world.house.ledger.deduplicate(mine)
    other.ledger.deduplicate(others)
    meddler.act = None
    world.works()
    assert sorted(world.incident.signals) == ["sentry/sentry-1", "uptime/web"]
    assert world.incident.severity is Severity.P2
    heard(world)
    other.redis.close()


def test_many_workers_at_once_make_one_incident_of_each_service(world: World) -> None:
    """Four at a time, each with another sender's word: whoever is late joins, and nothing is lost."""
    for n in range(10):
        for source, how, key in [*SAYS, ("pingdom", "minor", "ping")]:
            says(world, source, how, f"{key}-{n}", labels={"service": f"service {n}"}, work=False)
    hands = [world.another(world.redis) for _ in range(4)]
    entries = [hand.agenda.claim(*INTAKE, world.clock.now(), at_most=10) for hand in hands]
    # Each hand has a quarter of every service's events, in another order.
    shares = [[entry for many in entries for entry in many][n::4] for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: [hands[n].ledger.deduplicate([entry]) for entry in shares[n]], range(4)))
    world.works()
    assert sorted(len(one.signals) for one in world.incidents) == [4] * 10
    assert {one.severity for one in world.incidents} == {Severity.P1}
    heard(world)


def test_labels_of_rules_and_the_groups_own_condition_count(redis: Redis) -> None:
    """A rule may name the service of what does not say it itself; what `when` leaves out goes by its own rule."""
    rules = RULES.replace("then: {severity: P2}}", "then: {severity: P2, labels: {service: shop}}}")
    groups = "groups:\n  - {name: shop, when: {not: {source: own}}, by: [labels.service], within: 10m}\n"
    with a_world(redis, rules + groups) as world:
        world.hears("degraded", source="uptime", key="web")
        says(world, "sentry", "minor", "sentry-1")
        says(world, "own", "minor", "script")
        assert sorted(len(one.signals) for one in world.incidents) == [1, 2]
        heard(world)
