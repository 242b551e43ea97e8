"""Entries of the agenda that stand where no worker will look: finding them, and making them due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from redis import Redis

from workers import keys
from workers.agenda import JOBS, LEASE, Kind
from workers.clock import Clock

# KEYS: the desk, what is parked, the entry. ARGV: id, now, until when no claim lasts. What is promised in seconds was
# not promised in the future: Redis' clock has been put back since. A look at an incident is due when its step is.
_MEND = """
if redis.call('EXISTS', KEYS[3]) == 0 or redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
local known = redis.call('HMGET', KEYS[3], 'by', 'kind', 'created_at')
local soon = known[2] == 'intake' or known[2] == 'notify'
local wrong = known[1] or soon and tonumber(known[3] or '0') > tonumber(ARGV[3])
if due and not (wrong and tonumber(due) > tonumber(ARGV[3])) then return 0 end
return redis.call('ZADD', KEYS[1], 'CH', ARGV[2], ARGV[1])
"""


def find(redis: Redis, entry_ids: Sequence[str], clock: Clock) -> list[str]:
    """Which of these seem to stand at no desk though not parked, to be claimed for too long, or to be too far off."""
    pipe = redis.pipeline(transaction=False)
    for entry_id in entry_ids:
        pipe.hmget(keys.entry(entry_id), "lane", "kind", "by", "created_at")
        pipe.zscore(keys.PARKED, entry_id)
    found = pipe.execute()
    standing = [
        (name, *fields)
        for name, fields, parked in zip(entry_ids, found[::2], found[1::2], strict=True)
        if fields[0] and fields[1] and parked is None
    ]
    # Later than the look at who claims: a claim made in between lasts from then on.
    now = clock.now()
    pipe = redis.pipeline(transaction=False)
    for name, lane, kind, *_ in standing:
        pipe.zscore(keys.agenda(lane.decode(), JOBS[Kind(kind.decode())]), name)
    return [
        name
        for (name, _, kind, by, created), due in zip(standing, pipe.execute(), strict=True)
        if due is None or (due > now + 2 * LEASE and (by is not None or _ahead(kind, created, now)))
    ]


def _ahead(kind: bytes, created: bytes | None, now: float) -> bool:
    """Was it promised in a future that is none any more?"""
    return kind.decode() in (Kind.INTAKE, Kind.NOTIFY) and float(created or 0) > now + 2 * LEASE


def mend(redis: Redis, entry_id: str, clock: Clock) -> bool:
    """Make an entry that is astray due now; False when it is not, or no longer."""
    lane, kind = cast("list[bytes | None]", redis.hmget(keys.entry(entry_id), "lane", "kind"))
    if lane is None or kind is None:
        return False
    desk = keys.agenda(lane.decode(), JOBS[Kind(kind.decode())])
    now = clock.now()
    names = (desk, keys.PARKED, keys.entry(entry_id))
    return bool(redis.eval(_MEND, 3, *names, entry_id, repr(now), repr(now + 2 * LEASE)))
