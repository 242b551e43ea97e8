"""What a person does with single promises: run now, put off, drop. No worker is disturbed, nothing is silently lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis

from rules.commands import Acknowledge
from rules.incident import Reason, StepState
from tests.world import World, a_world
from workers import keys
from workers.agenda import Entry, Job, Kind, Lane
from workers.by_hand import By, ByHand, NoEntry
from workers.ledger import Refused
from workers.watch.auditor import audit

ANA = By("ana", "web")
P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
P1_STEP = [("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)]
CALLED = [("pagerduty", "trigger"), ("slack", Reason.CALLED), ("mail", Reason.CALLED)]


def hand(world: World) -> ByHand:
    """Ana's."""
    return ByHand(world.redis, world.clock, world.house.ledger)


def step(world: World) -> str:
    """The id of the only incident's next look at its ladder."""
    return f"{Kind.STEP}-{world.incident.id}"


def page(world: World) -> Entry:
    """The first notification that is promised."""
    return next(one for one in world.house.agenda.upcoming() if one.kind is Kind.NOTIFY)


def test_a_step_that_is_run_now_is_told_now_and_once(redis: Redis) -> None:
    """Whom it calls reads who wanted it, and the steps after it keep their time."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        said = hand(world).run(step(world), ANA, 1)
        world.works()
        world.outside.heard_exactly(CALLED)
        assert said == "The next step is told now. Then: ceo at 09:30 UTC, in 30m, if nobody acknowledges."
        world.passes("29m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly(P1_STEP)


def test_a_step_that_is_put_off_comes_so_much_later_with_all_after_it(redis: Redis) -> None:
    """The incident's own ladder has moved, so that the auditor finds nothing to mend."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        said = hand(world).postpone(step(world), 600, ANA, 1)
        assert said == "Put off. Then: engineering lead at 09:25 UTC, in 25m, if nobody acknowledges."
        assert not audit(world.house).mended
        world.passes("24m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly(P1_STEP)
        assert world.house.agenda.next_due() == world.clock.now() + 900


def test_a_step_that_is_dropped_stays_so_and_the_end_still_calls(redis: Redis) -> None:
    """The auditor does not bring it back; the answer says who comes instead; the end is told to all but them."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        said = hand(world).drop(step(world), "on a plane", ANA, 1)
        dropped = "Dropped. The incident stays open, and nobody has it. "
        assert said == f"{dropped}Then: ceo at 09:30 UTC, in 30m, if nobody acknowledges."
        assert "ana dropped the step of engineering lead: on a plane" in world.history()
        assert not audit(world.house).mended
        assert world.incident.steps[1].state is StepState.DROPPED
        said = hand(world).drop(step(world), "asleep", ANA, 2)
        assert said == f"{dropped}Then: the matrix ends at 09:45 UTC, in 45m; everybody is told once more then."
        with pytest.raises(Refused, match="The end of the matrix cannot be dropped"):
            hand(world).drop(step(world), "enough", ANA)
        world.passes("45m")
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.EXHAUSTED), ("mail", Reason.EXHAUSTED)])


@pytest.mark.parametrize("act", ["run", "drop"])
def test_a_step_that_has_come_due_meanwhile_does_not_hit_the_next(redis: Redis, act: str) -> None:
    """The page was old: its entry has the same name, but another step."""
    with a_world(redis) as world:
        world.hears("outage")
        world.passes("15m")
        world.outside.heard.clear()
        acts: dict[str, Callable[[], str]] = {
            "run": lambda: hand(world).run(step(world), ANA, 1),
            "drop": lambda: hand(world).drop(step(world), "late", ANA, 1),
        }
        with pytest.raises(Refused, match="has come due in the meantime"):
            acts[act]()
        world.works()
        world.outside.heard_nothing()


def test_a_page_that_waits_for_its_next_try_is_tried_now_or_later_or_never(redis: Redis) -> None:
    """Its channel is down: each of the three stands in the history with the name, and dropped means gone."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=503, times=100)
        world.hears("minor")
        world.passes("40s")
        waiting = page(world)
        assert waiting.due_at > world.clock.now()
        assert hand(world).run(waiting.id, ANA).startswith("It is done now: slack to on-call engineer (ana)")
        assert page(world).due_at == world.clock.now()
        world.works()
        before = page(world).due_at
        hand(world).postpone(waiting.id, 120, ANA)
        assert page(world).due_at == before + 120
        said = hand(world).drop(waiting.id, "slack is down", ANA)
        assert said.startswith("Dropped: slack to on-call engineer (ana): opened. Then: team lead at 13:00 UTC")
        assert [line.by for line in world.timeline[-3:]] == ["ana", "ana", "ana"]
        assert not audit(world.house).mended
        with pytest.raises(NoEntry):
            hand(world).run(waiting.id, ANA)
        world.outside.heard_nothing()


def test_what_a_worker_has_in_hand_is_left_to_it(redis: Redis) -> None:
    """Taken before or while the person looks: refused with a sentence, and the worker's outcome stands."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
        entries = world.house.agenda.claim(Lane.URGENT, Job.NOTIFY, world.clock.now())
        with pytest.raises(Refused, match="A worker has this in hand"):
            hand(world).drop(entries[0].id, "no", ANA)
        for entry in entries:
            world.house.sender.send(entry, world.clock.now())
        world.outside.heard_exactly(P1_PAGE)


def test_taken_between_the_look_and_the_change(redis: Redis) -> None:
    """The claim counts its attempt up, and the transaction sees that."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
        ours = hand(world)
        entry = page(world)
        looked = ours._free

        def overtaken(entry_id: str, *, parked: bool = False) -> Entry:
            found = looked(entry_id, parked=parked)
            world.house.agenda.claim(Lane.URGENT, Job.NOTIFY, world.clock.now())
            return found

        ours._free = overtaken  # type: ignore[method-assign]
        with pytest.raises(Refused, match="A worker has this in hand"):
            ours.drop(entry.id, "no", ANA)
        assert world.house.agenda.entry(entry.id) is not None


def test_what_was_heard_is_neither_dropped_nor_put_off(redis: Redis) -> None:
    """Nobody would ever know of it. Nor is a look that ends an incident."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        (entry,) = world.house.agenda.upcoming()
        with pytest.raises(Refused, match="nobody would ever know of it"):
            hand(world).drop(entry.id, "no", ANA)
        with pytest.raises(Refused, match="nobody would ever know of it"):
            hand(world).postpone(entry.id, 60, ANA)
        assert "put into their incidents" in hand(world).run(entry.id, ANA)
        assert redis.exists(keys.entry(entry.id))


@pytest.mark.parametrize("seconds", [0, 59, 86401])
def test_how_long_is_bounded(redis: Redis, seconds: float) -> None:
    """A minute to a day for a step."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        with pytest.raises(Refused, match="1m to 1440m"):
            hand(world).postpone(step(world), seconds, ANA)


def test_of_an_acknowledged_one_its_expiry_is_put_off(redis: Redis) -> None:
    """A snooze that is too short; dropping it would make it nobody's business for ever."""
    with a_world(redis) as world:
        world.hears("minor")
        world.asks(Acknowledge(by="ana", via="web", lasts=600))
        world.outside.heard.clear()
        hand(world).postpone(step(world), 300, ANA)
        assert world.incident.acknowledged_until == world.clock.now() + 900
        with pytest.raises(Refused, match="no step to drop"):
            hand(world).drop(step(world), "no", ANA)
