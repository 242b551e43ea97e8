"""The agenda looked through for a page: by time, by kind and lane, by severity and person, a bounded part at a time.

Ids and due times are cheap, and enough to count and to turn pages; what an entry says is read only of those looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis import Redis

from workers import keys
from workers.agenda import DESKS, JOBS, Agenda, Entry, Kind, Lane

AT_ONCE = 200
"""Entries looked into where what they say decides whether they are shown."""


@dataclass(frozen=True, slots=True)
class After:
    """Where a page begins: at this due time (Unix seconds), with so many of that very time already shown."""

    due: float = float("-inf")
    shown: int = 0


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
        shared = self.kind is not None and list(JOBS.values()).count(JOBS[self.kind]) > 1
        return self.severity is not None or bool(self.who) or shared


@dataclass(frozen=True, slots=True)
class Glance:
    """An entry, with how bad its incident is and whom it reaches, as far as it says."""

    entry: Entry
    severity: str | None
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page: what fits, of how many looked at, how many there are of this lane, and where the next begins."""

    glances: list[Glance]
    total: int
    looked: int
    further: After | None


class Outlook:
    """Reads only."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._agenda = Agenda(redis)

    def sheet(self, sought: Sought, after: After, rows: int) -> Sheet:
        """A page: `rows` entries, or as many of those that fit among AT_ONCE."""
        length = AT_ONCE if sought.inside else rows
        total, ids = self._ids(sought, "+inf", after, length + 1)
        more, ids = len(ids) > length, ids[:length]
        fitting = [one for one in self._glances(ids) if _fits(one, sought)]
        if len(fitting) > rows:
            fitting, last = fitting[:rows], fitting[rows - 1].entry.id.encode()
            more, ids = True, ids[: [name for name, _ in ids].index(last) + 1]
        return Sheet(glances=fitting, total=total, looked=len(ids), further=_further(after, ids) if more else None)

    def until(
        self, moment: float, at_most: int, known: Callable[[str], str | None]
    ) -> tuple[int, list[tuple[float, str | None]]]:
        """How much is due until then (Unix seconds), and of the first `at_most` of it: when, and how bad that is.

        `known` tells the severity of an incident the caller has at hand; only what it does not know is looked into.
        """
        total, ids = self._ids(Sought(), repr(moment), After(), at_most)
        pipe = self._redis.pipeline(transaction=False)
        for name, _ in ids:
            pipe.hget(keys.entry(name.decode()), "incident")
        incidents = cast("list[bytes | None]", pipe.execute()) if ids else []
        found = [(one, known(of.decode()) if of else None) for one, of in zip(ids, incidents, strict=True)]
        others = self._glances([one for one, severity in found if severity is None])
        return total, [(one[1], severity) for one, severity in found if severity is not None] + [
            (glance.entry.due_at, glance.severity) for glance in others
        ]

    def _ids(self, sought: Sought, until: str, after: After, at_most: int) -> tuple[int, list[tuple[bytes, float]]]:
        """How many there are in all, and the soonest from there on with their due times."""
        desks = [desk for desk in DESKS if sought.lane in (None, desk[0])]
        if sought.kind is not None:
            desks = [desk for desk in desks if desk[1] is JOBS[sought.kind]]
        pipe, wanted = self._redis.pipeline(transaction=False), after.shown + at_most
        for desk in desks:
            name = keys.agenda(*desk)
            pipe.zcount(name, "-inf", until)
            pipe.zrangebyscore(name, repr(after.due), until, start=0, num=wanted, withscores=True)
        answers = pipe.execute() if desks else []
        found = [one for some in answers[1::2] for one in cast("list[tuple[bytes, float]]", some)]
        ordered = sorted(found, key=lambda one: (one[1], one[0]))
        return sum(answers[::2]), ordered[after.shown : wanted]

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


def _further(after: After, ids: Sequence[tuple[bytes, float]]) -> After:
    """After the last of these; many may be due at the very same time."""
    due = ids[-1][1]
    return After(due, sum(one[1] == due for one in ids) + (after.shown if due == after.due else 0))


def _fits(glance: Glance, sought: Sought) -> bool:
    if sought.kind not in (None, glance.entry.kind):
        return False
    return sought.severity in (None, glance.severity) and (not sought.who or not sought.who.isdisjoint(glance.who))
