"""A signal as the event it came from: what an incident remembers is asked as what comes in is."""

from __future__ import annotations

from rules.event import Action, Event
from rules.incident import Signal


def as_event(signal: Signal, labels: dict[str, str]) -> Event:
    """As far as it is remembered, without the sender's own severity. `labels` are its incident's."""
    return Event(
        kind=signal.kind,
        action=Action.TRIGGER,
        dedup_key="",
        summary=signal.summary,
        labels=labels if signal.labels is None else signal.labels,
        source=signal.source,
        source_type=signal.source_type or signal.kind.partition(".")[0],
    )
