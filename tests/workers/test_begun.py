"""Workers die of what they were doing, and not of what stood in line behind it."""

from __future__ import annotations

from redis import Redis

from workers import keys
from workers.agenda import DEADLY_SEND, LEASE, Agenda, Entry, Job, Kind, Lane, add


def a_page(redis: Redis, name: str) -> None:
    """A notification that is due."""
    with redis.pipeline(transaction=True) as pipe:
        add(pipe, Entry(id=name, kind=Kind.NOTIFY, lane=Lane.URGENT, due_at=0.0, created_at=0.0))
        pipe.execute()


def test_only_what_was_begun_counts_as_deadly(redis: Redis) -> None:
    """Ten workers claim two pages, begin one, and die: that one is suspected, the other is not."""
    for name in ("deadly", "behind"):
        a_page(redis, name)
    for life in range(DEADLY_SEND + 1):
        agenda = Agenda(redis, f"urgent:host:{life}")
        claimed = {one.id: one for one in agenda.claim(Lane.URGENT, Job.NOTIFY, life * (LEASE + 1))}
        assert claimed["deadly"].lost == life
        assert claimed["behind"].lost == 0
        agenda.begin([claimed["deadly"]])
    assert claimed["deadly"].deadly
    assert not claimed["behind"].deadly


def test_who_no_longer_holds_it_begins_nothing(redis: Redis) -> None:
    """An entry that is gone, or another's by now, is not touched."""
    a_page(redis, "page")
    agenda = Agenda(redis, "urgent:host:1")
    (mine,) = agenda.claim(Lane.URGENT, Job.NOTIFY, 0.0)
    Agenda(redis, "urgent:host:2").claim(Lane.URGENT, Job.NOTIFY, LEASE + 1)
    agenda.begin([mine])
    assert redis.hget(keys.entry("page"), "begun") is None
    redis.delete(keys.entry("page"))
    agenda.begin([mine])
    assert not redis.exists(keys.entry("page"))
