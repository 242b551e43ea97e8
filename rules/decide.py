"""From a trigger to a `Decision`, by the operator's rules: the first match decides, earlier `continue` rules add.

`Rules` files every rule under its rarest exact key (a source, a kind, a label), so that one event meets only the few
rules that could match it. What that leaves out could not have matched: a test holds it against a plain scan.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from rules.decision import Decision, Gate
from rules.event import Event, Severity
from rules.gates.amount import parse_amount, why_no_amount
from rules.gates.more_than import MoreThan
from rules.links import links
from rules.match import Key, Test, compile_condition, keys_for, keys_of, why_not
from rules.reading.config import Rule

NO_RULE = "no rule matched"
"""Name of the rule of a Decision that none made; it is a P3, so that no event is ever lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule made of an event; `why` is the first condition that failed, empty when it matched."""

    name: str
    matched: bool
    why: str = ""


class Rules:
    """The rules in their order, filed by key. Build once for each version of the YAML."""

    def __init__(self, rules: Sequence[Rule], version: str = "") -> None:
        self.all = tuple(rules)
        self.version = version
        self._tests: list[Test] = [compile_condition(rule.when) for rule in rules]
        self._always: list[int] = []
        self._filed: dict[Key, list[int]] = defaultdict(list)
        self._file([keys_for(rule.when) for rule in rules])

    def _file(self, choices: list[list[tuple[Key, ...]]]) -> None:
        asked = Counter(key for choice in choices for keys in choice for key in keys)
        for number, choice in enumerate(choices):
            if not choice:
                self._always.append(number)
                continue
            for key in set(min(choice, key=lambda keys: sum(asked[key] for key in keys))):
                self._filed[key].append(number)

    def matching(self, event: Event, now: float) -> Iterable[Rule]:
        """The rules that match, in their order."""
        numbers = list(self._always)
        for key in keys_of(event):
            numbers += self._filed.get(key, ())
        last = -1
        for number in sorted(numbers):
            if number != last and self._tests[number](event, now):
                yield self.all[number]
            last = number


def _first(matching: Iterable[Rule]) -> tuple[dict[str, Any], dict[str, str], Rule | None]:
    """What the matching rules say together by key of `then`, which rule set what, and the rule that ended the search.

    The first rule to set a key has set it; labels merge, name by name.
    """
    said: dict[str, Any] = {}
    labels: dict[str, str] = {}
    set_by: dict[str, str] = {}
    for rule in matching:
        for key, value in rule.then.said:
            if key not in said:
                said[key], set_by[key] = value, rule.name
        for name, text in rule.then.labels.items():
            if name not in labels:
                labels[name], set_by[f"labels.{name}"] = text, rule.name
        if not rule.goes_on:
            return {**said, "labels": labels}, set_by, rule
    return {**said, "labels": labels}, set_by, None


def decide(event: Event, rules: Rules, now: float) -> Decision:
    """Judge one trigger. Pure: `now` (Unix seconds) serves the conditions on hours and weekdays."""
    return conclude(event, rules.matching(event, now), rules.version)


def conclude(event: Event, matching: Iterable[Rule], version: str = "") -> Decision:
    """The Decision of an event, given the rules that match it in their order."""
    said, set_by, last = _first(matching)
    name = NO_RULE if last is None else last.name
    labels = {**event.labels, **said["labels"]}
    gate = None if last is None or last.more_than is None else _gate(last.name, last.more_than, event, labels)
    group_key = event.signal_key if gate is None else gate.key
    if "group_by" in said:
        group_key = _key(set_by["group_by"], said["group_by"], event, labels)
    return Decision(
        severity=said.get("severity", Severity.P3),
        rule=name,
        group_key=group_key,
        gate=gate,
        runbook=said.get("runbook"),
        team=said.get("team"),
        channels=tuple(said["channels"]) if "channels" in said else None,
        labels=labels,
        suppress=said.get("suppress"),
        triage=tuple(said.get("triage", ())),
        links=tuple(links(said["links"], event, labels)) if "links" in said else (),
        set_by={"severity": name, **set_by},
        rules_version=version,
    )


def explain(event: Event, rules: Rules, now: float) -> list[Verdict]:
    """What each rule, in order, makes of the event: also those that `decide` would not come to."""
    whys = [(rule.name, why_not(rule.when, event, now)) for rule in rules.all]
    return [Verdict(name=name, matched=why is None, why=why or "") for name, why in whys]


def _gate(name: str, more_than: MoreThan, event: Event, labels: dict[str, str]) -> Gate:
    counts = _value(more_than.distinct, event, labels) if more_than.distinct else ""
    if more_than.sum is None:
        return replace(more_than.gate(_key(name, more_than.per, event, labels)), counts=counts)
    said, currency = _value(more_than.sum, event, labels), labels.get("currency", "").upper()
    # The currency is part of the key: yen and euros are never one sum.
    gate = more_than.gate(_key(name, more_than.per, event, labels, currency), currency)
    nothing = _why_nothing(more_than, said, currency)
    return replace(gate, counts=counts, adds="" if nothing else said.strip(), nothing=nothing)


def _why_nothing(more_than: MoreThan, said: str, currency: str) -> str:
    """Why an event adds nothing to a sum; "" when it does."""
    if more_than.currency is not None and more_than.currency != currency:
        return f"it is in {currency or 'no currency'}, and only {more_than.currency} is added up"
    return "" if parse_amount(said) is not None else f"{more_than.sum} {why_no_amount(said)}"


def _key(name: str, fields: Iterable[str], event: Event, labels: dict[str, str], *more: str) -> str:
    """A rule's name and an event's values as one text. As JSON, because a value may contain any separator."""
    return orjson.dumps([name, *(_value(field, event, labels) for field in fields), *more]).decode()


def _value(field: str, event: Event, labels: dict[str, str]) -> str:
    prefix, _, name = field.partition(".")
    return labels.get(name, "") if prefix == "labels" else str(getattr(event, field) or "")
