"""Conditions and gates in words, as a person reads a rule aloud. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rules.clock import show_days
from rules.duration import show_duration
from rules.gates.more_than import MoreThan
from rules.match import FIELDS, Condition
from rules.reading.problem import one_of

MOST = 8
"""Alternatives that are read out; the rest is counted."""


def condition(asked: Condition) -> list[str]:
    """Everything that must hold, each in a few words; empty for what holds always.

    >>> condition(Condition.model_validate({"source": "stripe", "labels": {"area": ["shop", "api"]}}))
    ['source is stripe', 'label area is shop or api']
    """
    found: list[str] = []
    for name in FIELDS:
        wanted = getattr(asked, name)
        if wanted:
            found += _SAID[name](wanted, asked)
    return found


def gate(asked: MoreThan) -> str:
    """`more than 10 within 5m, per source`: what opens it."""
    if asked.sum is not None:
        above = f"{asked.over} {asked.currency or ''}".rstrip()
        what = f"when {asked.sum.removeprefix('labels.')} adds up to more than {above}"
    elif asked.times_usual is not None:
        what = f"more than {asked.times_usual} times what is usual, and at least {asked.at_least}"
    else:
        what = f"more than {asked.count}"
    parts = [f"{what} within {show_duration(asked.within)}"]
    if asked.per:
        parts.append(f"for each {' and '.join(map(_field, asked.per))}")
    if asked.distinct:
        parts.append(f"each {_field(asked.distinct)} once")
    return ", ".join(parts)


def _field(name: str) -> str:
    return f"label {name.removeprefix('labels.')}" if name.startswith("labels.") else name


def _some(words: Iterable[object]) -> str:
    listed = [str(word) for word in words]
    more = [f"{len(listed) - MOST} more"] if len(listed) > MOST else []
    return one_of(listed[:MOST] + more)


def _together(asked: Condition) -> str:
    return " and ".join(condition(asked)) or "anything"


_SAID: dict[str, Callable[[Any, Condition], list[str]]] = {
    "source": lambda wanted, _: [f"source is {_some(wanted)}"],
    "kind": lambda wanted, _: [f"kind is {_some(wanted)}"],
    "labels": lambda wanted, _: [f"label {name} is {_some(values)}" for name, values in wanted.items()],
    "summary": lambda wanted, _: [f"the summary has {_some(f'/{each}/' for each in wanted)}"],
    "severity": lambda wanted, _: [f"the sender says {_some(wanted)}"],
    "weekday": lambda wanted, asked: [f"on {_some(show_days(wanted))} ({asked.timezone})"],
    "hours": lambda wanted, asked: [f"at {_some(wanted)} ({asked.timezone})"],
    "any_": lambda wanted, _: ["either " + "; or ".join(_together(each) for each in wanted)],
    "not_": lambda wanted, _: [f"not: {_together(wanted)}"],
}
"""In the words of `rules.match.FIELDS`; a test holds them against it."""
