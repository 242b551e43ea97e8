"""What is known of an event that a rule has matched, and whether there can be such an event at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rules.clock import Span
from rules.lint.senders import Senders, overlap, within
from rules.match import Condition
from rules.reading.problem import one_of


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What holds of every event of one case of a condition. Nothing is known of a field that is None or not there."""

    sources: frozenset[str]
    asked: str = "any source"
    """How the sources were asked for, in words."""
    kinds: tuple[str, ...] | None = None
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    severities: frozenset[str] | None = None
    summaries: tuple[frozenset[str], ...] = ()
    """Of each set of patterns one is found."""
    days: Mapping[str, int] = field(default_factory=dict)
    """Time zone -> the days of its week, a bit for each."""
    minutes: Mapping[str, int] = field(default_factory=dict)
    """Time zone -> the minutes of its day, a bit for each."""
    excluded: tuple[Condition, ...] = ()
    """None of these holds."""
    why_none: str = ""
    """Why there is no such event; empty while there may be one."""

    def none(self, why: str) -> Facts:
        """The same, and that no event is so. The first reason is kept."""
        return self if self.why_none else replace(self, why_none=why)


def add(facts: Facts, condition: Condition, senders: Senders) -> Facts:
    """What is known when `condition` holds too; of its `any` nothing is said here."""
    facts = _add_source(facts, condition, senders)
    facts = _add_kind(facts, condition, senders)
    facts = _add_labels(facts, condition)
    facts = _add_severity(facts, condition)
    facts = _add_time(facts, condition)
    if condition.summary:
        facts = replace(facts, summaries=(*facts.summaries, frozenset(condition.summary)))
    if condition.not_ is not None:
        facts = replace(facts, excluded=(*facts.excluded, condition.not_))
    return facts


def _add_source(facts: Facts, condition: Condition, senders: Senders) -> Facts:
    if not condition.source:
        return facts
    asked, both = one_of(condition.source), facts.sources & senders.named(condition.source)
    known = replace(facts, sources=both, asked=asked)
    return known if both else known.none(f"no source is both {facts.asked} and {asked}")


def _add_kind(facts: Facts, condition: Condition, senders: Senders) -> Facts:
    kinds = facts.kinds
    if condition.kind:
        kinds = condition.kind if kinds is None else _both(kinds, condition.kind)
        if not kinds:
            facts = facts.none(f"no kind is both {one_of(facts.kinds or ())} and {one_of(condition.kind)}")
    if kinds is None or not facts.sources:
        return replace(facts, kinds=kinds)
    sent = tuple(kind for kind in kinds if any(senders.may_send(source, kind) for source in facts.sources))
    sources = frozenset(source for source in facts.sources if any(senders.may_send(source, kind) for kind in sent))
    known = replace(facts, kinds=sent, sources=sources)
    return known if sources else known.none(f"{facts.asked} sends no {one_of(kinds)}")


def _both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    pairs = ((one, other) for one in some for other in others if overlap(one, other))
    return tuple(dict.fromkeys(one if within(one, other) else other for one, other in pairs))


def _add_labels(facts: Facts, condition: Condition) -> Facts:
    labels = dict(facts.labels)
    for name, values in condition.labels.items():
        before = labels.get(name)
        labels[name] = frozenset(values) if before is None else before & frozenset(values)
        if before is not None and not labels[name]:
            facts = facts.none(f"the label {name} is not both {one_of(sorted(before))} and {one_of(values)}")
    return replace(facts, labels=labels)


def _add_severity(facts: Facts, condition: Condition) -> Facts:
    if not condition.severity:
        return facts
    words = frozenset(condition.severity)
    both = words if facts.severities is None else facts.severities & words
    if not both:
        said = f"no severity is both {one_of(sorted(facts.severities or ()))} and {one_of(condition.severity)}"
        facts = facts.none(said)
    return replace(facts, severities=both)


def _add_time(facts: Facts, condition: Condition) -> Facts:
    for name, bits in (("days", days_of(condition)), ("minutes", minutes_of(condition))):
        known: Mapping[str, int] = getattr(facts, name)
        if bits:
            both = bits & known.get(condition.timezone, bits)
            changed = {name: {**known, condition.timezone: both}}
            facts = replace(facts, **changed)  # type: ignore[arg-type]  # one of the two maps
            facts = facts if both else facts.none("no moment is within all of its hours and weekdays")
    return facts


def days_of(condition: Condition) -> int:
    """The days of `weekday`, a bit for each; 0 when it is not asked for."""
    return sum(1 << day for day in condition.weekday)


def minutes_of(condition: Condition) -> int:
    """The minutes of `hours`, a bit for each; 0 when they are not asked for."""
    found = 0
    for span in condition.hours:
        found |= _minutes(span)
    return found


def _minutes(span: Span) -> int:
    if span.start < span.end:
        return (1 << span.end) - (1 << span.start)
    return (1 << 24 * 60) - (1 << span.start) | (1 << span.end) - 1
