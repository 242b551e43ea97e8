"""What is known of one gate: what it has counted, a few of it in words, and what it counted in the weeks before."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from rules.gates.amount import parse_amount
from rules.gates.usual import Past

SAMPLES = 20
"""So many events are kept in words; of more, those in the middle are dropped."""
SHOWN = 3
"""So many of the first and of the last are shown."""
LINE = 100
"""Characters of each."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One event that a gate has counted, in its sender's words."""

    at: float
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """One event as its gate counts it."""

    member: str
    """The same member counts once, at its latest time. What it adds to a sum is part of it."""
    at: float
    """When it happened."""
    heard: float
    """When we heard of it."""
    summary: str
    keep: float
    """Seconds it is remembered, from when we heard of it: what waits for a worker is not forgotten before it counts."""
    in_past: bool = False
    """It makes the usual of the weeks to come."""

    @property
    def forgets(self) -> float:
        """What happened then or before is forgotten."""
        return self.heard - self.keep


@dataclass(slots=True)
class Tally:
    """One gate, read for one transaction: `counted` is the part of what it counted that can matter."""

    counted: dict[str, float] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    past: Past = field(default_factory=Past)
    touched: set[int] = field(default_factory=set)
    """Slots of the past that have changed."""
    _most: int | None = None
    _times: list[float] | None = None

    @property
    def most(self) -> int:
        """What all of it adds up to, in billionths: no window holds more. Worked out once, then kept up."""
        if self._most is None:
            self._most = sum(amount_of(member) or 0 for member in self.counted)
        return self._most

    @property
    def times(self) -> list[float]:
        """When it happened, in order. Sorted once, then kept up: a busy gate is asked with each event."""
        if self._times is None:
            self._times = sorted(self.counted.values())
        return self._times

    def add(self, one: Counting) -> float:
        """Count it; returns the time at which its member stands now. A member that is known is no news."""
        known = self.counted.get(one.member)
        if known is None and self._most is not None:
            self._most += amount_of(one.member) or 0
        times = self.times
        if known is not None:
            times.pop(bisect_left(times, known))
        at = self.counted[one.member] = one.at if known is None else max(one.at, known)
        insort(times, at)
        if known is None:
            self.samples = kept(self.samples, Sample(one.at, one.summary[:LINE]), one.forgets)
            if one.in_past:
                self.touched.add(self.past.add(one.at, one.heard))
        return at


def amount_of(member: str) -> int | None:
    """What a member adds to a sum, in billionths; None for what was counted before its rule summed."""
    return parse_amount(member.partition(" ")[0])


def kept(samples: tuple[Sample, ...], new: Sample, since: float) -> tuple[Sample, ...]:
    """The samples with a new one, in the order in which they happened, without what is too old or too many."""
    ordered = sorted((each for each in (*samples, new) if each.at > since), key=lambda each: each.at)
    half = SAMPLES // 2
    return tuple(ordered if len(ordered) <= SAMPLES else (*ordered[:half], *ordered[-half:]))


def told(samples: Iterable[Sample], since: float, until: float, number: int) -> str:
    """The first and the last few of the `number` events after `since` and up to `until`, in words; "" for none known.

    >>> told([Sample(1, "a"), Sample(2, "b")], 0, 9, 2)
    '«a», «b»'
    >>> told([Sample(1, "a"), Sample(2, "a")], 0, 9, 2)
    'like «a»'
    """
    words = [f"«{each.summary}»" for each in samples if since < each.at <= until]
    if not words:
        return ""
    if len(words) > 1 and len(set(words)) == 1:
        return f"like {words[0]}"
    if len(words) <= 2 * SHOWN and len(words) >= number:
        return ", ".join(words)
    first, last = words[:SHOWN], words[SHOWN:][-SHOWN:]
    return f"first {', '.join(first)}" + (f"; last {', '.join(last)}" if last else "")
