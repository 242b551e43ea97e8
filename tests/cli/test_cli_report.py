"""A report by hand, from what is typed to what the shipped rules make of the body that was sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.api.commands import read_report
from router.sources import TYPES
from router.sources.contract import Delivery
from rules.reading.load import Ruleset
from tests.cli.pretended import Tocsin, tell
from workers.rulebook.configuration import packaged, read


@pytest.fixture(scope="module")
def shipped() -> Ruleset:
    """The packaged rules."""
    return read(packaged())


@pytest.mark.parametrize(
    ("words", "severity", "runbook"),
    [
        (["data breach: the customer list is online"], "P1", "data-breach"),
        (["Bookings are failing"], "P2", "high-error-rate"),
        (["Users cannot log in", "--label", "area=login"], "P2", "high-error-rate"),
        (["Nobody can pay"], "P1", "payment-failures"),
        (["The website is down"], "P1", "site-down"),
        (["The menu overlaps the logo"], "P3", None),
        (["A typo on the front page"], "P4", None),
        (["data breach: an old password", "--severity", "P2"], "P2", "data-breach"),
        (["The menu overlaps the logo", "--severity", "p1"], "P1", None),
    ],
)
def test_a_report_is_as_bad_as_the_table_says_unless_its_reporter_does(
    tocsin: Tocsin, shipped: Ruleset, words: list[str], severity: str, runbook: str | None
) -> None:
    """Without --severity the rules decide; with it they still find the runbook."""
    assert tell("report", *words, "--by", "ana").exit_code == 0
    report = read_report(json.dumps(tocsin.asked[-1][2]).encode())
    kind = TYPES["manual"]
    (event,) = kind.parse(Delivery(received_at=0.0, body=report.delivered), kind.options())
    assert event.actor == "ana"
    decision = shipped.decide(replace(event, source="report", source_type="manual"), 0.0)
    assert (decision.severity, decision.runbook) == (severity, runbook)


def test_what_a_reporter_adds_stands_beside_the_summary(tocsin: Tocsin) -> None:
    """Who is affected, since when, and what to look at: as the console's page asks it."""
    more = ["--affected", "three customers", "--since", "10:15", "--about", "order 4711", "--url", "https://a.example/"]
    assert tell("report", "Nobody can pay", *more, "--by", "ana").exit_code == 0
    report = read_report(json.dumps(tocsin.asked[-1][2]).encode())
    kind = TYPES["manual"]
    (event,) = kind.parse(Delivery(received_at=0.0, body=report.delivered), kind.options())
    assert event.labels == {"affected": "three customers", "since": "10:15", "reference": "order 4711"}
    assert (event.url, event.actor) == ("https://a.example/", "ana")


def test_a_report_of_nothing_is_asked_wrongly(tocsin: Tocsin) -> None:
    """An empty summary is refused before anything is sent."""
    assert tell("report", " ").exit_code == 2
    assert tocsin.asked == []
