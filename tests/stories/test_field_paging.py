"""What went wrong in other tools when people are called, and must not here: ladders, answers, failed sends."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, Resolve
from rules.event import Action
from rules.incident import Reason, State, StepState
from tests.world import RULES, a_world
from workers import jobs
from workers.agenda import Job, Lane

P2_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED)]
P2_TAKEN = [("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED)]
P2_STEP = [("pagerduty", "trigger"), ("slack", Reason.ESCALATED)]
P2_END = [("pagerduty", "trigger"), ("pagerduty", "trigger"), ("slack", Reason.EXHAUSTED)]
P2_OVER = [("pagerduty", "resolve"), ("slack", Reason.RESOLVED)]


def test_what_is_acknowledged_calls_nobody_two_months_later(redis: Redis) -> None:
    """Grafana OnCall #3111: a group that somebody had acknowledged was escalated two months later."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard_exactly([*P2_PAGE, *P2_TAKEN])
        for _ in range(6):
            world.passes("10d")
            world.restarts(redis)
            world.hears("degraded")
        world.outside.heard_nothing()
        assert world.incident.state is State.ACKNOWLEDGED


def test_an_answer_that_meets_the_recovery_does_not_undo_it(redis: Redis) -> None:
    """Grafana OnCall #3161: somebody pressed acknowledge while it was being resolved, and it was unresolved."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.hears("degraded", action=Action.RESOLVE)
        world.outside.heard_exactly([*P2_PAGE, ("pagerduty", "resolve"), ("slack", Reason.RECOVERED)])
        world.asks(Acknowledge(by="ana", via="slack"))
        assert world.incident.state is State.RECOVERED
        world.passes("15m")
        assert world.incident.state is State.RESOLVED
        world.outside.heard_nothing()


@pytest.mark.parametrize("by_webhook", [False, True], ids=["a link", "PagerDuty's webhook"])
def test_an_answer_that_comes_after_the_end_does_not_open_it_again(redis: Redis, *, by_webhook: bool) -> None:
    """Grafana OnCall #3161 once more: here a colleague has resolved it already."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.asks(Resolve(by="maria", via="test"))
        world.outside.heard_exactly([*P2_PAGE, *P2_OVER])
        if by_webhook:
            world.hears(action=Action.ACKNOWLEDGE, key="pagerduty incident Q1", incident=world.incident.id, actor="Ana")
        else:
            world.asks(Acknowledge(by="ana", via="test"))
        world.passes("2h")
        assert (world.incident.state, world.incident.resolved_by) == (State.RESOLVED, "maria")


def test_a_further_signal_of_what_somebody_has_pages_nobody(redis: Redis) -> None:
    """IncidentRelay PR #71: an acknowledged incident was paged again by a child that joined it."""
    with a_world(redis) as world:
        world.hears("grouped", key="web-1", labels={"service": "shop"})
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard_exactly([*P2_PAGE, *P2_TAKEN])
        for number in range(2, 12):
            world.hears("grouped", key=f"web-{number}", labels={"service": "shop"})
        world.passes("3h")
        world.outside.heard_nothing()
        assert len(world.incident.signals) == 11


def test_a_ladder_ends_with_the_incident(redis: Redis) -> None:
    """OneUptime #1690: the escalation went on after the incident had been resolved."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.passes("59m")
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard_exactly([*P2_PAGE, *P2_OVER])
        world.passes("7d")
        world.outside.heard_nothing()
        assert world.incident.steps[1].state is StepState.WAITING


def test_a_step_four_hours_away_is_no_stuck_job(redis: Redis) -> None:
    """OneUptime took what ran for three hours for stuck, and dropped every step still to come. A P3 waits four."""
    with a_world(redis) as world:
        world.hears("minor")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        for _ in range(3):
            world.passes("1h15m")
            world.restarts(redis)
        world.outside.heard_nothing()
        world.passes("15m")
        (told,) = world.outside.heard_exactly([("slack", Reason.ESCALATED)])
        assert told.to == "U05DAN"
        world.asks(Acknowledge(by="dan", via="test"))
        world.outside.heard_exactly([("slack", Reason.ACKNOWLEDGED)])


def test_pressing_the_button_twice_says_it_once(redis: Redis) -> None:
    """OpsKnight PR #391: an acknowledgement that came twice counted as two."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.asks(Acknowledge(by="ana", via="link"))
        before = world.history()
        world.outside.heard_exactly([*P2_PAGE, *P2_TAKEN])
        world.asks(Acknowledge(by="ana", via="link"))
        world.outside.heard_nothing()
        assert world.history() == before


