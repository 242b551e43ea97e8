"""The record of attempts: what was tried to tell somebody, when, how long it took, and what came of it.

Written in the MULTI that concludes the attempt, so it costs no round trip of its own. Everything here is bounded: the
last 10,000 attempts, what the last 5,000 sent and were answered, and of each incident the last 500 for a week.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, islice
from typing import Any, cast

import orjson
from redis import Redis

from rules.frozen import frozen
from rules.record import decode, encode, recall
from rules.upcast import VERSION
from workers import keys
from workers.agenda import Entry
from workers.writing.bundle import Bundle
from workers.writing.commands import Word

KEPT, EXCHANGES, PER_INCIDENT = 10_000, 5_000, 500
LASTS = 7 * keys.DAY
"""Seconds for which an incident's attempts are kept after its last."""
PAGE = 1000
LATELY = 3600.0
"""Seconds within which a channel's failures are counted."""
LOOKED_THROUGH = 500
"""Attempts looked through for why a channel failed."""


class Became(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    AGAIN = "again"
    """It failed in passing: it will be tried again."""
    REFUSED = "refused"
    """It failed for good."""
    SKIPPED = "skipped"
    """Nobody needed to hear it any more."""
    SILENT = "silent"
    """The channel has nothing to say for this reason."""
    GIVEN_UP = "given up"
    """It cost several workers their lives; a person must look at it."""

    @property
    def failed(self) -> bool:
        """Did somebody not hear what they should have?"""
        return self in {Became.AGAIN, Became.REFUSED, Became.GIVEN_UP}


@frozen
class Attempt:
    """One attempt to send one notification. Times are Unix seconds, `took` is seconds."""

    id: str
    """The entry's id and which claim of it this was."""
    entry: str
    incident: str | None
    channel: str
    role: str | None
    person: str | None
    reason: str
    severity: str
    number: int
    """Which try it was: 1 the first."""
    at: float
    became: Became
    took: float = 0.0
    why: str = ""
    again_at: float | None = None
    status: int | None = None
    """What the receiver answered: HTTP's or SMTP's number."""
    together: int = 1
    """How many notifications went out in this one message."""
    within: str | None = None
    """The attempt under which that message is kept, if not this one."""
    test: bool = False
    v: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was sent and what came back, secrets masked and both cut."""

    to: str
    """`POST https://events.pagerduty.com/v2/enqueue`: without whatever in it is a secret."""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    message: str = ""
    """The id under which the receiver knows it, where it has one."""
    reply: str = ""
    reply_headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An attempt, and the exchange if there was any."""

    attempt: Attempt
    exchange: Exchange | None = None


def keep(writes: Bundle, kept: Kept | None, held: Sequence[Entry]) -> None:
    """Write an attempt down. One message for many stands once in the whole record, and in the list of each incident."""
    if kept is None:
        return
    attempt = kept.attempt
    for entry in held if attempt.together > 1 else ():
        if entry.id != attempt.entry:
            _list(writes, _of_another(attempt, entry))
    # What outlived its claim was sent all the same, perhaps twice: that is exactly what somebody will want to see.
    if attempt.within is None and (attempt.together == 1 or any(entry.id == attempt.entry for entry in held)):
        said = _list(writes, attempt)
        writes.xadd(keys.ATTEMPTS, {"a": said}, maxlen=KEPT, approximate=True)
        writes.hset(keys.CHANNELS, mapping={f"{attempt.channel}|{attempt.became}": repr(attempt.at)})
        if kept.exchange is not None:
            told: dict[str, Word] = {"id": attempt.id, "x": encode(kept.exchange)}
            writes.xadd(keys.EXCHANGES, told, maxlen=EXCHANGES, approximate=True)
    elif attempt.within is not None:
        _list(writes, attempt)


def _of_another(attempt: Attempt, entry: Entry) -> Attempt:
    """What the incident of `entry` keeps of it. Written out: `dataclasses.replace` takes five times as long."""
    body = entry.body
    return Attempt(
        id=id_of(entry),
        entry=entry.id,
        incident=entry.incident,
        channel=attempt.channel,
        role=body["role"],
        person=body["person"],
        reason=str(body["reason"]),
        severity=str(body["severity"]),
        number=entry.failures + 1,
        at=attempt.at,
        became=attempt.became,
        took=attempt.took,
        why=attempt.why,
        again_at=attempt.again_at,
        status=attempt.status,
        together=attempt.together,
        within=attempt.id,
        test=attempt.test,
    )


def _list(writes: Bundle, attempt: Attempt) -> bytes:
    said = encode(attempt)
    if attempt.incident is not None:
        name = keys.attempted(attempt.incident)
        writes.rpush(name, said)
        writes.ltrim(name, -PER_INCIDENT, -1)
        writes.expire(name, LASTS)
    return said


def id_of(entry: Entry) -> str:
    """What one claim of an entry is called: a claim is one attempt."""
    return f"{entry.id}.{entry.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which attempts to look for; what is None does not matter."""

    channel: str | None = None
    became: Became | None = None
    incident: str | None = None
    person: str | None = None
    entry: str | None = None

    def fits(self, one: dict[str, Any]) -> bool:
        """Is this one of those? As it is stored: of thousands that are looked at few are read whole."""
        return (
            (self.channel is None or one["channel"] == self.channel)
            and (self.became is None or one["became"] == self.became)
            and (self.incident is None or one["incident"] == self.incident)
            and (self.person is None or one["person"] == self.person)
            and (self.entry is None or one["entry"] == self.entry)
        )


@dataclass(slots=True, kw_only=True)
class Health:
    """How a channel has been: moments are Unix seconds, the counts are of the last hour."""

    delivered_at: float | None = None
    failed_at: float | None = None
    delivered: int = 0
    failed: int = 0
    folded: int = 0
    """Notifications that went out within digests."""
    digests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A channel whose last attempt failed: when (Unix seconds), what became of it, and why in the receiver's words."""

    channel: str
    at: float
    became: Became
    why: str = ""


class Attempts:
    """Reads what was tried."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def find(self, sought: Sought, limit: int, skip: int = 0, most: int = KEPT) -> list[Attempt]:
        """The newest that fit, at most `limit` after the first `skip`; `most` are looked at."""
        lines = self._of(sought.incident) if sought.incident is not None else islice(self._newest(), most)
        return [recall(Attempt, one) for one in islice(filter(sought.fits, lines), skip, skip + limit)]

    def of(self, incident_id: str) -> list[Attempt]:
        """What was tried for one incident, the oldest first."""
        return [recall(Attempt, one) for one in self._of(incident_id)][::-1]

    def one(self, attempt_id: str) -> Attempt | None:
        """One attempt by its id; None when it is no longer kept."""
        # An entry is called `n-<incident>-<number>`, and its attempts have one more number.
        incident = attempt_id.removeprefix("n-").rpartition("-")[0]
        everywhere = chain(self._of(incident) if incident else (), self._newest())
        return next((recall(Attempt, one) for one in everywhere if one["id"] == attempt_id), None)

    def exchange(self, attempt: Attempt) -> Exchange | None:
        """What was sent and answered; None when nothing was, or when it is no longer kept."""
        wanted = (attempt.within or attempt.id).encode()
        for _, said in self._pages(keys.EXCHANGES):
            if said[b"id"] == wanted:
                return decode(Exchange, said[b"x"])
        return None

    def health(self, channels: Sequence[str], now: float) -> dict[str, Health]:
        """How each of these channels has been."""
        last: Any = self._redis.hgetall(keys.CHANNELS)
        found = {name: _last(name, last) for name in channels}
        for one in self._newest():
            if one["at"] < now - LATELY:
                break
            if one["channel"] in found:
                _count(found[one["channel"]], Became(one["became"]), int(one["together"]))
        return found

    def broken(self, channels: Sequence[str]) -> list[Broken]:
        """Those of these channels whose last attempt to tell somebody failed: a success takes a channel off."""
        stored: Any = self._redis.hgetall(keys.CHANNELS)
        found = [one for one in (_broken(channel, stored) for channel in channels) if one is not None]
        why = dict(self._last_words({one.channel for one in found})) if found else {}
        return [replace(one, why=why.get(one.channel, "")) for one in found]

    def _last_words(self, channels: set[str]) -> Iterator[tuple[str, str]]:
        """Why attempts of these channels failed, the newest last; only the latest are looked through."""
        for one in [*islice(self._newest(), LOOKED_THROUGH)][::-1]:
            if one["channel"] in channels and Became(one["became"]).failed:
                yield one["channel"], one.get("why", "")

    def _of(self, incident_id: str) -> Iterator[dict[str, Any]]:
        """Newest first, as they are stored, as far as this release can read them."""
        stored = cast("list[bytes]", self._redis.lrange(keys.attempted(incident_id), 0, -1))
        return filter(_legible, map(orjson.loads, reversed(stored)))

    def _newest(self) -> Iterator[dict[str, Any]]:
        return filter(_legible, (orjson.loads(said[b"a"]) for _, said in self._pages(keys.ATTEMPTS)))

    def _pages(self, stream: str) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
        """A stream from its newest on, some at a time: most who ask want the latest."""
        until, count = "+", 100
        while True:
            page: Any = self._redis.xrevrange(stream, max=until, count=count)
            yield from page
            if len(page) < count:
                return
            until, count = f"({page[-1][0].decode()}", PAGE


def _legible(one: dict[str, Any]) -> bool:
    return int(one.get("v", 1)) <= VERSION


def _count(health: Health, became: Became, together: int) -> None:
    health.failed += became.failed
    health.delivered += became is Became.DELIVERED
    if together > 1 and became is Became.DELIVERED:
        health.digests += 1
        health.folded += together


def _last(channel: str, stored: dict[bytes, bytes]) -> Health:
    at = {one: float(found) for one in Became if (found := stored.get(f"{channel}|{one}".encode()))}
    failed = [at[one] for one in at if one.failed]
    return Health(delivered_at=at.get(Became.DELIVERED), failed_at=max(failed, default=None))


def _broken(channel: str, stored: dict[bytes, bytes]) -> Broken | None:
    """Skipped and silent attempts say nothing about a channel."""
    at = {one: float(found) for one in Became if (found := stored.get(f"{channel}|{one}".encode()))}
    failed = max((one for one in at if one.failed), key=at.__getitem__, default=None)
    if failed is None or at.get(Became.DELIVERED, float("-inf")) >= at[failed]:
        return None
    return Broken(channel=channel, at=at[failed], became=failed)
