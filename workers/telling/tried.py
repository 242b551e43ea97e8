"""Reading what was tried: attempts by channel, person or incident, what was sent and answered, and how channels are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, cast

import orjson
from redis import Redis

from rules.record import decode, recall
from rules.upcast import VERSION
from workers import keys
from workers.telling.attempts import KEPT, Attempt, Became, Exchange

PAGE = 1000
LATELY = 3600.0
"""Seconds within which a channel's failures are counted."""
LOOKED_THROUGH = 500
"""Attempts looked through for why a channel failed."""


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
