"""Numbers asked for: a window of time and what of it. A thread of its own counts, and whoever asks gets the last count.

With 100,000 incidents a count takes seconds, and no page may: it shows what was counted a minute ago, and says when.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError

from router.problems import Problem
from rules.clock import check_zone, zone
from rules.duration import parse_duration
from rules.event import Severity
from rules.numbers.total import Numbers, Sought, numbers
from rules.reading.config import Config
from workers.clock import Clock
from workers.log import get
from workers.numbers import PastIncidents

logger = get("numbers")
DAY, WEEK = 86400.0, 7 * 86400.0
SINCE = "12w"
LONGEST = 400 * DAY
"""Resolved incidents are kept so long."""
FRESH = 60.0
"""Seconds for which nothing is counted anew."""
KEPT = 32
"""Windows whose last count is kept, those asked for last."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for; `lasts` in seconds."""

    lasts: float
    timezone: str = "UTC"
    severity: Severity | None = None
    team: str | None = None

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Window:
        """Of a query: `since=12w`, `zone=Europe/Bucharest`, `severity=P1`, `team=`. Raises Problem 422."""
        try:
            lasts = parse_duration(query.get("since") or SINCE)
            timezone = check_zone(query.get("zone") or "UTC")
        except ValueError as wrong:
            raise Problem(422, f"{str(wrong)[:200]}.") from None
        if not DAY <= lasts <= LONGEST:
            raise Problem(422, "since: expected from 1d to 400d; incidents are kept 400 days after they were resolved.")
        severity = query.get("severity") or None
        if severity is not None and severity not in list(Severity):
            raise Problem(422, "severity: expected P1, P2, P3 or P4.")
        return cls(lasts, timezone, Severity(severity) if severity else None, query.get("team") or None)

    def sought(self, now: float) -> Sought:
        """Of whole weeks, this one and those before, from Monday on; else so many seconds back from `now`."""
        since = now - self.lasts
        if self.lasts % WEEK == 0:
            today = datetime.fromtimestamp(now, zone(self.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
            since = (today - timedelta(days=today.weekday(), weeks=int(self.lasts // WEEK) - 1)).timestamp()
        return Sought(since=since, timezone=self.timezone, severity=self.severity, team=self.team)


@dataclass(frozen=True, slots=True)
class Counted:
    """The numbers as of a moment (Unix seconds); None of both while they are counted for the first time.

    Then `done` of `all` incidents have been read.
    """

    sought: Sought
    numbers: Numbers | None = None
    as_of: float | None = None
    done: int = 0
    all: int = 0


class Counting:
    """One per process. Asked by threads."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._past = PastIncidents(redis)
        self._clock = clock
        self._changed = threading.Condition()
        self._last: dict[Window, Counted] = {}
        self._wanted: dict[Window, Config] = {}
        self._works = False
        self._failure: RedisError | None = None

    def count(self, window: Window, config: Config, patience: float) -> Counted:
        """The last count; has it made anew when that is a minute ago.

        Waits `patience` seconds at most, and only for the first. Raises RedisError when that could not be made.
        """
        now = self._clock.now()
        with self._changed:
            last = self._last.get(window)
            if last is not None and last.as_of is not None and 0 <= now - last.as_of < FRESH:
                return last
            self._wanted[window] = config
            self._begin()
            if last is not None:
                return last
            self._changed.wait_for(lambda: window in self._last or self._failure is not None, patience)
            if self._failure is not None and window not in self._last:
                raise self._failure
            done, every = self._past.progress
            return self._last.get(window) or Counted(window.sought(now), done=done, all=every)

    def _begin(self) -> None:
        if not self._works:
            self._works, self._failure = True, None
            # A daemon: a process that ends does not wait for a count.
            threading.Thread(target=self._work, name="numbers", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._wanted or self._failure is not None:
                    self._works = False
                    self._wanted.clear()
                    return
                window, config = next(iter(self._wanted.items()))
            made = self._made(window, config)
            with self._changed:
                self._wanted.pop(window, None)
                if isinstance(made, Counted):
                    self._last.pop(window, None)
                    self._last[window] = made
                    self._last = dict(list(self._last.items())[-KEPT:])
                else:
                    self._failure = made
                self._changed.notify_all()

    def _made(self, window: Window, config: Config) -> Counted | RedisError:
        now = self._clock.now()
        sought = window.sought(now)
        try:
            courses = self._past.read(sought.since)
            total = numbers(courses.values(), sought, config, now)
        except RedisError as away:
            return away
        except Exception as wrong:
            logger.exception("could not be counted")
            return RedisError(f"the numbers could not be counted ({type(wrong).__name__})")
        return Counted(sought, total, now, len(courses), len(courses))
