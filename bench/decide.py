"""How long one decision takes at 10, 100, 1,000 and 10,000 rules: `python bench/decide.py` prints the median in µs."""

from __future__ import annotations

import statistics
import time

from rules.event import Action, Event
from rules.reading.load import Ruleset, load

HEAD = """
severities:
""" + "\n".join(
    f"  P{n}: {{means: test, respond_within: 1h, channels: [hook], first_responder: anybody}}" for n in range(1, 5)
)
TAIL = """
roles: {anybody: {person: ana}}
people: {ana: {email: ana@example.com}}
channels: {hook: {type: webhook}}
rules:
"""


def ruleset(count: int) -> Ruleset:
    """Rules that differ by service and kind, and a last one that takes everything."""
    rules = [
        f"  - {{name: rule {n}, when: {{labels: {{service: s{n}}}, kind: 'k.{n % 7}'}}, then: {{severity: P2}}}}"
        for n in range(count)
    ]
    return load({"rules.yaml": HEAD + TAIL + "\n".join([*rules, "  - {name: rest, then: {severity: P3}}"])})


def median(count: int, rounds: int = 2000) -> float:
    """Microseconds of one decision in the middle of `rounds`."""
    rules, times = ruleset(count), []
    for n in range(rounds):
        labels = {"service": f"s{n * 31 % count}", "environment": "production", "host": f"h{n}"}
        event = Event(kind=f"k.{n % 7}", action=Action.TRIGGER, dedup_key=str(n), summary="x", labels=labels)
        began = time.perf_counter()
        rules.decide(event, 0.0)
        times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times)


if __name__ == "__main__":
    for size in (10, 100, 1_000, 10_000):
        print(f"{size:>6} rules  {median(size):6.1f} µs")
