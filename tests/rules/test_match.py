"""Every word that can stand under `when`, in a table; and what people are told when it does not hold."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from rules.event import Action, Event
from rules.match import FAMILIES, FIELDS, Condition, compile_condition, why_not

EVENT = Event(
    kind="stripe.charge.failed",
    action=Action.TRIGGER,
    dedup_key="stripe charge ch_1",
    summary="Card declined: 12.50 EUR",
    severity="Critical",
    labels={"environment": "production", "country": "NO"},
    source="shop-stripe",
    source_type="stripe",
)
KUMA = Event(
    kind="uptimekuma.down",
    action=Action.TRIGGER,
    dedup_key="uptimekuma monitor 1",
    summary="Shop is DOWN",
    source="kuma",
    source_type="uptimekuma",
)
FRIDAY_NIGHT = datetime(2026, 11, 27, 23, 30, tzinfo=ZoneInfo("Europe/Bucharest")).timestamp()

TABLE = [
    (EVENT, {}, None),
    (EVENT, {"source": "shop-stripe"}, None),
    (EVENT, {"source": "stripe"}, None),
    (EVENT, {"source": ["sentry", "uptime"]}, "source is 'shop-stripe', not one of: sentry, uptime"),
    (KUMA, {"source": "uptime"}, None),
    (EVENT, {"kind": "stripe.charge.failed"}, None),
    (EVENT, {"kind": ["stripe.payout.*", "stripe.charge.*"]}, None),
    (EVENT, {"kind": "*"}, None),
    (EVENT, {"kind": "stripe.charge"}, "kind is 'stripe.charge.failed', not one of: stripe.charge"),
    (EVENT, {"labels": {"environment": ["staging", "production"], "country": "NO"}}, None),
    (EVENT, {"labels": {"environment": "staging"}}, "label environment is 'production', not one of: staging"),
    (EVENT, {"labels": {"environment": "production", "service": "api"}}, "there is no label service"),
    (EVENT, {"summary": r"DECLINED.*\d+"}, None),
    (EVENT, {"summary": ["refund", "card"]}, None),
    (EVENT, {"summary": ["^declined"]}, "the summary has nothing like: ^declined"),
    (EVENT, {"severity": "critical"}, None),
    (EVENT, {"severity": ["FATAL", "CRITICAL"]}, None),
    (EVENT, {"severity": "p1"}, "the sender's severity is 'Critical', not one of: p1"),
    (KUMA, {"severity": "p1"}, "the sender's severity is not given, not one of: p1"),
    (EVENT, {"weekday": "fri"}, None),
    (EVENT, {"weekday": "sat-mon"}, "it is fri in UTC, not one of: mon, sat, sun"),
    (EVENT, {"weekday": ["Monday", "thu-sat"], "timezone": "Europe/Bucharest"}, None),
    (EVENT, {"weekday": "sat", "timezone": "Asia/Tokyo"}, None),
    (EVENT, {"hours": "21:00-22:00"}, None),
    (EVENT, {"hours": "22:00-06:00", "timezone": "Europe/Bucharest"}, None),
    (EVENT, {"hours": ["06:00-08:00", "20:00-24:00"]}, None),
    (EVENT, {"hours": "09:00-21:30"}, "it is 21:30 in UTC, not within 09:00-21:30"),
    (EVENT, {"hours": "21:30-21:31"}, None),
    (EVENT, {"not": {"source": "sentry"}}, None),
    (EVENT, {"not": {"source": "stripe"}}, "what not excludes is the case"),
    (EVENT, {"any": [{"source": "sentry"}, {"kind": "stripe.*"}]}, None),
    (
        EVENT,
        {"any": [{"source": "sentry"}, {"labels": {"a": "b"}}]},
        "none of any holds: source is 'shop-stripe', not one of: sentry; there is no label a",
    ),
    (EVENT, {"source": "stripe", "severity": "p1"}, "the sender's severity is 'Critical', not one of: p1"),
]


@pytest.mark.parametrize(("event", "when", "why"), TABLE, ids=[str(row[1]) for row in TABLE])
def test_a_condition_holds_or_says_why_not(event: Event, when: dict[str, object], why: str | None) -> None:
    """The predicate and the words agree, for each word of `when`."""
    condition = Condition.model_validate(when)
    assert why_not(condition, event, FRIDAY_NIGHT) == why
    assert compile_condition(condition)(event, FRIDAY_NIGHT) is (why is None)


def test_every_word_of_when_has_its_row() -> None:
    """A field of the schema without a predicate would be accepted and never asked."""
    assert set(FIELDS) | {"timezone"} == set(Condition.model_fields)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"hours": "9-17"}, "expected hours like 09:00-17:00, found '9-17'"),
        ({"hours": "09:00"}, "expected hours like 09:00-17:00, found '09:00'"),
        ({"hours": "09:00-09:00"}, "'09:00-09:00' is no time at all; for the whole day leave hours out"),
        ({"hours": "24:30-25:00"}, "expected hours like 09:00-17:00, found '24:30-25:00'"),
        ({"weekday": "freitag"}, "expected days like mon, fri or mon-fri, found 'freitag'"),
        ({"weekday": []}, "an empty list of days holds never; leave weekday out"),
        ({"kind": "stripe.*.failed"}, "'stripe.*.failed': a * stands only at the end, like stripe.charge.*"),
        ({"timezone": "Europe/Bucharest"}, "a timezone says nothing without weekday or hours beside it"),
        ({"source": []}, "at least 1 item"),
        ({"any": []}, "at least 1 item"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(when: dict[str, object], message: str) -> None:
    """Each with words that say what was expected."""
    with pytest.raises(ValueError, match=re.escape(message)):
        Condition.model_validate(when)


def test_a_pattern_that_ruins_others_is_harmless() -> None:
    """RE2 has no backtracking: the classic bomb over a long summary is an ordinary search."""
    event = Event(kind="a", action=Action.TRIGGER, dedup_key="k", summary="a" * 4000 + "!")
    assert not compile_condition(Condition(summary=("(a+)+$",)))(event, 0.0)


def test_the_families_agree_with_the_sources() -> None:
    """A source type that calls itself an uptime monitor is one for the rules too, and the other way round."""
    sources = pytest.importorskip("router.sources")
    told: dict[str, set[str]] = {}
    for name, source in sources.TYPES.items():
        if source.family:
            told.setdefault(source.family, set()).add(name)
    assert told == {name: set(types) for name, types in FAMILIES.items()}
