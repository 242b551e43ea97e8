"""The inbox leafed through: a page at a time, the newest first, looking no longer than a person waits for a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis import Redis

from rules.incident import Incident
from rules.upcast import VERSION, upcast
from workers import keys
from workers.deliveries.became import LOOKED_UP, Became, Fate, Outcome
from workers.deliveries.inbox import Kept, kept_of
from workers.deliveries.intake import head_of

LOOK = 0.08
"""Seconds a page may look for what fits before it says how far it has come."""
AT_ONCE = 250
"""Records asked for in one round trip."""
FEW = 50
"""Deliveries of which it is asked at once what became of them."""
_BEGINS = b'{"source":'


class BadCursor(ValueError):
    """The mark of where to look on is none of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What to look for, all of which must fit; what is None does not matter. Times are Unix seconds."""

    source: str | None = None
    since: float | None = None
    until: float | None = None
    incident: Incident | None = None
    outcome: Outcome | None = None
    words: tuple[str, ...] = ()
    """Each must stand in the summary, the kind or the key of one event; upper and lower case are the same."""

    @property
    def selects(self) -> bool:
        """Will some deliveries of its time not fit?"""
        return bool(self.source or self.incident or self.outcome or self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One page of what was found. `more`: from where to look on; None: there is nothing older.

    `looked` deliveries were looked at, back to `back_to` (Unix seconds).
    """

    found: Sequence[tuple[Kept, Fate]]
    more: str | None
    looked: int
    back_to: float | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a delivery stands in the index."""

    at: float
    id: str

    @classmethod
    def read(cls, cursor: str) -> _Place:
        at, _, name = cursor.partition("-")
        try:
            return cls(float(at), name)
        except ValueError:
            raise BadCursor(cursor) from None

    def __str__(self) -> str:
        return f"{self.at!r}-{self.id}"


class Leafing:
    """Reads only. Blocks on Redis, for about `look` seconds at most."""

    def __init__(self, redis: Redis, look: float = LOOK) -> None:
        self._redis = redis
        self._became = Became(redis)
        self._look = look

    def leaf(self, sought: Sought, limit: int, cursor: str | None = None) -> Leaf:
        """The newest `limit` that fit, older than `cursor`. Raises BadCursor and RedisError."""
        ends, looked, last = time.monotonic() + self._look, 0, None
        found: list[tuple[Kept, Fate]] = []
        for places in self._places(sought, _Place.read(cursor) if cursor else None):
            for last in self._take(sought, places, found, limit):
                if len(found) >= limit or time.monotonic() > ends:
                    looked += places.index(last) + 1
                    return Leaf(found=found, more=str(last), looked=looked, back_to=last.at)
            looked, last = looked + len(places), places[-1] if places else last
            if time.monotonic() > ends and last is not None:
                return Leaf(found=found, more=str(last), looked=looked, back_to=last.at)
        return Leaf(found=found, more=None, looked=looked, back_to=last.at if last else None)

    def _take(
        self, sought: Sought, places: Sequence[_Place], found: list[tuple[Kept, Fate]], limit: int
    ) -> Iterator[_Place]:
        """Add to `found` what fits, a few at a time; yields how far that has come."""
        there = zip(places, self._read(sought, [place.id for place in places]), strict=True)
        fitting = [(place, told) for place, told in there if told is not None]
        while fitting:
            some = limit - len(found) if sought.outcome not in LOOKED_UP else FEW
            chunk, fitting = fitting[:some], fitting[some:]
            several = [kept_of(place.id, told) for place, told in chunk]
            for (place, _), kept, fate in zip(chunk, several, self._became.of(several), strict=True):
                if sought.outcome in (None, fate.outcome):
                    found.append((kept, fate))
                if len(found) >= limit:
                    yield place
                    return
            yield chunk[-1][0]

    def last_heard(self) -> dict[str, float]:
        """Source -> when it was heard last (Unix seconds), whether or not the inbox has that delivery still."""
        found = cast("list[tuple[bytes, float]]", self._redis.zrange(keys.LAST_HEARD, 0, -1, withscores=True))
        return {name.decode(): at for name, at in found}

    def at(self, moments: Mapping[str, float]) -> dict[str, tuple[Kept, Fate]]:
        """The delivery of each source at that very moment, as far as the inbox has it."""
        pipe = self._redis.pipeline(transaction=False)
        for at in moments.values():
            pipe.zrevrangebyscore(keys.DELIVERIES, at, at, start=0, num=AT_ONCE)
        found: dict[str, Kept] = {}
        for source, names in zip(moments, pipe.execute() if moments else [], strict=True):
            ids = [name.decode() for name in names]
            for name, told in zip(ids, self._read(Sought(source=source), ids), strict=True):
                if told is not None:
                    found[source] = kept_of(name, told)
        return dict(zip(found, zip(found.values(), self._became.of(list(found.values())), strict=True), strict=True))

    def _places(self, sought: Sought, after: _Place | None) -> Iterator[list[_Place]]:
        """Of the index, the newest first, a few at a time: many more stand in it than anybody looks at."""
        index = keys.QUARANTINE if sought.outcome is Outcome.QUARANTINED else keys.DELIVERIES
        until = min([one for one in (sought.until, self._newest(sought), after and after.at) if one], default="+inf")
        since, start = "-inf" if sought.since is None else sought.since, 0
        some = AT_ONCE if sought.selects else FEW
        while True:
            page: Any = self._redis.zrevrangebyscore(index, until, since, start=start, num=some, withscores=True)
            places = [_Place(at, name.decode()) for name, at in page]
            yield [one for one in places if after is None or (one.at, one.id) < (after.at, after.id)]
            start += some
            if len(page) < some:
                return

    def _newest(self, sought: Sought) -> float | None:
        """A source that was last heard on Monday need not be looked for since."""
        return self._redis.zscore(keys.LAST_HEARD, sought.source) if sought.source is not None else None

    def _read(self, sought: Sought, ids: Sequence[str]) -> list[dict[str, Any] | None]:
        """What is told of each, None for what does not fit, is gone, or was written by a later release."""
        records = cast("list[bytes | None]", self._redis.mget([keys.delivery(one) for one in ids])) if ids else []
        fits = _test(sought)
        return [None if one is None else fits(head_of(one)) for one in records]


Fits = Callable[[bytes], dict[str, Any] | None]


def _test(sought: Sought) -> Fits:
    """What the head of a record must say. The cheapest question first: most records of a search do not fit."""
    source = None if sought.source is None else _BEGINS + orjson.dumps(sought.source) + b","
    words = [word.casefold() for word in sought.words]
    sure = [word.encode() for word in words if word.isascii() and word.isalnum()]

    def fits(head: bytes) -> dict[str, Any] | None:
        if source is not None and head.startswith(_BEGINS) and not head.startswith(source):
            return None
        if sure and not _all_in(head.lower(), sure):
            return None
        told: dict[str, Any] = orjson.loads(head)
        if told.get("v", 1) > VERSION:
            return None
        told = upcast("Delivery", told)
        right = sought.source in (None, told["source"]) and _says(told, words) and _may_be(told, sought)
        return told if right else None

    return fits


def _all_in(head: bytes, words: Sequence[bytes]) -> bool:
    return all(word in head for word in words)


def _says(told: dict[str, Any], words: Sequence[str]) -> bool:
    if not words:
        return True
    events = [one["event"] for one in told["judged"]]
    said = " ".join(" ".join((one["summary"], one["kind"], one["dedup_key"])) for one in events).casefold()
    return all(word in said for word in words)


def _may_be(told: dict[str, Any], sought: Sought) -> bool:
    """Can it have had that outcome, and have come to that incident? Who looks closer asks Redis again."""
    if sought.incident is not None and not any(_belongs(one, sought.incident) for one in told["judged"]):
        return False
    if sought.outcome in LOOKED_UP:
        return any(one["event"]["action"] == "trigger" for one in told["judged"])
    return sought.outcome is not Outcome.SUPPRESSED or any(_suppressed(one) for one in told["judged"])


def _suppressed(one: dict[str, Any]) -> bool:
    return bool((one["decision"] or {}).get("suppress"))


def _belongs(one: dict[str, Any], incident: Incident) -> bool:
    """Has this event come to the incident, as far as keys can tell?"""
    event, gate = one["event"], (one["decision"] or {}).get("gate")
    keys_of = {f"{event['source']}/{event['dedup_key']}", gate["key"] if gate else ""}
    return event["incident"] == incident.id or bool(keys_of & incident.signals.keys())
