"""Every Redis key Tocsin uses: type, meaning, writer, lifetime. No other module spells a key.

| key | type | meaning | writer | lifetime |
|---|---|---|---|---|
| tocsin:agenda:<lane>:<job> | sorted set | entry id -> when it must next be tried, Unix seconds | agenda | while promised |
| tocsin:entry:<id> | hash | one promise: kind, lane, incident, body, attempt … | agenda | while promised |
| tocsin:parked | sorted set | entries given up after they killed or failed their workers | agenda | until dropped by a person |
| tocsin:incident:<id> | string | the incident, as JSON with its version | ledger | 400 days after it is resolved |
| tocsin:timeline:<id> | list | its history, oldest first, as JSON | ledger | as its incident |
| tocsin:open | sorted set | id of each open incident -> opened_at | ledger | while open |
| tocsin:incidents | sorted set | id of each incident -> opened_at | ledger | trimmed after 400 days |
| tocsin:signal:<digest> | string | which open incident holds a signal, or the tombstone of its resolve | ledger | while open; tombstone 24 h |
| tocsin:group:<digest> | string | the open (or last) incident of a group key | ledger | while open, then 400 days |
| tocsin:gate:<digest> | sorted set | what a gate has counted: event -> occurred_at | ledger | its window, at least 1 h |
| tocsin:gates | hash | each gate below its count, for people to see | ledger | an hour after its window |
| tocsin:delivery:<id> | hash | a delivery as it arrived and how it was read | intake | 7 days |
| tocsin:deliveries | sorted set | delivery id -> received_at | intake | trimmed to 7 days |
| tocsin:quarantine | sorted set | ids of authentic deliveries no parser understood -> received_at | intake | trimmed to 7 days |
| tocsin:count:<name> | hash | counters for /metrics, one field per label set | counters | for ever, bounded by its labels |
| tocsin:bell:<lane>:<job> | string | a bell waits in the queue and will see what is due | queue | until it is answered, at most 1 s |
| tocsin:worker:<name> | string | a worker beats | work | 10 s |
| rq:* | – | RQ's own | rq | short |
"""

from __future__ import annotations

import hashlib

DAY = 86400
KEEP_RESOLVED = 400 * DAY
KEEP_TOMBSTONE = DAY
KEEP_DELIVERY = 7 * DAY

OPEN = "tocsin:open"
INCIDENTS = "tocsin:incidents"
GATES = "tocsin:gates"
DELIVERIES = "tocsin:deliveries"
QUARANTINE = "tocsin:quarantine"
PARKED = "tocsin:parked"
WORKERS = "tocsin:worker:*"
COUNTS = "tocsin:count:*"


def _digest(text: str) -> str:
    """Sender text never becomes part of a key: only a digest of it does."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def agenda(lane: str, job: str) -> str:
    """The entries of one lane and job by the time they are due."""
    return f"tocsin:agenda:{lane}:{job}"


def entry(entry_id: str) -> str:
    """One promise."""
    return f"tocsin:entry:{entry_id}"


def incident(incident_id: str) -> str:
    """One incident."""
    return f"tocsin:incident:{incident_id}"


def timeline(incident_id: str) -> str:
    """Its history."""
    return f"tocsin:timeline:{incident_id}"


def signal(signal_key: str) -> str:
    """Where a signal's events go."""
    return f"tocsin:signal:{_digest(signal_key)}"


def group(group_key: str) -> str:
    """Where a group's triggers go."""
    return f"tocsin:group:{_digest(group_key)}"


def gate(gate_key: str) -> str:
    """What a gate has counted."""
    return f"tocsin:gate:{_digest(gate_key)}"


def delivery(delivery_id: str) -> str:
    """One delivery as it arrived."""
    return f"tocsin:delivery:{delivery_id}"


def count(name: str) -> str:
    """One counter of /metrics."""
    return f"tocsin:count:{name}"


def bell(lane: str, job: str) -> str:
    """Set while a bell waits in the queue."""
    return f"tocsin:bell:{lane}:{job}"


def worker(name: str) -> str:
    """Set while a worker beats."""
    return f"tocsin:worker:{name}"
