"""Slips of a hand at night: an answer is taken back, and nobody is forgotten by it. And whoever needs help gets it."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, EscalateNow, Resolve, Undo
from rules.event import Action
from rules.incident import Reason, State
from tests.world import World, a_world
from workers import keys
from workers.ledger import Refused
from workers.watch.auditor import audit

P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
P1_STEP = [("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)]
TAKEN = [("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED), ("mail", Reason.ACKNOWLEDGED)]
AGAIN = [("pagerduty", "trigger"), ("slack", Reason.TAKEN_BACK), ("mail", Reason.TAKEN_BACK)]
OVER = [("pagerduty", "resolve"), ("slack", Reason.RESOLVED), ("mail", Reason.RESOLVED)]
ANA, OVER_BY_ANA = Acknowledge(by="ana", via="web"), Resolve(by="ana", via="web")


def takes_back(world: World, by: str = "ana") -> None:
    """Within its half minute."""
    world.asks(Undo(by=by, via="web", roster=world.house.ledger.roster()))


def test_an_acknowledgement_by_mistake_costs_no_escalation(redis: Redis) -> None:
    """Taken back after its step had come due: that is told at once, and the rest of the ladder in its time."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("14m50s")
        world.asks(ANA)
        world.outside.heard_exactly(TAKEN)
        world.passes("20s")
        takes_back(world)
        world.passes("1s")
        world.outside.heard_exactly([*AGAIN, *P1_STEP])
        assert "ana took back the acknowledgement: it is P1, and nobody has it" in world.history()
        world.passes("14m49s")
        world.outside.heard_exactly(P1_STEP)


def test_a_page_left_out_meanwhile_is_sent(redis: Redis) -> None:
    """Its channel was slow, then somebody seemed to have it: taken back, the page still comes, and comes once."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=503, times=1)
        world.hears("minor")
        world.asks(ANA)
        world.passes("5s")
        assert [line.kind for line in world.timeline].count("skipped") == 1
        world.outside.heard_exactly([("slack", Reason.ACKNOWLEDGED)])
        takes_back(world)
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.passes("5m")
        world.outside.heard_nothing()


def test_what_was_resolved_by_mistake_goes_on(redis: Redis) -> None:
    """Its signal and group lead to it as before, nothing of it has an end, and the auditor finds all in order."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.asks(OVER_BY_ANA)
        world.outside.heard_exactly(OVER)
        assert redis.ttl(keys.incident(world.incident.id)) > 0
        takes_back(world)
        world.outside.heard_exactly(AGAIN)
        name, group = world.incident.id, world.incident.group_key
        lasting = (keys.incident(name), keys.timeline(name), keys.group(group), keys.signal("uptime/web"))
        assert [redis.ttl(key) for key in lasting] == [-1] * 4
        assert not audit(world.house).mended
        world.hears("outage")
        assert world.incident.state is State.TRIGGERED
        world.passes("15m")
        world.outside.heard_exactly(P1_STEP)
        world.hears("outage", action=Action.RESOLVE)
        assert world.incident.state is State.RECOVERED
        world.outside.heard.clear()


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (Action.TRIGGER, "has opened since, and has taken its place"),
        (Action.RESOLVE, "its sender has said since that it is over"),
    ],
)
def test_what_has_gone_on_since_is_not_opened_again(redis: Redis, action: Action, why: str) -> None:
    """A new incident has its place, or its sender has ended it: the sentence says which, and nothing changes."""
    with a_world(redis) as world:
        world.hears("minor")
        old = world.incident
        world.asks(OVER_BY_ANA)
        world.passes("5s")
        world.hears("minor", action=action)
        world.outside.heard.clear()
        with pytest.raises(Refused, match=why):
            world.house.ledger.answer(old.id, Undo(by="ana", via="web", roster=world.house.ledger.roster()))
        assert world.house.store.incident(old.id) == next(one for one in world.incidents if not one.is_open)
        world.outside.heard_nothing()


def test_after_half_a_minute_it_stands(redis: Redis) -> None:
    """Whoever was called has gone back to bed: there is no way back but another answer."""
    with a_world(redis) as world:
        world.hears("minor")
        world.asks(ANA)
        world.passes("31s")
        world.outside.heard.clear()
        with pytest.raises(Refused, match="within 30s"):
            takes_back(world)
        world.outside.heard_nothing()


def test_i_have_it_but_need_my_lead(redis: Redis) -> None:
    """The lead is called though it is acknowledged; when it is over they hear that as everybody does."""
    with a_world(redis) as world:
        world.hears("outage")
        world.asks(ANA)
        world.outside.heard.clear()
        world.asks(EscalateNow(by="ana", via="web", roster=world.house.ledger.roster()))
        heard = world.outside.heard_exactly(
            [("pagerduty", "trigger"), ("slack", Reason.CALLED), ("mail", Reason.CALLED)]
        )
        assert all("by ana" in one.text for one in heard if one.short[0] != "pagerduty")
        assert world.incident.acknowledged_by == "ana"
        world.passes("3h")
        world.outside.heard_nothing()
        world.hears("outage", action=Action.RESOLVE)
        assert [one.reason for one in world.outside.heard].count(Reason.RECOVERED) == 3
        world.outside.heard.clear()
