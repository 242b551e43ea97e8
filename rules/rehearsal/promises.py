"""The agenda of a rehearsal: the same promises as in Redis, in the same order, held in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from rules.effects import Notify
from rules.event import URGENT, Severity

AT_MOST = 50
"""So many are taken at a time, as a worker claims them: what comes in a storm is told in the same digests."""


class Desk(IntEnum):
    """Where a promise is kept, in the order in which the desks are visited."""

    URGENT_LOOKS = 0
    URGENT_NOTICES = 1
    CALM_LOOKS = 2
    CALM_NOTICES = 3

    @staticmethod
    def of(severity: Severity, *, notice: bool) -> Desk:
        """P1 and P2 never wait behind the rest."""
        return Desk((0 if severity in URGENT else 2) + notice)


DESKS = tuple(Desk)
NOTICES = frozenset({Desk.URGENT_NOTICES, Desk.CALM_NOTICES})


@dataclass(slots=True, kw_only=True)
class Promise:
    """One entry: a look at an incident, or a notification (`notify`)."""

    id: str
    desk: Desk
    due_at: float
    made_at: float
    incident: str
    notify: Notify | None = None
    severity: Severity
    """The incident's when this was promised."""
    team: str | None = None


@dataclass(slots=True)
class Promises:
    """Everything still to be kept. What is taken stays promised until it is finished or postponed."""

    _held: dict[str, Promise] = field(default_factory=dict)
    _due: tuple[list[tuple[float, str]], ...] = field(default_factory=lambda: tuple([] for _ in Desk))

    def __contains__(self, promise_id: object) -> bool:
        return promise_id in self._held

    def __iter__(self) -> Iterator[Promise]:
        """The soonest first."""
        return iter(sorted(self._held.values(), key=lambda one: (one.due_at, one.id)))

    def add(self, promise: Promise) -> None:
        """Promise something; in place of what had the same id."""
        self._held[promise.id] = promise
        heapq.heappush(self._due[promise.desk], (promise.due_at, promise.id))

    def withdraw(self, promise_id: str) -> None:
        """It is kept, or no longer owed."""
        self._held.pop(promise_id, None)

    def postpone(self, promise: Promise, until: float) -> None:
        """Not for now."""
        promise.due_at = until
        heapq.heappush(self._due[promise.desk], (until, promise.id))

    def holds(self, promise: Promise) -> bool:
        """Is this very promise still to be kept?"""
        return self._held.get(promise.id) is promise

    def take(self, desk: Desk, now: float, at_most: int = AT_MOST) -> list[Promise]:
        """What is due at a desk, the longest due first."""
        taken: list[Promise] = []
        while len(taken) < at_most and (first := self._first(desk)) is not None and first.due_at <= now:
            heapq.heappop(self._due[desk])
            taken.append(first)
        return taken

    def is_due(self, now: float) -> bool:
        """Is there anything to do?"""
        return any((first := self._first(desk)) is not None and first.due_at <= now for desk in DESKS)

    def next_due(self) -> float | None:
        """When the next promise is due; None when there is none."""
        firsts = [first.due_at for desk in DESKS if (first := self._first(desk)) is not None]
        return min(firsts, default=None)

    def _first(self, desk: Desk) -> Promise | None:
        """The soonest of a desk; what has been withdrawn, replaced or put off meanwhile is swept away."""
        heap = self._due[desk]
        while heap:
            due_at, promise_id = heap[0]
            held = self._held.get(promise_id)
            if held is not None and held.due_at == due_at and held.desk is desk:
                return held
            heapq.heappop(heap)
        return None
