"""A runbook worked through behind the link of a notification, without a script, and through the API."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from redis import Redis

from rules.reading.load import load
from tests.receiver.browsing import words
from tests.receiver.ear import BEARER, RULES
from tests.receiver.sitting import Sitting
from tests.receiver.test_answer import OURS, link
from tests.receiver.test_runbook_pages import BOOKS, buttons, is_down


@pytest.fixture
def sitting(valkey: str, redis: Redis) -> Sitting:
    """A Tocsin in which the shop is down, with these runbooks."""
    made = Sitting(valkey, redis)
    made.use_books(BOOKS)
    return made


def answering(sitting: Sitting, path: str, label: str, **fields: str) -> httpx.Response:
    """Press a button of the page behind a link."""
    name, _, value = buttons(sitting.ask("GET", path).text)[label].partition("=")
    answer: httpx.Response = sitting.ask("POST", path, data={name: value, **fields}, headers=OURS)
    return answer


def test_the_page_behind_the_link_is_ticked_without_a_script(sitting: Sitting) -> None:
    """On a telephone, at night, in the name of whose link it is."""
    path = f"{link(is_down(sitting))}/runbook"
    assert "script" not in sitting.ask("GET", path).text
    answered = answering(sitting, path, "Step 1 is done")
    assert (answered.status_code, answered.headers["location"]) == (303, path)
    answering(sitting, path, "yes")
    said = words(sitting.ask("GET", path).text)
    assert "Done by ana , 10:00 UTC" in said
    assert "Decided: Roll back now" in said
    assert {done.via for done in sitting.incident().response.ticks.values()} == {"link"}


def test_a_link_of_a_room_asks_for_a_name_and_remembers_it(sitting: Sitting) -> None:
    """Without one nothing is ticked; with one it is recorded as unverified, and stands in the form afterwards."""
    path = f"{link(is_down(sitting), person=None)}/runbook"
    refused = answering(sitting, path, "Step 1 is done", name=" ")
    assert refused.status_code == 422
    assert "Please write your name" in refused.text
    answered = answering(sitting, path, "Step 1 is done", name="Mihai")
    assert answered.headers["location"] == f"{path}?name=Mihai"
    assert {done.by for done in sitting.incident().response.ticks.values()} == {"Mihai (unverified)"}
    assert 'value="Mihai"' in sitting.ask("GET", answered.headers["location"]).text
    enter = sitting.ask("POST", path, data={"name": "Mihai"}, headers=OURS)
    assert enter.status_code == 303
    assert len(sitting.incident().response.ticks) == 1


def test_a_link_opens_its_own_runbook_and_those_it_leads_to(sitting: Sitting) -> None:
    """Runbooks tell how a house is built: the others stay closed, also to a forged address or another site."""
    path = f"{link(is_down(sitting))}/runbook"
    for name in ("site-down", "rollback", "database"):
        assert sitting.ask("GET", f"{path}/{name}").status_code == 200, name
    for name in ("secret", "nothing"):
        assert sitting.ask("GET", f"{path}/{name}").status_code == 404, name
        assert sitting.ask("POST", f"{path}/{name}", data={"tick": "1"}, headers=OURS).status_code == 404, name
    assert sitting.ask("POST", path, data={"tick": "1"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert sitting.ask("GET", path.replace("/a/", "/a/x")).status_code == 403
    assert sitting.ask("POST", path, data={"tick": "9"}, headers=OURS).status_code == 422
    assert sitting.incident().response.ticks == {}


def api(sitting: Sitting, one: str, status: int = 200, **body: str) -> dict[str, object]:
    """Ask it of the API."""
    answer = sitting.ask("POST", f"/api/incidents/{one}/runbook", headers=BEARER, json={"by": "dan", **body})
    assert answer.status_code == status, answer.text
    said: dict[str, object] = answer.json()
    return said


def test_programs_read_and_tick_it_too(sitting: Sitting) -> None:
    """Steps by number, the open question by its answer; everything comes back as it stands then."""
    one = is_down(sitting)
    said = sitting.ask("GET", f"/api/incidents/{one}/runbook", headers=BEARER).json()
    assert [(step["number"], step["text"], step["commands"], step["done"]) for step in said["steps"]] == [
        (1, "Check DNS", ["dig +short example.com"], None),
        (2, "Restart it, see the database", [], None),
    ]
    assert said["decisions"][0]["asks"]["question"] == "Deployed <lately>?"
    assert said["others"] == sorted(BOOKS)
    done = api(sitting, one, tick="2")
    assert (done["item"], done["done_by"]) == ("2. Restart it, see the database", "dan")
    assert api(sitting, one, tick="2", by="ana")["done_by"] == "dan"
    decided = api(sitting, one, answer="no")["decisions"]
    assert [(step["question"], step["answer"]) for step in decided[0]["path"]] == [("Deployed <lately>?", "no")]
    question = decided[0]["path"][0]["id"]
    assert api(sitting, one, reopen=question)["decisions"][0]["path"] == []
    assert api(sitting, one, answer="yes", question=question)["decisions"][0]["outcome"] == "Roll back now"
    assert api(sitting, one, untick="2")["steps"][1]["done"] is None
    other = sitting.ask("GET", f"/api/incidents/{one}/runbook?name=database", headers=BEARER).json()
    assert other["runbook"] == "database"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 422, "expected one of tick, untick, answer, reopen"),
        ({"tick": "1", "answer": "yes"}, 422, "expected one of tick"),
        ({"tick": "3"}, 422, "'3' is no step of the runbook site-down; it has steps 1 to 2."),
        ({"answer": "perhaps"}, 422, "say yes or no"),
        ({"tick": "1", "runbook": "sit-down"}, 404, "did you mean site-down?"),
        ({"tick": "1", "by": ""}, 422, "by:"),
    ],
)
def test_what_makes_no_sense_is_told_to_programs(
    sitting: Sitting, body: dict[str, str], status: int, says: str
) -> None:
    """With what there is instead."""
    assert says in str(api(sitting, is_down(sitting), status, **body)["detail"])


def test_without_a_runbook_it_says_which_there_are(sitting: Sitting) -> None:
    """404, and the page lists them to be opened all the same."""
    one = sitting.reports(summary="Something else")
    answer = sitting.ask("GET", f"/api/incidents/{one}/runbook", headers=BEARER)
    assert answer.status_code == 404
    assert "No rule has named a runbook" in answer.json()["detail"]
    said = words(sitting.opens(f"/incidents/{one}").text)
    assert "The rule names none for this incident. There are: database , rollback" in said
    assert sitting.opens(f"/incidents/{one}/runbook/rollback").status_code == 200


def test_a_wrong_runbook_is_no_edition(sitting: Sitting) -> None:
    """Its mistakes are told as those of the YAML are, and the rules in force stay."""
    with pytest.raises(Exception, match=r"runbooks/site-down.md:3:3: 'Is it\?' has no answers"):
        load({"rules.yaml": RULES}, runbooks={"site-down": "# Down\n## Decide\n- Is it?\n"})
    assert replace(sitting.ruleset).runbooks == BOOKS
