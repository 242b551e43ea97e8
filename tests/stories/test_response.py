"""An incident is run: updates are promised and asked for, and it closes only when somebody has looked."""

from __future__ import annotations

import threading

import pytest
from redis import Redis

from rules.commands import Acknowledge, ChangeSeverity, FalsePositive, Resolve, Undo
from rules.event import Action, Severity
from rules.incident import Reason, State
from rules.responding.response import Part, Status
from rules.responding.response_commands import PostUpdate, TakePart, Tick
from tests.world import RULES, World, a_world
from workers.agenda import Kind
from workers.by_hand import By, ByHand
from workers.ledger import Refused
from workers.watch.auditor import audit

P1 = "{means: Complete outage, respond_within: 15m, channels: [pager, slack, mail], fallback: [hook]}"
RUN = (
    RULES.replace(P1, P1.replace("}", ", update_every: 30m, verify: the site is well}"))
    + """
checklists:
  the site is well:
    - The front page answers
    - Users can pay
    - {quiet_for: 10m, text: Errors are normal}
"""
)
EVERYWHERE = ("pagerduty", "slack", "mail")
P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
TAKEN = [("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED), ("mail", Reason.ACKNOWLEDGED)]
UPDATED = [("slack", Reason.UPDATE), ("mail", Reason.UPDATE)]
RECOVERED = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)]
OVER = [("pagerduty", "resolve"), ("slack", Reason.RESOLVED), ("mail", Reason.RESOLVED)]
ANA = Acknowledge(by="ana", via="web")
OVER_BY_ANA = Resolve(by="ana", via="web")


def ticks(world: World, *items: str, by: str = "ana") -> None:
    """Somebody has looked."""
    for item in items:
        world.asks(Tick(item=item, by=by, via="web"))


def has_it(world: World) -> None:
    """The site is down, and Ana has it."""
    world.hears("outage")
    world.asks(ANA)
    world.outside.heard_exactly([*P1_PAGE, *TAKEN])


def test_updates_are_promised_asked_for_louder_and_louder_and_told(redis: Redis) -> None:
    """From the answer to the update: the queue reads the promise aloud, and the auditor finds all in order."""
    with a_world(redis, RUN) as world:
        has_it(world)
        assert f"{Kind.REMIND}-{world.incident.id}" in [one.id for one in world.house.agenda.upcoming()]
        world.passes("29m")
        world.outside.heard_nothing()
        world.passes("1m")
        (mail,) = world.outside.heard_exactly([("mail", Reason.REMINDER)])
        assert mail.to == "ana@example.com"
        assert "ana (assignee), please say how it goes: an update is due." in mail.text
        assert not audit(world.house).mended
        world.passes("10m")
        told = world.outside.heard_exactly([("mail", Reason.REMINDER), ("slack", Reason.REMINDER)])
        slack = next(one for one in told if one.channel == "slack")
        assert (slack.to, "It is 10m late." in slack.text) == ("U02ANA", True)
        world.passes("10m")
        louder = world.outside.heard_exactly([("mail", Reason.REMINDER)] * 2 + [("slack", Reason.REMINDER)])
        assert {one.to for one in louder} == {"ana@example.com", "maria@example.com", "U02ANA"}
        world.passes("2h")
        world.outside.heard_nothing()
        world.asks(PostUpdate(by="ana", via="web", text="We roll back", status=Status.MITIGATING, broken="the shop"))
        told = world.outside.heard_exactly([*UPDATED, ("mail", Reason.UPDATE)])
        assert {one.to for one in told if one.channel == "mail"} == {"ana@example.com", "maria@example.com"}
        assert "Mitigating: We roll back. Broken: the shop. Next update in 30m (2026-03-02 12:20 UTC)." in next(
            one.text for one in told if one.channel == "mail"
        )
        assert world.house.agenda.next_due() == world.clock.now() + 1800


def test_the_commander_is_told_and_then_the_one_who_is_asked(redis: Redis) -> None:
    """Dan is given it: he hears so, and the reminder is his."""
    with a_world(redis, RUN) as world:
        has_it(world)
        world.asks(TakePart(part=Part.COMMANDER, by="ana", via="web", to="dan"))
        told = world.outside.heard_exactly([("slack", Reason.ASSIGNED), ("mail", Reason.ASSIGNED)])
        assert "ana made dan the commander" in next(one.text for one in told if one.channel == "mail")
        world.passes("30m")
        (mail,) = world.outside.heard_exactly([("mail", Reason.REMINDER)])
        assert mail.to == "dan@example.com"


