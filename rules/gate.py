"""When a gate opens: more than `count` events within `within` seconds, by the time they happened."""

from __future__ import annotations

from collections.abc import Iterable

from rules.decision import Gate


def counted(gate: Gate, times: Iterable[float], at: float) -> int:
    """How many of these events fall within the gate's window that ends at `at`."""
    return sum(at - gate.within < time <= at for time in times)


def is_over(gate: Gate, times: Iterable[float], at: float) -> bool:
    """Does the event at `at`, itself among `times`, open the gate?

    Late events count where they belong: every window that this event completes is looked at.
    """
    near = sorted(time for time in times if abs(time - at) < gate.within)
    return any(counted(gate, near, end) > gate.count for end in near if end >= at)
