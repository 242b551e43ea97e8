"""Checks and deployments through the API and on their page, and an incident's findings on its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from rules.reading.load import load
from tests.receiver.ear import BEARER, RULES, RUNBOOKS
from tests.receiver.sitting import WAYS, Sitting
from workers.channels import OPTIONS
from workers.channels.contract import Reply
from workers.checks import OPTIONS as CHECKS
from workers.triage import checking

SITE = "https://shop.example.com/"
LOOKED_AT = (
    RULES.replace("channels: [slack]}", "channels: [slack], triage: [site, deployed]}", 1)
    .replace('channels: {slack: {type: slack, url: "${env:SLACK}"}}', "channels:" + WAYS)
    .replace("{slack: U02ANA}", '{slack: U02ANA, email: ana@example.com, pagerduty: "${env:PD}"}')
    + f"""checks:
  site: {{type: http, url: "{SITE}", every: 1m}}
  deployed: {{type: deployment}}
"""
)


@pytest.fixture
def sitting(valkey: str, redis: Redis) -> Sitting:
    """Somebody at the console of a shop that is looked at."""
    one = Sitting(valkey, redis)
    ruleset = load({"rules.yaml": LOOKED_AT}, runbooks=RUNBOOKS, channel_options=OPTIONS, check_options=CHECKS)
    one.use(ruleset)
    one.outside.pages[SITE] = Reply(status=502)
    return one


def meanwhile(sitting: Sitting, ask: Callable[[], Any]) -> Any:
    """What is answered while a worker works beside it."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            sitting.all_work()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        return ask()
    finally:
        ended.set()
        worker.join()


def test_checks_are_listed_with_what_they_found(sitting: Sitting) -> None:
    """Never run, then what it found, when it runs next and whom it is for."""
    deployed, site = sitting.ask("GET", "/api/checks", headers=BEARER).json()["checks"]
    assert (site["state"], site["every"], site["used_by"], site["next_at"]) == ("never run", 60.0, ["P1"], None)
    assert (deployed["type"], deployed["every"]) == ("deployment", None)
    checking.keep_schedules(sitting.redis, sitting.ruleset.config, sitting.clock.now())
    sitting.all_work()
    _, site = sitting.ask("GET", "/api/checks", headers=BEARER).json()["checks"]
    assert (site["state"], site["failing"], site["next_at"]) == ("failed", 1, sitting.clock.now() + 60)
    assert site["last"]["text"].startswith("site answers 502 in ")
    assert sitting.ask("GET", "/api/checks").status_code == 401


def test_a_run_is_asked_for_and_its_finding_comes_back(sitting: Sitting) -> None:
    """Through a worker, as every run; a name that is none is 404 with the nearest."""
    answer = meanwhile(sitting, lambda: sitting.ask("POST", "/api/checks/site/run", json={"by": "ana"}, headers=BEARER))
    assert (answer.status_code, answer.json()["finding"]["outcome"]) == (202, "failed")
    gone = sitting.ask("POST", "/api/checks/stie/run", json={"by": "ana"}, headers=BEARER)
    assert (gone.status_code, "did you mean site?" in gone.json()["detail"]) == (404, True)
    assert sitting.ask("POST", "/api/checks/site/run", json={}, headers=BEARER).status_code == 422


def test_a_deployment_is_written_down_and_told_of(sitting: Sitting) -> None:
    """Now by default; a time to come is refused, one a little ahead of our clock is now."""
    now = sitting.clock.now()
    said = {"what": "2.4.1", "service": "shop", "by": "pipeline"}
    answer = sitting.ask("POST", "/api/deployments", json=said, headers=BEARER)
    assert (answer.status_code, answer.json()["at"]) == (201, now)
    assert sitting.ask("POST", "/api/deployments", json={**said, "at": now + 60}, headers=BEARER).json()["at"] == now
    early = sitting.ask("POST", "/api/deployments", json={**said, "at": now + 7200}, headers=BEARER)
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "at")
    assert sitting.ask("POST", "/api/deployments", json={"by": "x"}, headers=BEARER).status_code == 422
    listed = sitting.ask("GET", "/api/deployments", headers=BEARER).json()["deployments"]
    assert [one["what"] for one in listed] == ["2.4.1", "2.4.1"]


