"""Schedules through the API: who is on call, overrides made and lifted, and what is told when one cannot hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.reading.load import load
from tests.receiver.ear import BEARER, NOW, RULES, Ear
from workers.rulebook import overrides

SCHEDULED = RULES.replace("lead: {person: maria}}", "lead: {schedule: primary}}").replace(
    "people: {ana", "schedules: {primary: {timezone: Europe/Bucharest, people: [ana, maria]}}\npeople: {dan: {}, ana"
)
ASKED = {"by": "ana", "person": "dan", "reason": "a wedding", "until": "2026-11-23T09:00"}
PATH = "/api/schedules/primary/overrides"


@pytest.fixture
def scheduled(ear: Ear) -> Ear:
    """Ana and Maria in turns, handing over on Mondays at 09:00 in Bucharest."""
    ear.use(load({"rules.yaml": SCHEDULED}))
    return ear


def post(ear: Ear, path: str, body: object) -> Any:
    """The answer to a person."""
    return ear.ask("POST", path, json=body, headers=BEARER)


def told(ear: Ear) -> Any:
    """The only schedule."""
    answer = ear.ask("GET", "/api/schedules", headers=BEARER)
    assert answer.status_code == 200
    (one,) = answer.json()["schedules"]
    return one


def test_who_is_on_call_now_next_and_for_four_weeks(scheduled: Ear) -> None:
    """Without a gap between the turns."""
    one = told(scheduled)
    assert {one["now"]["person"], one["next"]["person"]} == {"ana", "maria"}
    assert one["now"]["until"] == one["next"]["from"] == 1_795_417_200.0
    turns = one["turns"]
    assert (turns[0]["from"], turns[-1]["until"]) == (NOW, NOW + 28 * 86400)
    assert [each["from"] for each in turns[1:]] == [each["until"] for each in turns[:-1]]


def test_an_override_holds_until_it_is_lifted(scheduled: Ear) -> None:
    """By the clock of the schedule; two that overlap are refused, and the first is named."""
    usual = told(scheduled)["now"]["person"]
    made = post(scheduled, PATH, ASKED)
    assert made.status_code == 201, made.text
    assert (made.json()["from"], made.json()["until"]) == (NOW, 1_795_417_200.0)
    assert told(scheduled)["now"]["person"] == "dan"
    assert scheduled.ledger.roster().reach("lead").person == "dan"
    again = post(scheduled, PATH, {**ASKED, "person": "maria", "from": "2026-11-22T09:00"})
    assert again.status_code == 422
    assert made.json()["id"] in again.json()["detail"]
    lifted = post(scheduled, f"{PATH}/{made.json()['id']}/lift", {"by": "dan"})
    assert lifted.json()["lifted"]["person"] == "dan"
    assert told(scheduled)["now"]["person"] == usual
    assert post(scheduled, f"{PATH}/{made.json()['id']}/lift", {"by": "dan"}).status_code == 404


@pytest.mark.parametrize(
    ("path", "changes", "status", "says"),
    [
        (PATH, {"person": "dann"}, 422, "did you mean dan?"),
        (PATH, {"until": "2026-11-20T11:59"}, 422, "before it begins"),
        (PATH, {"from": "2026-11-01T00:00", "until": "2026-11-02T00:00"}, 422, "over already"),
        (PATH, {"until": "monday"}, 422, "until: expected a date and time like"),
        (PATH, {"until": "2028-01-01T00:00"}, 422, "a year at most"),
        (PATH, {"reason": ""}, 422, "reason"),
        (PATH, {"color": "red"}, 422, "color"),
        ("/api/schedules/primry/overrides", {}, 404, "did you mean primary?"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(
    scheduled: Ear, path: str, changes: dict[str, str], status: int, says: str
) -> None:
    """And nothing is kept."""
    answer = post(scheduled, path, {**ASKED, **changes})
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert overrides.every(scheduled.redis) == []


def test_there_are_not_more_than_may_be(scheduled: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next is told to lift some."""
    monkeypatch.setattr(overrides, "AT_MOST", 1)
    assert post(scheduled, PATH, ASKED).status_code == 201
    answer = post(scheduled, PATH, {**ASKED, "from": "2026-11-24T09:00", "until": "2026-11-25T09:00"})
    assert (answer.status_code, "lift some" in answer.text) == (409, True)


def test_rules_that_drop_the_person_are_told_of_and_the_rota_pages(scheduled: Ear) -> None:
    """/readyz says that there is one, without a name; the API says which."""
    post(scheduled, PATH, ASKED)
    people = {name: one for name, one in scheduled.ruleset.config.people.items() if name != "dan"}
    scheduled.use(replace(scheduled.ruleset, config=scheduled.ruleset.config.model_copy(update={"people": people})))
    assert scheduled.ledger.roster().reach("lead").person in {"ana", "maria"}
    (line,) = (one for one in scheduled.ask("GET", "/readyz").json()["degraded"] if "override" in one)
    assert "tocsin oncall" in line
    assert "dan" not in line
    (why,) = scheduled.ask("GET", "/api/schedules", headers=BEARER).json()["stranded"]
    assert "'dan'" in why
