"""The runbook's escalation matrix on a driven clock: who is told, through what, at which minute, and nobody else."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, ChangeSeverity, FalsePositive, Resolve
from rules.event import Action, Severity
from rules.incident import Reason, State
from tests.outside import Heard
from tests.world import RULES, START, a_world

P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
P1_STEP = [("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)]
P1_END = [*[("pagerduty", "trigger")] * 3, ("slack", Reason.EXHAUSTED), *[("mail", Reason.EXHAUSTED)] * 3]


def to(heard: list[Heard]) -> set[str]:
    """Whom messages reached."""
    return {each.to for each in heard}


def test_a_complete_outage_climbs_to_the_ceo_as_the_runbook_prints_it(redis: Redis) -> None:
    """P1: the on-call engineer at once, the lead after 15 minutes, the CEO after 30, each once; then loud."""
    with a_world(redis) as world:
        world.hears("outage")
        assert to(world.outside.heard_exactly(P1_PAGE)) == {
            "U02ANA",
            "pd-ana-0000000000000000000000000",
            "ana@example.com",
        }
        world.passes("14m59s")
        world.outside.heard_nothing()
        world.passes("1s")
        assert to(world.outside.heard_exactly(P1_STEP)) == {
            "U03MARIA",
            "pd-maria-00000000000000000000000",
            "maria@example.com",
        }
        world.passes("14m59s")
        world.outside.heard_nothing()
        world.passes("1s")
        assert "victor@example.com" in to(world.outside.heard_exactly(P1_STEP))
        world.passes("14m59s")
        world.outside.heard_nothing()
        world.passes("1s")
        world.outside.heard_exactly(P1_END)
        world.passes("30d")
        assert "the matrix is exhausted: nobody has answered" in world.history()


@pytest.mark.parametrize(
    ("how", "wait", "channels", "lead"),
    [
        ("degraded", "1h", ["pagerduty", "slack"], "U03MARIA"),
        ("minor", "4h", ["slack"], "U05DAN"),
    ],
)
def test_milder_severities_wait_as_long_as_the_runbook_says(
    redis: Redis, how: str, wait: str, channels: list[str], lead: str
) -> None:
    """P2 reaches the engineering lead after an hour, P3 the team lead after four, on their channels only."""
    first = [(channel, "trigger" if channel == "pagerduty" else Reason.OPENED) for channel in channels]
    step = [(channel, "trigger" if channel == "pagerduty" else Reason.ESCALATED) for channel in channels]
    with a_world(redis) as world:
        world.hears(how)
        assert "U02ANA" in to(world.outside.heard_exactly(first))
        world.passes(world.incident.steps[1].due_at - world.clock.at - 1)
        world.outside.heard_nothing()
        world.passes(1)
        assert lead in to(world.outside.heard_exactly(step))
        assert world.incident.steps[1].due_at - START == {"1h": 3600, "4h": 14400}[wait]
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard = []


def test_low_priority_tells_the_first_responder_and_waits_a_day(redis: Redis) -> None:
    """P4 has no row in the matrix: its first responder is told, and a day later that nobody answered."""
    rules = RULES.replace("everything else, then: {severity: P3}", "everything else, then: {severity: P4}")
    with a_world(redis, rules) as world:
        world.hears("cosmetic")
        assert to(world.outside.heard_exactly([("slack", Reason.OPENED)])) == {"U02ANA"}
        world.passes("23h59m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly([("slack", Reason.EXHAUSTED)])


def test_an_acknowledgement_between_two_steps_stops_the_ladder(redis: Redis) -> None:
    """Acknowledged after the lead was told: the CEO is never called, and everybody told hears who has it."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("20m")
        world.outside.heard_exactly(P1_STEP)
        world.asks(Acknowledge(by="maria", via="slack"))
        told = world.outside.heard_exactly(
            [
                *[("pagerduty", "acknowledge")] * 2,
                ("slack", Reason.ACKNOWLEDGED),
                *[("mail", Reason.ACKNOWLEDGED)] * 2,
            ]
        )
        assert any("maria" in each.text for each in told)
        world.passes("7d")
        assert world.incident.state is State.ACKNOWLEDGED
        assert world.incident.acknowledged_by == "maria"


def test_a_repeat_counts_and_pages_nobody(redis: Redis) -> None:
    """The same monitor fires a hundred times: one incident, one page, the count goes up."""
    with a_world(redis) as world:
        for _ in range(100):
            world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        assert world.incident.count == 100


