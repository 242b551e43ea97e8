"""How fast a destination may be written to: a few messages at once, then one at a time; the rest gathers. Pure.

P1 and P2 each have a pace of their own, so that neither waits behind what matters less.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.event import URGENT, Severity

AT_ONCE = 5
"""So many messages may follow each other without a pause."""
TOGETHER = 5000
"""Notifications that one digest may hold: all that a storm brings in a second, else each is taken up twice and more."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A room, or a person on one channel, and the seconds between two messages to it."""

    name: str
    gap: float


def destination(channel: str, gap: float, whom: str | None, severity: Severity | str) -> Destination:
    """Where a notification goes. `whom` is the team's own room or the person; None the channel's room."""
    return Destination(f"{channel}/{whom or ''}/{severity if severity in URGENT else ''}", gap)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many messages may go now; when not all that were wanted, how many seconds until the next may."""

    granted: int
    wait: float
    ahead: float
    """When all that was granted so far would have been sent at the even pace, in Unix seconds: kept by the caller."""


def take(ahead: float, gap: float, wanted: int, now: float) -> Grant:
    """All that are wanted, else one; or none. `workers.telling.pace` does the same within Redis, in one step.

    One for many is a digest, and spends what was left: the next one gathers for a whole gap.
    """
    ahead = max(ahead, now)
    free = int((AT_ONCE - (ahead - now) / gap + 1e-6) // 1)
    if free >= wanted:
        return Grant(wanted, 0.0, ahead + wanted * gap)
    spent = ahead + max(free, 0) * gap
    return Grant(1 if free >= 1 else 0, spent - now - (AT_ONCE - 1) * gap, spent)
