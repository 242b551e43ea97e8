"""What can wait waits for the morning; who flaps wakes nobody twice; who acknowledges does not have it for ever."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, ChangeSeverity, Command, Mitigate
from rules.event import Action, Severity
from rules.incident import State
from tests.stories.test_silences import OPENED, heard
from tests.world import RULES, START, a_world

OFFICE = (
    "\nhours: {office: {timezone: Europe/Bucharest, weekday: mon-fri, hours: 09:00-17:00, holidays: [2026-03-04]}}\n"
)
SLOW = RULES.replace("P3: {means", "P3: {hours: office, means")
FLAPS = RULES.replace("P2: {means", "P2: {again_after: 5m, means")
FORGETS = RULES.replace("P2: {means", "P2: {acknowledged_for: 2h, means")


def test_a_minor_issue_of_the_night_is_told_in_the_morning(redis: Redis) -> None:
    """Tuesday 23:00; Wednesday is a holiday: Thursday at nine. Four hours to answer are hours of work."""
    with a_world(redis, SLOW + OFFICE, start=START + 36 * 3600) as world:
        world.hears("minor")
        world.passes("33h")
        assert heard(world) == []
        world.passes("1h")
        assert heard(world) == [("slack", "opened")]
        world.passes("3h59m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == [("slack", "escalated")]
        world.passes("20h")
        heard(world)


def test_a_complete_outage_waits_for_no_morning(redis: Redis) -> None:
    """Nor does a minor issue that becomes one."""
    with a_world(redis, SLOW + OFFICE, start=START + 36 * 3600) as world:
        world.hears("minor")
        world.passes("1h")
        assert heard(world) == []
        world.hears("outage")
        assert ("pagerduty", "trigger") in heard(world)


def test_a_person_has_hours_of_their_own_where_the_severity_has_any(redis: Redis) -> None:
    """Dan is told from ten on; of what has no hours, at any time."""
    late = OFFICE.replace("}}\n", "}, late: {timezone: Europe/Bucharest, hours: 10:00-16:00}}\n")
    rules = SLOW.replace("dan: {email", "dan: {hours: late, email").replace("ana: {email", "ana: {hours: late, email")
    with a_world(redis, rules + late, start=START - 2 * 3600 + 30 * 60) as world:
        world.hears("minor")
        assert heard(world) == []
        world.passes("29m")
        assert heard(world) == []
        world.passes("1m")
        assert heard(world) == [("slack", "opened")]
        world.hears("degraded", key="other")
        assert heard(world) == OPENED
        world.asks(Acknowledge(by="ana", via="test"), next(one for one in world.incidents if one.severity == "P2"))
        world.asks(Acknowledge(by="ana", via="test"), next(one for one in world.incidents if one.severity == "P3"))
        heard(world)


def test_who_flaps_calls_once(redis: Redis) -> None:
    """Down, up, down, up …: it is told once, and its recovery once; when it stays down, it calls again."""
    with a_world(redis, FLAPS) as world:
        world.hears("degraded")
        assert heard(world) == OPENED
        world.hears("degraded", action=Action.RESOLVE)
        assert ("slack", "recovered") in heard(world)
        for _ in range(10):
            world.passes("1m")
            world.hears("degraded")
            world.passes("1m")
            world.hears("degraded", action=Action.RESOLVE)
        assert heard(world) == []
        world.hears("degraded")
        world.passes("4m59s")
        assert heard(world) == []
        world.passes("1s")
        assert ("slack", "fired again") in heard(world)


def test_an_acknowledgement_expires(redis: Redis) -> None:
    """Nobody said anything for two hours and it still burns: it is nobody's again."""
    with a_world(redis, FORGETS) as world:
        world.hears("degraded")
        world.passes("5m")
        world.asks(Acknowledge(by="ana", via="test"))
        heard(world)
        world.passes("1h59m")
        assert heard(world) == []
        world.passes("1m")
        assert ("slack", "fired again") in heard(world)
        assert world.incident.state is State.TRIGGERED
        assert any("the acknowledgement of ana has run out" in line for line in world.history())
        world.passes("1h")
        assert ("slack", "escalated") in heard(world)