def test_it_is_not_closed_before_it_is_verified(redis: Redis) -> None:
    """A person hears what is missing and what to type; ticked and quiet, it closes."""
    with a_world(redis, RUN) as world:
        has_it(world)
        with pytest.raises(Refused, match=r"3 of 3 left: 1\. The front page answers; 2\. Users can pay; 3\. Errors"):
            world.asks(OVER_BY_ANA)
        ticks(world, "1", "2")
        with pytest.raises(Refused, match=r"1 of 3 left: 3\. Errors are normal \(so in 10m, if nothing comes\)"):
            world.asks(OVER_BY_ANA)
        world.passes("10m")
        world.asks(OVER_BY_ANA)
        world.outside.heard_exactly(OVER)
        assert world.incident.state is State.RESOLVED
        assert world.house.agenda.next_due() is None


def test_an_override_is_recorded_and_told(redis: Redis) -> None:
    """Everybody who was told reads that it was not verified, and why."""
    with a_world(redis, RUN) as world:
        has_it(world)
        world.asks(Resolve(by="ana", via="web", override="the shop is closed for good"))
        told = world.outside.heard_exactly(OVER)
        said = "closed by ana with 3 of 3 not verified: the shop is closed for good"
        assert said in next(one.text for one in told if one.channel == "mail")
        assert said in world.history()


def test_recovered_it_waits_quietly_and_asks_once_in_a_while(redis: Redis) -> None:
    """It is over by its sender: nobody is called, nothing closes it, whoever had it is asked to look."""
    with a_world(redis, RUN) as world:
        has_it(world)
        world.passes("5m")
        world.hears("outage", action=Action.RESOLVE)
        told = world.outside.heard_exactly(RECOVERED)
        mail = next(one.text for one in told if one.channel == "mail")
        assert "it stays open until somebody has verified it: 1. The front page answers; 2. Users can pay; 3." in mail
        world.passes("14m")
        world.outside.heard_nothing()
        world.passes("1m")
        (mail_,) = world.outside.heard_exactly([("mail", Reason.REMINDER)])
        assert "it has recovered and stays open until somebody has looked: The front page answers; Users can pay." in (
            mail_.text
        )
        assert not audit(world.house).mended
        ticks(world, "1", "2")
        assert world.incident.state is State.RESOLVED
        assert world.history()[-1] == "resolved: verified, recovered and quiet for 15m"
        assert world.house.agenda.next_due() is None


def test_it_fires_again_before_anybody_has_looked(redis: Redis) -> None:
    """It is Ana's again, what was ticked is void, and the next update is due in half an hour."""
    with a_world(redis, RUN) as world:
        has_it(world)
        world.hears("outage", action=Action.RESOLVE)
        world.outside.heard_exactly(RECOVERED)
        ticks(world, "1", "2")
        world.passes("5m")
        world.hears("outage")
        world.outside.heard_exactly(UPDATED)
        assert world.incident.state is State.ACKNOWLEDGED
        with pytest.raises(Refused, match="3 of 3 left"):
            world.asks(OVER_BY_ANA)
        assert world.house.agenda.next_due() == world.clock.now() + 1800


def test_a_false_positive_closes_unverified(redis: Redis) -> None:
    """There is nothing to verify."""
    with a_world(redis, RUN) as world:
        has_it(world)
        world.asks(FalsePositive(by="ana", via="web", reason="the monitor was wrong"))
        world.outside.heard_exactly(
            [("pagerduty", "resolve"), ("slack", Reason.FALSE_POSITIVE), ("mail", Reason.FALSE_POSITIVE)]
        )
        assert world.incident.state is State.RESOLVED


def test_whoever_closes_it_in_pagerduty_has_it(redis: Redis) -> None:
    """The ladder stops, it stays open here, and everybody hears what is left; verified, such a word closes it."""
    with a_world(redis, RUN) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        echo = {"source": "pages", "incident": world.incident.id, "actor": "Ana", "action": Action.RESOLVE}
        world.hears("echo", key="pd-1", **echo)
        told = world.outside.heard_exactly(TAKEN)
        said = "closed in generic by Ana; here it stays open until it is verified: 1. The front page answers"
        assert said in next(one.text for one in told if one.channel == "mail")
        assert (world.incident.state, world.incident.acknowledged_by) == (State.ACKNOWLEDGED, "Ana")
        ticks(world, "1", "2")
        world.passes("10m")
        world.hears("echo", key="pd-1", at=world.clock.now(), **echo)
        world.outside.heard_exactly(OVER)
        assert world.incident.state is State.RESOLVED


