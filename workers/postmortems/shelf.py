"""Where the records of post-mortems stand in Redis, and the two indexes of them: all, and those that are not done with.

Queued into the transaction of whoever changes one; reads outside of transactions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from rules.incident import Incident
from rules.postmortem.record import Postmortem
from rules.record import decode, encode
from rules.upcast import NewerRecord
from workers import keys, log
from workers.writing.bundle import Bundle

AT_ONCE = 100
"""Records read in one command: each holds a document."""
_log = log.get("postmortems")


@dataclass(frozen=True, slots=True)
class Kept:
    """An incident that needs a post-mortem, and its record; None until Tocsin has written down what it knows."""

    incident: Incident
    record: Postmortem | None


def owe(writes: Bundle, incident: Incident, at: float | None) -> None:
    """An incident owes one from now on, or (`at` is None) no longer."""
    if at is None:
        forget(writes, incident.id)
    else:
        since = incident.resolved_at or at
        writes.zadd(keys.POSTMORTEMS, {incident.id: since})
        for index in (keys.POSTMORTEMS, keys.UNFINISHED):
            writes.zremrangebyscore(index, "-inf", since - keys.KEEP_RESOLVED)
        writes.zadd(keys.UNFINISHED, {incident.id: since})


def forget(writes: Bundle, incident_id: str) -> None:
    """Nothing of an incident's post-mortem is left to be done."""
    writes.zrem(keys.UNFINISHED, incident_id)


def put(writes: Bundle, one: Postmortem) -> None:
    """Keep a record, for longer than its incident lives."""
    writes.set(keys.postmortem(one.incident), encode(one), ex=keys.KEEP_RESOLVED)
    writes.zadd(keys.POSTMORTEMS, {one.incident: one.resolved_at})
    if one.finished:
        forget(writes, one.incident)
    else:
        writes.zadd(keys.UNFINISHED, {one.incident: one.resolved_at})


def read(stored: bytes | None) -> Postmortem | None:
    """The record of what stands there. Raises NewerRecord."""
    return decode(Postmortem, stored) if stored else None


def one(redis: Redis, incident_id: str) -> Postmortem | None:
    """The record of an incident's. Raises NewerRecord."""
    return read(cast("bytes | None", redis.get(keys.postmortem(incident_id))))


def ids(redis: Redis, *, unfinished: bool = False, limit: int = 1000) -> list[str]:
    """Incidents that need one, the latest first; only those with something left to do."""
    found = redis.zrevrange(keys.UNFINISHED if unfinished else keys.POSTMORTEMS, 0, limit - 1)
    return [name.decode() for name in cast("list[bytes]", found)]


def records(redis: Redis, incident_ids: Sequence[str]) -> dict[str, Postmortem]:
    """Their records, as far as there are any and this release can read them."""
    found: dict[str, Postmortem] = {}
    for begin in range(0, len(incident_ids), AT_ONCE):
        names = [keys.postmortem(name) for name in incident_ids[begin : begin + AT_ONCE]]
        for stored in cast("list[bytes | None]", redis.mget(names)):
            try:
                record = read(stored)
            except NewerRecord as newer:
                _log.warning("a post-mortem is left to a later release", version=newer.version)
                continue
            if record is not None:
                found[record.incident] = record
    return found


def kept(redis: Redis, incidents: Iterable[Incident]) -> list[Kept]:
    """These incidents with their records; what was taken up again owes none yet and is left out."""
    listed = list(incidents)
    known = records(redis, [incident.id for incident in listed])
    return [
        Kept(incident, known.get(incident.id))
        for incident in listed
        if not incident.is_open and (incident.response.postmortem.why or incident.id in known)
    ]
