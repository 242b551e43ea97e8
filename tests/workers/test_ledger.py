"""The one writer of incidents when several workers write at once, and when one of them comes too late."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import replace

import pytest
from redis import Redis

from rules.commands import Acknowledge, Escalate
from rules.event import Action, Event
from rules.incident import Reason, State
from rules.transitions import routing
from tests.world import START, World, a_world
from workers import careful, jobs, keys
from workers.agenda import LEASE, Job, Kind, Lane
from workers.house import House
from workers.ledger import NoIncident
from workers.store import connect

CUT = {b"changes", b"attempts", b"spoke", b"exchanges", b"channels"}
"""Streams cut to their length, and a field for each channel."""
INBOX = {b"deliveries", b"delivery", b"inbox", b"last"}
"""What the inbox lets go of by itself."""


def another_worker(world: World, valkey: str) -> House:
    """A second process of the same Tocsin: its own connection, the same clock and outside world."""
    house = world.house
    return House(
        redis=connect(valkey),
        rules=house.rules,
        settings=house.settings,
        environment=house.environment,
        perform=house.perform,
        clock=house.clock,
        pools=house.pools,
    )


def works_through(house: House, lane: Lane, job: Job) -> threading.Thread:
    """A thread that deals with everything due at one desk, an entry or two at a time."""

    def work() -> None:
        while entries := house.agenda.claim(lane, job, house.clock.now(), at_most=2):
            house.ledger.deduplicate(entries)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def a_storm(world: World, groups: int, each: int) -> list[Event]:
    """So many signals in so many groups, every delivery handed in twice, in no order."""
    first = world.hears("grouped", key="g0 s0", labels={"service": "0"}, work=False)
    events = [
        replace(
            first,
            dedup_key=f"g{group} s{number}",
            labels={"how": "grouped", "service": str(group)},
            delivery=f"{first.delivery[:-4]}{group:02}{number:02}",
        )
        for group in range(groups)
        for number in range(each)
    ]
    handed_in = events * 2
    random.Random(7).shuffle(handed_in)
    for event in handed_in:
        world.takes_in(event)
    return events


def test_two_intake_workers_and_shuffled_doubles_end_in_one_truth(redis: Redis, valkey: str) -> None:
    """Four groups of ten signals, everything twice, two workers: four incidents, ten signals each, one page each."""
    with a_world(redis) as world:
        a_storm(world, groups=4, each=10)
        houses = [world.house, another_worker(world, valkey)]
        for thread in [works_through(house, Lane.INTAKE, Job.DEDUPLICATE) for house in houses]:
            thread.join(30)
        assert [len(one.signals) for one in world.incidents] == [10] * 4
        promised = Counter(
            (entry.incident, entry.body["reason"], entry.body["channel"])
            for entry in world.house.agenda.upcoming()
            if entry.kind is Kind.NOTIFY
        )
        assert set(promised.values()) == {1}
        assert len(promised) == 2 * len(world.incidents)
        world.works()
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.OPENED)] * len(world.incidents))


def test_an_entry_taken_over_by_another_is_not_concluded_twice(redis: Redis) -> None:
    """A worker that slept through its lease changes nothing any more: the other one's outcome stands."""
    with a_world(redis) as world:
        world.hears("minor", work=False)
        (stale,) = world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now())
        world.clock.at += LEASE
        (fresh,) = world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now())
        world.house.ledger.deduplicate([stale])
        assert world.incidents == []
        world.house.ledger.deduplicate([fresh])
        world.house.ledger.deduplicate([stale])
        assert world.incident.count == 1
        world.works()
        world.outside.heard_exactly([("slack", Reason.OPENED)])


def test_after_an_acknowledgement_a_claimed_step_tells_nobody(redis: Redis) -> None:
    """The step was claimed before, the acknowledgement was committed first: the lead sleeps on."""
    with a_world(redis) as world:
        world.hears("degraded")
        world.outside.heard = []
        world.clock.at += 3600
        (step,) = world.house.agenda.claim(Lane.URGENT, Job.ESCALATE, world.clock.now())
        world.house.ledger.answer(world.incident.id, Acknowledge(by="ana", via="test"))
        roster = world.house.ledger.roster()
        world.house.ledger.keep([step], lambda _: Escalate(roster=roster))
        world.works()
        world.outside.heard_exactly([("pagerduty", "acknowledge"), ("slack", Reason.ACKNOWLEDGED)])


