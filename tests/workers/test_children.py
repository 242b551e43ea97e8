"""Children of an incident are not forgotten: not in a crash, not in a race, not when there are many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from router.api.promises import read_aloud
from rules.commands import Resolve
from rules.incident import StepState
from rules.own import Finding
from rules.together.inhibition import LOOK_AFTER
from tests.children import INHIBIT, SHOP, down, errors, heard, the
from tests.failing import Meddler, meddled
from tests.world import RULES, World, a_world
from workers import keys
from workers.agenda import Job, Kind, Lane
from workers.watch.auditor import audit

INTAKE = (Lane.INTAKE, Job.DEDUPLICATE)


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00; while the site is down, nobody is told of errors of the same service."""
    with a_world(redis, RULES + INHIBIT) as world:
        for lane in Lane:
            redis.set(keys.worker(f"{lane}:somewhere:1"), b"1")
        yield world


def test_the_auditor_sees_to_children_too(world: World) -> None:
    """When the word of the parent's end is lost, and the look at the child too, the next audit has them told."""
    parent = down(world)
    child = errors(world)
    heard(world)
    world.passes("3h")
    assert not audit(world.house).mended
    world.house.ledger.answer(parent.id, Resolve(by="ana", via="test"))
    assert not audit(world.house).mended
    for kind, of in ((Kind.RELEASE, parent), (Kind.STEP, child)):
        forget(world, f"{kind}-{of.id}")
    world.works()
    heard(world)
    assert audit(world.house).mended[Finding.FORGOTTEN] == 1
    world.works()
    assert ("slack", "opened") in heard(world)


def test_the_auditor_tells_whom_a_dead_parent_still_hides(world: World) -> None:
    """Its own look may be hours away: the child has waited long, and each look comes after as long again."""
    parent = down(world)
    errors(world)
    world.passes("3h")
    world.house.ledger.answer(parent.id, Resolve(by="ana", via="test"))
    forget(world, f"{Kind.RELEASE}-{parent.id}")
    world.works()
    heard(world)
    assert audit(world.house).mended[Finding.FORGOTTEN] == 1
    world.works()
    assert ("slack", "opened") in heard(world)


def forget(world: World, entry: str) -> None:
    """A promise is lost."""
    assert world.redis.delete(keys.entry(entry))
    world.redis.zrem(keys.agenda(Lane.URGENT, Job.ESCALATE), entry)


def test_a_lost_word_of_the_end_costs_a_minute(world: World) -> None:
    """A child is looked at by itself after a minute, then after as long again as it has waited."""
    parent = down(world)
    errors(world)
    heard(world)
    world.house.ledger.answer(parent.id, Resolve(by="ana", via="test"))
    forget(world, f"{Kind.RELEASE}-{parent.id}")
    world.passes(LOOK_AFTER)
    assert ("slack", "opened") in heard(world)


def test_a_parent_that_ends_while_a_child_opens_hides_it_not(redis: Redis, valkey: str, world: World) -> None:
    """The worker that is about to keep the errors quiet is overtaken by the end of the parent: they are told."""
    parent = down(world)
    heard(world)
    meddler = Meddler()
    other = world.another(meddled(valkey, meddler))
    world.hears("degraded", key="boom", source="sentry", labels=SHOP, work=False)
    claimed = other.agenda.claim(*INTAKE, world.clock.now())
    meddler.act = lambda: world.house.ledger.answer(parent.id, Resolve(by="ana", via="test"))
    other.ledger.deduplicate(claimed)
    meddler.act = None
    assert the(world, "boom").parent is None
    world.works()
    assert ("slack", "opened") in heard(world)
    other.redis.close()


def test_a_storm_of_children_is_told_in_a_few_messages(world: World) -> None:
    """All of them, at once; rooms hear of them as of every storm."""
    parent = down(world)
    heard(world)
    for n in range(120):
        errors(world, "minor", key=f"boom-{n}")
    assert heard(world) == []
    world.asks(Resolve(by="ana", via="test"), parent)
    world.passes("5s")
    children = [one for one in world.incidents if one.id != parent.id]
    assert len(children) == 120
    assert all(one.parent is None and one.steps[0].state is StepState.SENT for one in children)
    assert len(heard(world)) < 20


def test_the_agenda_says_what_children_wait_for(world: World) -> None:
    """Read aloud, nobody takes the look at a child for a step of its ladder."""
    parent = down(world)
    child = errors(world)
    heard(world)
    world.house.ledger.answer(parent.id, Resolve(by="ana", via="test"))
    known = {one.id: one for one in world.incidents}
    said = [item["what"] for item in read_aloud(world.house.agenda.upcoming(), known, world.clock.now())]
    assert f"see whether incident {parent.id} still keeps P2 incident {child.id} quiet" in said
    assert f"tell of what P1 incident {parent.id} kept quiet and still burns" in said
    world.works()
    heard(world)
