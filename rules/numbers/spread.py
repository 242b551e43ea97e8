"""How long things took: a median and a ninth tenth that can be said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Seconds that `n` of `of` incidents took; the others have no such time, and are told beside it."""

    n: int
    of: int
    median: float | None
    """In half of the `n` it took no longer; None when there are none."""
    p90: float | None
    """In nine of ten it took no longer."""


def within(times: Sequence[float], share: float) -> float:
    """The shortest of `times` that at least `share` (0 to 1) of them do not exceed: always one that was seen.

    Times need not be in order. Raises ValueError for none at all.

    >>> within([60.0, 30.0, 600.0, 90.0], 0.5)
    60.0
    """
    if not times:
        raise ValueError("there are no times")
    # Rounded, so that 0.9 of ten is nine although its product may be a hair above.
    rank = max(1, ceil(round(share * len(times), 9)))
    return sorted(times)[rank - 1]


def spread(times: Sequence[float], of: int) -> Spread:
    """The spread of times (seconds) of some of `of` incidents."""
    if not times:
        return Spread(n=0, of=of, median=None, p90=None)
    return Spread(n=len(times), of=of, median=within(times, 0.5), p90=within(times, 0.9))
