"""Silences through the API: set, listed, lifted; and an incident snoozed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.receiver.ear import BEARER, NOW, Ear

ASKED = {"by": "ana", "reason": "a deployment", "when": {"labels": {"environment": "production"}}, "for": "1h"}


def post(ear: Ear, path: str, body: object) -> Any:
    """The answer to a person."""
    return ear.ask("POST", path, json=body, headers=BEARER)


def test_what_is_silenced_is_held_back_until_it_is_lifted(ear: Ear) -> None:
    """The incident says until when; lifted, its ladder goes on at once."""
    made = post(ear, "/api/silences", ASKED)
    assert made.status_code == 201
    silence = made.json()
    assert (silence["active"], silence["from"], silence["until"]) == (True, NOW, NOW + 3600)
    incident = ear.is_down()
    assert incident.hold is not None
    assert incident.hold.until == NOW + 3600
    assert incident.told == ()
    (listed,) = ear.ask("GET", "/api/silences", headers=BEARER).json()["silences"]
    assert (listed["name"], listed["of"], listed["by"]) == (silence["name"], "people", "ana")
    lifted = post(ear, f"/api/silences/{silence['name']}/lift", {"by": "dan"})
    assert lifted.json() == {"lifted": silence["name"], "incidents": [incident.id]}
    assert ear.incident().steps[0].due_at == ear.clock.at
    assert ear.ask("GET", "/api/silences", headers=BEARER).json() == {"silences": []}
    assert post(ear, f"/api/silences/{silence['name']}/lift", {"by": "dan"}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"when": {}}, "everything: true"),
        ({"for": None}, "either an end"),
        ({"for": "soon"}, "for"),
        ({"for": "400d"}, "between 1s and 366d"),
        ({"for": None, "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}, "over already"),
        ({"when": {"source": "x", "sourc": "y"}}, "sourc"),
        ({"for": None, "end": "2030-01-01T00:00:00Z"}, "a year at most"),
        ({"for": None, "end": "9999-12-31T23:59:59Z"}, "from 2000 to 2999"),
        ({"start": "0001-01-01T00:00:00+14:00", "repeats": "FREQ=DAILY"}, "from 2000 to 2999"),
        ({"repeats": "FREQ=SECONDLY"}, "FREQ=WEEKLY"),
        ({"repeats": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "does not come within nine years"),
        ({"repeats": "FREQ=DAILY;INTERVAL=0"}, "INTERVAL from 1"),
        ({"repeats": "FREQ=DAILY;INTERVAL=99999999999"}, "INTERVAL from 1"),
        ({"by": None}, "by"),
        ({"name": "../x"}, "name"),
        ({"severities": ["P9"]}, "severities"),
        ({"timezone": "Europe/Bukarest"}, "Europe/Bucharest"),
    ],
)
def test_what_makes_no_sense_is_422_and_says_why(ear: Ear, changes: dict[str, Any], said: str) -> None:
    """And nothing is silenced."""
    asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    answer = post(ear, "/api/silences", asked)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert ear.ask("GET", "/api/silences", headers=BEARER).json() == {"silences": []}


def test_everything_can_be_silenced_by_saying_so(ear: Ear) -> None:
    """Not by forgetting what."""
    made = post(ear, "/api/silences", {"by": "ana", "reason": "a drill", "for": "10m", "everything": True})
    assert made.status_code == 201
    assert ear.is_down().hold is not None


def test_a_snoozed_incident_calls_again(ear: Ear) -> None:
    """It is promised."""
    incident = ear.is_down()
    answer = post(ear, f"/api/incidents/{incident.id}/snooze", {"by": "ana", "for": "30m"})
    assert answer.json()["state"] == "acknowledged"
    assert answer.json()["acknowledged_until"] == ear.clock.at + 1800
    assert post(ear, f"/api/incidents/{incident.id}/snooze", {"by": "ana", "for": "1s"}).status_code == 422
    assert post(ear, f"/api/incidents/{incident.id}/snooze", {"by": "ana", "for": "soon"}).status_code == 422
    ear.works()
    assert (
        ear.redis.zscore("tocsin:agenda:urgent:escalate", f"step-{incident.id}") == answer.json()["acknowledged_until"]
    )
