"""The agenda alone, against a real Valkey: promises made, taken, kept, put off and given up."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis
from redis.exceptions import WatchError

from workers import agenda, keys
from workers.agenda import CLAIM_AT_MOST, DEADLY, DEADLY_SEND, DESKS, LEASE, Agenda, Entry, Job, Kind, Lane

NOW = 1_772_442_000.0


def an_entry(name: str = "n-1", *, due_at: float = NOW, kind: Kind = Kind.NOTIFY, **more: Any) -> Entry:
    """A promise of the urgent lane."""
    given = {"lane": Lane.URGENT, "created_at": NOW - 5, "incident": "INC", "body": {"channel": "pager"}, **more}
    return Entry(id=name, kind=kind, due_at=due_at, **given)


def promised(redis: Redis, *entries: Entry) -> Agenda:
    """The agenda with these promises."""
    with redis.pipeline() as pipe:
        for entry in entries:
            agenda.add(pipe, entry)
        pipe.execute()
    return Agenda(redis)


def claimed(of: Agenda, at: float = NOW, job: Job = Job.NOTIFY, lane: Lane = Lane.URGENT, **more: int) -> list[Entry]:
    """What a worker takes at this time."""
    return of.claim(lane, job, at, **more)


def conclude(redis: Redis, entry: Entry, how: Any, *arguments: Any, **named: Any) -> None:
    """One conclusion, in a transaction of its own."""
    with redis.pipeline() as pipe:
        how(pipe, entry, *arguments, **named)
        pipe.execute()


def test_a_promise_is_taken_whole_when_it_is_due(redis: Redis) -> None:
    """What was written is what a worker gets, with the attempt counted; before its time nobody gets it."""
    of = promised(redis, an_entry(due_at=NOW + 10))
    assert claimed(of, NOW + 9.999) == []
    (entry,) = claimed(of, NOW + 10)
    assert entry == an_entry(due_at=NOW + 10, attempt=1)


def test_a_claim_lasts_one_lease_and_then_somebody_else_may_try(redis: Redis) -> None:
    """A worker that dies costs twelve seconds; the next attempt has another number, and knows that one was lost."""
    of = promised(redis, an_entry())
    (first,) = claimed(of)
    assert first.attempt == 1
    of.begin([first])
    assert claimed(of, NOW + LEASE - 0.001) == []
    (again,) = claimed(of, NOW + LEASE)
    assert (again.attempt, again.lost, again.failures) == (2, 1, 0)


def test_the_soonest_come_first_and_no_more_than_asked(redis: Redis) -> None:
    """A claim takes at most fifty, in the order they are due; the rest waits for the next."""
    many = [an_entry(f"n-{number}", due_at=NOW - number) for number in range(CLAIM_AT_MOST + 5)]
    of = promised(redis, *many)
    first = claimed(of)
    assert [entry.id for entry in first] == [entry.id for entry in reversed(many[5:])]
    assert len(claimed(of)) == 5
    assert len(claimed(promised(redis, an_entry("a"), an_entry("b")), at_most=1)) == 1


def test_a_claim_takes_no_more_than_a_p1_can_wait_for(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of a storm hold a hundred events each: once they weigh enough the claim ends, and says so."""
    monkeypatch.setattr(agenda, "CLAIM_BYTES", 2000)
    of = promised(redis, *(an_entry(f"n-{n}", due_at=NOW + n, body={"judged": "x" * 900}) for n in range(5)))
    first, second, last = (of.claim(Lane.URGENT, Job.NOTIFY, NOW + 9) for _ in range(3))
    assert [entry.id for entry in (*first, *second)] == ["n-0", "n-1", "n-2", "n-3", "n-4"]
    assert [len(first), first.more, len(second), second.more, len(last), last.more] == [3, True, 2, False, 0, False]


def test_each_desk_has_its_own(redis: Redis) -> None:
    """Nothing of one lane or job is taken by another."""
    kinds = {Job.DEDUPLICATE: Kind.INTAKE, Job.NOTIFY: Kind.NOTIFY, Job.ESCALATE: Kind.STEP}
    kinds |= {Job.CHECK: Kind.CHECK, Job.ANNOUNCE: Kind.ROOM}
    of = promised(redis, *(an_entry(f"{lane}-{job}", lane=lane, kind=kinds[job]) for lane, job in DESKS))
    assert of.lengths() == dict.fromkeys(DESKS, 1)
    for lane, job in DESKS:
        assert of.due(lane, job, NOW) == 1
        assert of.due(lane, job, NOW - 1) == 0
        assert [entry.id for entry in claimed(of, NOW, job, lane)] == [f"{lane}-{job}"]


