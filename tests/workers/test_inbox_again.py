"""The inbox read again for a replay: whatever hostile senders have left in it, bounded and without falling over."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from redis import Redis

from rules.upcast import VERSION
from workers import keys
from workers.deliveries import inbox
from workers.deliveries.inbox import Again, Inbox
from workers.deliveries.intake import Received, queue_commands

MEGABYTE = 1024 * 1024


def keep(redis: Redis, name: str, body: bytes, at: float = 1000.0) -> None:
    """As the receiver does."""
    received = Received(id=name, source="own", source_type="generic", received_at=at, judged=(), body=body)
    with redis.pipeline(transaction=True) as pipe:
        queue_commands(pipe, [received], at)
        pipe.execute()


def again(redis: Redis) -> list[list[Again]]:
    """All of it, page by page."""
    return list(Inbox(redis).again(0.0, 2000.0))


def test_bodies_that_are_nothing_in_redis_are_not_all_held_at_once(redis: Redis) -> None:
    """Two hundred bodies of ten megabytes of zeros would be two gigabytes: a page ends before that."""
    for number in range(40):
        keep(redis, f"d-{number:02}", bytes(10 * MEGABYTE), 1000.0 + number)
    pages = again(redis)
    assert sum(len(page) for page in pages) == 40
    assert [one.id for page in pages for one in page] == [f"d-{number:02}" for number in range(40)]
    assert max(sum(len(one.body) for one in page) for page in pages) <= inbox.PAGE_BYTES


def test_one_that_is_larger_than_a_page_is_one_by_itself(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is around it is there too."""
    monkeypatch.setattr(inbox, "PAGE_BYTES", MEGABYTE)
    for name, size in (("a", 10), ("b", 3 * MEGABYTE), ("c", 10)):
        keep(redis, name, bytes(size))
    assert [[one.id for one in page] for page in again(redis)] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda record: record[:3],
        lambda record: record[:20],
        lambda record: (2**31).to_bytes(4, "big") + record[4:],
        lambda record: record[:-1],
        lambda record: record[:4] + b"{" * (len(record) - 4),
        lambda record: record[:4] + b"[" * 5000,
        lambda record: _told(record, {"v": VERSION + 1}),
        lambda record: _told(record, {}, "headers"),
        lambda _: b"\xff" * 100,
    ],
)
def test_a_record_that_cannot_be_read_costs_itself_only(redis: Redis, damage: Any) -> None:
    """Half of a record, another release's, or noise: the others are read."""
    for name in ("a", "b", "c"):
        keep(redis, name, b'{"title": "x"}')
    record: Any = redis.get(keys.delivery("b"))
    redis.set(keys.delivery("b"), damage(record))
    assert [one.id for page in again(redis) for one in page] == ["a", "c"]


def _told(record: bytes, changes: dict[str, Any], without: str = "") -> bytes:
    length = int.from_bytes(record[:4], "big")
    told = {**orjson.loads(record[4 : 4 + length]), **changes}
    told.pop(without, None)
    head = orjson.dumps(told)
    return len(head).to_bytes(4, "big") + head + record[4 + length :]
