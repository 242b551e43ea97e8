"""Post-mortems through the API: listed, handed in, reviewed, waived, their items; and an incident as one file."""

from __future__ import annotations

from typing import Any

import pytest

from rules.commands import AddNote, Resolve
from rules.incident import Incident
from tests.receiver.ear import BEARER, Ear

HOSTILE = '<img src=x onerror="alert(1)">'


def get(ear: Ear, path: str) -> Any:
    """What the API says."""
    return ear.ask("GET", path, headers=BEARER)


def post(ear: Ear, path: str, **body: object) -> Any:
    """The answer to ana."""
    return ear.ask("POST", path, json={"by": "ana", **body}, headers=BEARER)


@pytest.fixture
def over(ear: Ear) -> Incident:
    """A P1 that maria has resolved."""
    incident = ear.is_down()
    ear.clock.at += 600
    return ear.ledger.answer(incident.id, Resolve(by="maria", via="cli"))


def test_from_the_end_to_the_review(ear: Ear, over: Incident) -> None:
    """Listed as due, handed in with its last line, submitted, reviewed, done with."""
    (listed,) = get(ear, "/api/postmortems").json()["postmortems"]
    assert (listed["incident"], listed["stage"], listed["why"]) == (over.id, "draft due", ["it was a P1"])
    assert listed["due_at"] == ear.clock.at + 2 * 86400
    assert "text" not in listed
    path = f"/api/incidents/{over.id}/postmortem"
    one = get(ear, path).json()
    assert one["author"] == "maria"
    assert one["markdown"].endswith(f"<!-- tocsin: post-mortem of {over.id}, revision 1 -->\n")
    assert len(one["blanks"]) == 12
    kept = post(ear, path, text=one["markdown"] + "\nmore\n", via="command line").json()
    assert (kept["stage"], kept["revision"], kept["by"]) == ("draft due", 2, "ana")
    text = get(ear, path).json()["markdown"].replace("[to be filled in", "(here")
    text = text.replace("| (here: what shall change] | | |", "| Alert on it | Dan of the bank | 2026-12-01 |")
    submitted = post(ear, path, text=text, submit=True).json()
    assert (submitted["stage"], submitted["blanks"], submitted["strangers"]) == ("drafted", [], ["Dan of the bank"])
    assert post(ear, f"{path}/review").json()["stage"] == "reviewed"
    assert [one["incident"] for one in get(ear, "/api/postmortems").json()["postmortems"]] == [over.id]
    assert post(ear, f"{path}/actions/1", status="done").json()["actions"][0]["status"] == "done"
    assert get(ear, "/api/postmortems").json() == {"postmortems": []}
    assert len(get(ear, "/api/postmortems?state=all").json()["postmortems"]) == 1


def test_reading_changes_nothing(ear: Ear, over: Incident) -> None:
    """Not even where Tocsin has not yet written its draft."""
    before = set(ear.redis.scan_iter("*"))
    get(ear, f"/api/incidents/{over.id}/postmortem")
    get(ear, "/api/postmortems?state=overdue")
    get(ear, f"/api/incidents/{over.id}/export")
    assert set(ear.redis.scan_iter("*")) == before


def test_what_is_overdue_is_listed_as_that(ear: Ear, over: Incident) -> None:
    """With how late it is."""
    assert get(ear, "/api/postmortems?state=overdue").json() == {"postmortems": []}
    ear.clock.at += 3 * 86400
    (late,) = get(ear, "/api/postmortems?state=overdue").json()["postmortems"]
    assert (late["incident"], late["overdue"]) == (over.id, ["the draft is overdue by 1d"])
    said = ear.ask("GET", "/metrics", headers=BEARER).text
    assert "tocsin_postmortems_overdue 1.0" in said
    assert 'tocsin_postmortems_waiting{stage="draft due"} 1.0' in said


def test_two_at_once(ear: Ear, over: Incident) -> None:
    """The second hears who was first, and what to say to go on."""
    path = f"/api/incidents/{over.id}/postmortem"
    text = get(ear, path).json()["markdown"]
    assert post(ear, path, text=text + "one\n").status_code == 200
    slower = post(ear, path, text=text + "two\n")
    assert slower.status_code == 409
    assert "yours was made from revision 1, and it is at revision 2 now, by ana at" in slower.json()["detail"]
    assert slower.json()["revision"] == 2
    unknown = post(ear, path, text="# Without its last line\n")
    assert "does not say which revision it was made from" in unknown.json()["detail"]
    assert post(ear, path, text=text + "one\ntwo\n", revision=2).json()["revision"] == 3


