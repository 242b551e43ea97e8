"""What was said late, twice, in one breath or in a backlog: the last truth stands, and old news calls nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from rules.commands import Acknowledge, Resolve
from rules.event import Action, Event
from rules.incident import Reason, Severity, State
from tests.world import RULES, START, World, a_world

P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
MIXED = RULES.replace(
    "  - {name: the site is down",
    "  - {name: one shop, when: {labels: {how: [payment, near]}}, then: {group_by: [source]}, continue: true}\n"
    "  - {name: the site is down",
).replace("group_by: [source]}\n  - {name: one service", "}\n  - {name: one service")


@pytest.mark.parametrize("stamped", [True, False], ids=["dated by the sender", "undated"])
@pytest.mark.parametrize("last", [Action.RESOLVE, Action.TRIGGER], ids=["down then up", "up then down"])
def test_one_body_says_down_and_up(redis: Redis, stamped: bool, last: Action) -> None:
    """A sender that gathers its messages tells both in one delivery: the later of them stands, also handed in twice."""
    first = Action.TRIGGER if last is Action.RESOLVE else Action.RESOLVE
    with a_world(redis) as world:
        one = world.hears("minor", action=first, at=START if stamped else None, work=False)
        two = replace(one, action=last, nth=1, occurred_at=START + 1 if stamped else None)
        for _ in range(2):
            world.takes_in(one, two)
        world.works()
        assert world.incident.state is (State.RECOVERED if last is Action.RESOLVE else State.TRIGGERED)
        world.outside.heard_exactly([] if last is Action.RESOLVE else [("slack", Reason.OPENED)])


def test_an_outage_told_again_after_its_own_recovery_is_not_lost(redis: Redis) -> None:
    """Down is known; one delivery brings up and down: it fires, whoever was called is called again."""
    with a_world(redis) as world:
        world.hears("minor")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.clock.at += 60
        up = world.hears("minor", action=Action.RESOLVE, work=False)
        world.takes_in(up, replace(up, action=Action.TRIGGER, nth=1))
        world.works()
        assert world.incident.firing
        world.outside.heard_exactly([("slack", Reason.RETRIGGERED)])


def test_a_replayed_trigger_does_not_open_what_a_person_has_closed(redis: Redis) -> None:
    """Somebody resolved it, the sender's old message comes once more: what it says is older than what is known."""
    with a_world(redis) as world:
        world.hears("minor", at=START - 10)
        world.clock.at += 60
        world.hears("minor", at=START + 50)
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.RESOLVED)])
        world.hears("minor", at=START - 10)
        assert len(world.incidents) == 1


def test_a_late_older_recovery_does_not_rewind_the_order(redis: Redis) -> None:
    """It is resolved; an old `up` comes late, then an old `down`: the down is older than the incident's own end."""
    with a_world(redis) as world:
        world.hears("minor", at=START)
        world.clock.at += 100
        world.hears(action=Action.RESOLVE, at=START + 100)
        world.passes("15m")
        assert world.incident.state is State.RESOLVED
        world.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.RECOVERED)])
        world.hears(action=Action.RESOLVE, at=START + 20)
        world.hears("minor", at=START + 50)
        assert len(world.incidents) == 1


def test_a_backlog_of_ups_and_downs_calls_once(redis: Redis) -> None:
    """Workers were away while a monitor flapped forty times: whoever is called hears how it is, not how it was."""
    with a_world(redis) as world:
        for _ in range(20):
            world.hears("minor", work=False)
            world.clock.at += 1
            world.hears("minor", action=Action.RESOLVE, work=False)
            world.clock.at += 1
        world.hears("minor", work=False)
        world.works()
        assert world.incident.state is State.TRIGGERED
        world.outside.heard_exactly([("slack", Reason.RETRIGGERED)])


def pagerduty(world: World, action: Action, at: float, **more: str) -> Event:
    """PagerDuty's webhook about the page of the only incident."""
    return world.hears(action=action, key="pagerduty incident Q1", at=at, incident=world.incident.id, **more)


