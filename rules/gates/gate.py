"""When a gate opens: what happened within its time, counted, added up or compared, is more than may be."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from rules.decision import Gate
from rules.duration import show_duration
from rules.event import Event
from rules.gates.amount import parse_amount, show_amount
from rules.gates.tally import Tally, amount_of
from rules.gates.usual import Past, Usual, usual

MEMBER = 200
"""Characters by which an event is known at its gate."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a gate has counted in the window that ends at `until`. Times are Unix seconds."""

    gate: Gate
    number: int
    """How many events."""
    amount: int
    """What they add up to, in billionths, at a gate that sums."""
    first: float
    """When the first of them happened."""
    until: float
    usual: Usual | None = None
    """What they were compared with, where the gate compares."""

    @property
    def is_over(self) -> bool:
        """Is that more than may be?"""
        if self.gate.over is not None:
            return self.amount > (parse_amount(self.gate.over) or 0)
        return self.number > self.gate.count and (self.usual is None or self.number > self.bar)

    @property
    def bar(self) -> Fraction:
        """What must be exceeded: a count, an amount in billionths, or so many times the usual."""
        if self.gate.over is not None:
            return Fraction(parse_amount(self.gate.over) or 0)
        return max(Fraction(self.gate.count), _times(self.gate) * self.usual.events if self.usual else Fraction(0))

    @property
    def full(self) -> float:
        """How much of what must be exceeded there is; above 1 it is open."""
        counted = self.number if self.gate.over is None else self.amount
        return float(counted / self.bar) if self.bar else float(counted > 0)


def member_of(gate: Gate, event: Event) -> str:
    """What the event is known by at its gate. What it adds to a sum stands before that, so that both are one."""
    known = (gate.counts or event.sender_id or f"{event.delivery}/{event.nth}/{event.dedup_key}")[:MEMBER]
    return known if gate.over is None else f"{gate.adds} {known}"


def opening(gate: Gate, tally: Tally, at: float) -> Reading | None:
    """The window that the event at `at`, itself counted, opens the gate with; None while it stays shut.

    Late events count where they belong: every window that this event completes is looked at.
    """
    if not _may_open(gate, tally):
        return None
    readings = _counts(gate, tally, at) if gate.over is None else _sums(gate, tally, at)
    return next((one for one in readings if one.is_over), None)


def standing(gate: Gate, tally: Tally, now: float) -> Reading | None:
    """What the gate has counted in the window that ends now; None for nothing."""
    within = [one for one in _ordered(gate, tally) if now - gate.within < one[0] <= now]
    if not within:
        return None
    total = sum(amount for _, amount in within)
    return Reading(gate, len(within), total, within[0][0], now, _usual(gate, now, tally.past))


def _may_open(gate: Gate, tally: Tally) -> bool:
    """All that is known together is no more than may be: no window has to be looked at, however many there are."""
    return len(tally.counted) > gate.count if gate.over is None else tally.most > (parse_amount(gate.over) or 0)


def _counts(gate: Gate, tally: Tally, at: float) -> Iterator[Reading]:
    """Each window that ends with an event and not before `at`. What is usual costs more: it is asked for last."""
    times = tally.times
    for until in dict.fromkeys(times[bisect_left(times, at) : bisect_left(times, at + gate.within)]):
        begin = bisect_right(times, until - gate.within)
        number = bisect_right(times, until) - begin
        compares = gate.times is not None and number > gate.count
        yield Reading(gate, number, 0, times[begin], until, _usual(gate, until, tally.past) if compares else None)


def _sums(gate: Gate, tally: Tally, at: float) -> Iterator[Reading]:
    """The same at a gate that adds up."""
    near = [one for one in _ordered(gate, tally) if abs(one[0] - at) < gate.within]
    totals = [0, *accumulate(amount for _, amount in near)]
    begin = 0
    for end, (until, _) in enumerate(near, 1):
        while near[begin][0] <= until - gate.within:
            begin += 1
        last_of_its_time = end == len(near) or near[end][0] != until
        if until >= at and last_of_its_time:
            yield Reading(gate, end - begin, totals[end] - totals[begin], near[begin][0], until)


def _ordered(gate: Gate, tally: Tally) -> list[tuple[float, int]]:
    """When each thing happened, and what it adds, the oldest first."""
    if gate.over is None:
        return [(at, 0) for at in tally.times]
    said: dict[str, tuple[float, int]] = {}
    for member, at in tally.counted.items():
        known, amount = member.partition(" ")[2], amount_of(member)
        if amount is not None:
            # The same thing told with two amounts counts once: as it was told last.
            said[known] = max(said.get(known, (at, amount)), (at, amount))
    return sorted(said.values())


def _usual(gate: Gate, until: float, past: Past) -> Usual | None:
    return usual(past, until, gate.within) if gate.times is not None else None


def _times(gate: Gate) -> Fraction:
    return Fraction(gate.times or 0)


def measured(reading: Reading) -> str:
    """How much was counted: `12`, or `612.40 EUR`."""
    gate = reading.gate
    return str(reading.number) if gate.over is None else show_amount(reading.amount, gate.currency)


def asked(gate: Gate) -> str:
    """What the gate opens above, in words: `above 10 within 5m`."""
    within = f"within {show_duration(gate.within)}"
    if gate.over is not None:
        return f"above {show_amount(parse_amount(gate.over) or 0, gate.currency)} {within}"
    if gate.times is not None:
        return f"above {gate.times} times the usual {within}, and not below {gate.count + 1}"
    return f"above {gate.count} {within}"


def compared(found: Usual | None) -> str:
    """What it was compared with, in words; nothing for a gate that does not compare."""
    if found is None:
        return ""
    if not found.weeks:
        return "what is usual in this hour is not known yet, so at_least alone decides"
    weeks = "1 week" if found.weeks == 1 else f"{found.weeks} weeks"
    return f"usual in this hour of the week: {float(found.events):.4g}, by {weeks}"