def test_a_look_at_quiet_is_the_business_of_escalate(redis: Redis) -> None:
    """Steps and quiet are dealt with by one job."""
    of = promised(redis, an_entry("s", kind=Kind.SETTLE), an_entry("t", kind=Kind.STEP))
    assert [entry.id for entry in claimed(of, job=Job.ESCALATE)] == ["s", "t"]


def test_a_kept_promise_is_gone(redis: Redis) -> None:
    """Neither the entry nor its place is left, and taking it back again changes nothing."""
    of = promised(redis, an_entry(), an_entry("n-2"))
    first, _ = claimed(of)
    conclude(redis, first, agenda.finish)
    conclude(redis, first, agenda.finish)
    assert of.entry("n-1") is None
    assert of.waiting(["n-1", "n-2", "n-3"]) == {"n-2"}
    assert of.lengths()[Lane.URGENT, Job.NOTIFY] == 1


def test_a_failure_is_counted_and_remembered_and_comes_back_at_its_time(redis: Redis) -> None:
    """The reason is kept, cut to five hundred characters; waiting is no failure."""
    of = promised(redis, an_entry())
    (entry,) = claimed(of)
    conclude(redis, entry, agenda.postpone, NOW + 2, "x" * 600)
    assert claimed(of, NOW + 1) == []
    (again,) = claimed(of, NOW + 2)
    assert (again.attempt, again.returned, again.failures, again.lost) == (2, 1, 1, 0)
    assert again.last_error == "x" * 500
    conclude(redis, again, agenda.postpone, NOW + 3, given_up=True)
    (third,) = claimed(of, NOW + 3)
    assert (third.failures, third.last_error, third.lost) == (1, "x" * 500, 0)
    assert third.body == {"channel": "pager", "given_up": True}


@pytest.mark.parametrize(
    ("kind", "limit"), [(Kind.INTAKE, DEADLY), (Kind.STEP, DEADLY), (Kind.SETTLE, DEADLY), (Kind.NOTIFY, DEADLY_SEND)]
)
def test_what_kills_its_workers_is_recognised(kind: Kind, limit: int) -> None:
    """Three lost claims, ten for a send; those that came back do not count."""
    assert not an_entry(kind=kind, attempt=limit).deadly
    assert an_entry(kind=kind, attempt=limit + 1).deadly
    assert not an_entry(kind=kind, attempt=limit + 3, returned=3).deadly
    assert an_entry(attempt=0).lost == 0


def test_what_is_given_up_stays_readable_and_is_taken_no_more(redis: Redis) -> None:
    """A person can still look at it."""
    of = promised(redis, an_entry())
    (entry,) = claimed(of)
    conclude(redis, entry, agenda.park, NOW, "it kills")
    assert claimed(of, NOW + 999) == []
    assert redis.zrange(keys.PARKED, 0, -1, withscores=True) == [(b"n-1", NOW)]
    found = of.entry("n-1")
    assert found is not None
    assert (found.id, found.attempt, found.due_at, found.last_error) == ("n-1", 1, 0.0, "it kills")
    assert of.parked() == [found]


def test_what_was_given_up_can_be_taken_up_again(redis: Redis) -> None:
    """A person has mended what it stumbled over: it is due at once, and what it cost before is forgiven."""
    of = promised(redis, an_entry())
    for attempt in range(DEADLY_SEND + 1):
        (entry,) = claimed(of, NOW + LEASE * attempt)
        of.begin([entry])
    assert entry.deadly
    conclude(redis, entry, agenda.park, NOW, "it kills")
    conclude(redis, entry, agenda.take_up, NOW + 200)
    assert of.parked() == []
    (again,) = claimed(of, NOW + 200)
    assert (again.lost, again.failures, again.deadly) == (0, 0, False)


