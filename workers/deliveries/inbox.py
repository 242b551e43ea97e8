"""The inbox: every authentic delivery as it arrived, for a time and up to a size; read, purged and trimmed.

`workers.deliveries.intake` writes it, `workers.deliveries.leafing` looks through it. What falls out of it is gone for
replay and audit only: incidents do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from redis import Redis

from rules.decision import Judged
from rules.record import decode, recall
from rules.upcast import VERSION, NewerRecord, upcast
from workers import keys, latch
from workers.deliveries.intake import OVERHEAD, read_record
from workers.deliveries.packing import Damaged, unpack

PAGE = 200
"""Deliveries looked at in one round trip."""
PAGE_BYTES = 32 * 1024 * 1024
"""Bytes of bodies that are held at once, and asked for at once."""
TRIM_EVERY = 4.0
"""Seconds between two trims, whichever worker makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One delivery of the inbox, without its body. Times are Unix seconds, `size` is bytes of the body as it came."""

    id: str
    source: str
    type: str
    received_at: float
    method: str
    size: int
    judged: tuple[Judged, ...] = ()
    unreadable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One delivery with everything that was kept of it."""

    kept: Kept
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One delivery to be read again: as it came, and (`judged`, if anybody asks) how it was read when it came."""

    id: str
    source: str
    type: str
    received_at: float
    method: str
    query: str
    headers: dict[str, str]
    body: bytes
    unreadable: str | None
    written: Sequence[dict[str, Any]]

    @property
    def judged(self) -> list[Judged]:
        """The events of then, and what the rules of then made of them."""
        return recall(list[Judged], self.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to forget; what is None does not matter. Times are Unix seconds."""

    source: str | None = None
    until: float | None = None

    def fits(self, kept: Kept) -> bool:
        """Is this one of those?"""
        return self.source in (None, kept.source)


