"""What can be written under `more_than`, what is wrong with the rest, and what an event then counts or adds."""

from __future__ import annotations

import pytest

from rules.decide import Rules, decide
from rules.decision import Gate
from rules.event import Action, Event
from rules.gates.standing import gate_of
from rules.reading.config import Rule
from rules.reading.load import Wrong, load
from tests.rules.configuration import GOOD

MISTAKES = [
    ("{within: 5m}", "27:16: more_than: expected count, sum or times_usual: what opens it"),
    ("{count: 10}", "27:5: more_than needs 'within'"),
    ("{cuont: 10, within: 5m}", "27:17: unknown key 'cuont' (did you mean count?)"),
    ("{count: 10.5, within: 5m}", "27:24: count: expected a whole number, found '10.5'"),
    ("{count: 10, sum: labels.amount, within: 5m}", "27:33: more_than: count and sum are 2 gates; keep one of them"),
    ("{sum: labels.amount, within: 5m}", "27:22: more_than: sum needs 'over': above how much it opens, like over: 500"),
    ("{count: 10, over: 500, within: 5m}", "27:34: more_than: over belongs to sum, and this gate has count"),
    (
        "{sum: amount, over: 500, within: 5m}",
        "27:22: sum: expected the label to add up, like labels.amount, found 'amount'; did you mean labels.amount?",
    ),
    (
        "{sum: labels.amount, over: 5e2, within: 5m}",
        "27:43: over: expected a number like 500 or 499.90, found '5e2'",
    ),
    (
        "{sum: labels.amount, over: 500 EUR, within: 5m}",
        "27:43: over: expected a number like 500 or 499.90, found '500 EUR'",
    ),
    (
        "{sum: labels.amount, over: 500, currency: euro, within: 5m}",
        "27:58: currency: there is no currency 'euro'; expected its code, like EUR; did you mean EUR?",
    ),
    (
        "{sum: labels.amount, over: 500, currency: EURR, within: 5m}",
        "27:58: currency: there is no currency 'EURR'; expected its code, like EUR; did you mean EUR?",
    ),
    (
        "{times_usual: 5, within: 5m}",
        "27:30: more_than: times_usual needs 'at_least': fewer than that are never worth a call, like at_least: 20",
    ),
    (
        "{times_usual: 1, at_least: 20, within: 5m}",
        "27:30: times_usual: expected how many times, above 1 and at most 1000, like 5 or 2.5, found '1'",
    ),
    (
        "{times_usual: 5, at_least: 20, within: 2d}",
        "27:55: more_than: with times_usual at most 1d: what is usual is known by the hour",
    ),
    (
        "{count: 10, at_least: 20, within: 5m}",
        "27:38: more_than: at_least belongs to times_usual, and this gate has count",
    ),
]


@pytest.mark.parametrize(("written", "said"), MISTAKES, ids=[written for written, _ in MISTAKES])
def test_a_mistake_is_told_at_its_place(written: str, said: str) -> None:
    """With what was expected, and the nearest right word."""
    with pytest.raises(Wrong) as wrong:
        load(
            {
                "rules.yaml": GOOD.replace(
                    "    then: {severity: P3}", f"    more_than: {written}\n    then: {{severity: P3}}"
                )
            }
        )
    assert str(wrong.value.problems[0]) == f"rules.yaml:{said}"


def gate(written: dict[str, object], **labels: str) -> Gate:
    """The gate of an event with these labels."""
    rule = Rule.model_validate({"name": "r", "more_than": written, "then": {"severity": "P1"}})
    event = Event(kind="k", action=Action.TRIGGER, dedup_key="d", summary="s", labels=labels)
    found = decide(event, Rules([rule]), 0.0).gate
    assert found is not None
    return found


SUM = {"sum": "labels.amount", "over": "500", "within": "10m"}
EUROS = {**SUM, "currency": "eur"}
TIMES = {"times_usual": "5", "at_least": "20", "within": "1h", "per": "labels.user"}


@pytest.mark.parametrize(
    ("written", "labels", "key", "adds", "nothing"),
    [
        (SUM, {"amount": "42.50", "currency": "EUR"}, '["r","EUR"]', "42.50", ""),
        (SUM, {"amount": "42.50", "currency": "eur"}, '["r","EUR"]', "42.50", ""),
        (SUM, {"amount": "5000", "currency": "JPY"}, '["r","JPY"]', "5000", ""),
        (SUM, {"amount": "3"}, '["r",""]', "3", ""),
        (EUROS, {"amount": "42.50", "currency": "EUR"}, '["r","EUR"]', "42.50", ""),
        (EUROS, {"amount": "1", "currency": "USD"}, '["r","USD"]', "", "it is in USD, and only EUR is added up"),
        (EUROS, {"amount": "1"}, '["r",""]', "", "it is in no currency, and only EUR is added up"),
        (SUM, {"amount": "1,000.00"}, '["r",""]', "", "labels.amount is '1,000.00', which is no number"),
        (SUM, {"amount": "1e3"}, '["r",""]', "", "labels.amount is '1e3', which is no number"),
        (SUM, {"amount": "NaN"}, '["r",""]', "", "labels.amount is 'NaN', which is no number"),
        (SUM, {"amount": "-5.00"}, '["r",""]', "", "labels.amount is '-5.00', which is below zero"),
        (SUM, {}, '["r",""]', "", "labels.amount is not there"),
    ],
)
def test_what_an_event_adds(
    written: dict[str, object], labels: dict[str, str], key: str, adds: str, nothing: str
) -> None:
    """Each currency by itself; what is no amount, or in a currency nobody asked for, adds nothing and says why."""
    found = gate(written, **labels)
    assert (found.key, found.adds, found.nothing, found.over) == (key, adds, nothing, "500")


def test_a_gate_that_compares_also_counts() -> None:
    """Never below `at_least`."""
    found = gate(TIMES, user="ana")
    assert (found.key, found.times, found.count, found.within) == ('["r","ana"]', "5", 19, 3600.0)


def test_a_key_leads_back_to_its_gate() -> None:
    """As long as the rule is there and counts by as many values."""
    rules = [
        Rule.model_validate({"name": name, "more_than": written, "then": {"severity": "P1"}})
        for name, written in (("sums", SUM), ("compares", TIMES))
    ] + [Rule.model_validate({"name": "plain", "then": {"severity": "P1"}})]
    euros, ana = gate_of(rules, '["sums","EUR"]'), gate_of(rules, '["compares","ana"]')
    assert euros is not None
    assert ana is not None
    assert (euros[1], euros[0].currency, euros[0].over) == ({"labels.currency": "EUR"}, "EUR", "500")
    assert (ana[1], ana[0].currency, ana[0].times) == ({"labels.user": "ana"}, "", "5")
    for gone in ('["plain"]', '["nobody\'s","x"]', '["sums"]', '["compares","a","b"]'):
        assert gate_of(rules, gone) is None