def is_down(sitting: Sitting) -> str:
    """The shop is down; its id, with its checks run."""
    incident = sitting.is_down()
    sitting.all_work()
    return incident.id


def test_an_incidents_checks_stand_in_its_record_and_are_asked_again(sitting: Sitting) -> None:
    """By a person, in the timeline; where there are none, or it is over, 409 says so."""
    one = is_down(sitting)
    found = sitting.ask("GET", f"/api/incidents/{one}", headers=BEARER).json()
    assert [each["outcome"] for each in found["response"]["findings"]] == ["failed", "ok"]
    assert "assessed" in [line["kind"] for line in found["timeline"]]
    sitting.clock.at += 30
    sitting.outside.pages[SITE] = Reply(status=200)
    answer = sitting.ask("POST", f"/api/incidents/{one}/check", json={"by": "ana"}, headers=BEARER)
    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    sitting.all_work()
    found = sitting.ask("GET", f"/api/incidents/{one}", headers=BEARER).json()
    assert found["response"]["findings"][0]["text"] == "site healthy"
    sitting.ask("POST", f"/api/incidents/{one}/resolve", json={"by": "ana"}, headers=BEARER)
    over = sitting.ask("POST", f"/api/incidents/{one}/check", json={"by": "ana"}, headers=BEARER)
    assert (over.status_code, over.json()["detail"]) == (409, "Nothing is checked: it is over.")
    other = sitting.reports(severity="minor")
    none = sitting.ask("POST", f"/api/incidents/{other}/check", json={"by": "ana"}, headers=BEARER)
    assert (none.status_code, "name some in `triage` of P3" in none.json()["detail"]) == (409, True)
    sitting.outside.heard = []


def test_the_page_of_checks_shows_them_and_looks_now(sitting: Sitting) -> None:
    """What is wrong first; the button says what was found."""
    page = sitting.opens("/checks")
    assert page.status_code == 200
    assert "never run" in page.text
    assert "tocsin deployed VERSION" in page.text
    pressed = meanwhile(sitting, lambda: sitting.presses("/checks", "/checks/site/run"))
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/checks")
    page = sitting.opens("/checks")
    assert "site answers 502 in " in page.text
    assert page.text.index("site answers 502") < page.text.index("deployed")


def test_the_page_of_an_incident_shows_what_its_checks_found(sitting: Sitting) -> None:
    """One sentence at its top, each with its outcome beside it, and a button that asks again."""
    one = is_down(sitting)
    page = sitting.opens(f"/incidents/{one}").text
    assert "no deployment known" in page
    assert 'id="checks"' in page
    assert "Check again" in page
    sitting.clock.at += 30
    pressed = sitting.presses(f"/incidents/{one}", f"/incidents/{one}/act", do="check")
    assert pressed.status_code == 303
    assert "Being run, since" in sitting.opens(f"/incidents/{one}").text
    sitting.all_work()
    sitting.outside.heard = []


def test_an_incident_of_a_check_is_shown_like_any_other(sitting: Sitting) -> None:
    """No delivery stands behind it; its page, its record and why it opened are there all the same."""
    for _ in range(2):
        checking.keep_schedules(sitting.redis, sitting.ruleset.config, sitting.clock.now())
        sitting.all_work()
        sitting.clock.at += 60
        sitting.all_work()
    one = sitting.incident()
    assert one.signals["check/site"].source == "check"
    page = sitting.opens(f"/incidents/{one.id}")
    assert (page.status_code, "times in a row" in page.text) == (200, True)
    found = sitting.ask("GET", f"/api/incidents/{one.id}", headers=BEARER).json()
    assert found["rule"] == "everything else"
    sitting.outside.heard = []


def test_a_rules_text_cannot_form_the_page(sitting: Sitting) -> None:
    """What a page answered, or a pipeline said, is text."""
    sitting.ask("POST", "/api/deployments", json={"what": "<b>2</b>", "by": "<i>x"}, headers=BEARER)
    page = sitting.opens("/checks").text
    assert "<b>2</b>" not in page
    assert "&lt;b&gt;2&lt;/b&gt;" in page