def test_whoever_says_so_again_has_it_for_longer(redis: Redis) -> None:
    """And who has mitigated it is not called again."""
    with a_world(redis, FORGETS) as world:
        world.hears("degraded")
        world.asks(Acknowledge(by="ana", via="test"))
        world.passes("1h30m")
        world.asks(Acknowledge(by="ana", via="test"))
        heard(world)
        world.passes("1h59m")
        assert heard(world) == []
        world.asks(Mitigate(by="ana", via="test"))
        heard(world)
        world.passes("24h")
        assert heard(world) == []


@pytest.mark.parametrize("quiet", [False, True])
def test_a_snooze_calls_again_unless_it_is_over(redis: Redis, *, quiet: bool) -> None:
    """It is ana's for half an hour."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.asks(Acknowledge(by="ana", via="test", lasts=1800))
        assert any("snoozed by ana, until 2026-03-02 09:30 UTC" in line for line in world.history())
        if quiet:
            world.hears("degraded", action=Action.RESOLVE)
        heard(world)
        world.passes("29m")
        assert heard(world) == []
        world.passes("1m")
        assert (("slack", "fired again") in heard(world)) is not quiet


def test_each_round_waits_longer_than_the_one_before(redis: Redis) -> None:
    """repeat_factor 2: the end of the ladder is drawn out to twice as long, and again."""
    rules = RULES.replace("P3: {means", "P3: {repeat: 2, repeat_factor: 2, means")
    with a_world(redis, rules) as world:
        world.hears("minor")
        times = []
        for _ in range(60):
            world.passes("1h")
            if any(why == "escalated" for _, why in heard(world)):
                times.append(round((world.clock.at - START) / 3600))
        assert times == [4, 8, 12, 20, 24]


@pytest.mark.parametrize(
    "answer", [Acknowledge(by="ana", via="test"), Mitigate(by="ana", via="test")], ids=["acknowledged", "mitigated"]
)
def test_who_answered_what_had_recovered_does_not_have_it_for_ever(redis: Redis, answer: Command) -> None:
    """Answered late, or mitigated, it fires again: theirs for as long as any acknowledgement, then it calls again."""
    with a_world(redis, FORGETS) as world:
        world.hears("degraded")
        if isinstance(answer, Mitigate):
            world.asks(answer)
        world.hears("degraded", action=Action.RESOLVE)
        world.asks(answer)
        world.passes("1m")
        world.hears("degraded")
        assert world.incident.state is State.ACKNOWLEDGED
        heard(world)
        world.passes("1h59m")
        assert heard(world) == []
        world.passes("2m")
        assert ("pagerduty", "trigger") in heard(world)


def test_a_snooze_of_what_had_recovered_calls_again(redis: Redis) -> None:
    """It fires again within the half hour: hers until that is over, and then nobody's."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.hears("degraded", action=Action.RESOLVE)
        world.asks(Acknowledge(by="ana", via="test", lasts=1800.0))
        world.passes("1m")
        world.hears("degraded")
        heard(world)
        world.passes("28m")
        assert heard(world) == []
        world.passes("2m")
        assert ("pagerduty", "trigger") in heard(world)


def test_what_is_raised_is_acknowledged_no_longer_than_that_severity_allows(redis: Redis) -> None:
    """A P3 that ana had without an end is a P2 now: two hours later it is nobody's."""
    with a_world(redis, FORGETS) as world:
        world.hears("minor")
        world.asks(Acknowledge(by="ana", via="test"))
        world.asks(ChangeSeverity(by="dan", via="test", to=Severity.P2, roster=world.house.ledger.roster()))
        heard(world)
        world.passes("1h59m")
        assert heard(world) == []
        world.passes("2m")
        assert ("pagerduty", "trigger") in heard(world)
