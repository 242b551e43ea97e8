"""Signals that come late, twice, in the wrong order or in crowds: one truth comes out, and nobody is paged twice."""

from __future__ import annotations

from dataclasses import replace

from redis import Redis

from rules.commands import Acknowledge, Resolve
from rules.event import Action
from rules.incident import Reason, State
from tests.world import RULES, START, a_world
from workers import counters

P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]


def test_a_delivery_handed_in_twice_counts_once(redis: Redis) -> None:
    """The same delivery id comes from the spool and from live traffic: it is one event."""
    with a_world(redis) as world:
        event = world.hears("minor")
        world.takes_in(event)
        world.works()
        assert world.incident.count == 1
        world.outside.heard_exactly([("slack", Reason.OPENED)])


def test_a_resolve_that_overtook_its_trigger_pages_nobody(redis: Redis) -> None:
    """Up arrives before down: the late down is recorded, and nobody is woken for it."""
    with a_world(redis) as world:
        world.hears(action=Action.RESOLVE, at=START)
        world.clock.at += 60
        world.hears("outage", at=START - 30)
        assert world.incidents == []
        world.clock.at += 60
        world.hears("outage", at=START + 110)
        world.outside.heard_exactly(P1_PAGE)


def test_a_late_trigger_does_not_reopen_what_has_recovered(redis: Redis) -> None:
    """Down, up, and then an older down by the sender's own clock: the incident stays recovered."""
    with a_world(redis) as world:
        world.hears("outage", at=START)
        world.outside.heard_exactly(P1_PAGE)
        world.hears(action=Action.RESOLVE, at=START + 60)
        world.outside.heard_exactly([("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)])
        world.hears("outage", at=START + 30)
        assert world.incident.state is State.RECOVERED


def test_two_clocks_are_never_compared(redis: Redis) -> None:
    """A sender whose clock runs ten minutes ahead fires; its undated recovery a minute later still counts."""
    with a_world(redis) as world:
        world.hears("outage", at=START + 600)
        world.outside.heard_exactly(P1_PAGE)
        world.clock.at += 60
        world.hears(action=Action.RESOLVE)
        assert world.incident.state is State.RECOVERED
        world.outside.heard_exactly([("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)])


def test_it_fires_again_within_the_quiet_time(redis: Redis) -> None:
    """Recovered and down again before it counted as resolved: paged again if nobody had taken it, else an update."""
    with a_world(redis) as world:
        world.hears("minor")
        world.hears(action=Action.RESOLVE)
        world.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.RECOVERED)])
        world.passes("5m")
        world.hears("minor")
        world.outside.heard_exactly([("slack", Reason.RETRIGGERED)])
        world.asks(Acknowledge(by="ana", via="test"))
        world.hears(action=Action.RESOLVE)
        world.passes("5m")
        world.hears("minor")
        world.outside.heard_exactly(
            [("slack", Reason.ACKNOWLEDGED), ("slack", Reason.RECOVERED), ("slack", Reason.UPDATE)]
        )
        assert world.incident.state is State.ACKNOWLEDGED


def test_after_it_was_resolved_a_new_incident_is_linked_to_the_old(redis: Redis) -> None:
    """What is over is over: the next outage has its own incident, which names the one before."""
    with a_world(redis) as world:
        world.hears("minor")
        world.asks(Resolve(by="ana", via="test"))
        world.passes("1h")
        world.hears("minor")
        first, second = world.incidents
        assert second.previous == first.id
        world.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.RESOLVED), ("slack", Reason.OPENED)])


