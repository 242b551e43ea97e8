"""The open incidents as rows, kept current by the stream of changes: one reading for all who look."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis import Redis

from router.console.coming import Coming, coming, name_of
from router.context import Context
from rules.event import Severity
from rules.incident import Incident, State
from rules.oncall.override import MadeOverride, applied
from rules.responding.verification import undone_until
from workers import changes
from workers.plain import plain
from workers.rulebook import overrides
from workers.telling.compose import where

MOST_UNTOLD = 1000
"""Changes that are remembered for whoever asks for news; beyond, everything may be different."""
MOST = 20_000
"""Open incidents that are shown at all."""
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One open incident, as the list needs it. Times are Unix seconds."""

    id: str
    severity: Severity
    state: State
    title: str
    where: str
    opened_at: float
    who: str | None
    """Who has it, as people call them."""
    coming: Coming
    count: int
    alerts: int
    hold: str | None
    """Why nobody is told for a while."""
    respond_by: float | None
    """When somebody should have answered; None when they did in time."""
    undone: tuple[float, ...]
    """Until when each item of its checklist keeps it from being closed; never ending where somebody has to look."""
    demo: bool
    searched: str
    """What a search looks at, in small letters."""

    def left(self, now: float) -> int:
        """How many items of its checklist are still to be verified."""
        return sum(until > now for until in self.undone)

    @property
    def order(self) -> tuple[str, int, float]:
        """Worst first; of equals those nobody has, then the oldest."""
        return self.severity, _RANK[self.state], self.opened_at


_RANK = {
    State.TRIGGERED: 0,
    State.ACKNOWLEDGED: 1,
    State.MITIGATED: 2,
    State.RECOVERED: 3,
    State.RESOLVED: 4,
}


class Board:
    """Asked by threads; each look reads only what has changed since the last."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._mark: str | None = None
        self._untold: dict[str, Row | None] = {}
        self._all_untold = False
        self._judging: tuple[str, tuple[MadeOverride, ...]] = ("", ())
        self._config = context.in_force.ruleset.config

    def rows(self) -> Mapping[str, Row]:
        """Every open incident by its id. Blocks on Redis; raises its errors."""
        with self._lock:
            self._look()
            return dict(self._rows)

    def news(self) -> tuple[dict[str, Row | None], bool]:
        """What is different since news were asked for last, None for what is no longer open; and: may everything be?

        For one asker, who tells all others: a page that looks meanwhile takes nothing from it. Blocks on Redis.
        """
        with self._lock:
            self._look()
            told, everything = self._untold, self._all_untold
            self._untold, self._all_untold = {}, False
            return told, everything

    def _look(self) -> None:
        changed, everything = self._changes()
        self._untold |= changed
        self._all_untold |= everything
        if len(self._untold) > MOST_UNTOLD:  # Nobody may be asking for days.
            self._untold, self._all_untold = {}, True

    def _changes(self) -> tuple[dict[str, Row | None], bool]:
        made, judging = self._made()
        same = self._mark is not None and judging == self._judging
        said = changes.since(self._redis, self._mark) if same and self._mark is not None else None
        if said is None:
            before = self._rows
            self._config, self._judging = applied(self._context.in_force.ruleset.config, made), judging
            self._begin()
            return {**dict.fromkeys(before), **self._rows}, True
        self._mark, ids = said
        return self._take(ids), False

    @property
    def _redis(self) -> Redis:
        return self._context.redis

    def _made(self) -> tuple[list[MadeOverride], tuple[str, tuple[MadeOverride, ...]]]:
        """What people have laid over the schedules, and by what all rows are worked out: rules, and that."""
        made = overrides.every(self._redis)
        return made, (self._context.in_force.ruleset.version, tuple(made))

    def _begin(self) -> None:
        mark = changes.latest(self._redis)  # Before what is read: what changes meanwhile is read once more.
        found = self._context.store.incidents(limit=MOST)
        self._rows = {one.id: self._row(one) for one in found}
        self._mark = mark

    def _take(self, ids: Iterable[str]) -> dict[str, Row | None]:
        wanted = list(ids)
        there = {one.id: one for one in self._context.store.legible(wanted)}
        fresh: dict[str, Row | None] = {}
        for name in wanted:
            found = there.get(name)
            fresh[name] = self._row(found) if found is not None and found.is_open else None
        self._rows = {k: v for k, v in {**self._rows, **fresh}.items() if v is not None}
        return fresh

    def _row(self, incident: Incident) -> Row:
        config = self._config
        who = incident.assignee or incident.acknowledged_by
        title, place = plain(incident.title, _LONGEST), plain(where(incident), _LONGEST)
        # As the matrix counts: anew from a raise, and in the hours of its severity.
        due = incident.plan.due(incident.severity_since, incident.plan.respond_within)
        in_time = incident.acknowledged_at is not None and incident.acknowledged_at <= due
        return Row(
            id=incident.id,
            severity=incident.severity,
            state=incident.state,
            title=title or "(no title)",
            where=place,
            opened_at=incident.opened_at,
            who=name_of(config, who) if who else None,
            coming=coming(incident, config),
            count=incident.count,
            alerts=len(incident.signals),
            hold=incident.hold.why if incident.hold is not None and incident.state is State.TRIGGERED else None,
            respond_by=None if in_time or incident.state is State.RECOVERED else due,
            undone=undone_until(incident),
            demo=incident.labels.get(DEMO) == "yes",
            searched=" ".join([title, place, incident.id, incident.rule, *incident.labels.values()]).casefold(),
        )


DEMO = "demo"
"""The label of what the demonstration has made up."""
