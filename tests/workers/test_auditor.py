"""The auditor: promises removed, corrupted or left lying by hand are found, mended, counted and told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.commands import Acknowledge
from rules.event import Action
from rules.incident import Reason, State
from rules.own import Finding
from tests.world import START, World, a_world
from workers import counters, keys, release
from workers.agenda import DESKS, Job, Lane
from workers.channels.contract import HttpRequest, Reply, Undelivered
from workers.watch import auditor, beats
from workers.watch.auditor import Auditor, Findings, audit

OPENED = ("slack", Reason.OPENED)
RECOVERED = ("slack", Reason.RECOVERED)


def everybody_beats(world: World) -> None:
    """A worker in every lane, as far as anybody can see."""
    for lane in Lane:
        beats.beat(world.redis, f"{lane}:host:1")


def audited(world: World) -> Findings:
    """One audit, and whatever comes of it."""
    everybody_beats(world)
    found = audit(world.house)
    world.works()
    return found


def step(world: World) -> str:
    """The entry of the next look at the only incident's ladder."""
    return f"step-{world.incident.id}"


def test_where_all_is_well_nothing_is_said(redis: Redis) -> None:
    """Incidents in every state, all their promises in place: no finding, no message, no incident of Tocsin's own."""
    with a_world(redis) as world:
        for key in ("a", "b", "c"):
            world.hears("minor", key=key)
        world.clock.at += 10
        world.hears(key="b", action=Action.RESOLVE)
        first = next(one for one in world.incidents if one.title == "a is down")
        world.asks(Acknowledge(by="ana", via="test"), first)
        world.outside.heard_exactly([OPENED] * 3 + [RECOVERED, ("slack", Reason.ACKNOWLEDGED)])
        found = audited(world)
        assert (found.words, found.on_time, len(world.incidents)) == ({}, True, 3)


def test_a_due_row_deleted_by_hand_is_put_back(redis: Redis) -> None:
    """The promise is there and stands nowhere: it is due at once, the ladder goes on, and Tocsin says so."""
    with a_world(redis) as world:
        incident = world.hears("outage") and world.incident
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED, ("mail", Reason.OPENED)])
        redis.zrem(keys.agenda(Lane.URGENT, Job.ESCALATE), step(world))
        found = audited(world)
        assert found.mended == {Finding.ASTRAY: 1}
        world.outside.heard_exactly([OPENED])
        assert {one.rule for one in world.incidents} == {"audit: astray", incident.rule}
        assert counters.read(redis, "audit") == {("astray",): 1}
        audited(world)
        world.outside.heard_exactly([RECOVERED])
        world.passes("15m")
        world.outside.heard_exactly(
            [
                (channel, reason)
                for channel, reason in [
                    ("pagerduty", "trigger"),
                    ("slack", Reason.ESCALATED),
                    ("mail", Reason.ESCALATED),
                ]
            ]
        )


def test_a_promise_deleted_whole_is_made_again(redis: Redis) -> None:
    """Entry and row are gone, the incident says what was owed: its lead is called in time."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED])
        redis.delete(keys.entry(step(world)))
        redis.zrem(keys.agenda(Lane.URGENT, Job.ESCALATE), step(world))
        ours = world.incident
        assert audited(world).mended == {Finding.FORGOTTEN: 1}
        world.outside.heard_exactly([OPENED])
        assert "a promise for this incident was gone" in world.house.store.timeline(ours.id)[-1].text
        audited(world)
        world.outside.heard_exactly([RECOVERED])
        world.passes("1h")
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.ESCALATED)])


def test_a_recovered_incident_nobody_would_look_at_is_resolved_all_the_same(redis: Redis) -> None:
    """The look that would close it is gone: promised again, at its old time."""
    with a_world(redis) as world:
        world.hears("minor")
        world.hears(action=Action.RESOLVE)
        world.outside.heard_exactly([OPENED, RECOVERED])
        ours = world.incident
        redis.delete(keys.entry(f"settle-{ours.id}"))
        assert audited(world).mended == {Finding.FORGOTTEN: 1}
        world.outside.heard_exactly([OPENED])
        audited(world)
        world.outside.heard_exactly([RECOVERED])
        world.passes("15m")
        after = world.house.store.incident(ours.id)
        assert after is not None
        assert after.state is State.RESOLVED


def test_a_page_that_vanished_unsent_is_told_again(redis: Redis) -> None:
    """Its promise was deleted before anybody sent it and no line says what became of it: somebody must be called."""
    with a_world(redis) as world:
        world.hears("minor", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
        (page,) = world.incident.told
        redis.delete(keys.entry(page.entry))
        world.works()
        world.outside.heard_nothing()
        assert audited(world).mended == {Finding.FORGOTTEN: 1}
        world.outside.heard_exactly([OPENED, OPENED])


def test_a_lease_corrupted_by_hand_is_ended(redis: Redis) -> None:
    """A claim that would last a year is due now, and not what merely waits that long."""
    with a_world(redis) as world:
        world.hears("minor", work=False)
        (entry,) = world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now())
        redis.zadd(keys.agenda(Lane.INTAKE, Job.DEDUPLICATE), {entry.id: START + 3e7})
        assert audited(world).mended == {Finding.ASTRAY: 1}
        world.outside.heard_exactly([OPENED, OPENED])


def test_a_claim_that_runs_is_left_alone(redis: Redis) -> None:
    """Another worker has just taken it: that is as it should be."""
    with a_world(redis) as world:
        world.hears("minor", work=False)
        world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now())
        assert audited(world).words == {}
        world.passes("15s")
        world.outside.heard_exactly([OPENED])


def test_what_is_overdue_by_a_minute_is_told(redis: Redis) -> None:
    """Nobody takes up what is due: an incident of Tocsin's own, which recovers once it is done with."""
    with a_world(redis) as world:
        world.hears("minor", work=False)
        world.clock.at += 61
        everybody_beats(world)
        found = audit(world.house)
        assert found.words == {Finding.OVERDUE: "promises are overdue, the oldest by 1m1s: 1 in intake/deduplicate"}
        assert not found.on_time
        world.works()
        world.outside.heard_exactly([OPENED, ("pagerduty", "trigger"), OPENED])
        audited(world)
        world.outside.heard_exactly([("pagerduty", "resolve"), RECOVERED])


