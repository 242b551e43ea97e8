"""Samples that are sent, printed and listed, and what is said about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.cli.sending import _sent_now
from router.sources.samples import FOLDER, samples
from tests.cli.pretended import Tocsin, tell
from workers.rulebook.configuration import packaged

KUMA = ["send", "uptime-kuma", "down_json", "--token", "t"]
KEPT = {"delivery": "d", "read_as": [], "rule": "the site is down", "severity": "P1"}


@pytest.fixture
def heard(tocsin: Tocsin) -> Tocsin:
    """A Tocsin that keeps what it hears from Uptime Kuma."""
    tocsin.says["/hooks/uptime-kuma/t"] = (202, KEPT)
    return tocsin


def test_what_the_rules_make_of_it_is_said_at_once(heard: Tocsin) -> None:
    """The receiver's answer holds it already; where to look is said with the address that was given."""
    said = tell(*KUMA)
    assert said.exit_code == 0, said.output
    assert "P1 by rule «the site is down»" in said.output
    assert f"TOCSIN_URL={heard.url} tocsin incidents list" in said.output
    assert json.loads(tell(*KUMA, "-o", "json").stdout)["severity"] == "P1"


@pytest.fixture
def stripe(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> Tocsin:
    """A Tocsin that takes what Stripe sends."""
    monkeypatch.setenv("STRIPE_SECRET", "whsec_x")
    return tocsin


def test_what_only_counts_is_not_looked_for_in_vain(stripe: Tocsin) -> None:
    """One refused card opens nothing: the answer says how many it takes. Without a name, one that opens is sent."""
    read_as = [{"kind": "k", "action": "trigger", "dedup_key": "d", "summary": "s"}]
    answer = {"delivery": "d", "read_as": read_as, "rule": "payments are failing", "severity": "P1"}
    stripe.says["/hooks/shop-stripe"] = (202, answer)
    said = tell("send", "shop-stripe", "charge_failed")
    assert "an incident opens only above 10 within 5m" in said.output, said.output
    gate = json.loads(tell("send", "shop-stripe", "charge_failed", "-o", "json").stdout)["gate"]
    assert (gate["opens_above"], gate["within"]) == (10, "5m")
    stripe.says["/hooks/shop-stripe"] = (202, {**answer, "rule": "a rule that only the other one has"})
    assert "only above" not in tell("send", "shop-stripe", "charge_failed").output
    tell("send", "shop-stripe")
    assert stripe.asked[-1][2]["type"] == "account.application.deauthorized"


def test_what_opens_nothing_says_so(stripe: Tocsin) -> None:
    """A resolve goes to what is open; nobody waits for a new incident."""
    read_as = [{"kind": "k", "action": "resolve", "dedup_key": "d", "summary": "s"}]
    answer = {"delivery": "d", "read_as": read_as, "rule": None, "severity": None}
    stripe.says["/hooks/shop-stripe"] = (202, answer)
    said = tell("send", "shop-stripe", "invoice_paid")
    assert "It opens nothing (resolve)" in said.output, said.output


def test_hints_can_be_typed_as_they_stand(heard: Tocsin) -> None:
    """A folder of rules that was named is named again."""
    said = tell("send", "--config", str(packaged()))
    assert said.exit_code == 2
    assert f"tocsin send --list --config {packaged()}" in said.output


def test_nobody_listening_is_told_with_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """The port is what most often is wrong."""
    monkeypatch.setenv("TOCSIN_URL", "http://127.0.0.1:9")
    said = tell(*KUMA)
    assert said.exit_code == 3
    assert "http://127.0.0.1:9 takes no connection" in said.output


def test_a_source_for_people_is_not_offered(tocsin: Tocsin) -> None:
    """Its address would answer 401 to anything that can be sent; the way for people is named instead."""
    listed = tell("send", "--list").output
    assert "outage" not in listed
    assert "tocsin report" in listed
    said = tell("send", "report")
    assert said.exit_code == 2
    assert "tocsin report" in said.output
    assert tocsin.asked == []


def test_a_printed_sample_can_be_explained(tmp_path: Path) -> None:
    """stdout is the body and nothing else, so that it can be kept, changed, and explained; no server is asked."""
    said = tell("send", "shop-sentry", "--print")
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)
    assert "tocsin explain shop-sentry -" in said.stderr
    body = tmp_path / "body.json"
    body.write_text(said.stdout, encoding="utf-8")
    explained = json.loads(tell("explain", "shop-sentry", str(body), "-o", "json").stdout)
    assert explained["decisions"][0]["rule"] == "everything else"


def test_a_sample_of_query_only_says_how_to_explain_it() -> None:
    """There is no body to keep; the query is in the hint, and the whole in JSON."""
    said = tell("send", "own-scripts", "query", "--print")
    query = (FOLDER / "generic" / "query.query").read_text(encoding="utf-8").strip()
    assert said.stdout.strip() == ""
    assert query in said.stderr
    assert json.loads(tell("send", "own-scripts", "query", "--print", "-o", "json").stdout)["query"] == query


def test_a_sample_sent_twice_is_two_messages() -> None:
    """Sentry is known by its bodies: sent again, after it was resolved, the same sample opens an incident again."""
    for sample in samples("sentry"):
        first, second = _sent_now(sample), _sent_now(sample)
        assert first != second
        assert json.loads(first) == json.loads(second) == json.loads(sample.body)
    form = next(one for one in samples("uptimerobot") if one.headers["content-type"] != "application/json")
    assert _sent_now(form) == form.body