def test_only_the_present_claim_may_conclude(redis: Redis) -> None:
    """Two workers hold the same entry, one of them too late: the guard knows, also when the entry is gone."""
    of = promised(redis, an_entry())
    (stale,) = claimed(of)
    (fresh,) = claimed(of, NOW + LEASE)
    with redis.pipeline() as pipe:
        assert agenda.guard(pipe, [stale, fresh]) == [fresh]
    conclude(redis, fresh, agenda.finish)
    with redis.pipeline() as pipe:
        assert agenda.guard(pipe, [fresh]) == []
        assert agenda.guard(pipe, []) == []


def test_a_claim_between_guard_and_commit_undoes_the_commit(redis: Redis) -> None:
    """Nobody can take the entry over unnoticed while its outcome is being written."""
    of = promised(redis, an_entry())
    (entry,) = claimed(of)
    with redis.pipeline() as pipe:
        assert agenda.guard(pipe, [entry]) == [entry]
        assert claimed(of, NOW + LEASE)
        pipe.multi()
        agenda.finish(pipe, entry)
        with pytest.raises(WatchError):
            pipe.execute()
    assert of.entry("n-1") is not None


def test_what_is_promised_can_be_read_without_taking_it(redis: Redis) -> None:
    """The soonest first over all desks, as many as asked; the next due time is the first of them."""
    of = promised(redis, an_entry("late", due_at=NOW + 9), an_entry("soon", kind=Kind.STEP, lane=Lane.CALM))
    assert [(entry.id, entry.due_at, entry.attempt) for entry in of.upcoming()] == [
        ("soon", NOW, 0),
        ("late", NOW + 9, 0),
    ]
    assert [entry.id for entry in of.upcoming(1)] == ["soon"]
    assert of.next_due() == NOW
    found = of.entry("late")
    assert found is not None
    assert found.due_at == NOW + 9


def test_an_empty_agenda_promises_nothing(redis: Redis) -> None:
    """No entry, no due time, nothing to take."""
    of = Agenda(redis)
    assert (of.upcoming(), of.next_due(), of.entry("n-1"), claimed(of)) == ([], None, None, [])


def test_a_place_without_an_entry_is_swept_away(redis: Redis) -> None:
    """After a partial restore an id may stand there with nothing behind it: it stops nobody."""
    of = promised(redis, an_entry("whole", due_at=NOW - 1), an_entry("hollow", due_at=NOW - 2))
    redis.delete(keys.entry("hollow"))
    assert [entry.id for entry in of.upcoming()] == ["whole"]
    assert [entry.id for entry in claimed(of)] == ["whole"]
    assert of.lengths()[Lane.URGENT, Job.NOTIFY] == 1


def test_promising_again_begins_anew(redis: Redis) -> None:
    """The next look at a ladder has the id of the one before, and nothing of its attempts."""
    of = promised(redis, an_entry("step-INC", kind=Kind.STEP))
    (entry,) = claimed(of, job=Job.ESCALATE)
    assert entry.attempt == 1
    promised(redis, an_entry("step-INC", kind=Kind.STEP, due_at=NOW + 60))
    (again,) = claimed(of, NOW + 60, Job.ESCALATE)
    assert again.attempt == 1


def test_scripts_forgotten_by_redis_are_sent_again(redis: Redis) -> None:
    """SCRIPT FLUSH or a failover: the next claim works all the same."""
    of = promised(redis, an_entry())
    claimed(of)
    redis.script_flush()
    assert len(claimed(of, NOW + LEASE)) == 1


def test_who_claims_again_has_not_died(redis: Redis) -> None:
    """The answer to a claim was lost on the way: the same worker takes it again, and nobody's death is counted."""
    with redis.pipeline() as pipe:
        agenda.add(pipe, Entry(id="e", kind=Kind.INTAKE, lane=Lane.INTAKE, due_at=0.0, created_at=0.0))
        pipe.execute()
    one, other = Agenda(redis, "intake:here:1"), Agenda(redis, "intake:here:2")
    lost = []
    for number, worker in enumerate((one, one, one, other, other)):
        (entry,) = worker.claim(Lane.INTAKE, Job.DEDUPLICATE, 20.0 * (number + 1))
        lost.append(entry.lost)
    assert lost == [0, 0, 0, 1, 1]
