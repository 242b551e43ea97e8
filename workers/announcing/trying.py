"""How long what failed to be announced waits for its next try, and when somebody is told of it."""

from __future__ import annotations

from workers.agenda import Entry
from workers.channels.contract import Undelivered
from workers.telling.sending import BACKOFF

TOLD_AFTER = 5
"""So many failures in a row that pass by themselves are told as one that may not."""


def lasts(entry: Entry, failure: Undelivered) -> bool:
    """Is it to be told now? What is refused for good at once, what may pass by itself when it has not, once."""
    return failure.permanent or entry.failures + 1 == TOLD_AFTER


def pause(entry: Entry, failure: Undelivered, again: float) -> float:
    """Seconds until the next try; `again` of them after a refusal for good, which somebody has to mend first."""
    if failure.permanent:
        return again
    return max(BACKOFF[min(entry.failures, len(BACKOFF) - 1)], failure.after or 0.0)