def test_a_lane_without_a_worker_is_told(redis: Redis) -> None:
    """Nobody beats in two lanes at two audits in a row; the workers of the third say so. Once is a restart."""
    with a_world(redis) as world:
        beats.beat(redis, "urgent:host:1")
        assert audit(world.house).words == {}
        found = audit(world.house)
        assert found.words == {Finding.IDLE: "no worker beats in intake, calm: start one with `tocsin work`"}
        world.works()
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED])


def test_the_heartbeat_beats_only_while_all_is_on_time(redis: Redis) -> None:
    """A watcher outside hears from us while promises are kept, and raises its own alarm when it does not."""
    pings: list[HttpRequest] = []

    def perform(request: object) -> Reply:
        assert isinstance(request, HttpRequest)
        pings.append(request)
        if len(pings) == 2:
            raise Undelivered("no such host", permanent=False)
        return Reply(status=200)

    with a_world(redis, heartbeat_url="https://watcher.example.com/ping/1") as world:
        world.house.perform = perform
        everybody_beats(world)
        audit(world.house)
        audit(world.house)
        assert [(one.method, one.url) for one in pings] == [("GET", "https://watcher.example.com/ping/1")] * 2
        world.hears("minor", work=False)
        world.clock.at += 61
        audit(world.house)
        assert len(pings) == 2
        world.works()
        world.outside.heard_exactly([OPENED, ("pagerduty", "trigger"), OPENED])


def test_one_worker_at_a_time_audits(redis: Redis) -> None:
    """Two of the calm lane, one turn: the second that asks within half a minute is refused."""
    with a_world(redis) as world:
        assert [Auditor(world.house, Lane.CALM).my_turn() for _ in range(2)] == [True, False]


def test_the_lanes_that_storms_wait_for_audit_only_where_nobody_else_does(redis: Redis) -> None:
    """Intake leaves it to the calm lane; a second look later nobody has done it, so there is no such worker."""
    with a_world(redis) as world:
        intake, calm = Auditor(world.house, Lane.INTAKE), Auditor(world.house, Lane.CALM)
        assert [intake.my_turn(), calm.my_turn(), intake.my_turn(), intake.my_turn()] == [False, True, False, False]
        redis.delete(keys.AUDIT)  # as half a minute later
        assert [intake.my_turn(), intake.my_turn(), calm.my_turn()] == [False, True, False]


def test_an_audit_leaves_promises_in_order_as_they_were(redis: Redis) -> None:
    """Nothing is astray: the agenda is the same before and after."""
    with a_world(redis) as world:
        for number in range(5):
            world.hears("minor", key=f"m{number}")
        world.outside.heard_exactly([OPENED] * 5)
        before = [redis.zrange(keys.agenda(*desk), 0, -1, withscores=True) for desk in DESKS]
        audited(world)
        assert [redis.zrange(keys.agenda(*desk), 0, -1, withscores=True) for desk in DESKS] == before


def test_a_claim_made_while_the_audit_runs_is_left_alone(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit takes a while: what a worker takes meanwhile lasts longer than a claim from its beginning would."""
    with a_world(redis) as world:
        everybody_beats(world)
        world.hears("minor", work=False)
        pages = auditor._pages

        def slowly(connection: Redis) -> Iterator[list[str]]:
            world.clock.at += 20
            world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now())
            yield from pages(connection)

        monkeypatch.setattr(auditor, "_pages", slowly)
        assert audit(world.house).words == {}
        world.passes("15s")
        world.outside.heard_exactly([OPENED])


def test_a_redis_that_has_forgotten_everything_is_told_loudly(redis: Redis) -> None:
    """FLUSHALL: what was open is gone and cannot be mended; somebody must look at the monitors themselves, now."""
    with a_world(redis) as world:
        release.join(redis)
        world.house.joined = True
        assert audited(world).words == {}
        world.hears("minor")
        world.outside.heard_exactly([OPENED])
        redis.flushall()
        found = audited(world)
        assert list(found.words) == [Finding.WIPED]
        assert "Redis has lost what it held" in world.incident.title
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED, ("mail", Reason.OPENED)])
        assert audited(world).words == {}
        world.outside.heard_exactly([("pagerduty", "resolve"), RECOVERED, ("mail", Reason.RECOVERED)])
