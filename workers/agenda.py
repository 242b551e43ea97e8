"""The agenda: every promise still to be kept, with the time it is due.

The entry is the truth, an RQ job is only a bell. An entry is written by `add` in the same MULTI as the state that
promises it. A worker takes due entries with `claim`, which counts the attempt and pushes the due time out by the lease,
so that a worker that dies costs one lease and nothing else. Only the attempt that holds the claim may `finish` or
`postpone`: `guard` makes Redis refuse the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Any, cast

import orjson
from redis import Redis
from redis.client import Pipeline

from rules.frozen import frozen
from rules.record import encode
from rules.upcast import VERSION, upcast
from workers import keys, log
from workers.claiming import ATTEMPTS, BEGIN, CLAIM, FIELDS, THERE
from workers.desks import DESKS, JOBS, Job, Kind, Lane
from workers.writing.bundle import Bundle

__all__ = ["DESKS", "JOBS", "Agenda", "Entry", "Job", "Kind", "Lane"]

LEASE = 12.0
"""Seconds a claim lasts, counted from the claim: longer than the 8 s an attempt may take."""
CLAIM_AT_MOST = 50
CLAIM_BYTES = 512 * 1024
"""Bytes of bodies after which a claim takes no further entry: in a storm each holds a hundred events, and a P1 that
comes meanwhile waits for all of them."""
DEADLY = 3
"""An entry whose claim was lost this often is suspected of killing its workers, and is parked."""
DEADLY_SEND = 10
"""The same for a notification, and for checks: they take so long that workers killed for other reasons are often killed
in one."""


@frozen
class Entry:
    """One promise. `body` is what its kind needs: ids and names only, never a secret."""

    id: str
    kind: Kind
    lane: Lane
    due_at: float
    created_at: float
    incident: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    """How often it has been claimed; never goes back, so that it tells one claim from every other."""
    returned: int = 0
    """How many of those attempts came back, whatever they said."""
    failures: int = 0
    """How many of them came back with a failure to be tried again."""
    last_error: str | None = None
    claimed_by: str | None = None
    """The worker that has it in hand; None: none has, or it is not known here."""

    @property
    def job(self) -> Job:
        """Whose work it is."""
        return JOBS[self.kind]

    @property
    def lost(self) -> int:
        """How many earlier claims were never heard of again: their workers died."""
        return max(0, self.attempt - 1 - self.returned)

    @property
    def deadly(self) -> bool:
        """Has it cost so many workers that it must not be tried again?"""
        return self.lost >= (DEADLY_SEND if self.job in (Job.NOTIFY, Job.CHECK, Job.ANNOUNCE) else DEADLY)


class Claimed(list[Entry]):
    """What was taken, in the order in which it was due."""

    more = False
    """Was it as much as may be taken at once? Then more may be due."""


class Agenda:
    """The agenda in Redis: taking what is due, and looking at what is promised. `worker` is who takes."""

    def __init__(self, redis: Redis, worker: str = "") -> None:
        self._redis = redis
        self._worker = worker
        self._claim, self._begin = redis.register_script(CLAIM), redis.register_script(BEGIN)
        self._there = redis.register_script(THERE)
        self._left: set[bytes] = set()

    def claim(
        self, lane: Lane, job: Job, now: float, at_most: int = CLAIM_AT_MOST, *, answering: bool = False
    ) -> Claimed:
        """Take up to `at_most` due entries of a desk for one lease, or `CLAIM_BYTES` of them. `now` is by Redis' clock.

        What a later release has promised stays due for that one, and is logged. `answering` the desk's bell in the same
        step, since a page waits for each. What comes due between `now` and that step, unheard, is the next tick's.
        """
        desk = [keys.agenda(lane, job), *([keys.bell(lane, job)] if answering else [])]
        arguments: Any = [repr(now), LEASE, at_most, keys.entry(""), self._worker, VERSION, CLAIM_BYTES, *FIELDS]
        found, newer, more = cast("tuple[Any, list[bytes], int]", self._claim(keys=desk, args=arguments))
        if unsaid := set(newer) - self._left:
            self._left = set(newer)
            log.get("agenda").error("left to a later release", lane=lane, job=job, entries=len(unsaid))
        fields = ({k: v for k, v in zip(FIELDS, values, strict=True) if v is not None} for _, _, values in found)
        entries = Claimed(
            _entry(name.decode(), float(due), known) for (name, due, _), known in zip(found, fields, strict=True)
        )
        entries.more = bool(more)
        return entries

    def entry(self, entry_id: str) -> Entry | None:
        """The entry as it stands, without claiming it. Raises NewerRecord."""
        stored: Any = self._redis.hgetall(keys.entry(entry_id))
        if not stored:
            return None
        entry = _entry(entry_id, 0.0, stored)
        due = self._redis.zscore(keys.agenda(entry.lane, entry.job), entry_id)
        return replace(entry, due_at=due or 0.0)

    def begin(self, entries: Sequence[Entry]) -> None:
        """Note that these notifications are begun: a worker that dies from here on may have died of them."""
        self._begin(keys=[keys.entry(entry.id) for entry in entries], args=[str(entry.attempt) for entry in entries])

    def waiting(self, entry_ids: Sequence[str]) -> set[str]:
        """Which of these entries are still promised."""
        if not entry_ids:
            return set()
        found: Any = self._there(keys=[keys.entry(entry_id) for entry_id in entry_ids])
        return {entry_id for entry_id, there in zip(entry_ids, found, strict=True) if there}

    def parked(self, at_most: int = 500) -> list[Entry]:
        """What was given up, the latest first."""
        ids: Any = self._redis.zrevrange(keys.PARKED, 0, at_most - 1)
        return self._legible([(name, 0.0) for name in ids])

    def given_up(self, entry_id: str) -> Entry | None:
        """The entry, if it was given up. Raises NewerRecord."""
        return None if self._redis.zscore(keys.PARKED, entry_id) is None else self.entry(entry_id)

    def upcoming(self, at_most: int = 500) -> list[Entry]:
        """What is promised, the soonest first."""
        return self.those([found for desk in DESKS for found in self._soonest(*desk, at_most)])[:at_most]

    def those(self, ids: Sequence[tuple[bytes, float]]) -> list[Entry]:
        """These entries, each with its due time, the soonest first; as far as they are there and can be read."""
        return sorted(self._legible(ids), key=lambda entry: entry.due_at)

    def _legible(self, ids: Sequence[tuple[bytes, float]]) -> list[Entry]:
        """Those of them, each with its due time, that are there and that this release can read."""
        pipe = self._redis.pipeline(transaction=False)
        for name, _ in ids:
            pipe.hgetall(keys.entry(name.decode()))
        there = [(*known, stored) for known, stored in zip(ids, pipe.execute(), strict=True) if stored]
        return [_entry(name.decode(), due, one) for name, due, one in there if int(one.get(b"v", 1)) <= VERSION]

    def lengths(self) -> dict[tuple[Lane, Job], int]:
        """How many entries each desk has promised."""
        return {desk: self._redis.zcard(keys.agenda(*desk)) for desk in DESKS}

    def due(self, lane: Lane, job: Job, now: float) -> int:
        """How many entries of a desk are due."""
        return self._redis.zcount(keys.agenda(lane, job), "-inf", now)

    def next_due(self) -> float | None:
        """When the next promise of any desk is due; None when there is none."""
        firsts = [first for desk in DESKS for first in self._soonest(*desk, 1)]
        return min((max(at, self._promised_at(name)) for name, at in firsts), default=None)

    def _promised_at(self, name: bytes) -> float:
        """When it was promised: what is urgent at intake stands before that in its order, and is not late for it."""
        return float(self._redis.hget(keys.entry(name.decode()), "created_at") or 0.0)

    def _soonest(self, lane: Lane, job: Job, at_most: int) -> list[tuple[bytes, float]]:
        found: Any = self._redis.zrange(keys.agenda(lane, job), 0, at_most - 1, withscores=True)
        return list(found)


def add(pipe: Any, *entries: Entry) -> None:
    """Promise something: with the state that promises it, in one MULTI. `pipe` may be sync or async."""
    for entry in entries:
        _write(pipe, entry)
    for desk, theirs in _by_desk(entries):
        pipe.zadd(keys.agenda(*desk), {entry.id: entry.due_at for entry in theirs})


def _by_desk(entries: Sequence[Entry]) -> Iterable[tuple[tuple[Lane, Job], list[Entry]]]:
    desks: dict[tuple[Lane, Job], list[Entry]] = {}
    for entry in entries:
        desks.setdefault((entry.lane, entry.job), []).append(entry)
    return desks.items()


def _write(pipe: Any, entry: Entry) -> None:
    stored: dict[str, str | bytes | float] = {
        "kind": entry.kind,
        "lane": entry.lane,
        "created_at": repr(entry.created_at),
        "body": encode(entry.body),
        "attempt": 0,
        "v": VERSION,
    }
    if entry.incident:
        stored["incident"] = entry.incident
    pipe.hset(keys.entry(entry.id), mapping=stored)


def finish(pipe: Pipeline | Bundle, *entries: Entry) -> None:
    """These promises are kept (or no longer owed)."""
    for desk, theirs in _by_desk(entries):
        pipe.delete(*(keys.entry(entry.id) for entry in theirs))
        pipe.zrem(keys.agenda(*desk), *(entry.id for entry in theirs))


def withdraw(pipe: Pipeline | Bundle, entry_id: str, lane: Lane, job: Job) -> None:
    """Take a promise back by its id; one that is already gone changes nothing."""
    pipe.delete(keys.entry(entry_id))
    pipe.zrem(keys.agenda(lane, job), entry_id)


def postpone(pipe: Pipeline | Bundle, entry: Entry, until: float, error: str | None = None, **body: Any) -> None:
    """Try again at `until`. With `error` it was a failure, without it only waited. `body` replaces keys of the body."""
    changed: dict[Any, Any] = {}
    if error is not None:
        changed |= {"last_error": error[:500], "failures": entry.failures + 1}
    if body:
        changed |= {"body": encode(entry.body | body), "v": VERSION}
    if changed:
        pipe.hset(keys.entry(entry.id), mapping=changed)
    wait(pipe, [entry], until)


def wait(pipe: Pipeline | Bundle, entries: Sequence[Entry], until: float) -> None:
    """Offer these again at `until`: nothing has failed."""
    for entry in entries:
        pipe.hset(keys.entry(entry.id), mapping={"returned": entry.returned + 1})
        pipe.hdel(keys.entry(entry.id), "by")
    for desk, theirs in _by_desk(entries):
        pipe.zadd(keys.agenda(*desk), {entry.id: until for entry in theirs})


def park(pipe: Pipeline | Bundle, entry: Entry, now: float, why: str) -> None:
    """Give up an entry that kills or fails its workers: it stays readable and is tried no more."""
    pipe.hset(keys.entry(entry.id), mapping={"last_error": why[:500]})
    pipe.zrem(keys.agenda(entry.lane, entry.job), entry.id)
    pipe.zadd(keys.PARKED, {entry.id: now})


def unpark(pipe: Pipeline | Bundle, *entry_ids: str) -> None:
    """Forget what was given up: it is promised anew."""
    if entry_ids:
        pipe.delete(*map(keys.entry, entry_ids))
        pipe.zrem(keys.PARKED, *entry_ids)


def take_up(pipe: Pipeline | Bundle, entry: Entry, now: float) -> None:
    """Try an entry that was given up once more, now, with what it cost before forgiven."""
    pipe.zrem(keys.PARKED, entry.id)
    pipe.hset(keys.entry(entry.id), mapping={"returned": entry.attempt, "failures": 0})
    pipe.zadd(keys.agenda(entry.lane, entry.job), {entry.id: now})


def guard(pipe: Pipeline, entries: Sequence[Entry]) -> list[Entry]:
    """WATCH the entries and tell which claims still hold; the others are gone, or belong to another worker now."""
    if not entries:
        return []
    names = [keys.entry(entry.id) for entry in entries]
    pipe.watch(*names)  # type: ignore[no-untyped-call]
    attempts: Any = pipe.eval(ATTEMPTS, len(names), *names)  # In one question: a digest concludes hundreds.
    return [entry for entry, attempt in zip(entries, attempts, strict=True) if attempt == b"%d" % entry.attempt]


def _entry(entry_id: str, due_at: float, stored: dict[bytes, bytes]) -> Entry:
    field, version = stored.get, int(stored.get(b"v", 1))
    known = {"kind": field(b"kind", b"").decode(), "body": orjson.loads(field(b"body", b"{}")), "v": version}
    record = known if version == VERSION else upcast("Entry", known)
    incident, error = field(b"incident"), field(b"last_error")
    return Entry(
        id=entry_id,
        kind=Kind(record["kind"]),
        lane=Lane(field(b"lane", b"").decode()),
        due_at=due_at,
        created_at=float(field(b"created_at", 0)),
        incident=incident.decode() if incident else None,
        body=record["body"],
        attempt=int(field(b"attempt", 0)),
        returned=int(field(b"returned", 0)),
        failures=int(field(b"failures", 0)),
        last_error=error.decode(errors="replace") if error else None,
        claimed_by=by.decode() if (by := field(b"by")) is not None else None,
    )
