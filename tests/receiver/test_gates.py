"""What gates have counted, as the API and /metrics say it."""

from __future__ import annotations

from typing import Any

import pytest

from router.in_force import in_force
from router.sources import TYPES
from rules.reading.load import load
from tests.receiver.ear import BEARER, ENVIRONMENT, NOW, RULES, SECRETS, Ear
from workers.settings import Environment

GATED = RULES.replace(
    "rules:\n",
    """rules:
  - name: money is lost
    when: {source: anything, labels: {what: money}}
    more_than: {sum: labels.amount, over: 500, within: 10m}
    then: {severity: P1}
  - name: many
    when: {source: anything, labels: {what: many}}
    more_than: {count: 4, within: 5m, per: labels.user}
    then: {severity: P2}
""",
)


@pytest.fixture
def shop(ear: Ear) -> Ear:
    """A receiver with two gates."""
    ear.ruleset = load({"rules.yaml": GATED})
    ear.in_force = in_force(ear.ruleset, TYPES, Environment(SECRETS | ENVIRONMENT).reveal)
    return ear


def fails(shop: Ear, key: str, **labels: str) -> None:
    """Something that only counts."""
    shop.post("/hooks/anything", {"summary": f"{key} failed", "dedup_key": key, "labels": labels})
    shop.works()


def gates(shop: Ear, query: str = "") -> list[dict[str, Any]]:
    """What the API says of them."""
    found: list[dict[str, Any]] = shop.ask("GET", f"/api/gates{query}", headers=BEARER).json()["gates"]
    return found


def test_what_is_below_its_gate_can_be_seen(shop: Ear) -> None:
    """Rule, values, how much of how much, since when; the fullest first, and what is over leads to its incident."""
    assert gates(shop) == []
    fails(shop, "a", what="money", amount="300.50", currency="EUR")
    shop.clock.at += 60
    fails(shop, "b", what="money", amount="100", currency="EUR")
    fails(shop, "c", what="many", user="ana")
    first, second = gates(shop)
    assert first == {
        "rule": "money is lost",
        "by": {"labels.currency": "EUR"},
        "counted": "400.50 EUR",
        "events": 2,
        "opens": "above 500 EUR within 10m",
        "usual": None,
        "full": 0.801,
        "since": NOW,
        "within": 600.0,
        "incident": None,
    }
    assert (second["by"], second["counted"], second["opens"]) == ({"labels.user": "ana"}, "1", "above 4 within 5m")
    fails(shop, "d", what="money", amount="100", currency="EUR")
    assert gates(shop)[0]["incident"] == shop.incident().id
    assert len(gates(shop, "?limit=1")) == 1
    shop.clock.at += 601
    assert gates(shop) == []


def test_gates_are_measured_by_rule_only(shop: Ear) -> None:
    """However many users a sender invents, each rule is two lines; one that counts nothing is 0."""
    for number in range(30):
        fails(shop, f"a {number}", what="many", user=f"user {number % 20}")
    lines = shop.ask("GET", "/metrics", headers=BEARER).text.splitlines()
    assert [line for line in lines if line.startswith("tocsin_gates")] == [
        'tocsin_gates_counting{rule="money is lost"} 0.0',
        'tocsin_gates_counting{rule="many"} 20.0',
        'tocsin_gates_fullest_ratio{rule="money is lost"} 0.0',
        'tocsin_gates_fullest_ratio{rule="many"} 0.5',
    ]


def test_what_a_rule_no_longer_counts_is_not_shown(shop: Ear) -> None:
    """The rules have changed meanwhile: what was counted for others is nobody's."""
    fails(shop, "a", what="many", user="ana")
    shop.ruleset = load({"rules.yaml": RULES})
    shop.in_force = in_force(shop.ruleset, TYPES, Environment(SECRETS | ENVIRONMENT).reveal)
    assert gates(shop) == []
    assert "tocsin_gates_counting{" not in shop.ask("GET", "/metrics", headers=BEARER).text
