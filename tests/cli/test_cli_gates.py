"""Gates as a person at a terminal sees them: what they have counted, what an event adds, and stories to try them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.pretended import NOW, Tocsin, tell

EUROS: dict[str, Any] = {
    "rule": "money is lost",
    "by": {"labels.currency": "EUR"},
    "counted": "412.50 EUR",
    "events": 7,
    "opens": "above 500 EUR within 10m",
    "usual": None,
    "full": 0.825,
    "since": NOW - 240,
    "within": 600.0,
    "incident": None,
}
ODD = {
    **EUROS,
    "rule": "unusual\x1b[31m",
    "by": {},
    "counted": "61",
    "opens": "above 5 times the usual within 1h, and not below 20",
    "usual": {"events": 12.0, "weeks": 4},
    "incident": "7F3A",
}

MONEY = """
rules:
  - name: money is lost
    when: {kind: [stripe.charge.failed, stripe.payment_intent.payment_failed]}
    more_than: {sum: labels.amount, over: 500, currency: EUR, within: 10m, distinct: labels.payment_intent}
    then: {severity: P1, runbook: payment-failures}
  - name: unusually many
    when: {source: errors}
    more_than: {times_usual: 5, at_least: 6, within: 1h}
    then: {severity: P2}
  - name: everything else
    then: {severity: P4}
"""

STORIES = """
tests:
  - name: eleven failed payments of 42.50 EUR are no more than five hundred
    steps:
      - {times: 11, every: 30s, sample: stripe/charge_failed, with: {data.object.payment_intent: pi_<n>}}
    expect: {incidents: 0, told: nobody}

  - name: the twelfth is a P1
    steps:
      - {times: 12, every: 30s, sample: stripe/charge_failed, with: {data.object.payment_intent: pi_<n>}}
    until: 6m
    expect:
      incidents: 1
      severity: P1
      rule: money is lost
      told: [{at: 5m30s, who: on-call engineer, by: [pager, slack, mail], reason: opened}]

  - name: four thousand yen are no euros
    steps:
      - {times: 12, every: 30s, sample: stripe/charge_failed, with: {data.object.currency: jpy}}
    expect: {incidents: 0, told: nobody}

  - name: five times what is usual is not yet more than that
    steps:
      - {times: 1345, every: 30m, event: {source: errors, summary: Error <n>}}
      - {at: 28d1m, times: 8, every: 1m, event: {source: errors, summary: Strange error <n>}}
    expect: {incidents: 0, told: nobody}

  - name: one more is
    steps:
      - {times: 1345, every: 30m, event: {source: errors, summary: Error <n>}}
      - {at: 28d1m, times: 9, every: 1m, event: {source: errors, summary: Strange error <n>}}
    until: 28d10m
    expect:
      incidents: 1
      severity: P2
      rule: unusually many
      told: [{at: 28d9m, who: on-call engineer, by: [pager, slack], reason: opened}]
"""


def test_what_gates_have_counted_is_shown(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of how much, since when, compared with what, and where it is open; nothing a sender says is drawn."""
    monkeypatch.setattr("router.cli.gates.time", SimpleNamespace(time=lambda: NOW))
    tocsin.says["/api/gates"] = (200, {"gates": [ODD, EUROS]})
    said = tell("pending", "--gates")
    assert said.exit_code == 0, said.output
    text = " ".join(said.output.split())
    for words in (
        "RULE BY COUNTED OPENS USUAL SINCE OPEN IN",
        "labels.currency=EUR 412.50 EUR above 500 EUR within 10m – 4m ago –",
    ):
        assert words in text
    assert "and not below 20 12, by 4 w 4m ago 7F3A" in text
    assert "\x1b" not in said.output
    assert json.loads(tell("pending", "--gates", "-o", "json").stdout) == {"gates": [ODD, EUROS]}


def test_gates_that_have_counted_nothing_are_not_shown(tocsin: Tocsin) -> None:
    """Which is said."""
    tocsin.says["/api/gates"] = (200, {"gates": []})
    assert "No gate has counted anything within its time." in tell("pending", "--gates").output


def test_gates_are_asked_for_alone(tocsin: Tocsin) -> None:
    """Two questions at once are refused."""
    assert tell("pending", "--gates", "--parked").exit_code == 2
    assert not tocsin.asked


@pytest.fixture
def money(tmp_path: Path) -> Path:
    """The packaged rules with gates that add up and compare."""
    folder = tmp_path / "config"
    assert tell("init", str(folder)).exit_code == 0
    for story in folder.glob("*.test.yaml"):
        story.unlink()
    (folder / "rules.yaml").write_text(MONEY, encoding="utf-8")
    sources = (folder / "sources.yaml").read_text(encoding="utf-8")
    (folder / "sources.yaml").write_text(sources + "  errors: {type: generic, unsigned: true}\n", encoding="utf-8")
    (folder / "gates.test.yaml").write_text(STORIES, encoding="utf-8")
    return folder


def test_gates_can_be_tried_before_they_page_anybody(money: Path) -> None:
    """`tocsin test` adds up and compares as production does, over weeks."""
    said = tell("test", str(money))
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": 2500, "currency": "eur"}, "This one adds 25.00 EUR."),
        ({"amount": 2500, "currency": "jpy"}, "This one counts as nothing: it is in JPY, and only EUR is added up."),
        ({"amount": "x", "currency": "eur"}, "This one counts as nothing: labels.amount is not there."),
    ],
)
def test_explain_says_what_an_event_does_at_its_gate(
    money: Path, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    """What it adds or why it adds nothing, as what it counts, and where to see the rest."""
    thing = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", **changes}
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"id": "evt_1", "type": "charge.failed", "data": {"object": thing}}), encoding="utf-8")
    told = tell("explain", "shop-stripe", str(body), "--config", str(money))
    assert told.exit_code == 0, told.output
    assert "Counted; an incident opens only above 500" in told.output
    assert said in told.output
    assert "It counts once as pi_1, however often that is told." in told.output
    assert "`tocsin pending --gates` says what has been counted so far" in " ".join(told.output.split())


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (
            {"adds": "42.50", "currency": "EUR", "counts": "pi_1"},
            'counted 42.50 EUR under ["lost","EUR"], once as pi_1',
        ),
        (
            {"adds": "", "nothing": "labels.amount is 'x', which is no number"},
            "counted as nothing: labels.amount is 'x'",
        ),
        ({}, 'counted one event under ["lost","EUR"]'),
        (None, ""),
    ],
    ids=["an amount", "no amount", "counted by a release that did not add up", "no gate"],
)
def test_a_delivery_says_what_it_did_at_its_gate(tocsin: Tocsin, gate: dict[str, Any] | None, said: str) -> None:
    """So that nobody asks in vain why a sum did not grow."""
    event = {"action": "trigger", "severity": "P1", "rule": "lost", "summary": "A charge failed"}
    whole = {
        "id": "D1", "source": "shop", "type": "stripe", "received_at": NOW, "method": "POST", "size": 2, "query": "",
        "headers": {}, "body": "{}", "unreadable": None, "events": [event],
        "judged": [{"decision": {"gate": gate and {"key": '["lost","EUR"]', **gate}}}],
    }  # fmt: skip
    if gate == {}:
        whole["judged"] = [{"decision": {"gate": {"key": '["lost","EUR"]'}}}, {"decision": None}]
    tocsin.says["/api/deliveries/D1"] = (200, whole)
    told = tell("deliveries", "show", "D1")
    assert told.exit_code == 0, told.output
    assert said in " ".join(told.output.split())
    assert ("counted" in told.output) is (gate is not None)