def test_two_resolve_it_at_once(redis: Redis) -> None:
    """One of them does; the other finds it done. Nobody is told twice."""
    with a_world(redis, RUN) as world:
        has_it(world)
        ticks(world, "1", "2")
        world.passes("10m")
        closed: list[str | None] = []

        def closes(by: str) -> None:
            closed.append(world.house.ledger.answer(world.incident.id, Resolve(by=by, via="web")).resolved_by)

        both = [threading.Thread(target=closes, args=(by,)) for by in ("ana", "dan")]
        for one in both:
            one.start()
        for one in both:
            one.join()
        world.works()
        world.outside.heard_exactly(OVER)
        assert len(set(closed)) == 1
        assert [line.kind for line in world.timeline].count("resolved") == 1


def test_a_resolve_taken_back_owes_its_update_again(redis: Redis) -> None:
    """The promise is withdrawn with the incident, and stands again with it, at its time."""
    with a_world(redis, RUN) as world:
        has_it(world)
        world.passes("10m")
        world.asks(Resolve(by="ana", via="web", override="a slip"))
        assert world.house.agenda.next_due() is None
        world.passes("10s")
        world.asks(Undo(by="ana", via="web", roster=world.house.ledger.roster()))
        world.outside.heard.clear()
        assert world.house.agenda.next_due() == world.clock.now() + 1800 - 610
        assert not audit(world.house).mended


def test_a_lost_reminder_is_promised_again(redis: Redis) -> None:
    """The auditor knows what an incident owes."""
    with a_world(redis, RUN) as world:
        has_it(world)
        redis.delete(*redis.keys("tocsin:entry:remind-*"))
        redis.zrem("tocsin:agenda:urgent:escalate", f"remind-{world.incident.id}")
        assert audit(world.house).mended
        world.passes("30m")
        assert ("mail", Reason.REMINDER) in [one.short for one in world.outside.heard]
        world.outside.heard.clear()


def test_a_reminder_is_moved_by_hand(redis: Redis) -> None:
    """Put off, run now, dropped: each answer says what follows, and the auditor brings nothing back."""
    with a_world(redis, RUN) as world:
        has_it(world)
        hand, by, entry = ByHand(redis, world.clock, world.house.ledger), By("dan", "web"), ""
        entry = f"{Kind.REMIND}-{world.incident.id}"
        assert hand.postpone(entry, 1800, by) == "Put off. Next reminder: 10:00 UTC."
        assert hand.run(entry, by) == "They are reminded now. Next reminder: 09:10 UTC."
        world.works()
        (mail,) = world.outside.heard_exactly([("mail", Reason.REMINDER)])
        assert mail.to == "ana@example.com"
        assert hand.drop(entry, "we sit together", by) == (
            "Dropped: nobody is reminded of this. The next thing that is due is reminded of again."
        )
        assert not audit(world.house).mended
        world.passes("3h")
        world.outside.heard_nothing()
        assert "dan dropped the reminder of an update: we sit together" in world.history()


def test_an_incident_that_opened_before_keeps_its_own_checklist(redis: Redis) -> None:
    """Frozen like the matrix: rules that ask for nothing more do not open its gate."""
    with a_world(redis, RUN) as world:
        has_it(world)
        with_less = a_world(redis, RULES)
        with with_less as later:
            later.clock.at = world.clock.at
            with pytest.raises(Refused, match="3 of 3 left"):
                later.asks(OVER_BY_ANA)


def test_a_milder_severity_closes_as_that_one_does(redis: Redis) -> None:
    """Who lowers it says that it is not that bad, and that is in the history."""
    with a_world(redis, RUN) as world:
        has_it(world)
        roster = world.house.ledger.roster()
        world.asks(ChangeSeverity(by="ana", via="web", to=Severity.P3, roster=roster))
        world.asks(OVER_BY_ANA)
        world.outside.heard.clear()
        assert world.incident.state is State.RESOLVED
