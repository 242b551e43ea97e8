"""Whether one condition follows from another. What it says is so; what it does not find may be so all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from rules.lint.facts import Facts, add, days_of, minutes_of
from rules.lint.senders import Senders, within
from rules.match import Condition

_CASES = 64
"""More are not told apart."""
_DEEP = 4
"""How many `not` inside one another are followed."""


class TooMuch(Exception):
    """The question is not answered: it would take too long."""


class Following:
    """Answers about conditions, for a bounded number of steps: rules may be written to make it think for ever."""

    def __init__(self, senders: Senders, steps: int) -> None:
        self.senders = senders
        self.steps = steps

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TooMuch

    def cases(self, condition: Condition, known: Facts | None = None) -> list[Facts]:
        """The ways in which `condition` can hold: one for each choice of its `any`. Raises TooMuch."""
        self._step()
        facts = add(known or Facts(sources=self.senders.all), condition, self.senders)
        if not condition.any_:
            return [facts]
        found = [case for each in condition.any_ for case in self.cases(each, facts)]
        return found if len(found) <= _CASES else [facts]

    def parts(self, facts: Facts) -> Iterator[Facts]:
        """The same events in smaller lots, of which each may fall to another rule: one source, one kind, one label."""
        choices: list[list[Any]] = [
            sorted(facts.sources),
            list(facts.kinds or [None]),
            sorted(facts.severities or []) or [None],
            *(sorted(values) for values in facts.labels.values()),
        ]
        if facts.why_none or prod(map(len, choices)) > _CASES:
            yield facts
            return
        for source, kind, severity, *values in product(*choices):
            if kind is None or self.senders.may_send(source, kind):
                yield replace(
                    facts,
                    sources=frozenset([source]),
                    kinds=kind and (kind,),
                    severities=severity and frozenset([severity]),
                    labels={name: frozenset([value]) for name, value in zip(facts.labels, values, strict=True)},
                )

    def impossible(self, facts: Facts, depth: int = 0) -> str:
        """Why no event is so; empty when there may be one. Raises TooMuch."""
        if facts.why_none or depth > _DEEP:
            return facts.why_none
        excluded = any(self.follows(each, facts, depth + 1) for each in facts.excluded)
        return "what it asks for is just what its 'not' excludes" if excluded else ""

    def follows(self, wanted: Condition, facts: Facts, depth: int = 0) -> bool:
        """Does `wanted` hold of every event that is so? Raises TooMuch."""
        self._step()
        return bool(facts.why_none) or (
            self._plain(wanted, facts)
            and _text(wanted, facts)
            and _time(wanted, facts)
            and (not wanted.any_ or any(self.follows(each, facts, depth) for each in wanted.any_))
            and (wanted.not_ is None or self._never(wanted.not_, facts, depth))
        )

    def _plain(self, wanted: Condition, facts: Facts) -> bool:
        if wanted.source and not facts.sources <= self.senders.named(wanted.source):
            return False
        if wanted.kind:
            kinds = facts.kinds or self.senders.kinds_of(facts.sources)
            if not kinds or not all(any(within(kind, word) for word in wanted.kind) for kind in kinds):
                return False
        return not wanted.severity or (facts.severities is not None and facts.severities <= set(wanted.severity))

    def _never(self, condition: Condition, facts: Facts, depth: int) -> bool:
        return depth <= _DEEP and all(self.impossible(case, depth + 1) for case in self.cases(condition, facts))


def _text(wanted: Condition, facts: Facts) -> bool:
    asked = frozenset(wanted.summary)
    if asked and not any(found <= asked for found in facts.summaries):
        return False
    return all(name in facts.labels and facts.labels[name] <= set(values) for name, values in wanted.labels.items())


def _time(wanted: Condition, facts: Facts) -> bool:
    days, minutes = days_of(wanted), minutes_of(wanted)
    every_day, every_minute = (1 << 7) - 1, (1 << 24 * 60) - 1
    known_days = facts.days.get(wanted.timezone, every_day)
    known_minutes = facts.minutes.get(wanted.timezone, every_minute)
    return (not days or known_days | days == days) and (not minutes or known_minutes | minutes == minutes)
