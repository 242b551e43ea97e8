"""The main button of a row of the list is what the incident's own page has next."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from router.console.said import Said, carry, taken
from rules.commands import Acknowledge, Mitigate
from rules.incident import Incident
from rules.reading.load import load
from rules.responding.response_commands import Tick
from tests.console.conftest import Console, said
from tests.receiver.test_response import GATED


@pytest.fixture
def gated(console: Console) -> Console:
    """A console whose P1 must be verified: one item for people, ten quiet minutes; an update every 30 minutes."""
    console.use(load({"rules.yaml": GATED}))
    return console


def answers(console: Console, incident: Incident, *commands: type[Acknowledge | Mitigate]) -> None:
    """Ana does."""
    for command in commands:
        console.ledger.answer(incident.id, command(by="ana", via="api"))


def test_what_somebody_has_is_mitigated_next(gated: Console) -> None:
    """Not resolved: that would be refused as long as nothing is verified."""
    incident = gated.is_down()
    answers(gated, incident, Acknowledge)
    page = gated.get("/")
    assert f'aria-label="Mitigated: {incident.title}">Mitigated</button>' in page.text
    assert "Verify (" not in said(page)


def test_what_is_mitigated_is_verified_next_and_then_resolved(gated: Console) -> None:
    """How much is left, with the way to the list; what becomes done by time alone counts no more once it is."""
    incident = gated.is_down()
    answers(gated, incident, Acknowledge, Mitigate)
    page = gated.get("/")
    assert "Verify (2 left)" in said(page)
    assert f'href="/incidents/{incident.id}#verify"' in page.text
    gated.clock.at += 700
    assert "Verify (1 left)" in said(gated.get("/"))
    (first, _) = incident.plan.verify
    gated.ledger.answer(incident.id, Tick(item=first.id, by="ana", via="api"))
    page = gated.get("/")
    assert "Verify (" not in said(page)
    assert f'aria-label="Resolve {incident.title}"' in page.text


def test_the_snoozed_says_what_comes_first(gated: Console) -> None:
    """The reminder of the update, where that is sooner than the end of the snooze; nothing points at nobody."""
    incident = gated.is_down()
    gated.pressed("/act", {"do": f"snooze-1h {incident.id}"})
    page = said(gated.get(f"/incidents/{incident.id}"))
    assert "is reminded to post an update" in page
    assert "calls again" not in page
    gated.pressed("/act", {"do": f"snooze-15m {incident.id}"})
    page = gated.get("/")
    assert "in 15m calls again, unless it is resolved" in said(page)
    assert '<span aria-hidden="true">→ </span>calls again' not in page.text


def test_a_resolve_before_its_time_leads_to_the_list(gated: Console) -> None:
    """From the list of incidents to the page on which it is ticked; of several each is named."""
    incident = gated.is_down()
    told = gated.press("/act", {"do": f"resolve {incident.id}"})
    assert told.headers["location"] == f"/incidents/{incident.id}"
    told = gated.pressed("/act", {"do": f"resolve {incident.id}"})
    assert told == "Not verified yet: 2 of 2 left. Tick them below, or resolve all the same and say why. To the list"
    other = gated.is_down(8, "Till")
    told = gated.pressed("/act", {"do": "resolve", "chosen": [incident.id, other.id]})
    assert "P1 “Shop is DOWN: timeout” is not verified yet: 2 of 2 left." in told


def test_what_the_page_says_leads_nowhere_else() -> None:
    """Whoever writes the cookie writes text: no mark-up, and no way off the page."""
    text = Said("<b>", "wrong", (), "#verify").shown().text
    assert text == '&lt;b&gt; <a href="#verify">To the list</a>'
    for place in ("https://elsewhere.example", '#a"onclick=', "javascript:alert(1)", "//x"):
        assert _carried(Said("x", place=place)).place == ""
    assert _carried(Said("x", place="#verify")).place == "#verify"


def _carried(one: Said) -> Said:
    """As the next page finds it."""
    response = Response()
    carry(response, one, secure=False)
    cookie = response.headers["set-cookie"].partition(";")[0].encode()
    found = taken(Request({"type": "http", "headers": [(b"cookie", cookie)]}))
    assert found is not None
    return found