class Inbox:
    """Reads and empties; it never adds."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def whole(self, delivery_id: str) -> Whole | None:
        """One delivery; None when the inbox has it no longer. Raises NewerRecord."""
        record = cast("bytes | None", self._redis.get(keys.delivery(delivery_id)))
        if record is None:
            return None
        stored, body = read_record(record)
        told = upcast("Delivery", stored)
        kept = kept_of(delivery_id, told)
        return Whole(kept=kept, query=told["query"], headers=told["headers"], body=unpack(body))

    def begins(self) -> float | None:
        """When the oldest delivery came, in Unix seconds; None when there is none."""
        oldest = cast("list[tuple[bytes, float]]", self._redis.zrange(keys.DELIVERIES, 0, 0, withscores=True))
        return oldest[0][1] if oldest else None

    def count(self, since: float, until: float) -> int:
        """How many came from `since` to `until`."""
        return int(self._redis.zcount(keys.DELIVERIES, since, until))

    def again(self, since: float, until: float) -> Iterator[list[Again]]:
        """What came from `since` to `until`, the oldest first, page by page. What a later release wrote is left out.

        A page has one delivery fewer for each that was forgotten meanwhile, or cannot be read; and fewer than usual
        where they are large: a body of zeros is nothing in Redis and ten megabytes here.
        """
        found: Any = self._redis.zrangebyscore(keys.DELIVERIES, since, until)
        for start in range(0, len(found), PAGE):
            page: list[Again] = []
            held = 0
            for name, record in self._records([name.decode() for name in found[start : start + PAGE]]):
                again = _again(name, record)
                if again is None:
                    continue
                if page and held + len(again.body) > PAGE_BYTES:
                    yield page
                    page, held = [], 0
                page.append(again)
                held += len(again.body)
            yield page

    def _records(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """What is kept under these ids, in their order: as much in one answer as a process can well hold."""
        batch: list[str] = []
        held = 0
        for name, weight in zip(ids, self._weights(ids), strict=True):
            if batch and held + weight > PAGE_BYTES:
                yield from self._asked(batch)
                batch, held = [], 0
            batch.append(name)
            held += weight
        yield from self._asked(batch)

    def _asked(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        records = cast("list[bytes | None]", self._redis.mget([keys.delivery(one) for one in ids])) if ids else []
        yield from ((name, record) for name, record in zip(ids, records, strict=True) if record is not None)

    def judged(self, delivery_id: str) -> tuple[Judged, ...]:
        """How a delivery was read and judged when it came; nothing when it is not there, or a later release's."""
        return next((kept.judged for kept in self._read([delivery_id])), ())

    def purge(self, wanted: Wanted) -> int:
        """Forget every delivery that fits; returns how many."""
        return sum(
            self._forget([kept.id for kept in self._read(page) if wanted.fits(kept)]) for page in self._pages(wanted)
        )

    def forget(self, delivery_id: str) -> bool:
        """Forget one delivery; False when it was not there."""
        return bool(self._forget([delivery_id]))

    def size(self) -> int:
        """Bytes the inbox takes, as far as they are counted."""
        return max(0, int(cast("bytes | None", self._redis.get(keys.INBOX_BYTES)) or 0))

    def trim(self, now: float, keep: float, limit: int) -> int:
        """Let go of what is older than `keep` seconds, then of the oldest until `limit` bytes hold the rest."""
        gone = 0
        while oldest := cast(
            "list[tuple[bytes, float]]", self._redis.zrange(keys.DELIVERIES, 0, PAGE - 1, withscores=True)
        ):
            old = [name.decode() for name, at in oldest if at < now - keep]
            if not old and self.size() > limit:
                old = self._over(limit, [name.decode() for name, _ in oldest])
            if not old:
                break
            gone += self._forget(old)
        return gone

    def _over(self, limit: int, ids: Sequence[str]) -> list[str]:
        """So many of the oldest as bring the size below the limit."""
        over, taken = self.size() - limit, 0
        for number, weight in enumerate(self._weights(ids)):
            if taken >= over:
                return list(ids[:number])
            taken += weight
        return list(ids)

    def _weights(self, ids: Sequence[str]) -> list[int]:
        pipe = self._redis.pipeline(transaction=False)
        for delivery_id in ids:
            pipe.strlen(keys.delivery(delivery_id))
        return [OVERHEAD + int(one) if one else 0 for one in pipe.execute()]

    def _forget(self, ids: Sequence[str]) -> int:
        if not ids:
            return 0
        weight = sum(self._weights(ids))
        pipe = self._redis.pipeline(transaction=True)
        pipe.unlink(*map(keys.delivery, ids))
        pipe.zrem(keys.DELIVERIES, *ids)
        pipe.zrem(keys.QUARANTINE, *ids)
        pipe.decrby(keys.INBOX_BYTES, weight)
        _, gone, *_ = pipe.execute()
        return int(gone)

    def _pages(self, wanted: Wanted) -> Iterator[list[str]]:
        """Ids from the newest to the oldest within the time asked for; what is purged meanwhile shifts nothing."""
        until = "+inf" if wanted.until is None else wanted.until
        found: Any = self._redis.zrevrangebyscore(keys.DELIVERIES, until, "-inf")
        ids = [name.decode() for name in found]
        yield from (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))

    def _read(self, ids: Sequence[str]) -> list[Kept]:
        found = cast("list[bytes | None]", self._redis.mget([keys.delivery(one) for one in ids])) if ids else []
        known = [(name, read_record(one)[0]) for name, one in zip(ids, found, strict=True) if one is not None]
        return [kept_of(name, upcast("Delivery", told)) for name, told in known if told.get("v", 1) <= VERSION]


def kept_of(delivery_id: str, told: dict[str, Any]) -> Kept:
    """What is told of a delivery (`workers.deliveries.intake.read_record`), typed."""
    return Kept(
        id=delivery_id,
        source=told["source"],
        type=told["type"],
        received_at=told["received_at"],
        method=told["method"],
        size=told["size"],
        judged=tuple(decode(list[Judged], orjson.dumps(told["judged"]))),
        unreadable=told["unreadable"],
    )


def _again(delivery_id: str, record: bytes) -> Again | None:
    try:
        told, body = read_record(record)
        told, whole = upcast("Delivery", told), unpack(body)
        return Again(
            id=delivery_id,
            source=told["source"],
            type=told["type"],
            received_at=told["received_at"],
            method=told["method"],
            query=told["query"],
            headers=told["headers"],
            body=whole,
            unreadable=told["unreadable"],
            written=told["judged"],
        )
    except (NewerRecord, Damaged, ValueError, LookupError, AttributeError):
        return None


def keep_trimming(redis: Redis, now: Callable[[], float], keep: float, limit: int) -> int:
    """One trim, unless another worker has just made one."""
    if not latch.take(redis, keys.TRIM, int(TRIM_EVERY * 1000)):
        return 0
    return Inbox(redis).trim(now(), keep, limit)
