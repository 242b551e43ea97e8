"""Maintenance in Redis: its record beside its silence, and the promise to remind people of it, in one MULTI.

What goes out at each of its moments (`still on`, prolonged, over) is one list of agenda entries, written together with
what has changed: whoever else must hear of a moment, a status page say, gets an entry there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError
from redis import Redis
from redis.exceptions import WatchError

from rules.announcing.planned import Announced
from rules.holds.maintenance import Maintenance, Notice, over, still_on, waiting, whom
from rules.holds.quiet import SilenceConfig
from rules.holds.silence import Silence
from rules.incident import Incident
from rules.record import decode, encode
from rules.upcast import NewerRecord
from workers import agenda, keys, log, queue
from workers.agenda import Entry, Job, Kind, Lane
from workers.announcing import announced
from workers.house import House
from workers.ledger import Ledger
from workers.rulebook import silences
from workers.store import Store
from workers.telling import notices
from workers.writing.bundle import Bundle
from workers.writing.transactions import Transactions

DESK = (Lane.CALM, Job.ESCALATE)
OPEN_AT_MOST = 10_000
"""Open incidents looked through for those that a maintenance holds back."""


KEEP = 7 * 86400.0
"""Seconds one is listed after it was over."""


class Overtaken(Exception):
    """Somebody else has just changed it; nothing was done."""


def every(redis: Redis, now: float) -> list[Maintenance]:
    """All of them, the soonest end first, those that are over too. Its silence says from when till when one is."""
    found = cast("dict[bytes, bytes]", redis.hgetall(keys.MAINTENANCE))
    quiet = {one.name: one for one in silences.every(redis)}
    known = [_timed(one, quiet.get(one.name), now) for name, text in found.items() if (one := _read(name, text))]
    return sorted(known, key=lambda one: (one.end, one.name))


def one_of(redis: Redis, name: str, now: float) -> Maintenance | None:
    """One; None where there is none of this name."""
    return next((one for one in every(redis, now) if one.name == name), None)


def _timed(one: Maintenance, silence: SilenceConfig | None, now: float) -> Maintenance:
    window = Silence(silence).next_window(now) if silence is not None and one.ended is None else None
    if window is None:  # Over, or its silence was lifted.
        return replace(one, end=min(one.end, one.ended or now))
    return replace(one, start=window.start, end=window.end)


def _read(name: bytes, text: bytes) -> Maintenance | None:
    try:
        return decode(Maintenance, text)
    except (NewerRecord, ValidationError):
        log.get("maintenance").error("a maintenance cannot be read", name=name.decode("utf-8", "replace"))
        return None


def put(
    redis: Redis,
    one: Maintenance,
    said: Mapping[str, Any],
    now: float,
    telling: Iterable[Entry] = (),
    public: Announced | None = None,
) -> None:
    """Begin it, or change it: its silence as it is `said`, its record, its promise, and what people are told of it now.

    `public`: what the world is told from now on. Raises silences.TooMany, and Overtaken.
    """
    entries = [*telling, promise(one, now)]
    old = [each.name for each in every(redis, now) if each.end < now - KEEP]
    while True:
        with redis.pipeline(transaction=True) as pipe:
            pipe.watch(keys.MAINTENANCE)  # type: ignore[no-untyped-call]
            if one.prolonged and not _follows(one, redis.hget(keys.MAINTENANCE, one.name)):
                raise Overtaken
            pipe.multi()
            silences.queue_put(redis, pipe, said, now)
            if old:
                pipe.hdel(keys.MAINTENANCE, *old)
                announced.forget(redis, pipe, old)
            if not one.prolonged:
                announced.begin(redis, pipe, one, public, now)
            elif public is not None:
                pipe.hset(keys.ANNOUNCED, one.name, encode(public))
            pipe.hset(keys.MAINTENANCE, one.name, encode(one))
            agenda.add(pipe, *entries)
            try:
                pipe.execute()
            except WatchError:
                continue
            break
    _ring(redis, entries, now)
    announced.hurry(redis, one.name, announced.words(redis, one.name), now)


def _follows(one: Maintenance, stored: Any) -> bool:
    """Is it still as it was when somebody began to change it?"""
    was = _read(one.name.encode(), stored) if stored is not None else None
    return was is not None and was.ended is None and was.prolonged == one.prolonged - 1


def close(
    redis: Redis, one: Maintenance, telling: Sequence[Entry], now: float, public: Announced | None = None
) -> bool:
    """End it before its time: its silence is gone with it, and people are told. False when it was gone already.

    Nothing is to be looked at any more, but status pages are told. `public`: in which words.
    """
    with redis.pipeline(transaction=True) as pipe:
        pipe.hdel(keys.SILENCES, one.name)
        pipe.hset(keys.MAINTENANCE, one.name, encode(replace(one, ended=now)))
        agenda.withdraw(pipe, entry_of(one.name), *DESK)
        if public is not None:
            pipe.hset(keys.ANNOUNCED, one.name, encode(public))
        if telling:
            agenda.add(pipe, *telling)
        lifted, *_ = pipe.execute()
    _ring(redis, telling, now)
    announced.hurry(redis, one.name, announced.words(redis, one.name), now)
    return bool(lifted)


def _ring(redis: Redis, entries: Iterable[Entry], now: float) -> None:
    for desk in {(entry.lane, entry.job) for entry in entries if entry.due_at <= now}:
        queue.ring(redis, *desk)


def promise(one: Maintenance, now: float) -> Entry:
    """The look at it that must stand on the agenda while it is on."""
    due = one.looks_at(now) or now
    lane, _ = DESK
    return Entry(
        id=entry_of(one.name),
        kind=Kind.MAINTENANCE,
        lane=lane,
        due_at=due,
        created_at=now,
        body={"name": one.name, "service": one.service},
    )


def entry_of(name: str) -> str:
    """The id of that promise."""
    return f"{Kind.MAINTENANCE}-{name}"


def lacking(redis: Redis, there: agenda.Agenda, now: float) -> list[Maintenance]:
    """Those that are on, or to come, and that nothing would ever look at."""
    on = [one for one in every(redis, now) if one.end > now]
    known = there.waiting([entry_of(one.name) for one in on])
    return [one for one in on if entry_of(one.name) not in known]


def promise_again(redis: Redis, lacks: Sequence[Maintenance], now: float) -> None:
    """Make their promises anew."""
    with redis.pipeline(transaction=True) as pipe:
        agenda.add(pipe, *(promise(one, now) for one in lacks))
        pipe.execute()


class Announcer:
    """Knows whom a notice of a maintenance reaches, and what it holds back."""

    def __init__(self, redis: Redis, store: Store, ledger: Ledger, url: str) -> None:
        self._redis = redis
        self._store = store
        self._ledger = ledger
        self._url = f"{url}/maintenance" if url else ""

    def silence(self, name: str) -> SilenceConfig | None:
        """The silence of this name; None where it was lifted."""
        return next((one for one in silences.every(self._redis) if one.name == name), None)

    def held(self, name: str, now: float) -> list[Incident]:
        """Open incidents that its silence covers, and that nobody has."""
        silence = self.silence(name)
        return [] if silence is None else waiting(Silence(silence), self._store.incidents(limit=OPEN_AT_MOST), now)

    def entries(self, one: Maintenance, notice: Notice, now: float) -> list[Entry]:
        """A promise for each way on which people hear of it."""
        ruleset = self._ledger.ruleset()
        ways = self._ledger.ways()
        found = whom(one, ruleset, ways, ruleset.roster(now, ways))
        if not found:
            log.get("maintenance").warning("nobody can be reminded", name=one.name, severity=one.severity)
        return [notices.promised(one, notice, told, now, self._url) for told in found]


def look(house: House, entry: Entry) -> None:
    """The time of one has come: people are told that it ends soon, or that it is over; or it is looked at later."""
    now, name = house.clock.now(), str(entry.body["name"])
    one = one_of(house.redis, name, now)
    announcer = Announcer(house.redis, house.store, house.ledger, house.settings.base_url)
    silence = announcer.silence(name)
    if one is None or silence is None or one.ended is not None:
        _conclude(house, entry, None, [], now)
        return
    notice: Notice | None = None
    if now >= one.end:
        notice = over(one, announcer.held(name, now), None)
    elif now >= one.remind_at:
        notice = still_on(one, announcer.held(name, now), now)
    _conclude(house, entry, one, [] if notice is None else announcer.entries(one, notice, now), now)


def _conclude(house: House, entry: Entry, one: Maintenance | None, telling: Sequence[Entry], now: float) -> None:
    until = one.looks_at(now) if one is not None else None

    def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
        if not held:
            return
        if telling and one is not None:
            agenda.add(writes, *telling)
            writes.hset(keys.MAINTENANCE, mapping={one.name: encode(replace(one, told=True))})
        if until is None:
            agenda.finish(writes, *held)
        else:
            agenda.wait(writes, held, until)

    transactions = Transactions(house.redis, house.clock)
    transactions.run(lambda *_: None, [entry], conclude)
    transactions.ring({(each.lane, each.job) for each in telling})
