"""Silences: for a while nobody is told of some things, once or again and again. Pure.

What is silenced still becomes an incident, which is held until the silence is over; if it burns then, people are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.clock import zone
from rules.holds.quiet import SilenceConfig
from rules.holds.recurrence import recurrence
from rules.incident import Hold, Incident
from rules.match import Test, compile_condition
from rules.together.remembered import as_event

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`, in Unix seconds."""

    start: float
    end: float


class Silence:
    """One silence, ready to be asked. `name` says which, for people and for whoever lifts it."""

    def __init__(self, config: SilenceConfig) -> None:
        self.name = config.name
        self.config = config
        self._test: Test = compile_condition(config.when)

    def window(self, now: float) -> Window | None:
        """The time of silence that `now` is in; None when it is not silent now."""
        found = self._last(now)
        return found if found is not None and found.start <= now < found.end else None

    def next_window(self, now: float) -> Window | None:
        """The one that `now` is in, else the one to come; None when there is none any more."""
        return self.window(now) or self._next(now)

    def covers(self, incident: Incident, now: float) -> bool:
        """Is everything that fires in it silenced?"""
        wanted = self.config.severities
        if wanted and incident.severity not in wanted:
            return False
        firing = [signal for signal in incident.signals.values() if signal.firing]
        return bool(firing) and all(self._test(as_event(signal, incident.labels), now) for signal in firing)

    def _last(self, now: float) -> Window | None:
        starts = _local(self.config, self.config.start)
        if self.config.repeats is None:
            return self._from(starts)
        # By the clock on the wall an hour comes twice in autumn: the later of two times may be the earlier moment.
        each = recurrence(self.config.repeats, self.config.first)
        found = each.before(self._wall(now) + _A_DAY, inc=True)
        while found is not None and _local(self.config, found) > now:
            found = each.before(found)
        return None if found is None else self._from(_local(self.config, found))

    def _next(self, now: float) -> Window | None:
        if self.config.repeats is None:
            window = self._from(_local(self.config, self.config.start))
            return window if window.start > now else None
        each = recurrence(self.config.repeats, self.config.first)
        found = each.after(self._wall(now) - _A_DAY)
        while found is not None and _local(self.config, found) <= now:
            found = each.after(found)
        return None if found is None else self._from(_local(self.config, found))

    def _wall(self, now: float) -> datetime:
        return datetime.fromtimestamp(now, zone(self.config.timezone)).replace(tzinfo=None)

    def _from(self, start: float) -> Window:
        if self.config.lasts is not None:
            return Window(start, start + self.config.lasts)
        return Window(start, _local(self.config, self.config.end or self.config.start))


class Silences:
    """All of them. Built once for each change, asked at every moment."""

    def __init__(self, each: Iterable[SilenceConfig] = ()) -> None:
        self.each: Sequence[Silence] = [Silence(one) for one in each]

    def beside(self, others: Iterable[SilenceConfig]) -> Silences:
        """These and others: what the rules say, and what people have said since."""
        both = Silences(others)
        both.each = [*self.each, *both.each]
        return both

    def hold(self, incident: Incident, now: float) -> Hold | None:
        """What holds this incident back now, the one that lasts longest; None: nothing does."""
        holds = [
            Hold(
                silence=one.name,
                since=now,
                until=window.end,
                why=why(one.config),
                restarts=one.config.then == "restart",
            )
            for one in self.each
            if (window := one.window(now)) is not None and one.covers(incident, now)
        ]
        return max(holds, key=lambda hold: (hold.until, hold.silence), default=None)


def why(config: SilenceConfig) -> str:
    """For people: `deploy of 2.4 (ana)`."""
    return f"{config.reason} ({config.by})" if config.by else config.reason


def _local(config: SilenceConfig, when: datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=zone(config.timezone))).timestamp()