def test_a_late_answer_in_pagerduty_does_not_end_what_fires_again(redis: Redis) -> None:
    """Resolved in PagerDuty's app while its webhooks were held up; it has recovered and fires again: it stays open."""
    end = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)]
    with a_world(redis) as world:
        world.hears("outage")
        world.clock.at += 60
        world.hears(action=Action.RESOLVE)
        world.outside.heard_exactly([*P1_PAGE, *end])
        world.passes("5m")
        world.hears("outage")
        world.outside.heard_exactly(
            [("pagerduty", "trigger"), ("slack", Reason.RETRIGGERED), ("mail", Reason.RETRIGGERED)]
        )
        for action in (Action.ACKNOWLEDGE, Action.RESOLVE):
            pagerduty(world, action, START + 90, actor="Ana")
        assert world.incident.state is State.TRIGGERED
        world.clock.at += 60
        pagerduty(world, Action.ACKNOWLEDGE, world.clock.at - 30, actor="Ana")
        assert (world.incident.state, world.incident.acknowledged_by) == (State.ACKNOWLEDGED, "Ana")
        world.outside.heard_exactly(
            [("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED), ("mail", Reason.ACKNOWLEDGED)]
        )


def test_an_answer_to_a_first_round_counts_in_the_second(redis: Redis) -> None:
    """The matrix has begun again meanwhile; whoever answered its first page has answered the same emergency."""
    rules = RULES.replace("first_responder: on-call engineer}", "first_responder: on-call engineer, repeat: 1}")
    rules = rules.replace("means: Low priority, respond_within: 24h", "means: Low priority, respond_within: 10m")
    with a_world(redis, rules.replace("{severity: P3}}", "{severity: P4}}")) as world:
        world.hears("minor")
        world.passes("11m")
        world.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.ESCALATED)])
        pagerduty(world, Action.ACKNOWLEDGE, START + 60, actor="Ana")
        assert world.incident.state is State.ACKNOWLEDGED
        world.outside.heard_exactly([("slack", Reason.ACKNOWLEDGED)])


def test_a_gate_that_is_not_open_raises_nobody_elses_incident(redis: Redis) -> None:
    """A P3 of the same group is open: one failed payment is still below its gate, four of them raise it to P1."""
    with a_world(redis, MIXED) as world:
        world.hears("near", key="web")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.hears("payment", key="charge 0")
        assert (world.incident.severity, len(world.incident.signals)) == (Severity.P3, 1)
        for number in range(1, 4):
            world.hears("payment", key=f"charge {number}")
        assert (world.incident.severity, len(world.incident.signals)) == (Severity.P1, 2)
        world.outside.heard_exactly(
            [("pagerduty", "trigger"), ("slack", Reason.SEVERITY_RAISED), ("mail", Reason.SEVERITY_RAISED)]
        )


def test_quiet_ends_the_payments_and_not_the_outage(redis: Redis) -> None:
    """Payments have calmed down, the monitor still says down: the incident ends with the monitor's word."""
    with a_world(redis, MIXED) as world:
        for number in range(4):
            world.hears("payment", key=f"charge {number}")
        world.asks(Acknowledge(by="ana", via="test"))
        taken = [("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED), ("mail", Reason.ACKNOWLEDGED)]
        world.outside.heard_exactly([*P1_PAGE, *taken])
        world.hears("near", key="web")
        world.passes("1h")
        assert (world.incident.state, world.incident.firing) == (State.ACKNOWLEDGED, True)
        world.hears("near", key="web", action=Action.RESOLVE)
        assert world.incident.state is State.RECOVERED
        world.outside.heard_exactly([("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)])


def test_an_answer_from_before_a_short_flap_ends_nothing(redis: Redis) -> None:
    """Resolved in PagerDuty, up and down again within a minute, and only then its webhook comes: it still fires."""
    with a_world(redis, RULES) as world:
        world.hears("degraded", key="web")
        world.clock.at += 50
        world.hears("degraded", key="web", action=Action.RESOLVE)
        world.clock.at += 40
        world.hears("degraded", key="web")
        pager = [("pagerduty", "trigger"), ("pagerduty", "resolve"), ("pagerduty", "trigger")]
        room = [("slack", Reason.OPENED), ("slack", Reason.RECOVERED), ("slack", Reason.RETRIGGERED)]
        world.outside.heard_exactly([*pager, *room])
        pagerduty(world, Action.RESOLVE, START + 30, actor="Ana")
        assert (world.incident.state, world.incident.firing) == (State.TRIGGERED, True)


def test_old_failures_that_come_late_do_not_make_a_gate_forget_new_ones(redis: Redis) -> None:
    """Three customers fail now, half an hour old failures of theirs are told late, a fourth fails: that is four."""
    rules = RULES.replace("quiet_for: 15m}", "quiet_for: 15m, distinct: labels.customer}")
    with a_world(redis, rules) as world:
        for when in (START, START - 1800):
            for customer in "abc":
                world.hears("payment", key=f"{customer} {when}", at=when, labels={"customer": customer})
            world.clock.at += 5
        world.hears("payment", key="d", at=START + 10, labels={"customer": "d"})
        world.outside.heard_exactly(P1_PAGE)
