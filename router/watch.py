"""What a receiver watches beside its requests: that Redis is there, that something is kept, that somebody works.

When it is not so for a while, the receiver says so itself (`workers.watch.alarm`): no worker could. Of a host's
processes one speaks, which a note in the spool decides; where not even that can be written, each does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from router.context import Context
from router.health import unreachable
from workers import log
from workers.agenda import Lane
from workers.deliveries.spool import SpoolFailed
from workers.watch.alarm import Alarm, Matter

EVERY = 1.0
PATIENCE = {Matter.REDIS: 5.0, Matter.SPOOL: 0.0, Matter.WORKERS: 30.0}
"""Seconds something must be so before it is said: a restart is no emergency."""
AGAIN = 30.0
"""Seconds until an alarm that nobody heard is raised again."""
_log = log.get("watch")


@dataclass(slots=True)
class _Seen:
    since: float
    say_at: float | None
    """When it is to be said, for the first time or because nobody heard; None once it was."""


class Watch:
    """One per process; `look` is called every second. `now` is this host's own clock, Unix seconds."""

    def __init__(self, context: Context, alarm: Alarm, now: Callable[[], float] = time.time) -> None:
        self._context = context
        self._alarm = alarm
        self._now = now
        self._seen: dict[Matter, _Seen] = {}

    async def keep_watching(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await asyncio.to_thread(self.look)
            except Exception:  # noqa: BLE001 whatever one look stumbles over, the next must be taken
                _log.exception("look failed")

    def look(self) -> None:
        """Compare what is so with what has been said."""
        away = self._context.spooling.away
        # Without deliveries nobody notices that Redis is gone, and steps that are due wait all the same: it is asked.
        gone = away or bool(unreachable(self._context))
        self._judge(Matter.REDIS, gone)
        self._judge(Matter.SPOOL, away and not self._context.spooling.writable())
        if not gone:
            self._judge(Matter.WORKERS, self._nobody_works())

    def _nobody_works(self) -> bool:
        """In none of the lanes; one of them alone is the auditor's to tell."""
        try:
            beating = {name.partition(":")[0] for name in self._context.store.beating()}
        except RedisError:
            return Matter.WORKERS in self._seen
        return not beating & set(Lane)

    def _judge(self, matter: Matter, so: bool) -> None:
        if so:
            now = self._now()
            seen = self._seen.setdefault(matter, _Seen(since=now, say_at=now + PATIENCE[matter]))
            if seen.say_at is not None and now >= seen.say_at:
                seen.say_at = None if self._said(matter, seen.since) else now + AGAIN
            return
        self._seen.pop(matter, None)
        since = self._withdrawn(matter)
        if since is not None:
            self._alarm.all_clear(matter, since)

    def _said(self, matter: Matter, since: float) -> bool:
        """Say it, unless another process of this host has; False when nobody heard."""
        if not self._mine(matter, since):
            return True
        heard = False
        try:
            heard = bool(self._alarm.cry(matter, since))
        finally:
            if not heard:
                self._withdrawn(matter)
        return heard

    def _mine(self, matter: Matter, since: float) -> bool:
        try:
            return self._context.spooling.spool.note(matter, since)
        except SpoolFailed:
            return True

    def _withdrawn(self, matter: Matter) -> float | None:
        """Since when it had been said to be so; None when nobody of this host has said so, or another takes it back."""
        try:
            return self._context.spooling.spool.withdraw(matter)
        except SpoolFailed:
            return None