def test_a_rise_of_severity_pages_and_starts_the_matrix_anew(redis: Redis) -> None:
    """P3 for an hour, then the same signal says P1: paged at once on P1's channels, the lead 15 minutes later."""
    with a_world(redis) as world:
        world.hears("minor")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.passes("1h")
        world.hears("outage")
        world.outside.heard_exactly(
            [("pagerduty", "trigger"), ("slack", Reason.SEVERITY_RAISED), ("mail", Reason.SEVERITY_RAISED)]
        )
        world.passes("14m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly(P1_STEP)
        world.asks(FalsePositive(by="ana", via="test", reason="a test of the pager"))
        world.outside.heard = []


def test_a_person_lowers_the_severity_and_the_ladder_follows(redis: Redis) -> None:
    """P1 lowered to P3 after five minutes: nobody at 15 minutes, the team lead four hours after the change."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("5m")
        world.asks(ChangeSeverity(by="ana", via="test", to=Severity.P3, roster=world.house.ledger.roster()))
        world.outside.heard_exactly([("slack", Reason.SEVERITY_LOWERED), ("mail", Reason.SEVERITY_LOWERED)])
        world.passes("3h59m")
        world.outside.heard_nothing()
        world.passes("1m")
        assert to(world.outside.heard_exactly([("slack", Reason.ESCALATED)])) == {"U05DAN"}
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard = []


def test_the_senders_own_recovery_ends_it(redis: Redis) -> None:
    """The monitor is up again: everybody told hears it, PagerDuty's page is resolved, and a quiet quarter closes it."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("3m")
        world.hears(action=Action.RESOLVE)
        world.outside.heard_exactly([("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)])
        assert world.incident.state is State.RECOVERED
        world.passes("14m59s")
        assert world.incident.state is State.RECOVERED
        world.passes("1s")
        assert world.incident.state is State.RESOLVED
        assert world.house.agenda.upcoming() == []


def test_nobody_on_call_means_the_next_step_at_once(redis: Redis) -> None:
    """The schedule is empty: the engineering lead is told immediately, and the room reads why."""
    rules = RULES.replace("people: [ana]", "people: []")
    with a_world(redis, rules) as world:
        world.hears("outage")
        heard = world.outside.heard_exactly([("slack", Reason.OPENED), *P1_STEP])
        assert "U03MARIA" in to(heard)
        assert any("nobody to tell for on-call engineer" in line for line in world.history())
        world.asks(Resolve(by="maria", via="test"))
        world.outside.heard = []


def test_a_refused_page_goes_to_the_fallback(redis: Redis) -> None:
    """PagerDuty refuses for good: the fallback is told at once, and the history says why."""
    with a_world(redis) as world:
        world.outside.pagerduty.fails(status=400, body=b'{"status":"invalid event"}')
        world.hears("outage")
        world.outside.heard_exactly([("slack", Reason.OPENED), ("mail", Reason.OPENED), ("webhook", Reason.OPENED)])
        assert any("pager could not tell on-call engineer (ana)" in line for line in world.history())
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard = []


def test_a_page_that_keeps_failing_does_not_keep_the_fallback_waiting(redis: Redis) -> None:
    """PagerDuty answers 500 for minutes: within 60 seconds the fallback knows, and PagerDuty is still tried."""
    with a_world(redis) as world:
        world.outside.pagerduty.fails(status=500, times=6)
        world.hears("outage")
        world.outside.heard_exactly([("slack", Reason.OPENED), ("mail", Reason.OPENED)])
        world.passes("59s")
        world.outside.heard_nothing()
        world.passes("1s")
        world.outside.heard_exactly([("webhook", Reason.OPENED)])
        world.passes("3m")
        world.outside.heard_exactly([("pagerduty", "trigger")])
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard = []


def test_slack_asks_for_patience_and_gets_it(redis: Redis) -> None:
    """429 with Retry-After: the next attempt comes when Slack said, not before, and the page is not doubled."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=429, retry_after=30)
        world.hears("minor")
        world.outside.heard_nothing()
        world.passes("29s")
        world.outside.heard_nothing()
        world.passes("1s")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.asks(Resolve(by="ana", via="test"))
        world.outside.heard = []


def test_who_asks_for_a_day_is_asked_once_more_within_the_hour(redis: Redis) -> None:
    """Nobody waits until tomorrow to hear of it, and the history says in time that a channel does not deliver."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=429, retry_after=86400)
        world.hears("minor")
        world.passes("59m")
        world.outside.heard_nothing()
        world.passes("2m")
        world.outside.heard_exactly([("slack", Reason.OPENED)])


def test_the_ladder_repeats_as_often_as_the_yaml_says(redis: Redis) -> None:
    """`repeat: 1`: after the CEO the on-call engineer is called again, and only then it is exhausted."""
    rules = RULES.replace("fallback: [hook]}", "fallback: [hook], repeat: 1}")
    with a_world(redis, rules) as world:
        world.hears("outage")
        world.passes("45m")
        world.outside.heard_exactly([*P1_PAGE, *P1_STEP * 2, *P1_STEP])
        world.passes("45m")
        world.outside.heard_exactly([*P1_STEP * 2, *P1_END])


def test_a_shared_key_pages_people_without_one_of_their_own(redis: Redis) -> None:
    """One PagerDuty service for everybody: who has a key is paged by it, who has none by the channel's."""
    rules = RULES.replace("pager: {type: pagerduty}", 'pager: {type: pagerduty, routing_key: "${env:PD_DAN}"}')
    rules = rules.replace(', pagerduty: "${env:PD_ANA}"', "")
    with a_world(redis, rules) as world:
        world.hears("degraded")
        heard = world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.OPENED)])
        assert next(one.to for one in heard if one.channel == "pagerduty").startswith("pd-dan")
