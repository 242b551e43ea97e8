"""A crash at every command of a life: whatever was cut short, the next process ends it the same way.

One life is an incident's, one that of a gate that adds up, one that of a parent and of the child it keeps quiet.

The plain suite lets every fifth command fail, `--hypothesis-profile=long` each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from rules.commands import Acknowledge
from rules.event import Action
from rules.incident import Incident, State, StepState
from tests.children import INHIBIT, SHOP, the
from tests.failing import Died, Fuse, fused
from tests.outside import Heard
from tests.world import RULES, START, World, a_world
from workers import keys
from workers.watch.auditor import audit

ADDS_UP = RULES.replace("count: 3, within: 5m", "sum: labels.amount, over: 500, within: 10m")
SAMPLE = 5
LATE = 30.0
"""Seconds by which a crash may delay a message."""

Message = tuple[str, str, str, str]
Life = Callable[[World], Iterator[Callable[[], Any]]]


@dataclass(frozen=True, slots=True)
class Ended:
    """What is left of an incident."""

    title: str
    state: State
    severity: str
    steps: tuple[tuple[str, StepState, str | None], ...]
    kinds: frozenset[str]
    answered_by: str | None
    counted: tuple[str, ...]
    """What the history says of its gate."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What is left of a life: what must be the same however it went."""

    incidents: tuple[Ended, ...]
    left_over: int
    """Promises that stand where none should, open incidents, and what was given up."""
    mended: int


def outage(world: World) -> Iterator[Callable[[], Any]]:
    """A P1: escalated once, acknowledged, ended by its sender's word, settled. Whoever is cut short repeats."""
    yield lambda: world.hears("outage", work=False)
    yield world.works
    yield lambda: until(world, 16)
    yield lambda: world.house.ledger.answer(world.incident.id, Acknowledge(by="ana", via="cli"))
    yield lambda: until(world, 20)
    yield lambda: world.hears(action=Action.RESOLVE, work=False)
    yield lambda: until(world, 60)


def losses(world: World) -> Iterator[Callable[[], Any]]:
    """Two failed payments that are too much together, told once more; acknowledged, ended by quiet, settled."""
    for number, amount in enumerate(("300.10", "199.91")):
        labels = {"amount": amount, "currency": "EUR"}
        payment = partial(world.hears, "payment", key=f"pi {number}", labels=labels, sender_id=f"evt_{number}")
        yield partial(payment, work=False)
        yield world.works
        yield partial(until, world, number + 1)
    yield partial(payment, work=False)
    yield lambda: until(world, 14)
    yield lambda: world.house.ledger.answer(world.incident.id, Acknowledge(by="ana", via="cli"))
    yield lambda: until(world, 60)


def family(world: World) -> Iterator[Callable[[], Any]]:
    """A P1 keeps errors quiet, is acknowledged and ends by its sender's word: then the errors are told, and end too."""
    yield lambda: world.hears("outage", key="site", labels=SHOP, work=False)
    yield world.works
    yield lambda: until(world, 1)  # who was cut short has opened it by now: errors that come first are told first
    yield lambda: world.hears("degraded", key="boom", source="sentry", labels=SHOP, work=False)
    yield lambda: until(world, 16)
    yield lambda: world.house.ledger.answer(the(world, "site").id, Acknowledge(by="ana", via="cli"))
    yield lambda: until(world, 20)
    yield lambda: world.hears(action=Action.RESOLVE, key="site", labels=SHOP, work=False)
    yield lambda: until(world, 25)
    yield lambda: world.house.ledger.answer(the(world, "boom").id, Acknowledge(by="ana", via="cli"))
    yield lambda: world.hears(action=Action.RESOLVE, key="boom", source="sentry", labels=SHOP, work=False)
    yield lambda: until(world, 60)


def until(world: World, minutes: float) -> None:
    """Time goes by up to so many minutes after the beginning."""
    world.passes(START + 60 * minutes - world.clock.at)


