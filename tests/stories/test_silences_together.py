"""Silences together with all the rest: hours, failing channels, people who change their mind, answers that expire."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, ChangeSeverity, Lift
from rules.event import Action, Severity
from rules.incident import StepState
from rules.reading.load import load
from tests.stories.test_nights import OFFICE, SLOW
from tests.stories.test_silences import DEPLOY, OPENED, heard
from tests.workers.test_auditor import audited
from tests.world import RULES, World, a_world
from workers.channels import OPTIONS
from workers.rulebook import silences

LONG = DEPLOY.replace("for: 1h", "for: 3h")
ENDED = [("pagerduty", "resolve"), ("slack", "recovered")]
P1_PAGE = [("mail", "opened"), *OPENED]


def changes(world: World, to: Severity) -> None:
    """Ana says how bad it is."""
    world.asks(ChangeSeverity(by="ana", via="test", to=to, roster=world.house.ledger.roster()))


def by_hand(world: World, lasts: str) -> None:
    """Dan silences everything from nine o'clock on."""
    said = {
        "name": "S-1",
        "reason": "a drill",
        "by": "dan",
        "start": "2026-03-02T09:00:00Z",
        "for": lasts,
        "everything": True,
    }
    silences.put(world.redis, said, world.clock.now())


def test_what_is_lowered_while_it_is_held_back_still_tells_the_first_responder(redis: Redis) -> None:
    """Not the lead first: whoever is on call, when the silence is over, by the milder matrix."""
    with a_world(redis, RULES + DEPLOY) as world:
        world.passes("15m")
        world.hears("outage")
        changes(world, Severity.P2)
        world.passes("55m")
        assert heard(world) == OPENED
        world.passes("59m")
        assert heard(world) == []
        world.passes("1m")
        assert ("slack", "escalated") in heard(world)


