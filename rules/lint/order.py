"""What the rules leave for one another: which match nothing, which an earlier rule leaves nothing, what is reached."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rules.lint.facts import Facts
from rules.lint.following import Following, TooMuch
from rules.lint.senders import Senders
from rules.match import Condition, Key
from rules.reading.config import Rule

_STEPS = 500_000
"""For all rules together: some seconds."""
_STEPS_EACH = 20_000


@dataclass(frozen=True)
class Order:
    """What is known of the rules, by their number from 0."""

    never: dict[int, str] = field(default_factory=dict)
    """Rules that match no event, and why."""
    shadowed: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Rules that nothing comes to, and the earlier ones that take it all."""
    everything: int | None = None
    """The first rule that ends the search for everything."""
    heard: frozenset[str] = frozenset()
    """Sources of which some rule that ends the search takes something."""

    def alive(self, number: int) -> bool:
        """May this rule ever say something?"""
        return number not in self.never and number not in self.shadowed


def order(rules: Sequence[Rule], senders: Senders) -> Order:
    """Looks at every rule beside those above it. Where that would take too long, nothing is said."""
    found, file, heard, left = Order(), _File(rules, senders), set[str](), _STEPS
    everything = next((n for n, rule in enumerate(rules) if rule.when == Condition() and not rule.goes_on), None)
    for number, rule in enumerate(rules):
        if everything is not None and number > everything:
            found.shadowed[number] = (everything,)
            continue
        following = Following(senders, min(left, _STEPS_EACH))
        try:
            _look(found, file, following, number, rule, heard)
        except TooMuch:
            heard |= senders.all
        left -= min(left, _STEPS_EACH) - max(following.steps, 0)
        if not rule.goes_on and number not in found.never:
            file.add(number)
    return Order(found.never, found.shadowed, everything, frozenset(heard))


def _look(found: Order, file: _File, following: Following, number: int, rule: Rule, heard: set[str]) -> None:
    cases = following.cases(rule.when)
    reasons = [following.impossible(case) for case in cases]
    if all(reasons):
        found.never[number] = reasons[0]
        return
    possible = [case for case, reason in zip(cases, reasons, strict=True) if not reason]
    if not rule.goes_on:
        heard.update(*(case.sources for case in possible))
    above = _above(file, following, possible)
    if above:
        found.shadowed[number] = above


def _above(file: _File, following: Following, cases: Iterable[Facts]) -> tuple[int, ...]:
    """The earlier rules that together take all of these; none when something is left."""
    takers: set[int] = set()
    for case in cases:
        whole = file.taker(case, following)
        lots = [whole] if whole is not None else [file.taker(part, following) for part in following.parts(case)]
        if not lots or None in lots:
            return ()
        takers.update(taker for taker in lots if taker is not None)
    return tuple(sorted(takers))


class _File:
    """The rules that end the search, filed by what they ask for: of ten thousand only a few could take a case."""

    def __init__(self, rules: Sequence[Rule], senders: Senders) -> None:
        self._rules, self._senders = rules, senders
        self._filed: dict[Key, list[int]] = defaultdict(list)
        self._always: list[int] = []
        self._choices = [list(_choices(rule.when, senders)) for rule in rules]
        self._asked = Counter(key for choices in self._choices for choice in choices for key in choice)

    def add(self, number: int) -> None:
        """From now on this rule may take a case."""
        choices = self._choices[number]
        if not choices:
            self._always.append(number)
            return
        for key in min(choices, key=lambda choice: sum(self._asked[key] for key in choice)):
            self._filed[key].append(number)

    def taker(self, case: Facts, following: Following) -> int | None:
        """The first rule that takes every event of this case."""
        numbers = {number for key in _keys(case, self._senders) for number in self._filed.get(key, ())}
        for number in sorted({*numbers, *self._always}):
            if following.follows(self._rules[number].when, case):
                return number
        return None


def _choices(when: Condition, senders: Senders) -> Iterator[tuple[Key, ...]]:
    """Ways to file a rule: a case that it takes has one of the keys of each."""
    if when.source:
        yield tuple(("source", name) for name in senders.named(when.source))
    if when.kind and all("." in kind or not kind.endswith("*") for kind in when.kind):
        yield tuple(dict.fromkeys(("root", kind.partition(".")[0]) for kind in when.kind))
    for name, values in when.labels.items():
        yield tuple(("label", name, value) for value in values)
    if when.severity:
        yield tuple(("severity", word) for word in when.severity)
    if when.summary:
        yield tuple(("summary", text) for text in when.summary)
    branches = [next(_choices(branch, senders), None) for branch in when.any_]
    known = [choice for choice in branches if choice is not None]
    if known and len(known) == len(branches):
        yield tuple(dict.fromkeys(key for choice in known for key in choice))


def _keys(case: Facts, senders: Senders) -> Iterator[Key]:
    if case.sources:
        yield ("source", min(case.sources))
    for kind in (case.kinds or senders.kinds_of(case.sources) or ())[:1]:
        yield ("root", kind.partition(".")[0])
    yield from (("label", name, min(values)) for name, values in case.labels.items() if values)
    if case.severities:
        yield ("severity", min(case.severities))
    yield from (("summary", min(texts)) for texts in case.summaries)
