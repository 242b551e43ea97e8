"""How a claim ends: what the ledger writes about an entry besides the incident, in the same MULTI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rules.incident import TimelineEntry
from rules.record import encode
from workers import agenda, keys
from workers.agenda import Entry
from workers.counters import count
from workers.telling import attempts
from workers.telling.attempts import Kept
from workers.writing.bundle import Bundle


def conclude(
    writes: Bundle, held: Sequence[Entry], lines: Mapping[str, TimelineEntry], outcome: str, attempt: Kept | None
) -> None:
    """These notifications are done with: their histories say so, and the attempt is kept."""
    agenda.finish(writes, *held)
    for entry in held:
        if entry.incident is not None:
            writes.rpush(keys.timeline(entry.incident), encode(lines[entry.id]))
    for channel, number in Counter(str(entry.body["channel"]) for entry in held).items():
        count(writes, "notifications", channel, outcome, by=number)
    attempts.keep(writes, attempt, held)


def put_back(
    writes: Bundle, held: Sequence[Entry], until: float, error: str | None, helped: bool, attempt: Kept | None
) -> None:
    """These are to be tried again at `until`; `helped`: their incident has been told not to wait."""
    for one in held:
        agenda.postpone(writes, one, until, error, **({"given_up": True} if helped else {}))
        if error is not None:
            count(writes, "notifications", str(one.body["channel"]), "retried")
    attempts.keep(writes, attempt, held)


def given_up(
    writes: Bundle, held: Sequence[Entry], now: float, why: str, line: TimelineEntry | None, attempt: Kept | None
) -> None:
    """These are put away for a person to look at."""
    for one in held:
        agenda.park(writes, one, now, why)
        if line is not None and one.incident is not None:
            writes.rpush(keys.timeline(one.incident), encode(line))
        count(writes, "entries_parked", one.kind)
    attempts.keep(writes, attempt, held)
