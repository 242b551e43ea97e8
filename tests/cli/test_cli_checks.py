"""`tocsin checks`, `tocsin deployed` and what an incident's checks have found, as a person at a terminal sees them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, NOW, Tocsin, tell

LAST = {"check": "site", "outcome": "failed", "text": "site answers 502 in 0.3 s", "at": NOW - 125, "took": 0.3,
        "detail": ""}  # fmt: skip
ONE: dict[str, Any] = {
    "name": "site", "type": "http", "every": 60.0, "failures": 3, "used_by": ["P1", "the rule «pay»"],
    "state": "failed", "last": LAST, "failing": 4, "failing_since": NOW - 200, "next_at": NOW + 3600,
}  # fmt: skip
OTHER = {**ONE, "name": "db", "type": "tcp", "every": None, "used_by": [], "state": "never run", "last": None,
         "failing": 0, "next_at": None}  # fmt: skip


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still: a busy machine makes nothing older."""
    monkeypatch.setattr("router.cli.looking.time", SimpleNamespace(time=lambda: NOW))


def test_the_list_says_what_each_found_and_when_it_runs(tocsin: Tocsin) -> None:
    """How often it has failed, whom it is for; and what to do next."""
    tocsin.says["/api/checks"] = (200, {"checks": [ONE, OTHER]})
    said = " ".join(tell("checks", "list").output.split())
    assert "failed, 4 in a row" in said
    assert "site answers 502 in 0.3 s (2m ago)" in said
    assert "every 1m, in 1h" in said
    assert "P1, the rule «pay»" in said
    assert "db tcp never run – for incidents –" in said
    assert "tocsin checks run NAME" in said
    tocsin.says["/api/checks"] = (200, {"checks": []})
    assert "docs/checks.md" in tell("checks", "list").output
    assert json.loads(tell("checks", "list", "-o", "json").output) == {"checks": []}


@pytest.mark.parametrize(("outcome", "code"), [("ok", 0), ("failed", 1), ("unknown", 1)])
def test_a_run_says_what_it_found_and_its_exit_code_too(tocsin: Tocsin, outcome: str, code: int) -> None:
    """With what a command wrote, harmless for the terminal."""
    finding = {**LAST, "outcome": outcome, "detail": "backend \x1b[31mdown\nredis up"}
    tocsin.says["/api/checks/site/run"] = (202, {"check": "site", "entry": "x", "finding": finding})
    said = tell("checks", "run", "site", "--by", "ana")
    assert said.exit_code == code
    assert f"site answers 502 in 0.3 s: {outcome}, took 0.3 s." in said.output
    assert "  redis up" in said.output
    assert "\x1b[31m" not in said.output
    assert ("POST", "/api/checks/site/run", {"by": "ana"}) in [one[:3] for one in tocsin.asked]


def test_a_run_that_nobody_makes_is_a_finding(tocsin: Tocsin) -> None:
    """No worker: where to look."""
    tocsin.says["/api/checks/site/run"] = (202, {"check": "site", "entry": "x", "finding": None})
    said = tell("checks", "run", "site")
    assert (said.exit_code, "no worker has run it" in said.output) == (1, True)
    tocsin.says["/api/checks/nope/run"] = (404, {"detail": "The rules in force have no check 'nope'."})
    gone = tell("checks", "run", "nope")
    assert (gone.exit_code, "tocsin checks list" in gone.output) == (1, True)
    assert tell("checks", "run", " ").exit_code == 2


def test_a_deployment_is_written_down(tocsin: Tocsin) -> None:
    """What, of what, by whom."""
    told = {"at": 1772359200.0, "what": "2.4.1", "service": "shop", "by": "ana", "v": 1}
    tocsin.says["/api/deployments"] = (201, told)
    said = tell("deployed", "2.4.1", "--service", "shop", "--by", "ana")
    assert said.output.strip() == "Written down: 2.4.1 of shop, 2026-03-01 10:00:00 UTC."
    assert ("POST", "/api/deployments", {"what": "2.4.1", "by": "ana", "service": "shop"}) in [
        one[:3] for one in tocsin.asked
    ]
    assert tell("deployed", "").exit_code == 2


def test_an_incident_shows_what_its_checks_have_found(tocsin: Tocsin) -> None:
    """What is wrong first, and where to look next."""
    well = {**LAST, "check": "api", "outcome": "ok", "text": "api healthy"}
    links = [{"text": "Issues", "url": "https://sentry.example/?q=1"}]
    tocsin.says[f"/api/incidents/{INCIDENT['id']}"] = (
        200,
        {**INCIDENT, "response": {"findings": [well, LAST], "links": links}},
    )
    said = tell("incidents", "show", INCIDENT["id"]).output
    assert said.index("failed  site answers 502") < said.index("ok      api healthy")
    assert "look at  Issues: https://sentry.example/?q=1" in said