def test_a_step_that_reached_nobody_is_not_a_step_that_was_told(redis: Redis) -> None:
    """Regen wrote a tier down as notified although its direct message had failed, and waited for an answer."""
    with a_world(redis, RULES.replace("channels: [pager, slack], fallback: [mail]", "channels: [pager]")) as world:
        world.outside.pagerduty.fails(status=400)
        world.hears("degraded")
        first, lead = world.incident.steps
        assert (first.state, lead.state, lead.sent_at) == (StepState.FAILED, StepState.SENT, world.clock.at)
        (told,) = world.outside.heard_exactly([("pagerduty", "trigger")])
        assert told.to.startswith("pd-maria")
        world.asks(Resolve(by="maria", via="test"))
        world.outside.heard_exactly([("pagerduty", "resolve")])


def test_a_channel_that_fails_for_good_is_no_silent_failure(redis: Redis) -> None:
    """Grafana #118274: an alert could not be delivered, and nobody heard of it in any other way."""
    with a_world(redis) as world:
        world.outside.pagerduty.fails(status=400)
        world.hears("degraded")
        world.outside.heard_exactly([("slack", Reason.OPENED), ("mail", Reason.OPENED)])
        assert any(
            "pager could not tell on-call engineer (ana): PagerDuty answered 400" in line for line in world.history()
        )
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard_exactly([("slack", Reason.RESOLVED), ("mail", Reason.RESOLVED)])


def test_a_page_for_which_there_is_nobody_is_not_struck_off(redis: Redis) -> None:
    """IncidentRelay took a due notification off its list when it had been sent to nobody at all."""
    nobody = "people: [ana], overrides: [{start: 2026-03-01T09:00:00Z, end: 2026-03-03T09:00:00Z, person: null}]}"
    rules = RULES.replace("people: [ana]}", nobody).replace(
        "channels: [pager, slack], fallback: [mail]", "channels: [pager]"
    )
    with a_world(redis, rules) as world:
        world.hears("degraded")
        (told,) = world.outside.heard_exactly([("pagerduty", "trigger")])
        assert told.to.startswith("pd-maria")
        assert world.incident.steps[0].state is StepState.NOBODY
        assert "nobody to tell for on-call engineer: schedule primary has nobody on call" in world.history()
        world.asks(Resolve(by="maria", via="test"))
        world.outside.heard_exactly([("pagerduty", "resolve")])


def test_a_worker_that_dies_before_it_sends_loses_no_page(redis: Redis) -> None:
    """Healthchecks marks a change as processed before it sends: who dies between the two has told nobody."""
    with a_world(redis) as world:
        world.hears("degraded", work=False)
        jobs.drain(world.house, Lane.INTAKE, Job.DEDUPLICATE)
        taken = world.house.agenda.claim(Lane.URGENT, Job.NOTIFY, world.clock.now())
        assert len(taken) == 2
        world.restarts(redis)
        world.works()
        world.outside.heard_nothing()
        world.passes("12s")
        world.outside.heard_exactly(P2_PAGE)


def test_one_outage_makes_a_known_number_of_messages(redis: Redis) -> None:
    """Piro, RFC 0006: a ladder that looped told of one outage in hundreds of messages."""
    with a_world(redis, RULES.replace("P2: {means", "P2: {repeat: 2, means")) as world:
        for _ in range(120):
            world.hears("degraded")
            world.passes("1m")
        world.passes("60d")
        rounds = [*P2_PAGE, *P2_STEP, *2 * [*P2_STEP, *P2_STEP]]
        world.outside.heard_exactly([*rounds, *P2_END])
        assert (world.incident.count, world.incident.exhausted) == (120, True)
