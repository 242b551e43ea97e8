"""One transaction of the ledger: read under WATCH, worked out purely, one MULTI; again when others were faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from workers import agenda, changes, queue
from workers.agenda import Entry
from workers.clock import Clock
from workers.writing.bundle import Bundle
from workers.writing.draft import Draft

TRIES = 50
"""How often a transaction is tried again when others write the same incident at the same time."""

Apply = Callable[[Draft, Sequence[Entry]], object]
Conclude = Callable[[Bundle, Sequence[Entry]], None]


class Busy(Exception):
    """Others kept changing the same incident; the promise stays on the agenda."""


def kept(writes: Bundle, held: Sequence[Entry]) -> None:
    """The usual conclusion: what was promised is done."""
    agenda.finish(writes, *held)


class Transactions:
    """Runs them, and rings where one has made something due."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    def run(self, apply: Apply, claims: Sequence[Entry] = (), conclude: Conclude = kept) -> None:
        """Run `apply` on what is stored and write it with the conclusion of the claims. Raises Busy."""
        for _ in range(TRIES):
            with self._redis.pipeline(transaction=True) as pipe:
                try:
                    draft = self._attempt(pipe, apply, claims, conclude)
                except WatchError:
                    continue
            self.ring(draft.desks)
            return
        raise Busy(f"gave way {TRIES} times")

    def _attempt(self, pipe: Pipeline, apply: Apply, claims: Sequence[Entry], conclude: Conclude) -> Draft:
        held = agenda.guard(pipe, claims)
        draft = Draft(pipe, self._clock.now())
        if held or not claims:
            apply(draft, held)
        writes = Bundle(pipe)
        conclude(writes, held)
        draft.write(writes)
        changes.tell(writes, (*draft.touched, *(one.incident for one in held if one.incident)))
        writes.execute()
        return draft

    def ring_if_due(self, entry: Entry, at: float) -> None:
        """The entry comes again at `at`: now, if that has come."""
        if at <= self._clock.now():
            self.ring([(entry.lane, entry.job)])

    def ring(self, desks: Iterable[tuple[agenda.Lane, agenda.Job]]) -> None:
        """Something is due at these desks."""
        for desk in desks:
            queue.ring(self._redis, *desk)
