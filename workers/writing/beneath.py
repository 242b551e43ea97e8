"""The part of a ledger's transaction that knows which incidents keep others quiet, and whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from redis.client import Pipeline

from rules.incident import Incident
from rules.record import decode
from rules.together.beneath import AT_MOST
from rules.together.inhibition import inhibiting
from rules.upcast import NewerRecord
from workers import keys
from workers.writing.bundle import Bundle

RELEASED_AT_ONCE = 100
"""So many children are looked at in one transaction."""


class BeneathDraft:
    """Reads under WATCH who stands above; collects and writes who stands and lies where. One use, one transaction."""

    def __init__(self, pipe: Pipeline, now: float) -> None:
        self._pipe = pipe
        self._now = now
        self._above: dict[str, dict[str, float]] = {}
        self._seen: dict[str, Incident | None] = {}
        self._left: dict[str, set[str]] = {}
        self._stood: dict[str, dict[str, float]] = {}
        self._lain: dict[str, dict[str, float]] = {}

    def above(self, key: str, changed: Callable[[str], Incident | None]) -> tuple[Incident, ...]:
        """Incidents that keep others quiet under a key, the oldest first; `changed` knows those of this transaction."""
        if key not in self._above:
            # Whoever ceases to keep others quiet leaves the key in the same transaction: watching the key is enough.
            self._pipe.watch(keys.above(key))  # type: ignore[no-untyped-call]
            found: Any = self._pipe.zrange(keys.above(key), 0, AT_MOST - 1, withscores=True)
            self._above[key] = {name.decode(): at for name, at in found}
        known = {name: at for name, at in self._above[key].items() if name not in self._left.get(key, ())}
        known |= self._stood.get(key, {})
        names = sorted(known, key=lambda name: (known[name], name))[:AT_MOST]
        return tuple(one for name in names if (one := changed(name) or self._look(name)) and key in inhibiting(one))

    def _look(self, incident_id: str) -> Incident | None:
        """What only a later release can read keeps nothing quiet here."""
        if incident_id not in self._seen:
            stored: Any = self._pipe.get(keys.incident(incident_id))
            try:
                self._seen[incident_id] = decode(Incident, stored) if stored else None
            except NewerRecord:
                self._seen[incident_id] = None
        return self._seen[incident_id]

    def stands(self, incident: Incident, left: Iterable[str], under: Iterable[str]) -> None:
        """An incident keeps others quiet under these keys, and no longer under those it has left."""
        for key in left:
            self._left.setdefault(key, set()).add(incident.id)
            self._stood.get(key, {}).pop(incident.id, None)
        for key in under:
            self._left.get(key, set()).discard(incident.id)
            self._stood.setdefault(key, {})[incident.id] = incident.opened_at

    def lies(self, incident: Incident, parent: str) -> None:
        """An incident has become the child of another."""
        self._lain.setdefault(parent, {})[incident.id] = self._now

    def write(self, writes: Bundle) -> None:
        """Queue every change."""
        for key, names in self._left.items():
            if names:
                writes.zrem(keys.above(key), *names)
        for key, stood in self._stood.items():
            if stood:
                writes.zadd(keys.above(key), stood)
        for parent, children in self._lain.items():
            writes.zadd(keys.below(parent), children)
