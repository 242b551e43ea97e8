"""In a storm the job that takes events in stays for more of them, instead of being rung for twenty times a second.

And the one that tells of them leaves them where they are while nobody may be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from rules.event import Action, Event
from rules.incident import Reason
from rules.pace import AT_ONCE
from tests.world import World, a_world
from workers import jobs, keys, queue
from workers.agenda import Job, Lane
from workers.deliveries.intake import mint

DESK = (Lane.INTAKE, Job.DEDUPLICATE)


def comes(world: World, *names: str) -> None:
    """So many deliveries are kept, each by a commit of its own, and the receiver rings."""
    now = world.clock.now()
    for name in names:
        world.takes_in(
            Event(
                kind="own.alert",
                action=Action.TRIGGER,
                dedup_key=name,
                summary=name,
                source="own",
                source_type="generic",
                delivery=mint(now),
                received_at=now,
            )
        )
    queue.ring(world.redis, *DESK)


def rung(world: World) -> int:
    """How many bells wait for a worker."""
    return int(queue.queue(world.redis, Lane.INTAKE).count)


class Storm:
    """Stands where a job has the time: when it would wait, more comes; each look at the clock takes so many seconds."""

    def __init__(self, world: World, *waves: tuple[str, ...], a_look: float = 0.0) -> None:
        self.world, self.waves = world, list(waves)
        self.a_look, self.at = a_look, 0.0
        self.rung: list[int] = []

    def sleep(self, _seconds: float) -> None:
        """The next wave."""
        comes(self.world, *self.waves.pop(0))
        self.rung.append(rung(self.world))

    def monotonic(self) -> float:
        """How late it is."""
        self.at += self.a_look
        return self.at


@pytest.fixture
def at_work(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world in which jobs run; whom they would tell is another story's."""
    with a_world(redis) as world:
        monkeypatch.setattr(jobs, "_house", [world.house])
        yield world


def opened(world: World) -> set[str]:
    """Of what there are incidents."""
    return {one.title for one in world.incidents}


def test_while_much_comes_nobody_rings(at_work: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bell for three waves; the last of them is a trickle, and whoever comes after the job rings again."""
    storm = Storm(at_work, ("c", "d"), ("e",))
    monkeypatch.setattr(jobs, "time", storm)
    comes(at_work, "a", "b")
    assert rung(at_work) == 1
    jobs.deduplicate("intake")
    assert opened(at_work) == {"a", "b", "c", "d", "e"}
    assert (storm.rung, storm.waves) == ([1, 1], [])
    comes(at_work, "f")
    assert rung(at_work) == 2


def test_who_comes_alone_is_not_kept_waiting(at_work: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One delivery on a quiet night: the job ends at once."""
    monkeypatch.setattr(jobs, "time", Storm(at_work))
    comes(at_work, "a")
    jobs.deduplicate("intake")
    assert opened(at_work) == {"a"}
    assert not at_work.redis.exists(keys.bell(*DESK))


def test_more_than_one_worker_can_do_is_not_kept_from_the_others(
    at_work: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full claim means that more waits: then the bell is free for whoever has nothing to do."""
    monkeypatch.setattr(jobs, "CLAIM_AT_MOST", 2)
    monkeypatch.setattr(jobs, "time", Storm(at_work))
    comes(at_work, "a", "b", "c")
    jobs.deduplicate("intake")
    assert opened(at_work) == {"a", "b", "c"}


def test_a_job_does_not_stay_for_ever(at_work: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it never stops coming, RQ is given its job back in time: it would take it for stuck."""
    monkeypatch.setattr(jobs, "time", Storm(at_work, ("c", "d"), ("e", "f"), a_look=0.3))
    comes(at_work, "a", "b")
    jobs.deduplicate("intake")
    assert opened(at_work) == {"a", "b", "c", "d", "e", "f"}


@pytest.mark.parametrize(("looks", "muted"), [(0, queue.BELL_LASTS_MS), (1, queue.HELD_MS)])
def test_a_redis_that_fails_the_job_lets_the_bell_ring_again(
    at_work: World, monkeypatch: pytest.MonkeyPatch, looks: int, muted: int
) -> None:
    """A second after it began, a moment after it looked: no page waits long for a bell that nobody answers."""
    drain, left = jobs.drain, iter(range(looks))

    def fails(*desk: Any, **answering: bool) -> int:
        if next(left, None) is None:
            raise RedisConnectionError
        return drain(*desk, **answering)

    monkeypatch.setattr(jobs, "drain", fails)
    monkeypatch.setattr(jobs, "time", Storm(at_work, ("c", "d")))
    comes(at_work, "a", "b")
    with pytest.raises(RedisConnectionError):
        jobs.deduplicate("intake")
    assert max(0, at_work.redis.pttl(keys.bell(*DESK))) <= muted


def severe(world: World, how: str, number: int) -> None:
    """So many things break, and their events are put into their incidents."""
    for each in range(number):
        world.hears(how, key=f"{how} {each}", work=False)
    jobs.deduplicate("intake")


def test_what_comes_while_the_room_has_had_its_share_is_not_taken_up(at_work: World) -> None:
    """After a digest the calm lane rests for the second in which none may go: what comes waits, claimed by nobody."""
    desk = (Lane.CALM, Job.NOTIFY)
    severe(at_work, "minor", AT_ONCE + 1)
    jobs.notify("calm")
    at_work.outside.heard_exactly([("slack", Reason.OPENED)])
    assert 0 < at_work.redis.pttl(keys.bell(*desk)) <= 1000
    severe(at_work, "another", 3)
    assert not queue.ring(at_work.redis, *desk)
    assert at_work.house.agenda.due(*desk, at_work.clock.now()) == 3
    at_work.redis.delete(keys.bell(*desk))  # as a second later
    at_work.clock.at += 1.1
    jobs.notify("calm")
    at_work.outside.heard_exactly([("slack", Reason.OPENED)])


def test_where_all_could_be_told_nobody_rests(at_work: World) -> None:
    """A few on a quiet night: the bell is free for the next at once."""
    severe(at_work, "minor", AT_ONCE)
    jobs.notify("calm")
    at_work.outside.heard_exactly([("slack", Reason.OPENED)] * AT_ONCE)
    assert queue.ring(at_work.redis, Lane.CALM, Job.NOTIFY)


def test_the_urgent_lane_never_rests(at_work: World) -> None:
    """Its room has had its share of P2; the P1 that comes now must find a bell that rings."""
    severe(at_work, "degraded", AT_ONCE + 1)
    jobs.notify("urgent")
    at_work.outside.heard_exactly([("pagerduty", "trigger")] * (AT_ONCE + 1) + [("slack", Reason.OPENED)])
    assert queue.ring(at_work.redis, Lane.URGENT, Job.NOTIFY)
