"""Rules that leave one another nothing: what is said of them is so, whatever the rules and whatever comes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decide import NO_RULE, Rules, decide
from rules.event import Action, Event
from rules.lint.order import order
from rules.lint.senders import Senders
from rules.reading.config import Rule
from tests.rules.clean import CLEAN, KINDS, found, judged

SENTRY = "{source: sentry}"
ABOVE = "shadowed: nothing comes to 'r2': 'r1' above takes all of it"
BOTH = "shadowed: nothing comes to 'r3': 'r1' and 'r2' above take all of it"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([SENTRY, "{source: sentry, severity: fatal}"], [ABOVE]),
        (["{source: shop}", "{source: shop, kind: sentry.issue.created}"], [ABOVE]),
        ([SENTRY, "{source: shop}"], [ABOVE]),
        ([SENTRY, "{kind: sentry.issue.*}"], [ABOVE]),
        (["{kind: pingdom.*}", "{source: pings}"], [ABOVE]),
        (["{kind: [pingdom.down, pingdom.up]}", "{source: uptime, labels: {a: b}}"], [ABOVE]),
        (["{kind: sentry.issue.*}", "{kind: [sentry.issue.created, sentry.issue.resolved]}"], [ABOVE]),
        (["{labels: {a: [x, y]}}", "{labels: {a: x, b: z}, hours: 10:00-11:00}"], [ABOVE]),
        (["{summary: [one, two]}", "{summary: two, source: shop}"], [ABOVE]),
        (["{hours: 09:00-17:00}", "{hours: 10:00-12:00, weekday: mon}"], [ABOVE]),
        (["{hours: 22:00-06:00, weekday: mon-sun}", "{hours: [23:00-24:00, 00:00-01:00]}"], [ABOVE]),
        (["{any: [{source: shop}, {severity: fatal}]}", "{severity: [fatal]}"], [ABOVE]),
        (["{source: shop}", "{source: blog}", SENTRY], [BOTH]),
        (["{severity: fatal}", "{severity: error}", "{severity: [error, fatal], source: shop}"], [BOTH]),
        (["{labels: {a: x}}", "{labels: {a: y}}", "{labels: {a: [x, y]}}"], [BOTH]),
        (["{not: {severity: info}}", "{severity: fatal}"], [ABOVE]),
        (["{source: shop}", "{not: {not: {source: shop}}, any: [{source: shop}]}"], [ABOVE]),
        (["{source: sentry, severity: fatal}", SENTRY], []),
        (["{source: shop}", SENTRY], []),
        (["{hours: 09:00-17:00}", "{hours: 10:00-12:00, timezone: Europe/Bucharest}"], []),
        (["{summary: one}", "{summary: [one, two]}"], []),
        (["{severity: fatal}", "{not: {severity: fatal}}"], []),
        (["{source: shop, not: {labels: {a: b}}}", "{source: shop}"], []),
    ],
)
def test_a_rule_to_which_nothing_comes_is_told_with_what_takes_it(rules: list[str], expected: list[str]) -> None:
    """Named are the rules above, one or several together; what may still get something is left alone."""
    assert judged(*rules) == expected


CANNOT = "never-matches: 'r1' never matches: "


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("{source: shop, any: [{source: pings}]}", "no source is both shop and pings"),
        ("{source: shop, kind: pingdom.down}", "shop sends no pingdom.down"),
        ("{kind: sentry.a, any: [{kind: sentry.b.*}]}", "no kind is both sentry.a and sentry.b.*"),
        ("{labels: {a: x}, any: [{labels: {a: [y, z]}}]}", "the label a is not both x and y or z"),
        ("{severity: fatal, any: [{severity: info}]}", "no severity is both fatal and info"),
        ("{hours: 09:00-12:00, any: [{hours: 12:00-13:00}]}", "no moment is within all of its hours and weekdays"),
        ("{weekday: mon-fri, any: [{weekday: [sat, sun]}]}", "no moment is within all of its hours and weekdays"),
        ("{source: shop, not: {source: sentry}}", "what it asks for is just what its 'not' excludes"),
        ("{not: {}}", "what it asks for is just what its 'not' excludes"),
        ("{kind: sentry.a, not: {kind: sentry.*}}", "what it asks for is just what its 'not' excludes"),
        ("{source: sentry, not: {source: shop}}", None),
        ("{hours: 09:00-12:00, any: [{hours: 12:00-13:00, timezone: Asia/Tokyo}]}", None),
        ("{source: shop, any: [{source: pings}, {severity: fatal}]}", None),
    ],
)
def test_a_rule_that_excludes_itself_is_told_with_the_reason(when: str, why: str | None) -> None:
    """What cannot be at once is named; a rule of which one branch can hold is left alone."""
    assert judged(when) == ([CANNOT + why] if why else [])


def test_a_rule_for_everything_is_told_once() -> None:
    """However many stand below it; with `continue: true` it takes nothing away."""
    more = "  - {name: more, when: {source: shop}, then: {severity: P4}}\n"
    middle = "'everything else' matches everything, so nothing comes to 'more'"
    assert [one.message for one in found(CLEAN + more)] == [middle]
    assert [one.message for one in found(CLEAN + more + more.replace("more", "most"))] == [f"{middle} and 1 more"]
    adds = CLEAN.replace("everything else,", "everything else, continue: true,")
    assert [one for one in found(adds + more) if one.code == "shadowed"] == []


def test_a_rule_that_only_adds_takes_nothing_away() -> None:
    """Above another it leaves all of it; but it too may be shadowed."""
    adds = "  - {name: adds, when: {source: shop}, continue: true, then: {labels: {a: b}}}\n"
    assert judged(adds, "{source: shop}") == []
    assert judged("{source: shop}", adds) == ["shadowed: nothing comes to 'adds': 'r1' above takes all of it"]


def test_ten_thousand_rules_are_looked_through_in_seconds() -> None:
    """The linter does not compare everything with everything; what is written to make it think for ever it leaves."""
    many = [f"{{source: shop, labels: {{service: x{n}}}}}" for n in range(3_000)]
    many.append("{labels: {service: x7}, source: shop, severity: fatal}")
    began = time.process_time()
    assert judged(*many) == ["shadowed: nothing comes to 'r3001': 'r8' above takes all of it"]
    deep = "{not: " * 40 + "{any: [{source: sentry}, {not: {any: [{labels: {a: b}}, {labels: {c: d}}]}}]}" + "}" * 40
    assert [one for one in judged(*[deep] * 50) if "shadowed" not in one] == []
    assert time.process_time() - began < 30


_WORDS = st.lists(st.sampled_from(["shop", "blog", "pings", "sentry", "pingdom", "uptime"]), min_size=1, max_size=2)
_KINDS = st.lists(st.sampled_from(["pingdom.down", "pingdom.*", "sentry.a", "sentry.b", "sentry.*"]), min_size=1)
_SAID = st.lists(st.sampled_from(["fatal", "info", "error"]), min_size=1, max_size=2)
_FIELDS: dict[str, st.SearchStrategy[object]] = {
    "source": _WORDS,
    "kind": _KINDS,
    "severity": _SAID,
    "labels": st.dictionaries(st.sampled_from("ab"), st.lists(st.sampled_from("xyz"), min_size=1), max_size=2),
    "summary": st.lists(st.sampled_from(["one", "two"]), min_size=1, max_size=2),
    "hours": st.sampled_from(["09:00-17:00", "22:00-06:00", "10:00-12:00"]),
    "weekday": st.sampled_from(["mon-fri", "sat", "sun-mon"]),
}
_FLAT = st.fixed_dictionaries({}, optional=_FIELDS)
_WHEN = st.recursive(
    _FLAT,
    lambda inner: st.fixed_dictionaries(
        {}, optional={**_FIELDS, "not": inner, "any": st.lists(inner, min_size=1, max_size=2)}
    ),
    max_leaves=4,
)
_KIND_OF = {"shop": ["sentry.a", "sentry.b", "sentry.c"], "blog": ["sentry.a"], "pings": ["pingdom.down", "pingdom.up"]}


@st.composite
def _events(draw: st.DrawFn) -> tuple[Event, float]:
    source = draw(st.sampled_from(sorted(_KIND_OF)))
    kind = draw(st.sampled_from(_KIND_OF[source]))
    event = Event(
        kind=kind,
        action=Action.TRIGGER,
        dedup_key="k",
        summary=draw(st.sampled_from(["one", "two", "one two", "three"])),
        severity=draw(st.sampled_from([None, "fatal", "info", "error", "Fatal"])),
        labels=draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xyzw"), max_size=2)),
        source=source,
        source_type=kind.partition(".")[0],
    )
    return event, draw(st.integers(0, 14 * 24)) * 3600.0


@settings(max_examples=300)
@given(st.lists(st.tuples(_WHEN, st.booleans()), min_size=1, max_size=5), st.lists(_events(), min_size=5, max_size=30))
def test_nothing_ever_comes_to_a_rule_of_which_that_is_said(
    written: list[tuple[dict[str, object], bool]], events: list[tuple[Event, float]]
) -> None:
    """Whatever the rules are: no event is decided by a rule that was called shadowed, or one that never matches."""
    rules = [
        Rule.model_validate({"name": str(number), "when": when, "continue": adds})
        for number, (when, adds) in enumerate(written)
    ]
    senders = Senders({"shop": "sentry", "blog": "sentry", "pings": "pingdom"}, KINDS)
    said = order(rules, senders)
    compiled = Rules(rules)
    for event, now in events:
        reached = []
        for rule in compiled.matching(event, now):
            reached.append(int(rule.name))
            if not rule.goes_on:
                break
        assert all(said.alive(number) for number in reached)
        if decide(event, compiled, now).rule != NO_RULE:
            assert event.source in said.heard or said.everything is not None
