"""The numbers of past incidents, as the API and the page `/numbers` say them."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import pytest
from redis import Redis

from tests.receiver.ear import BEARER, NOW, Ear

HERE = "http://localhost"


@pytest.fixture
def ear(valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Ear:
    """A receiver whose console is open to this machine, and whose pages wait for their first count."""
    monkeypatch.setattr("router.console.numbers.PATIENCE", 20.0)
    monkeypatch.setattr("router.api.routes.READ_WITHIN", 20.0)
    return Ear(valkey, redis, {"TOCSIN_DEMO": "true"})


def reports(ear: Ear, key: str, summary: str = "Boom") -> str:
    """Something is reported, and is an incident."""
    ear.post("/hooks/anything", {"summary": summary, "dedup_key": key})
    ear.works()
    return ear.store.incidents()[0].id


def asked(ear: Ear, incident: str, what: str, **said: str) -> None:
    """Somebody answers."""
    answer = ear.ask("POST", f"/api/incidents/{incident}/{what}", json={"by": "ana", **said}, headers=BEARER)
    assert answer.status_code == 200, answer.text


def numbers(ear: Ear, query: str = "") -> dict[str, Any]:
    """What the API says."""
    found: dict[str, Any] = ear.ask("GET", f"/api/numbers{query}", headers=BEARER).json()
    return found


def page(ear: Ear, query: str = "") -> str:
    """The page."""
    answer = ear.ask("GET", f"{HERE}/numbers{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_incident_is_counted_from_what_is_stored(ear: Ear) -> None:
    """Opened, told, acknowledged after a minute and resolved after another; the page of its person is at their hour."""
    incident = reports(ear, "a")
    opened = ear.clock.at
    ear.clock.at += 60
    asked(ear, incident, "acknowledge")
    ear.clock.at += 60
    asked(ear, incident, "resolve")
    reports(ear, "b")
    told = numbers(ear)
    (p3,) = told["severities"]
    assert (told["incidents"], told["open"], p3["incidents"], p3["waiting"]) == (2, 1, 2, 1)
    assert p3["acknowledged"] == {"n": 1, "of": 2, "median": 60.0, "p90": 60.0}
    assert p3["resolved"] == {"n": 1, "of": 2, "median": 120.0, "p90": 120.0}
    assert (p3["kept"], p3["running"], p3["missed"]) == (1, 1, 0)
    assert [(one["person"], one["pages"], one["hours"][10]) for one in told["people"]] == [("maria", 2, 2)]
    assert [one["week"] for one in told["weeks"]] == ["2026-W47"]
    assert told["as_of"] >= opened


def test_a_false_positive_is_no_incident_but_noise(ear: Ear) -> None:
    """It is counted as one, and in no median."""
    incident = reports(ear, "a")
    asked(ear, incident, "acknowledge")
    asked(ear, incident, "false-positive", reason="a deploy")
    told = numbers(ear)
    assert (told["severities"][0]["incidents"], told["severities"][0]["false_positives"]) == (0, 1)
    assert told["keys"][0]["false_positives"] == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=ever", "expected a duration"),
        ("since=1h", "from 1d to 400d"),
        ("since=500d", "from 1d to 400d"),
        ("zone=Nowhere/Else", "is not a time zone"),
        ("severity=P9", "expected P1, P2, P3 or P4"),
    ],
)
def test_a_wrong_question_says_what_is_expected(ear: Ear, query: str, words: str) -> None:
    """To a program, and to a person on the page."""
    answer = ear.ask("GET", f"/api/numbers?{query}", headers=BEARER)
    assert answer.status_code == 422
    assert words in answer.text
    shown = ear.ask("GET", f"{HERE}/numbers?{query}")
    assert shown.status_code == 422
    assert words in shown.text


def test_the_numbers_need_a_token_and_the_page_a_visitor(ear: Ear) -> None:
    """Neither is for everybody."""
    assert ear.ask("GET", "/api/numbers").status_code == 401
    assert ear.ask("GET", "/numbers").status_code == 303


def test_a_fresh_installation_says_what_will_be_here(ear: Ear) -> None:
    """No empty axes; and one with only open incidents says that too."""
    assert "No incident has opened in this time." in page(ear)
    assert "<svg" not in page(ear).partition("<main")[2].replace('<svg class="mark', "")
    reports(ear, "a")
    assert "No incident has been resolved yet" in page(ear)


def test_the_page_draws_and_says_the_same(ear: Ear) -> None:
    """Each chart has a title and a table; nothing is styled inline; the filters stand in the address."""
    incident = reports(ear, "a")
    ear.clock.at += 60
    asked(ear, incident, "acknowledge")
    asked(ear, incident, "resolve")
    text = page(ear, "?since=4w&severity=P3")
    assert "P3: the only one was acknowledged after 1m, in time." in text
    charts = re.findall(r'<svg class="chart[^>]*>', text)
    assert len(charts) == 5
    assert all('role="img" aria-label="' in chart for chart in charts)
    assert text.count("The same as a table") == 3
    assert " style=" not in text
    assert '<option value="4w" selected>4</option>' in text
    assert "No incident fits these filters." in page(ear, "?severity=P1")


HOSTILE = """</text></svg><img src=x onerror=alert(1)>'"&{{7*7}}"""


def test_what_a_sender_writes_stays_text(ear: Ear) -> None:
    """In the list, in its advice, and wherever a chart names something."""
    for number in range(3):
        incident = reports(ear, f"{HOSTILE}", summary=HOSTILE)
        asked(ear, incident, "false-positive", reason=HOSTILE)
        ear.clock.at += 1 + number
    text = page(ear)
    assert "<img src=x" not in text
    assert "{{7*7}}" in text
    assert "What would quiet it" in text


def test_a_count_is_shown_again_for_a_minute_and_then_made_anew(ear: Ear) -> None:
    """Who asks later sees the last count at once, and the next one when it is made."""
    reports(ear, "a")

    async def looks(client: Any) -> list[int]:
        seen = []
        for later in (0, 30, 61, 0):
            ear.clock.at += later
            seen.append((await client.get("/api/numbers", headers=BEARER)).json()["as_of"])
            await _settled()
        return seen

    first, second, third, fourth = ear.converse(looks)
    assert first == second == third
    assert fourth == third + 91
    assert first >= NOW


async def _settled() -> None:
    """The thread that counts has come to its end."""
    for one in threading.enumerate():
        if one.name == "numbers":
            await asyncio.to_thread(one.join, 10)
