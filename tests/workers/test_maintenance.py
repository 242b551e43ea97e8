"""Maintenance as people live it: reminded before its end and at its end, also through crashes, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis

from rules.event import Severity
from rules.holds.maintenance import Maintenance, prolonged
from rules.own import Finding
from tests.failing import Died, Fuse, fused
from tests.world import RULES, START, World, a_world
from workers import keys, maintenance
from workers.agenda import Job, Kind, Lane
from workers.maintenance import Announcer
from workers.rulebook import silences
from workers.telling.attempts import Became
from workers.telling.tried import Attempts, Sought
from workers.watch.auditor import audit

SHOP = {"service": "api"}
REMINDER = ("slack", "reminder")


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00, and somebody works in every lane."""
    with a_world(redis, RULES) as world:
        for lane in Lane:
            redis.set(keys.worker(f"{lane}:somewhere:1"), b"1")
        yield world


def begin(world: World, lasts: float = 3600.0, by: str = "dan", **more: object) -> Maintenance:
    """Somebody works on the API."""
    now = world.clock.at
    said = {"name": "M-1", "reason": "new disks: api", "by": by, "when": {"labels": SHOP}}
    times = {"start": iso(now), "end": iso(now + lasts)}
    fields = {"name": "M-1", "service": "api", "reason": "new disks", "by": by, "severity": Severity.P4}
    one = Maintenance(**{**fields, "start": now, "end": now + lasts, **more})  # type: ignore[arg-type]
    maintenance.put(world.redis, one, {**said, **times}, now)
    return one


