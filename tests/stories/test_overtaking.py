"""What is urgent goes into its incident before what waits, and what it overtakes comes to the same as in its order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from rules.decision import Judged
from rules.event import Action, Event, Severity
from rules.incident import Reason, State
from tests.stories.test_storms import INTAKE, OPENED
from tests.world import World, a_world
from workers import jobs
from workers.agenda import CLAIM_AT_MOST, Entry
from workers.deliveries.intake import OVERTAKES, Received, judged_of, queue_commands

LOOK = CLAIM_AT_MOST
"""Entries that a worker takes up at once."""


def test_what_is_urgent_is_dealt_with_before_the_storm_it_came_in(redis: Redis) -> None:
    """More P3 wait than a look takes up, for seconds already; the P1 that comes last is in its incident first."""
    with a_world(redis) as world:
        for number in range(2 * LOOK):
            world.hears("minor", key=f"minor {number}", work=False)
        world.clock.at += OVERTAKES[Severity.P1] / 2
        world.hears("outage", work=False)
        assert jobs.drain(world.house, *INTAKE) == LOOK
        assert "web is down" in {one.title for one in world.incidents}
        assert len(world.incidents) == LOOK
        world.works()
        assert len(world.incidents) == 2 * LOOK + 1
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED, ("mail", Reason.OPENED), OPENED])


def test_a_p1_is_dealt_with_before_a_storm_of_p2(redis: Redis) -> None:
    """Those are urgent too, and have waited for ten seconds."""
    with a_world(redis) as world:
        for number in range(2 * LOOK):
            world.hears("degraded", key=f"slow {number}", work=False)
        world.clock.at += 10
        world.hears("outage", work=False)
        jobs.drain(world.house, *INTAKE)
        assert "P1" in {one.severity for one in world.incidents}
        world.works()
        world.outside.heard.clear()


@pytest.mark.parametrize("line", [0, 2 * LOOK], ids=["alone", "in a line"])
@pytest.mark.parametrize("pager", [False, True], ids=["its sender", "the pager"])
@pytest.mark.parametrize("what", [Action.ACKNOWLEDGE, Action.RESOLVE])
def test_an_answer_to_what_it_was_before_answers_nothing_worse(
    redis: Redis, what: Action, pager: bool, line: int
) -> None:
    """A P2 is answered, and then becomes a P1, which overtakes the answer in the line: the P1 is everybody's still."""
    with a_world(redis) as world:
        world.hears("degraded")
        incident = world.incident
        for number in range(line):
            world.hears("minor", key=f"minor {number}", work=False)
        echo = {"source": "pd", "key": "pd 1", "incident": incident.id} if pager else {}
        world.hears("degraded", action=what, actor="bob", work=False, **echo)
        world.clock.at += 2
        world.hears("outage", work=False)
        world.works()
        burning = [one for one in world.incidents if one.severity is Severity.P1]
        assert [(one.state, one.acknowledged_by) for one in burning] == [(State.TRIGGERED, None)]
        world.passes("16m")
        (last,) = world.house.store.each([burning[0].id])
        assert "maria" in {step.person for step in last.steps if step.state == "sent"}
        world.outside.heard.clear()


def test_an_answer_to_what_nobody_had_heard_of_answers_nothing_that_joins(redis: Redis) -> None:
    """Its signal joins an incident, and overtakes it in the line: in their order it would have found none."""
    with a_world(redis) as world:
        world.hears("grouped", key="a", labels={"service": "shop"})
        for number in range(2 * LOOK):
            world.hears("minor", key=f"minor {number}", work=False)
        world.clock.at += 1
        world.hears("grouped", key="b", action=Action.ACKNOWLEDGE, labels={"service": "shop"}, work=False)
        world.clock.at += 1
        world.hears("grouped", key="b", labels={"service": "shop"}, work=False)
        world.works()
        (joined,) = [one for one in world.incidents if one.severity is Severity.P2]
        assert (len(joined.signals), joined.state) == (2, State.TRIGGERED)
        world.outside.heard.clear()


def test_what_a_gate_counts_keeps_its_place(redis: Redis) -> None:
    """How many are too many depends on what came before, so a P1 that is only counted does not overtake it."""
    with a_world(redis) as world:
        for number in range(2 * LOOK):
            world.hears("minor", key=f"minor {number}", work=False)
        world.hears("payment", work=False)
        world.clock.at += 1
        assert not [one for entry in taken(world) for one in judged_of(entry) if one.decision and one.decision.gate]


def test_who_overtakes_leaves_the_neighbours_in_line(redis: Redis) -> None:
    """Of what was kept together only what is urgent goes ahead, the worst first; the others wait in line."""
    with a_world(redis) as world:
        one = world.hears("minor", key="early", work=False)
        later = [received(world, replace(one, dedup_key=key, labels={"how": how}, delivery=key)) for key, how in MIXED]
        with redis.pipeline(transaction=True) as pipe:
            queue_commands(pipe, later, world.clock.now() + 1)
            pipe.execute()
        world.clock.at += 2
        order = [[each.event.dedup_key for each in judged_of(entry)] for entry in taken(world)]
        assert order == [["a P1"], ["a P2"], ["early"], ["a P3", "over"]]


def test_a_signal_that_got_worse_in_line_opens_once(redis: Redis) -> None:
    """Its P1 overtakes the P3 it was a moment ago, which is then old news: one incident, nobody told twice."""
    with a_world(redis) as world:
        world.hears("minor", key="web", work=False)
        world.clock.at += 1
        world.hears("outage", key="web", work=False)
        first = world.house.agenda.claim(*INTAKE, world.clock.now(), at_most=1)
        world.house.ledger.deduplicate(first)
        world.works()
        assert [(one.severity, one.count) for one in world.incidents] == [("P1", 1)]
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED, ("mail", Reason.OPENED)])


MIXED = (("a P3", "minor"), ("a P1", "outage"), ("a P2", "degraded"), ("over", "minor"))


def received(world: World, event: Event) -> Received:
    """A delivery as the receiver has read and judged it."""
    over = event.dedup_key == "over"
    decision = None if over else world.ruleset.decide(event, world.clock.now())
    judged = Judged(event=replace(event, action=Action.RESOLVE) if over else event, decision=decision)
    return Received(
        id=event.delivery, source="uptime", source_type="generic", received_at=world.clock.now(), judged=(judged,)
    )


def taken(world: World) -> list[Entry]:
    """What a worker takes up, in its order."""
    return world.house.agenda.claim(*INTAKE, world.clock.now())