def test_signals_of_one_group_share_an_incident_and_a_page(redis: Redis) -> None:
    """Three monitors of one service: one incident, one page; it recovers when the last of them has cleared."""
    p2 = [("pagerduty", "trigger"), ("slack", Reason.OPENED)]
    with a_world(redis) as world:
        for key in ("a", "b", "c"):
            world.hears("grouped", key=key, labels={"service": "api"})
        world.outside.heard_exactly(p2)
        assert len(world.incident.signals) == 3
        for key in ("a", "b"):
            world.hears(key=key, action=Action.RESOLVE)
        assert world.incident.state is State.TRIGGERED
        world.hears(key="c", action=Action.RESOLVE)
        assert world.incident.state is State.RECOVERED
        world.outside.heard_exactly([("pagerduty", "resolve"), ("slack", Reason.RECOVERED)])
        world.hears("grouped", key="d", labels={"service": "mail"})
        world.outside.heard_exactly(p2)
        assert len(world.incidents) == 2


def test_two_sources_with_the_same_key_are_two_signals(redis: Redis) -> None:
    """Two Uptime Kumas may both have a monitor 1; the recovery of one says nothing of the other."""
    with a_world(redis) as world:
        world.hears("minor", key="monitor 1", source="kuma-eu")
        world.clock.at += 1
        world.hears("minor", key="monitor 1", source="kuma-us")
        world.outside.heard_exactly([("slack", Reason.OPENED)] * 2)
        world.hears(key="monitor 1", source="kuma-us", action=Action.RESOLVE)
        assert [one.state for one in world.incidents] == [State.TRIGGERED, State.RECOVERED]
        world.outside.heard_exactly([("slack", Reason.RECOVERED)])


