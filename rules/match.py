"""What a rule may ask of an event: one row of `FIELDS` for each word that can stand under `when`.

A row has the predicate, the words for when it does not hold, and the exact keys under which `rules.decide` may look
the rule up. The schema of each word is the field of the same name of `Condition`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from rules.clock import DAYS, Span, Zone, parse_span, parse_weekdays, show_days, zone
from rules.event import Event
from rules.pattern import pattern, patterns
from rules.reading.problem import one_of

FAMILIES: dict[str, frozenset[str]] = {
    "uptime": frozenset({"uptimerobot", "uptimekuma", "betterstack", "pingdom"}),
    "people": frozenset({"manual", "postmark"}),
}
"""Words that mean several types of source at once. The sources' own `family` must agree with it."""

Test = Callable[[Event, float], bool]
"""`(event, now)`: does it hold?"""
Key = tuple[str, ...]
"""Something an event has exactly: `("kind", "stripe.charge.failed")`."""

_SUMMARY_SEEN = 4096
"""Characters of a summary that a pattern is searched in."""


def listed(value: object) -> object:
    """A single value where a list may stand."""
    return value if isinstance(value, (list, tuple)) or value is None else [value]


def _lower(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    for kind in kinds:
        if "*" in kind[:-1]:
            raise ValueError(f"'{kind}': a * stands only at the end, like stripe.charge.*")
    return kinds


Words = Annotated[tuple[str, ...], BeforeValidator(listed), Field(min_length=1)]
_DAY = r"^[A-Za-z]+(-[A-Za-z]+)?$"
_AS_DAYS = {
    "anyOf": [{"type": "string", "pattern": _DAY}, {"type": "array", "items": {"type": "string", "pattern": _DAY}}]
}
_AS_SPAN = {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$", "examples": ["09:00-17:00"]}
Weekdays = Annotated[frozenset[int], BeforeValidator(parse_weekdays), WithJsonSchema(_AS_DAYS)]
Spans = Annotated[
    tuple[Annotated[Span, BeforeValidator(parse_span), WithJsonSchema(_AS_SPAN)], ...],
    BeforeValidator(listed),
    Field(min_length=1),
]


class Condition(BaseModel):
    """What a rule asks of an event. Everything written must hold; of a list, any one is enough."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Words = ()
    """Names of sources, types (`sentry`) or families (`uptime`)."""
    kind: Annotated[Words, AfterValidator(_kinds)] = ()
    """Exact, or with a `*` at the end: `stripe.charge.*`."""
    labels: dict[str, Words] = {}
    summary: Annotated[Words, AfterValidator(patterns)] = ()
    """RE2 patterns, searched anywhere, upper and lower case alike."""
    severity: Annotated[Words, AfterValidator(_lower)] = ()
    """The sender's own word: `fatal`, `critical`, `p1`."""
    weekday: Weekdays = frozenset()
    """`mon`, `[sat, sun]`, `mon-fri`; 0 is Monday."""
    hours: Spans = ()
    """`09:00-17:00`, the end excluded; `22:00-06:00` crosses midnight and belongs to both days."""
    timezone: Zone = "UTC"
    """Of `weekday` and `hours`."""
    not_: Condition | None = Field(default=None, alias="not")
    any_: Annotated[tuple[Condition, ...], Field(min_length=1, alias="any")] = ()

    @model_validator(mode="after")
    def _zone_of_something(self) -> Self:
        if "timezone" in self.model_fields_set and not (self.weekday or self.hours):
            raise ValueError("a timezone says nothing without weekday or hours beside it")
        return self


@dataclass(frozen=True)
class Asked:
    """One word of `when`: how it is tested, why it failed, and under which keys an event that has it is found."""

    test: Callable[[Any, Condition], Test]
    why: Callable[[Any, Condition, Event, float], str]
    keys: Callable[[Any], Iterable[tuple[Key, ...]]] = lambda _: ()
    """Each entry is one complete choice: a matching event has at least one of its keys. None: it is not filed."""


_FAMILY_OF = {source_type: name for name, types in FAMILIES.items() for source_type in types}


def keys_of(event: Event) -> list[Key]:
    """Every key an event can be found under."""
    keys: list[Key] = [
        ("source", event.source),
        ("source", event.source_type),
        ("kind", event.kind),
        ("root", event.kind.partition(".")[0]),
    ]
    if event.source_type in _FAMILY_OF:
        keys.append(("source", _FAMILY_OF[event.source_type]))
    keys += [("label", name, value) for name, value in event.labels.items()]
    return keys


def _source(wanted: tuple[str, ...], _: Condition) -> Test:
    words = frozenset(wanted)
    return lambda event, _now: (
        event.source in words or event.source_type in words or _FAMILY_OF.get(event.source_type) in words
    )


def _kind(wanted: tuple[str, ...], _: Condition) -> Test:
    exact = frozenset(kind for kind in wanted if not kind.endswith("*"))
    starts = tuple(kind[:-1] for kind in wanted if kind.endswith("*"))
    return lambda event, _now: event.kind in exact or event.kind.startswith(starts)


def _kind_keys(wanted: tuple[str, ...]) -> Iterable[tuple[Key, ...]]:
    if all("." in kind or not kind.endswith("*") for kind in wanted):
        yield tuple(("root", kind.partition(".")[0]) if kind.endswith("*") else ("kind", kind) for kind in wanted)


def _labels(wanted: dict[str, tuple[str, ...]], _: Condition) -> Test:
    pairs = [(name, frozenset(values)) for name, values in wanted.items()]
    return lambda event, _now: all(event.labels.get(name) in values for name, values in pairs)


def _labels_why(wanted: dict[str, tuple[str, ...]], _: Condition, event: Event, __: float) -> str:
    for name, values in wanted.items():
        if name not in event.labels:
            return f"there is no label {name}"
        if event.labels[name] not in values:
            return _not_one_of(f"label {name}", event.labels[name], values)
    return "the labels match"


def _summary(wanted: tuple[str, ...], _: Condition) -> Test:
    patterns = [pattern(text) for text in wanted]
    return lambda event, _now: any(each.search(event.summary[:_SUMMARY_SEEN]) for each in patterns)


def _severity(wanted: tuple[str, ...], _: Condition) -> Test:
    words = frozenset(wanted)
    return lambda event, _now: event.severity is not None and event.severity.lower() in words


def _local(condition: Condition, now: float) -> datetime:
    return datetime.fromtimestamp(now, zone(condition.timezone))


def _minute(condition: Condition, now: float) -> int:
    local = _local(condition, now)
    return local.hour * 60 + local.minute


def _hours_why(wanted: tuple[Span, ...], condition: Condition, _: Event, now: float) -> str:
    time = f"{_local(condition, now):%H:%M} in {condition.timezone}"
    return f"it is {time}, not within {one_of(map(str, wanted))}"


def _any(wanted: tuple[Condition, ...], _: Condition) -> Test:
    tests = [compile_condition(each) for each in wanted]
    return lambda event, now: any(test(event, now) for test in tests)


def _any_keys(wanted: tuple[Condition, ...]) -> Iterable[tuple[Key, ...]]:
    choices = [next(iter(keys_for(each)), None) for each in wanted]
    found = [choice for choice in choices if choice is not None]
    if len(found) == len(choices):
        yield tuple(key for choice in found for key in choice)


def _any_why(wanted: tuple[Condition, ...], _: Condition, event: Event, now: float) -> str:
    return "none of any holds: " + "; ".join(why_not(each, event, now) or "" for each in wanted)


def _not(wanted: Condition, _: Condition) -> Test:
    test = compile_condition(wanted)
    return lambda event, now: not test(event, now)


def _not_one_of(field: str, found: str | None, wanted: Iterable[str]) -> str:
    has = "not given" if found is None else f"'{found}'"
    return f"{field} is {has}, not one of: {', '.join(wanted)}"


FIELDS: dict[str, Asked] = {
    "source": Asked(
        test=_source,
        why=lambda wanted, _, event, __: _not_one_of("source", event.source, wanted),
        keys=lambda wanted: [tuple(("source", word) for word in wanted)],
    ),
    "kind": Asked(
        test=_kind,
        why=lambda wanted, _, event, __: _not_one_of("kind", event.kind, wanted),
        keys=_kind_keys,
    ),
    "labels": Asked(
        test=_labels,
        why=_labels_why,
        keys=lambda wanted: [tuple(("label", name, value) for value in values) for name, values in wanted.items()],
    ),
    "summary": Asked(
        test=_summary,
        why=lambda wanted, *_: f"the summary has nothing like: {', '.join(wanted)}",
    ),
    "severity": Asked(
        test=_severity,
        why=lambda wanted, _, event, __: _not_one_of("the sender's severity", event.severity, wanted),
    ),
    "weekday": Asked(
        test=lambda wanted, condition: lambda _, now: _local(condition, now).weekday() in wanted,
        why=lambda wanted, condition, _, now: (
            f"it is {DAYS[_local(condition, now).weekday()]} in {condition.timezone}, "
            f"not one of: {', '.join(show_days(wanted))}"
        ),
    ),
    "hours": Asked(
        test=lambda wanted, condition: lambda _, now: any(span.holds(_minute(condition, now)) for span in wanted),
        why=_hours_why,
    ),
    "any_": Asked(test=_any, why=_any_why, keys=_any_keys),
    "not_": Asked(test=_not, why=lambda *_: "what not excludes is the case"),
}
"""Every word of `when` but `timezone`, the cheap ones first: in this order they are tested."""


def _asked(condition: Condition) -> list[tuple[Asked, Any]]:
    return [(asked, getattr(condition, name)) for name, asked in FIELDS.items() if getattr(condition, name)]


def compile_condition(condition: Condition) -> Test:
    """One predicate for the whole condition. An empty one holds always."""
    tests = [asked.test(wanted, condition) for asked, wanted in _asked(condition)]
    if len(tests) == 1:
        return tests[0]
    return lambda event, now: all(test(event, now) for test in tests)


def why_not(condition: Condition, event: Event, now: float) -> str | None:
    """The first thing that does not hold, in words; None when everything does."""
    for asked, wanted in _asked(condition):
        if not asked.test(wanted, condition)(event, now):
            return asked.why(wanted, condition, event, now)
    return None


def keys_for(condition: Condition) -> list[tuple[Key, ...]]:
    """The choices of keys under which a rule with this condition may be filed; none: it must always be tried."""
    return [keys for asked, wanted in _asked(condition) for keys in asked.keys(wanted)]


def asks_for(condition: Condition, *words: str) -> bool:
    """Does it ask for one of these words (names of `FIELDS`), also within `not` and `any`?"""
    inner = (*([condition.not_] if condition.not_ else ()), *condition.any_)
    return any(getattr(condition, word) for word in words) or any(asks_for(each, *words) for each in inner)