def test_answers_and_events_at_the_same_moment_all_count(redis: Redis, valkey: str) -> None:
    """Twenty people write notes while twenty events come in: every note and every event is there."""
    with a_world(redis) as world:
        first = world.hears("minor")
        world.outside.heard = []
        for number in range(20):
            world.takes_in(replace(first, delivery=f"{first.delivery}{number:02}", received_at=START + 1 + number))
        other = another_worker(world, valkey)
        thread = works_through(other, Lane.INTAKE, Job.DEDUPLICATE)
        people = [Acknowledge(by=f"person {number}", via="test") for number in range(20)]
        for command in people:
            world.house.ledger.answer(world.incident.id, command)
        thread.join(30)
        assert world.incident.count == 21
        assert sum("person" in (line.by or "") for line in world.timeline) == 20
        assert world.incident.acknowledged_by == "person 0"
        world.works()
        world.outside.heard_exactly([("slack", Reason.ACKNOWLEDGED)])


def test_whoever_answers_what_is_not_there_is_told(redis: Redis) -> None:
    """An unknown incident is an error, and nothing is written for it."""
    with a_world(redis) as world:
        with pytest.raises(NoIncident):
            world.house.ledger.answer("NOBODY", Acknowledge(by="ana", via="test"))
        assert redis.keys("tocsin:*") == []


def test_a_resolve_without_an_incident_is_forgotten_after_a_day(redis: Redis) -> None:
    """The tombstone that keeps a late trigger quiet has an end, and so has everything of what is resolved."""
    with a_world(redis) as world:
        event = world.hears(action=Action.RESOLVE)
        assert 0 < redis.ttl(keys.signal(event.signal_key)) <= routing.KEEP_TOMBSTONE
        world.clock.at += 1
        world.hears("minor")
        world.hears(action=Action.RESOLVE)
        world.passes("15m")
        assert world.incident.state is State.RESOLVED
        lasting = {key for key in redis.keys("tocsin:*") if redis.ttl(key) == -1}
        assert {key.split(b":")[1] for key in lasting} <= {b"incidents", b"count", b"bell", *CUT, *INBOX}
        world.outside.heard = []


def test_a_job_that_fails_leaves_its_entry_due(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours in one batch: the others are dealt with, it is tried again, and given up loudly in the end."""
    with a_world(redis) as world:
        broken = world.hears("minor", key="broken", work=False)
        world.hears("minor", key="whole", work=False)
        sound = world.house.ledger.deduplicate

        def deduplicate(entries: object) -> None:
            if any(broken.delivery in str(entry.body) for entry in entries):  # type: ignore[attr-defined]
                raise ZeroDivisionError
            sound(entries)  # type: ignore[arg-type]

        monkeypatch.setattr(world.house.ledger, "deduplicate", deduplicate)
        world.works()
        assert [one.title for one in world.incidents] == ["whole is down"]
        world.passes("1m")
        assert [entry.last_error for entry in world.house.agenda.parked()] == ["ZeroDivisionError"]
        assert "Tocsin gave up an agenda entry" in world.incidents[1].title
        assert world.incidents[1].severity == "P2"
        world.outside.heard_exactly(
            [("slack", Reason.OPENED), ("pagerduty", "trigger"), ("slack", Reason.OPENED)],
        )
        assert careful.FAILED_TOO_OFTEN == 5


def test_a_page_that_kills_its_workers_goes_to_the_fallback(redis: Redis) -> None:
    """Ten workers died in it: it is put away, the incident is told and asks the fallback; a person may try it again."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        jobs.drain(world.house, Lane.INTAKE, Job.DEDUPLICATE)
        for _ in range(10):
            world.house.agenda.begin(world.house.agenda.claim(Lane.URGENT, Job.NOTIFY, world.clock.now()))
            world.clock.at += LEASE
        world.works()
        heard = world.outside.heard_exactly([("webhook", Reason.OPENED)])
        assert heard[0].at == world.clock.now()
        parked = world.house.agenda.parked()
        assert {entry.body["channel"] for entry in parked} == {"pager", "slack", "mail"}
        assert {entry.last_error for entry in parked} == {"10 workers died over it"}
        assert sum("given up" in line for line in world.history()) == 3
        world.house.ledger.take_up(next(entry for entry in parked if entry.body["channel"] == "mail"))
        world.works()
        world.outside.heard_exactly([("mail", Reason.OPENED)])


def test_what_a_receiver_said_of_a_page_is_forgotten_in_time(redis: Redis) -> None:
    """PagerDuty's own numbers lead to our incident for a day; a signal does as long as it is open."""
    with a_world(redis) as world:
        world.hears("minor")
        world.hears("minor", key="pagerduty incident Q1", action=Action.INFO, incident=world.incident.id)
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        assert redis.ttl(keys.signal("uptime/web")) == -1
        assert 0 < redis.ttl(keys.signal("uptime/pagerduty incident Q1")) <= routing.KEEP_TOMBSTONE
