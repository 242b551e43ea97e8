"""How gates stand: of each key what its rule asks, and how much of that has been counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from rules.decision import Gate
from rules.gates.gate import Reading, asked, measured
from rules.reading.config import Rule

CURRENCY = "labels.currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One gate that has counted something within its time."""

    rule: str
    by: dict[str, str]
    """Field -> the value it counts by."""
    reading: Reading

    def shown(self) -> dict[str, object]:
        """For the API: how much of how much, since when (Unix seconds), and how near that is to opening."""
        reading, usual = self.reading, self.reading.usual
        return {
            "rule": self.rule,
            "by": self.by,
            "counted": measured(reading),
            "events": reading.number,
            "opens": asked(reading.gate),
            "usual": usual and {"events": round(float(usual.events), 3), "weeks": usual.weeks},
            "full": round(reading.full, 3),
            "since": reading.first,
            "within": reading.gate.within,
        }


def gate_of(rules: Iterable[Rule], key: str) -> tuple[Gate, dict[str, str]] | None:
    """The gate with this key and what it counts by; None when these rules have no such gate (any more)."""
    name, *values = orjson.loads(key)
    more_than = next((rule.more_than for rule in rules if rule.name == name), None)
    if more_than is None:
        return None
    fields = [*more_than.per, *([CURRENCY] if more_than.sum is not None else ())]
    if len(fields) != len(values):
        return None
    by = dict(zip(fields, values, strict=True))
    return more_than.gate(key, by.get(CURRENCY, "") if more_than.sum is not None else ""), by
