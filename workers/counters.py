"""The numbers behind /metrics, kept in Redis so that every process adds to the same ones.

A counter is a hash: one field per set of label values. The values are our words or the operator's, never a sender's.
"""

from __future__ import annotations

from typing import Any

from redis import Redis

from workers import keys

SEPARATOR = "|"
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "deliveries": ("Deliveries received, by source and outcome.", ("source", "outcome")),
    "connections_refused": ("Connections closed because there were too many, by why.", ("why",)),
    "events": ("Events read out of deliveries, by source and action.", ("source", "action")),
    "decisions": ("Decisions on triggers, by rule and severity.", ("rule", "severity")),
    "rules_spoke": ("Triggers that a rule decided or added something to, by rule.", ("rule",)),
    "incidents": ("Incidents, by severity and what became of them.", ("severity", "what")),
    "notifications": ("Notifications, by channel and outcome.", ("channel", "outcome")),
    "audit": ("What the auditor found, by kind.", ("finding",)),
    "entries_parked": ("Agenda entries given up, by kind.", ("kind",)),
}


def count(pipe: Any, name: str, *values: str, by: int = 1) -> None:
    """Add to a counter within the caller's pipeline, sync or async: it counts only if the rest is committed."""
    _, labels = COUNTERS[name]
    if len(values) != len(labels):
        raise ValueError(f"counter {name} takes {', '.join(labels)}")
    pipe.hincrby(keys.count(name), SEPARATOR.join(values), by)


def read(redis: Redis, name: str) -> dict[tuple[str, ...], int]:
    """Every label set of a counter with its value."""
    stored: dict[bytes, bytes] = redis.hgetall(keys.count(name))  # type: ignore[assignment]
    width = len(COUNTERS[name][1])
    return {tuple(field.decode().split(SEPARATOR, width - 1)): int(value) for field, value in stored.items()}