def iso(at: float) -> str:
    """As the API writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def announcer(world: World) -> Announcer:
    """Of this house."""
    return Announcer(world.redis, world.house.store, world.house.ledger, "https://tocsin.example.com")


def test_people_are_reminded_and_told_when_it_is_over(world: World) -> None:
    """Ten minutes before the end, with what is held back; at the end, with what still burns and is told then."""
    begin(world)
    world.hears("degraded", key="slow", labels=SHOP)
    world.passes("49m59s")
    world.outside.heard_nothing()
    world.passes("1s")
    (said,) = world.outside.heard_exactly([REMINDER])
    assert said.to == "U05DAN"
    assert said.text.startswith("⏰ P4 · Maintenance of api is still on, and ends in 10m")
    words = str(said.body)
    assert "dan started it at 2026-03-02 09:00 UTC: new disks" in words
    assert "P2 «slow is down» (incident " in words
    assert "https://tocsin.example.com/maintenance" in words
    world.passes("9m59s")
    world.outside.heard_nothing()
    world.passes("2s")
    told = world.outside.heard_exactly([REMINDER, ("slack", "opened"), ("pagerduty", "trigger")])
    (over,) = [one for one in told if one.reason == "reminder"]
    assert "Maintenance of api is over" in over.text
    assert "P2 «slow is down»" in str(over.body)
    assert "still burns." in str(over.body)
    assert maintenance.lacking(world.redis, world.house.agenda, world.clock.at) == []
    world.passes("30m")
    world.outside.heard_nothing()


def test_a_silence_of_everything_does_not_hold_its_reminder_back(world: World) -> None:
    """Nothing of it is an incident, so nothing silences it."""
    begin(world)
    said = {"name": "all", "reason": "a drill", "everything": True, "start": iso(START), "for": "1d"}
    silences.put(world.redis, said, world.clock.at)
    world.passes("50m")
    world.outside.heard_exactly([REMINDER])
    assert world.incidents == []
    world.passes("10m")
    world.outside.heard_exactly([REMINDER])


def test_prolonged_it_is_told_and_reminded_anew(world: World) -> None:
    """The reminder of the old end does not come, and what was held back stays so."""
    one = begin(world)
    world.hears("degraded", key="slow", labels=SHOP)
    world.passes("30m")
    longer = replace(one, end=one.end + 1800.0)
    said = {"name": "M-1", "reason": "new disks: api", "by": "dan", "when": {"labels": SHOP}, "start": iso(one.start)}
    telling = announcer(world).entries(longer, prolonged(longer, "ana"), world.clock.at)
    maintenance.put(world.redis, longer, {**said, "end": iso(longer.end)}, world.clock.at, telling)
    world.works()
    (heard,) = world.outside.heard_exactly([REMINDER])
    assert "Maintenance of api goes on until 2026-03-02 10:30 UTC" in heard.text
    world.passes("49m59s")
    world.outside.heard_nothing()
    world.passes("1s")
    world.outside.heard_exactly([REMINDER])
    world.passes("10m")
    world.outside.heard_exactly([REMINDER, ("slack", "opened"), ("pagerduty", "trigger")])


def test_a_lifted_silence_ends_it_without_a_word(world: World) -> None:
    """Somebody has lifted it by its name: nobody is reminded of what is not on."""
    begin(world)
    silences.lift(world.redis, "M-1")
    world.passes("2h")
    world.outside.heard_nothing()
    (one,) = maintenance.every(world.redis, world.clock.at)
    assert one.end <= world.clock.at


def test_a_reminder_that_fails_is_tried_again_and_written_down(world: World) -> None:
    """With the pauses of every notification; one that is refused calls nobody."""
    begin(world)
    world.outside.slack.fails(status=500, times=2)
    world.passes("50m")
    world.outside.heard_nothing()
    world.passes("30s")
    world.outside.heard_exactly([REMINDER])
    world.outside.slack.fails(status=403, times=1)
    world.passes("10m")
    world.outside.heard_nothing()
    assert world.outside.slack.tries == 4
    assert world.house.agenda.upcoming() == []
    outcomes = [one.became for one in Attempts(world.redis).find(Sought(), 10)]
    assert outcomes == [Became.REFUSED, Became.DELIVERED, Became.AGAIN, Became.AGAIN]


@pytest.mark.parametrize("executed", [False, True], ids=["not done", "done, and nobody knows"])
def test_a_crash_at_any_command_costs_no_reminder_and_doubles_none(redis: Redis, valkey: str, executed: bool) -> None:
    """The worker dies while it looks: the next one promises what is to be said, once."""
    for at in range(1, 100):
        redis.flushall()
        with a_world(redis, RULES) as world:
            begin(world)
            fuse = Fuse()
            dying = world.another(fused(valkey, fuse))
            world.clock.at = START + 3000
            (entry,) = dying.agenda.claim(Lane.CALM, Job.ESCALATE, world.clock.at)
            assert entry.kind is Kind.MAINTENANCE
            fuse.at, fuse.executed = fuse.sent + at, executed
            died = False
            try:
                maintenance.look(dying, entry)
            except Died:
                died = True
            world.passes("13s")
            world.outside.heard_exactly([REMINDER])
            world.passes("11m")
            world.outside.heard_exactly([REMINDER])
        if not died:
            assert at > 3
            return
    raise AssertionError("it never ends")


def test_the_auditor_renews_a_promise_that_is_gone(world: World) -> None:
    """Nobody would ever be reminded."""
    begin(world)
    world.redis.delete(keys.entry("maintenance-M-1"))
    world.redis.zrem(keys.agenda(Lane.CALM, Job.ESCALATE), "maintenance-M-1")
    assert audit(world.house).mended[Finding.FORGOTTEN] == 1
    world.works()
    world.outside.heard.clear()
    world.passes("50m")
    assert REMINDER in [one.short for one in world.outside.heard]
    world.outside.heard.clear()


def test_a_planned_one_is_listed_and_reminds_before_its_end(world: World) -> None:
    """It begins in an hour, and nobody hears of it before that."""
    now = world.clock.at
    said = {"name": "M-1", "reason": "new disks: api", "by": "dan", "when": {"labels": SHOP}}
    one = Maintenance(
        name="M-1", service="api", reason="new disks", by="dan", severity=Severity.P4, start=now + 3600, end=now + 7200
    )
    maintenance.put(world.redis, one, {**said, "start": iso(one.start), "end": iso(one.end)}, now)
    world.passes("1h49m")
    world.outside.heard_nothing()
    world.passes("2m")
    world.outside.heard_exactly([REMINDER])
    world.passes("10m")
    world.outside.heard_exactly([REMINDER])
