"""The page on which support staff report: five fields, the incident, and what happens next."""

from __future__ import annotations

import re

import httpx
import pytest
from redis import Redis

from router.api import reporting
from router.console.reporting import BADNESS
from router.console.visitor import Role
from rules.commands import Acknowledge, Resolve
from rules.event import Severity
from rules.reading.load import load
from tests.accounts.person import joined
from tests.console.conftest import Console, said
from tests.receiver.browsing import dangers
from tests.receiver.ear import RULES, Ear

FORM = {
    "summary": "The checkout says “try again later”",
    "severity": "P2",
    "affected": "Three customers, all by card",
    "since": "about 10:15",
    "reference": "order 4711",
}
REPORTED = """
  - {name: reported as P2, when: {source: people, severity: p2}, then: {severity: P2}}
  - {name: known, when: {source: people, summary: known}, then: {severity: P4, suppress: it is known}}
"""


@pytest.fixture
def desk(console: Console, monkeypatch: pytest.MonkeyPatch) -> Console:
    """Rules that know what people say; no worker is waited for."""
    console.use(load({"rules.yaml": RULES.replace("\nrules:\n", f"\nrules:{REPORTED}")}))
    monkeypatch.setattr(reporting, "LOOKS", 1)
    return console


def sent(desk: Console, **fields: str) -> httpx.Response:
    """The form, filled in."""
    answer: httpx.Response = desk.press("/report", {**FORM, **fields})
    return answer


def test_the_form_speaks_plainly(desk: Console) -> None:
    """How bad it is in words anybody knows, with how soon somebody answers; nothing else than five fields."""
    page = desk.get("/report")
    words = said(page)
    assert page.status_code == 200
    assert all(text in words for _, text in BADNESS)
    assert "Nobody can use it, nobody can pay, or data is getting out answered within 15m" in words
    assert set(re.findall(r'name="(\w+)"', page.text)) - {"csrf", "back", "viewport", "color"} == set(FORM)
    assert [one for one, _ in BADNESS] == list(Severity)


def test_a_report_becomes_an_incident_with_its_reporter(desk: Console) -> None:
    """Kept first, by the way of every report; then the page says whether somebody has it, and what comes next."""
    answer = sent(desk)
    assert answer.status_code == 303
    where = answer.headers["location"]
    waiting = said(desk.get(where))
    assert "Your report is safe" in waiting
    assert "call on-call engineer (ana)" in waiting
    desk.works()
    incident = desk.incident()
    assert (incident.severity, incident.title) == (Severity.P2, FORM["summary"])
    assert incident.response.affected == FORM["affected"]
    lines = [line for line in desk.store.timeline(incident.id) if line.kind == "reported"]
    assert [(line.by, line.text) for line in lines] == [
        (
            "Demo admin",
            "reported by Demo admin; affected: Three customers, all by card; since: about 10:15; about: order 4711",
        )
    ]
    page = said(desk.get(where))
    assert "Nobody has it yet" in page
    assert FORM["summary"] in page
    desk.ledger.answer(incident.id, Acknowledge(by="maria", via="slack"))
    assert "maria has it" in said(desk.get(where))
    desk.ledger.answer(incident.id, Resolve(by="maria", via="slack"))
    assert "It is over" in said(desk.get(f"/report/{incident.id}"))


def test_only_what_is_wrong_is_needed(desk: Console) -> None:
    """The rules decide how bad it is; a link is one, and anything else is what to look at."""
    sent(desk, severity="", affected="", since="", reference="https://shop.example.com/checkout")
    desk.works()
    incident = desk.incident()
    assert (incident.severity, incident.url) == (Severity.P3, "https://shop.example.com/checkout")
    assert incident.labels == {}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"summary": " \u200b "}, "Please say in one line what is wrong."),
        ({"severity": "very"}, "Please choose how bad it is"),
    ],
)
def test_what_is_missing_is_said_beside_the_form(desk: Console, fields: dict[str, str], says: str) -> None:
    """It keeps what was written, and nothing is kept in Redis."""
    answer = sent(desk, **fields)
    assert answer.status_code == 422
    assert says in said(answer)
    assert 'value="about 10:15"' in answer.text
    desk.works()
    assert desk.store.incidents(open_only=False) == []


def test_what_nobody_is_told_of_is_said(desk: Console) -> None:
    """By the rules it is known already: the reporter hears why, and that it is kept."""
    answer = sent(desk, summary="known trouble", severity="")
    cookie = str(answer.headers["set-cookie"]).partition(";")[0]
    page = desk.get("/report", Cookie=cookie)
    assert "by the rules nobody is told of it now: it is known" in said(page)


def test_nothing_written_there_is_markup(desk: Console) -> None:
    """On the form, on the page after it, and on the incident's."""
    hostile = '"><script>alert(1)</script>{{7*7}}'
    where = sent(desk, summary=hostile, affected=hostile, reference="javascript:alert(2)").headers["location"]
    desk.works()
    incident = desk.incident()
    assert incident.url is None
    for page in (where, f"/report/{incident.id}", f"/incidents/{incident.id}"):
        assert dangers(desk.get(page).text) == [], page
    assert dangers(sent(desk, summary="", affected=hostile).text) == []


def test_a_viewer_may_report_and_still_not_answer(valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sees that something is wrong must be able to say so."""
    monkeypatch.setattr(reporting, "LOOKS", 1)
    ear = Ear(valkey, redis, {"TOCSIN_TRUSTED_PROXIES": "127.0.0.1/32"})
    joined(ear, "root", Role.ADMIN)
    vera = joined(ear, "vera", Role.VIEWER, address="203.0.113.8")
    answer = vera.post("/report", **FORM)
    assert answer.status_code == 303, answer.text
    ear.works()
    incident = ear.incident()
    assert {line.by for line in ear.store.timeline(incident.id) if line.kind == "reported"} == {"vera"}
    assert vera.post(f"/incidents/{incident.id}/act", do="acknowledge").status_code == 403
    page = vera.get(f"/incidents/{incident.id}/runbook/site-down")
    assert "Check DNS" in said(page)
    assert "is done" not in page.text
    assert vera.post(f"/incidents/{incident.id}/runbook", runbook="site-down", tick="1").status_code == 403
