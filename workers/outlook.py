"""The agenda looked through for a page: by time, by kind and lane, by severity and person, a bounded part at a time.

Ids and due times are cheap, and enough to count and to turn pages; what an entry says is read only of those looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any, cast

import orjson
from redis import Redis

from workers import keys
from workers.agenda import DESKS, JOBS, Agenda, Entry, Kind, Lane

AT_ONCE = 1000
"""Entries looked into where severity or person decide whether they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What of the agenda is to be seen; None: all."""

    lane: Lane | None = None
    kind: Kind | None = None
    severity: str | None = None
    who: frozenset[str] = frozenset()
    """A person and the roles they have, as they stand in the entry or in the next step; empty: anybody."""

    @property
    def inside(self) -> bool:
        """Must entries be looked into to know whether they are meant?"""
        return self.severity is not None or bool(self.who)


@dataclass(frozen=True, slots=True)
class Glance:
    """An entry, with how bad its incident is and whom it reaches, as far as it says."""

    entry: Entry
    severity: str | None
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page: what is on it, how many there are in all, and which of them were looked at for it."""

    glances: list[Glance]
    total: int
    first: int
    last: int


class Outlook:
    """Reads only."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._agenda = Agenda(redis)

    def sheet(self, sought: Sought, page: int, rows: int) -> Sheet:
        """The page of that number (from 1): `rows` entries, or those that fit among AT_ONCE."""
        length = AT_ONCE if sought.inside else rows
        begin, end = (page - 1) * length, page * length
        total, ids = self._ids(sought, "+inf", end)
        glances = self._glances(ids[begin:])
        fitting = [one for one in glances if _fits(one, sought)]
        return Sheet(glances=fitting, total=total, first=begin + 1, last=min(end, total))

    def until(self, moment: float, at_most: int) -> tuple[int, list[Glance]]:
        """How much is due until then (Unix seconds), and the first of it, `at_most` entries."""
        total, ids = self._ids(Sought(), repr(moment), at_most)
        return total, self._glances(ids)

    def _ids(self, sought: Sought, until: str, at_most: int) -> tuple[int, list[tuple[bytes, float]]]:
        """How many there are, and the soonest with their due times. One kind of a desk is told by how its ids begin."""
        desks = [desk for desk in DESKS if sought.lane in (None, desk[0])]
        if sought.kind is not None:
            desks = [desk for desk in desks if desk[1] is JOBS[sought.kind]]
        shared = sought.kind is not None and list(JOBS.values()).count(JOBS[sought.kind]) > 1
        pipe = self._redis.pipeline(transaction=False)
        for desk in desks:
            pipe.zcount(keys.agenda(*desk), "-inf", until)
            pipe.zrangebyscore(
                keys.agenda(*desk), "-inf", until, start=0, num=-1 if shared else at_most, withscores=True
            )
        answers = pipe.execute() if desks else []
        found = [one for some in answers[1::2] for one in cast("list[tuple[bytes, float]]", some)]
        if shared:
            found = [one for one in found if one[0].startswith(f"{sought.kind}-".encode())]
        total = len(found) if shared else sum(answers[::2])
        return total, nsmallest(at_most, found, key=lambda one: one[1])

    def _glances(self, ids: Sequence[tuple[bytes, float]]) -> list[Glance]:
        entries = self._agenda.those(ids)
        names = list(dict.fromkeys(entry.incident for entry in entries if entry.incident))
        stored = cast("list[bytes | None]", self._redis.mget([keys.incident(one) for one in names])) if names else []
        # A few fields of each, not the record: a page of a thousand would take half a second to be checked.
        known = {name: orjson.loads(one) for name, one in zip(names, stored, strict=True) if one}
        return [_glance(entry, known.get(entry.incident or "")) for entry in entries]


def _glance(entry: Entry, incident: dict[str, Any] | None) -> Glance:
    severity = entry.body.get("severity") or (incident or {}).get("severity")
    if entry.kind is Kind.NOTIFY:
        who = (entry.body.get("person"), entry.body.get("role"))
    else:
        waiting = [step for step in (incident or {}).get("steps", ()) if step["state"] == "waiting"]
        nobody: dict[str, Any] = {}
        step = min(waiting, key=lambda one: float(one["due_at"]), default=nobody)
        step = step if entry.kind is Kind.STEP else nobody
        who = (step.get("person"), step.get("role"))
    return Glance(entry, severity, tuple(str(one) for one in who if one))


def _fits(glance: Glance, sought: Sought) -> bool:
    return sought.severity in (None, glance.severity) and (not sought.who or not sought.who.isdisjoint(glance.who))