@pytest.mark.parametrize(
    ("what", "body", "status", "says"),
    [
        ("", {"text": ""}, 422, "the document is empty"),
        ("", {"text": "x" * 100_001}, 422, "expected at most 100 kB"),
        ("", {"text": "## Action Items\n\n| Item | Owner | Due Date | Status |\n|-|-|-|-|\n| a | b | soon | |\n"}, 422,
         "line 5, column 11: expected a day like 2026-12-01, found 'soon'"),
        ("", {"text": 7}, 422, "text"),
        ("", {"texts": "x"}, 422, "not a field of this request"),
        ("/review", {}, 409, "Its draft has not been submitted"),
        ("/waive", {}, 422, "reason: missing"),
        ("/ask", {}, 409, "It owes one already: it was a P1."),
        ("/actions", {"text": " \u200b"}, 422, "expected what shall be done"),
        ("/actions", {"text": "x" * 301}, 422, "300"),
        ("/actions", {"text": "x", "due": "tomorrow"}, 422, "expected a day like 2026-12-01, found 'tomorrow'"),
        ("/actions/1", {"status": "done"}, 404, "There is no action item 1; there are: none."),
        ("/actions/one", {"status": "done"}, 404, "has a number, like 1"),
        ("/actions/1", {}, 422, "expected text, owner, due"),
        ("/actions/1", {"status": "dropped"}, 422, "expected why it is dropped"),
        ("/actions/1", {"status": "started"}, 422, "status"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_why(
    ear: Ear, over: Incident, what: str, body: dict[str, Any], status: int, says: str
) -> None:
    """And changes nothing."""
    answer = post(ear, f"/api/incidents/{over.id}/postmortem{what}", **body)
    assert answer.status_code == status, answer.text
    assert says in str(answer.json())
    assert get(ear, f"/api/incidents/{over.id}/postmortem").json()["revision"] == 1


def test_an_incident_without_one_says_why(ear: Ear) -> None:
    """Open, or not bad enough; and which request asks for one all the same."""
    incident = ear.is_down()
    path = f"/api/incidents/{incident.id}/postmortem"
    assert "still open" in get(ear, path).json()["detail"]
    assert get(ear, "/api/incidents/NOPE/postmortem").status_code == 404
    assert post(ear, f"{path}/ask", reason="we want to know").json() == {
        "incident": incident.id, "stage": None, "by": "ana"
    }  # fmt: skip
    ear.ledger.answer(incident.id, Resolve(by="maria", via="cli"))
    assert "ana asked for one: we want to know" in get(ear, path).json()["why"]
    assert get(ear, "/api/postmortems?state=some").status_code == 422


def test_waived_and_wanted_again(ear: Ear, over: Incident) -> None:
    """Both with who and why, in the incident's timeline."""
    path = f"/api/incidents/{over.id}/postmortem"
    assert post(ear, f"{path}/waive", reason="as yesterday").json()["waived"]["reason"] == "as yesterday"
    assert "has waived it" in post(ear, path, text="# x", revision=1).json()["detail"]
    assert post(ear, f"{path}/ask").json()["stage"] == "draft due"
    texts = [line.text for line in ear.store.timeline(over.id)]
    assert texts[-2:] == ["ana waived the post-mortem: as yesterday", "ana wants the post-mortem after all"]


def test_an_incident_is_one_file(ear: Ear, over: Incident) -> None:
    """All of it, in either form; what somebody else wrote forms nothing in the Markdown."""
    ear.ledger.answer(over.id, AddNote(by="ana", via="cli", text=f"{HOSTILE} # **x**"))
    whole = get(ear, f"/api/incidents/{over.id[:5]}/export").json()
    assert whole["id"] == over.id
    assert whole["timeline"][0]["kind"] == "opened"
    assert whole["postmortem"]["stage"] == "draft due"
    assert {"attempts", "children", "response", "signals", "steps", "exported_at"} <= whole.keys()
    text = get(ear, f"/api/incidents/{over.id}/export?format=md").json()["markdown"]
    assert "## Timeline" in text
    assert "# Post-Mortem: " in text
    assert HOSTILE not in text
    assert get(ear, f"/api/incidents/{over.id}/export?format=pdf").status_code == 422