def test_a_ladder_lowered_in_a_silence_waits_for_its_end(redis: Redis) -> None:
    """It had begun, and no worker spins over a step that is due and may not be told."""
    with a_world(redis, RULES + LONG) as world:
        world.hears("outage")
        world.passes("20m")
        changes(world, Severity.P2)
        heard(world)
        world.passes("2h49m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == [("mail", "update"), ("slack", "update")]
        world.passes("1h")
        assert ("slack", "escalated") in heard(world)


@pytest.mark.parametrize("then", ["pause", "restart"])
def test_who_was_told_hears_that_it_is_over_within_the_silence(redis: Redis, then: str) -> None:
    """Also where the silence has put the matrix back to its beginning: PagerDuty would burn for ever."""
    with a_world(redis, RULES + DEPLOY.replace("by: ana", f"by: ana, then: {then}")) as world:
        world.hears("degraded")
        assert heard(world) == OPENED
        world.passes("65m")
        assert world.incident.hold is not None
        world.hears("degraded", action=Action.RESOLVE)
        assert heard(world) == ENDED


def test_an_acknowledgement_expires_in_a_silence_and_then_it_is_over(redis: Redis) -> None:
    """Nobody is called again; whoever had it hears that it is over, once."""
    rules = RULES.replace("P2: {means", "P2: {acknowledged_for: 30m, means")
    with a_world(redis, rules + DEPLOY) as world:
        world.hears("degraded")
        world.asks(Acknowledge(by="ana", via="test"))
        heard(world)
        world.passes("35m")
        assert any("has run out" in line for line in world.history())
        assert heard(world) == []
        world.hears("degraded", action=Action.RESOLVE)
        assert heard(world) == ENDED
        world.passes("3h")
        assert heard(world) == []


def test_a_page_that_fails_in_a_silence_is_told_once_more_at_its_end(redis: Redis) -> None:
    """Neither the fallback nor the lead is called for a channel that broke; the first responder is not forgotten."""
    with a_world(redis, RULES + DEPLOY) as world:
        world.passes("9m")
        world.outside.pagerduty.fails(times=5)
        world.outside.slack.fails(times=5)
        world.hears("degraded")
        world.passes("61s")
        for receiver in (world.outside.pagerduty, world.outside.slack):
            receiver.heals()
            receiver.fails(status=400)
        world.passes("58m")
        assert heard(world) == []
        assert [step.state for step in world.incident.steps] == [StepState.WAITING] * 2
        world.passes("2m")
        assert heard(world) == OPENED
        world.passes("1h")
        assert ("slack", "escalated") in heard(world)


def test_a_fallback_fails_over_again_after_the_silence(redis: Redis) -> None:
    """The channel is still broken when the silence is over: now the fallback is asked."""
    with a_world(redis, RULES + DEPLOY) as world:
        world.passes("9m")
        world.outside.pagerduty.fails(times=5)
        world.hears("degraded")
        world.passes("61s")
        world.outside.pagerduty.heals()
        world.outside.pagerduty.fails(status=400, times=2)
        world.passes("59m")
        assert heard(world) == [("slack", "opened")]
        world.passes("1m")
        assert heard(world) == [("mail", "opened"), ("slack", "opened")]


def test_lifted_within_working_hours_is_told_within_them(redis: Redis) -> None:
    """The silence would have lasted into the evening: what it put off till the morning is told now, step by step."""
    with a_world(redis, SLOW + OFFICE) as world:
        by_hand(world, "10h")
        world.hears("minor")
        world.passes("1h")
        assert heard(world) == []
        silences.lift(redis, "S-1")
        world.asks(Lift(by="dan", silence="S-1"))
        assert heard(world) == [("slack", "opened")]
        world.passes("3h59m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == [("slack", "escalated")]


def test_nobody_is_told_at_night_that_a_silence_is_over(redis: Redis) -> None:
    """Of what has hours; the next step is told in the morning, with the work that was left."""
    with a_world(redis, SLOW + OFFICE + DEPLOY.replace("for: 1h", "for: 9h")) as world:
        world.hears("minor")
        heard(world)
        world.passes("21h59m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == [("slack", "escalated")]


def test_a_signal_that_flaps_at_night_waits_for_the_morning(redis: Redis) -> None:
    """One of two signals of a minor incident goes and comes: whoever was told by day sleeps."""
    rules = SLOW.replace(
        "  - {name: noise", "  - {name: mild, when: {labels: {how: mild}}, then: &g}\n  - {name: noise"
    )
    rules = rules.replace("&g", "{severity: P3, group_by: source}")
    with a_world(redis, rules + OFFICE) as world:
        world.hears("mild", key="a")
        world.hears("mild", key="b")
        world.passes("9h")
        heard(world)
        world.hears("mild", key="a", action=Action.RESOLVE)
        world.hears("mild", key="a")
        assert heard(world) == []
        assert "nobody is told that it fires again" in world.history()


def test_what_flaps_over_the_end_of_a_silence_must_still_be_steady(redis: Redis) -> None:
    """It fires again a minute before the end: five minutes later people are told, not at the end, and not twice."""
    rules = RULES.replace("P2: {means", "P2: {again_after: 5m, resolve_after: 2h, means")
    with a_world(redis, rules + DEPLOY) as world:
        world.hears("degraded")
        world.passes("1m")
        world.hears("degraded", action=Action.RESOLVE)
        heard(world)
        world.passes("68m")
        world.hears("degraded")
        world.passes("4m59s")
        assert heard(world) == []
        world.passes("1s")
        assert heard(world) == [("pagerduty", "trigger"), ("slack", "fired again")]


def test_a_silence_made_shorter_lets_go_what_it_held(redis: Redis) -> None:
    """Set anew under the same name, or taken out of the rules: the auditor sees it within half a minute."""
    with a_world(redis) as world:
        by_hand(world, "10h")
        world.hears("degraded")
        by_hand(world, "30m")
        audited(world)
        assert heard(world) == []
        world.passes("29m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == OPENED


def test_a_longer_silence_over_a_shorter_puts_off_once(redis: Redis) -> None:
    """Steps are put off by how much longer it lasts, not by the whole of it again."""
    with a_world(redis, RULES + DEPLOY) as world:
        world.hears("degraded")
        heard(world)
        world.passes("61m")
        assert world.incident.hold is not None
        by_hand(world, "3h")
        world.passes("1h58m")
        assert heard(world) == []
        world.passes("1m")
        assert ("slack", "escalated") in heard(world)


def test_two_restarts_change_nothing(redis: Redis) -> None:
    """A new process knows what Redis knows: what is held, why, and until when."""
    with a_world(redis, RULES + DEPLOY) as world:
        world.passes("15m")
        world.hears("outage")
        for _ in range(2):
            world.restarts(redis)
            world.passes("10m")
        assert heard(world) == []
        world.passes("35m")
        assert heard(world) == P1_PAGE


def test_nobody_on_call_at_the_end_of_a_silence_is_no_dead_end(redis: Redis) -> None:
    """The room is told, and the lead is called at once."""
    nobody = "people: [ana], overrides: [{start: 2026-03-02T09:00:00Z, end: 2026-03-03T09:00:00Z, person: null}]}"
    with a_world(redis, RULES.replace("people: [ana]}", nobody) + DEPLOY) as world:
        world.passes("15m")
        world.hears("degraded")
        world.passes("55m")
        assert heard(world) == [("pagerduty", "trigger"), ("slack", "escalated"), ("slack", "opened")]


def test_raised_out_of_a_silence_and_lowered_into_it_again(redis: Redis) -> None:
    """It holds P2 and milder: a P1 is told at once, and its ladder waits when it is no P1 any more."""
    with a_world(redis, RULES + DEPLOY.replace("by: ana", "severities: [P2, P3], by: ana")) as world:
        world.passes("15m")
        world.hears("degraded")
        assert heard(world) == []
        changes(world, Severity.P1)
        assert heard(world) == [("mail", "severity raised"), ("pagerduty", "trigger"), ("slack", "severity raised")]
        assert world.incident.hold is None
        changes(world, Severity.P2)
        assert heard(world) == [("mail", "severity lowered"), ("slack", "severity lowered")]
        world.passes("54m")
        assert heard(world) == []
        world.passes("61m")
        assert ("slack", "escalated") in heard(world)


def test_a_page_that_fails_in_a_silence_that_restarts_comes_in_its_turn(redis: Redis) -> None:
    """The lead's page failed, and the matrix begins anew: the first responder first, the lead a quarter later."""
    restarts = DEPLOY.replace("by: ana", "by: ana, then: restart").replace("09:10:00", "09:15:30")
    two_ways = RULES.replace("[pager, slack, mail], fallback: [hook]", "[pager, slack]")
    with a_world(redis, two_ways + restarts) as world:
        world.hears("outage")
        assert heard(world) == OPENED
        for receiver in (world.outside.pagerduty, world.outside.slack):
            receiver.fails(times=6)
        world.passes("75m")
        assert heard(world) == []
        world.passes("30s")
        assert heard(world) == [("pagerduty", "trigger"), ("slack", "fired again")]
        world.passes("14m59s")
        assert heard(world) == []
        world.passes("1s")
        assert ("slack", "escalated") in heard(world)
        world.asks(Acknowledge(by="maria", via="test"))
        heard(world)


def test_a_silence_taken_out_of_the_rules_lets_go_what_it_held(redis: Redis) -> None:
    """The auditor sees it within half a minute; the ladder goes on where it stood, and another silence still holds."""
    with a_world(redis, RULES + DEPLOY) as world:
        world.passes("15m")
        world.hears("degraded")
        by_hand(world, "20m")
        world.ruleset = load({"rules.yaml": RULES}, channel_options=OPTIONS)
        audited(world)
        world.passes("4m59s")
        assert heard(world) == []
        world.passes("1s")
        assert heard(world) == OPENED