def test_a_gate_opens_only_above_its_count(redis: Redis) -> None:
    """More than three failed payments within five minutes: the fourth opens one P1, and quiet ends it."""
    with a_world(redis) as world:
        for number in range(3):
            world.hears("payment", key=f"charge {number}")
        assert world.incidents == []
        world.hears("payment", key="charge 3")
        world.outside.heard_exactly(P1_PAGE)
        world.hears("payment", key="charge 4")
        assert world.incident.count == 2
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard_exactly(
            [("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED), ("mail", Reason.ACKNOWLEDGED)]
        )
        world.passes("14m")
        world.hears("payment", key="charge 5")
        world.passes("14m")
        assert world.incident.state is State.ACKNOWLEDGED
        world.passes("1m")
        assert world.incident.state is State.RECOVERED
        world.outside.heard_exactly([("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)])


def test_a_few_failures_do_not_bring_back_what_has_recovered(redis: Redis) -> None:
    """Quiet ended it; one failed payment a little later is the ordinary noise again and calls nobody."""
    with a_world(redis) as world:
        for number in range(4):
            world.hears("payment", key=f"charge {number}")
        world.passes("16m")
        assert world.incident.state is State.RECOVERED
        world.outside.heard_exactly(
            [*P1_PAGE, ("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)]
        )
        world.hears("payment", key="charge 5")
        assert world.incident.state is State.RECOVERED
        for number in range(6, 9):
            world.hears("payment", key=f"charge {number}")
        assert world.incident.state is State.TRIGGERED
        world.outside.heard_exactly(
            [("pagerduty", "trigger"), ("slack", Reason.RETRIGGERED), ("mail", Reason.RETRIGGERED)]
        )


def test_several_failures_of_one_delivery_all_count(redis: Redis) -> None:
    """One webhook tells of several failures, each with its own time: all count, before the gate opens and after."""
    with a_world(redis) as world:
        first = world.hears("payment", key="charge 0", at=START, work=False)
        world.takes_in(*(replace(first, dedup_key=f"charge {n}", occurred_at=START - n) for n in range(1, 4)))
        world.works()
        world.outside.heard_exactly(P1_PAGE)
        again = world.hears("payment", key="charge 4", at=START + 9, work=False)
        world.takes_in(replace(again, dedup_key="charge 5", occurred_at=START + 8))
        world.works()
        assert world.incident.count == 3
        world.takes_in(again)
        world.works()
        assert world.incident.count == 3


def test_one_payment_told_as_two_things_counts_once(redis: Redis) -> None:
    """Stripe tells a failed payment as a charge and as an intent: `distinct` counts payments, not messages."""
    rules = RULES.replace("quiet_for: 15m}", "quiet_for: 15m, distinct: labels.payment}")
    with a_world(redis, rules) as world:
        for number in range(3):
            for what in ("charge", "intent"):
                world.hears("payment", key=f"{what} {number}", labels={"payment": f"pi {number}"})
        assert world.incidents == []
        world.hears("payment", key="charge 3", labels={"payment": "pi 3"})
        world.outside.heard_exactly(P1_PAGE)


def test_slow_failures_never_open_the_gate(redis: Redis) -> None:
    """Three failed payments every five minutes are the ordinary noise of a shop: nobody is paged."""
    with a_world(redis) as world:
        for number in range(30):
            world.hears("payment", key=f"charge {number}")
            world.passes("101s")
        assert world.incidents == []


def test_a_senders_retry_does_not_count_twice_at_the_gate(redis: Redis) -> None:
    """Stripe sends the same event again: with its own id it counts once."""
    with a_world(redis) as world:
        for _ in range(10):
            world.hears("payment", key="charge 1", sender_id="evt_1")
        assert world.incidents == []


def test_a_message_the_sender_repeats_changes_nothing(redis: Redis) -> None:
    """Stripe sends a failure again, hours after it was resolved: by its own id it is known, and nobody is called."""
    with a_world(redis) as world:
        world.hears("minor", sender_id="evt_1")
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.RESOLVED)])
        world.passes("5h")
        world.hears("minor", sender_id="evt_1")
        assert len(world.incidents) == 1
        assert counters.read(redis, "events")["uptime", "repeated"] == 1
        world.hears("minor", sender_id="evt_1", source="another shop")
        world.hears("minor", sender_id="evt_2")
        world.outside.heard_exactly([("slack", Reason.OPENED)] * 2)


def test_several_events_of_one_message_are_no_repetition(redis: Redis) -> None:
    """One delivery with one id tells of two hosts: both count, also when it is handed in twice."""
    with a_world(redis) as world:
        first = world.hears("minor", key="a", sender_id="msg_1", work=False)
        for _ in range(2):
            world.takes_in(first, replace(first, dedup_key="b"))
        world.works()
        assert [one.count for one in world.incidents] == [1, 1]
        world.outside.heard_exactly([("slack", Reason.OPENED)] * 2)


def test_suppressed_noise_tells_nobody(redis: Redis) -> None:
    """A rule that suppresses: counted, no incident, no message."""
    with a_world(redis) as world:
        world.hears("noise")
        assert world.incidents == []


def test_a_batch_in_the_wrong_order_ends_in_the_same_truth(redis: Redis) -> None:
    """Down and up of one monitor are worked on in one batch, in whatever order: nobody hears of either."""
    with a_world(redis, RULES) as world:
        down = world.hears("minor", at=START, work=False)
        world.clock.at += 1
        up = world.hears(action=Action.RESOLVE, at=START + 1, work=False)
        world.takes_in(up, down)
        world.works()
        assert world.incident.state is State.RECOVERED
        world.outside.heard_nothing()
        assert sum(line.kind == "skipped" for line in world.timeline) == 2


def test_the_end_is_told_where_the_beginning_may_have_arrived(redis: Redis) -> None:
    """PagerDuty did not answer in time and may have paged all the same: its page is resolved, not left open."""
    with a_world(redis) as world:
        world.outside.pagerduty.hangs()
        world.outside.slack.fails(status=404)
        world.hears("outage")
        world.hears(action=Action.RESOLVE)
        world.passes("5s")
        ends = [("mail", Reason.RECOVERED), ("pagerduty", "resolve"), ("webhook", Reason.RECOVERED)]
        world.outside.heard_exactly([("webhook", Reason.OPENED), ("mail", Reason.OPENED), *ends])