def lived(redis: Redis, url: str, fuse: Fuse, life: Life) -> tuple[Lived, list[Heard]]:
    """What becomes of that life when the fuse blows in it; and every message that arrived."""
    redis.flushall()
    with fused(url, fuse) as first, a_world(first, ADDS_UP + INHIBIT) as world:
        for act in life(world):
            try:
                act()
            except Died:
                world.restarts(redis)
                act()
            except RedisConnectionError:
                act()
        heard, world.outside.heard = world.outside.heard, []
        world.restarts(redis)
        return result(world), heard


def result(world: World) -> Lived:
    """The end of it as a later process finds it."""
    house = world.house
    return Lived(
        incidents=tuple(_ended(world, one) for one in sorted(world.incidents, key=lambda one: one.title)),
        left_over=sum(house.agenda.lengths().values()) + world.redis.zcard(keys.OPEN) + world.redis.zcard(keys.PARKED),
        mended=sum(audit(house).mended.values()),
    )


def _ended(world: World, incident: Incident) -> Ended:
    return Ended(
        title=incident.title,
        state=incident.state,
        severity=incident.severity,
        steps=tuple((step.role, step.state, step.person) for step in incident.steps),
        kinds=frozenset(line.kind for line in world.house.store.timeline(incident.id)),
        answered_by=incident.acknowledged_by,
        counted=tuple(line.text for line in world.house.store.timeline(incident.id) if line.kind == "counted"),
    )


def faults(quiet: list[Heard], heard: list[Heard]) -> list[str]:
    """What is wrong with the messages of a life that was cut short, beside those of a quiet one."""
    wanted, came = by_message(quiet), by_message(heard)
    missing = [f"never arrived: {message}" for message in wanted.keys() - came.keys()]
    late = [
        f"late: {message}" for message in wanted.keys() & came.keys() if came[message][0] > wanted[message][0] + LATE
    ]
    return missing + late + (["more than one came twice"] if len(heard) > len(quiet) + 1 else [])


def by_message(heard: list[Heard]) -> dict[Message, list[float]]:
    """When each arrived."""
    arrived: dict[Message, list[float]] = defaultdict(list)
    for one in heard:
        about = "boom" if "boom" in one.text + str(one.body) else ""
        arrived[one.channel, one.to, one.reason, about].append(one.at)
    return arrived


def crashes(redis: Redis, url: str, life: Life, *, executed: bool, deadly: bool, every: int) -> None:
    """Live once in quiet, then once for each command that fails."""
    lived(redis, url, Fuse(), life)  # from now on Redis knows the scripts
    whole = Fuse()
    expected, quiet = lived(redis, url, whole, life)
    assert expected.left_over == expected.mended == 0
    wrong: list[tuple[int, object]] = []
    for at in range(1, whole.sent + 1, every):
        fuse = Fuse(at=at, executed=executed, deadly=deadly)
        found, heard = lived(redis, url, fuse, life)
        if not fuse.blown or found != expected or faults(quiet, heard):
            wrong.append((at, faults(quiet, heard) or found))
    assert not wrong, wrong


WAYS = [
    pytest.param(False, True, id="not done and the process dies"),
    pytest.param(True, True, id="done and the process dies"),
    pytest.param(False, False, id="not done and the connection breaks"),
    pytest.param(True, False, id="done and the connection breaks"),
]


@pytest.mark.parametrize("life", [outage, losses, family])
@pytest.mark.parametrize(("executed", "deadly"), WAYS)
def test_a_crash_at_any_moment_changes_nothing_in_the_end(
    redis: Redis, valkey: str, long: bool, executed: bool, deadly: bool, life: Life
) -> None:
    """Wherever it strikes: the same end, the same sum, nobody untold, and at most one message twice."""
    crashes(redis, valkey, life, executed=executed, deadly=deadly, every=1 if long else SAMPLE)
