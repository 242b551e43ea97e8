"""The API: what a program or the command line can read and ask."""

from __future__ import annotations

import json

import pytest
from starlette.routing import Mount, Route

from router.api.commands import ASKED, AskedToAssign, read_asked
from router.api.routes import routes
from router.problems import Problem
from rules.incident import State
from rules.reading.config import Person
from tests.receiver.ear import API_TOKEN, BEARER, ENVIRONMENT, Ear
from workers.agenda import Agenda
from workers.store import connect

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def paths(ear: Ear) -> list[str]:
    """Every address of the API, read from the routes themselves."""
    router = routes(ear.context(None))
    assert not [one for one in router.routes if isinstance(one, Mount)]
    return sorted({one.path.replace("{id}", "X") for one in router.routes if isinstance(one, Route)})


def test_nothing_of_the_api_answers_without_a_token(ear: Ear) -> None:
    """Every route, every method, and addresses that do not exist."""
    for path in [*paths(ear), "/nowhere", ""]:
        for method in METHODS:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {API_TOKEN}"}):
                answer = ear.ask(method, f"/api{path}", headers=headers)
                assert answer.status_code == 401 or (path, answer.status_code) == ("", 404), (method, path)
                if path:
                    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_metrics_need_a_token(ear: Ear) -> None:
    """They tell a stranger too much."""
    assert ear.ask("GET", "/metrics").status_code == 401


@pytest.mark.parametrize("token", [API_TOKEN, "api-token-2"])
def test_any_of_the_tokens_opens_the_api(ear: Ear, token: str) -> None:
    """While a token is exchanged, both are good."""
    assert ear.ask("GET", "/api/incidents", headers={"Authorization": f"Bearer {token}"}).json() == {"incidents": []}


def test_an_incident_is_shown_with_its_timeline(ear: Ear) -> None:
    """Also by the beginning of its id."""
    incident = ear.is_down()
    for part in (incident.id, incident.id[:6], incident.id[:6].lower()):
        said = ear.ask("GET", f"/api/incidents/{part}", headers=BEARER).json()
        assert said["id"] == incident.id
        assert said["severity"] == "P1"
        assert said["timeline"]
    assert [one["id"] for one in ear.ask("GET", "/api/incidents", headers=BEARER).json()["incidents"]] == [incident.id]


def test_an_unknown_incident_is_404_and_says_where_to_look(ear: Ear) -> None:
    """For reading and for every command."""
    answers = [ear.ask("GET", "/api/incidents/NOPE", headers=BEARER)]
    answers.append(ear.ask("POST", "/api/incidents/NOPE/acknowledge", headers=BEARER, json={"by": "ana"}))
    for answer in answers:
        assert answer.status_code == 404
        assert "/api/incidents" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("what", "body", "state"),
    [
        ("acknowledge", {"by": "ana"}, State.ACKNOWLEDGED),
        ("snooze", {"by": "ana", "for": "30m"}, State.ACKNOWLEDGED),
        ("mitigate", {"by": "ana"}, State.MITIGATED),
        ("resolve", {"by": "ana", "note": "restarted"}, State.RESOLVED),
        ("false-positive", {"by": "ana", "reason": "a test"}, State.RESOLVED),
        ("assign", {"by": "ana", "to": "maria"}, None),
        ("severity", {"by": "ana", "severity": "P2"}, None),
        ("note", {"by": "ana", "text": "looking"}, None),
        ("escalate", {"by": "ana"}, None),
        ("part", {"by": "ana", "part": "commander"}, None),
        ("update", {"by": "ana", "text": "rolled back", "status": "mitigating", "next": "30m"}, None),
        ("impact", {"by": "ana", "affected": "everybody"}, None),
    ],
)
def test_a_command_is_obeyed_and_shows_the_incident(
    ear: Ear, what: str, body: dict[str, str], state: State | None
) -> None:
    """The answer is the incident afterwards, with who asked in its timeline."""
    incident = ear.is_down()
    answer = ear.ask("POST", f"/api/incidents/{incident.id}/{what}", headers=BEARER, json=body)
    assert answer.status_code == 200, answer.text
    assert "ana" in [line["by"] for line in answer.json()["timeline"][-2:]]
    assert ear.incident().state is (state or incident.state)


def test_every_command_is_tried_above() -> None:
    """A new command comes with its line in the table. Others are tried in `test_checks_api` and `test_announcing`."""
    (table,) = [
        mark for mark in test_a_command_is_obeyed_and_shows_the_incident.pytestmark if mark.name == "parametrize"
    ]
    elsewhere = {"undo", "check", "tick", "untick", "archive-channel", "publish"}
    assert {row[0] for row in table.args[1]} == set(ASKED) - elsewhere


def test_an_answer_is_taken_back_once_and_by_whoever_gave_it(ear: Ear) -> None:
    """What cannot be taken back is 409 with a sentence, and nothing has changed."""
    incident = ear.is_down()

    def ask(what: str, by: str) -> tuple[int, str]:
        answer = ear.ask("POST", f"/api/incidents/{incident.id}/{what}", headers=BEARER, json={"by": by})
        return answer.status_code, answer.json().get("detail", "")

    assert ask("acknowledge", "ana")[0] == 200
    theirs = "The last answer is that of ana, and only they can take it back. It is acknowledged by ana."
    assert ask("undo", "dan") == (409, theirs)
    assert ear.incident().state is State.ACKNOWLEDGED
    assert ask("undo", "ana")[0] == 200
    assert ear.incident().state is State.TRIGGERED
    status, said = ask("undo", "ana")
    assert (status, said[:27]) == (409, "Nothing can be taken back: ")


def test_at_the_end_of_the_matrix_asking_for_more_is_409(ear: Ear) -> None:
    """The sentence names who has been told."""
    incident = ear.is_down()
    asked = [
        ear.ask("POST", f"/api/incidents/{incident.id}/escalate", headers=BEARER, json={"by": "ana"}) for _ in range(2)
    ]
    assert [one.status_code for one in asked] == [200, 409]
    assert asked[-1].json()["detail"].startswith("The matrix is at its end: on-call engineer, ")


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("acknowledge", "{}", "by"),
        ("acknowledge", "", "by"),
        ("acknowledge", '{"by": ""}', "by"),
        ("acknowledge", '{"by": "ana", "why": "x"}', "why"),
        ("severity", '{"by": "ana", "severity": "P9"}', "severity"),
        ("assign", '{"by": "ana"}', "to"),
        ("assign", '{"by": "ana", "to": "mara"}', "to"),
        ("note", "not json", "body"),
    ],
)
def test_a_wrong_body_is_422_and_names_the_field(ear: Ear, what: str, body: str, field: str) -> None:
    """What was expected stands beside it, and nothing has changed."""
    incident = ear.is_down()
    answer = ear.ask("POST", f"/api/incidents/{incident.id}/{what}", headers=BEARER, content=body)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert field in answer.json()["detail"]
    assert ear.incident() == incident


def test_nobody_who_is_not_in_the_rules_is_assigned(ear: Ear) -> None:
    """A misspelt name is refused with the nearest right one: whoever reads it would think that somebody is on it."""
    incident = ear.is_down()
    body = {"by": "ana", "to": "mara"}
    answer = ear.ask("POST", f"/api/incidents/{incident.id}/assign", headers=BEARER, json=body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "to: there is no person 'mara'; did you mean maria?"
    body["to"] = "somebody else entirely"
    answer = ear.ask("POST", f"/api/incidents/{incident.id}/assign", headers=BEARER, json=body)
    assert answer.json()["detail"].endswith("people: ana, maria")


def test_a_person_may_be_named_as_people_know_them() -> None:
    """By the name that is shown, in any case, while only one has it: the YAML's own name is what is kept."""
    people = {
        "dan": Person(name="Dan Popescu"),
        "ana": Person(name="Ana"),
        "ana2": Person(name="ana"),
    }

    def assigned(to: str) -> str:
        asked = read_asked("assign", json.dumps({"by": "x", "to": to}).encode(), people)
        assert isinstance(asked, AskedToAssign)
        return asked.to

    assert [assigned(name) for name in ("dan popescu", "dan", "ana")] == ["dan", "dan", "ana"]
    with pytest.raises(Problem, match="several people are called 'Ana'; write one of ana, ana2"):
        assigned("Ana")


def test_a_command_says_whether_it_changed_anything(ear: Ear) -> None:
    """Whoever says the same twice is told so; how it ended is a word of its own, null while it is open."""
    address = f"/api/incidents/{ear.is_down().id}"
    asked = [
        ("acknowledge", {}, True, None),
        ("acknowledge", {}, False, None),
        ("severity", {"severity": "P1"}, False, None),
        ("severity", {"severity": "P2"}, True, None),
        ("mitigate", {}, True, None),
        ("mitigate", {}, False, None),
        ("false-positive", {"reason": "a test"}, True, "false positive"),
        ("resolve", {}, False, "false positive"),
        ("note", {"text": "looking"}, True, "false positive"),
    ]
    for what, body, changed, outcome in asked:
        said = ear.ask("POST", f"{address}/{what}", headers=BEARER, json={"by": "ana", **body}).json()
        assert (said["changed"], said["outcome"]) == (changed, outcome), what
    assert "changed" not in ear.ask("GET", address, headers=BEARER).json()


@pytest.mark.parametrize("query", ["state=closed", "limit=0", "limit=x", "limit=100000"])
def test_a_wrong_query_is_422(ear: Ear, query: str) -> None:
    """Not silently something else."""
    assert ear.ask("GET", f"/api/incidents?{query}", headers=BEARER).status_code == 422


def test_a_report_by_hand_takes_the_way_of_a_delivery(ear: Ear) -> None:
    """It is judged by the rules, kept, and becomes an incident."""
    body = {"summary": "Prices are in the wrong currency", "severity": "P2", "by": "ana", "labels": {"area": "shop"}}
    answer = ear.ask("POST", "/api/incidents", headers=BEARER, json=body)
    assert answer.status_code == 202
    assert answer.json()["rule"] == "everything else"
    ear.works()
    assert ear.incident().title == "Prices are in the wrong currency"
    assert ear.incident().labels["area"] == "shop"


def test_a_report_without_a_summary_is_422(ear: Ear) -> None:
    """A person can be told what is missing; a monitor could not."""
    answer = ear.ask("POST", "/api/incidents", headers=BEARER, json={"severity": "P2"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "summary", "expected": "missing"}]


def test_the_agenda_is_read_aloud(ear: Ear) -> None:
    """Each promise is a sentence with its time, the soonest first."""
    incident = ear.is_down()
    items = ear.ask("GET", "/api/agenda", headers=BEARER).json()["items"]
    assert [one["due_at"] for one in items] == sorted(one["due_at"] for one in items)
    said = {one["kind"]: one for one in items}
    assert said["step"]["what"] == f"escalation step 2 of P1 incident {incident.id}: lead"
    assert said["step"]["in_seconds"] == 900
    assert said["notify"]["what"] == f"tell ana by slack that P1 incident {incident.id}: opened"


def test_what_is_heard_stands_on_the_agenda_until_it_is_dealt_with(ear: Ear) -> None:
    """Even before it belongs to an incident."""
    ear.post("/hooks/anything", {"summary": "Strange"})
    (item,) = ear.ask("GET", "/api/agenda", headers=BEARER).json()["items"]
    assert item["what"] == "put 1 event into incidents"


def test_without_redis_the_api_says_so(ear: Ear) -> None:
    """503 and when to come back."""
    away = Ear(ENVIRONMENT["REDIS_URL"], connect(ENVIRONMENT["REDIS_URL"]))
    for path in ("/api/incidents", "/api/incidents/X", "/api/agenda"):
        answer = away.ask("GET", path, headers=BEARER)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"


def test_what_was_given_up_is_shown_and_can_be_tried_again(ear: Ear) -> None:
    """A parked entry stands in a list of its own, with the reason; a person asks for one more try, once."""
    ear.is_down()
    agenda, entry = Agenda(ear.redis), ear.parks_a_page()
    (item,) = ear.ask("GET", "/api/agenda?state=parked", headers=BEARER).json()["items"]
    assert (item["id"], item["last_error"]) == (entry, "10 workers died over it")
    assert ear.ask("POST", f"/api/agenda/{entry}/retry", headers=BEARER).status_code == 200
    assert entry in {one.id for one in agenda.upcoming()}
    again = ear.ask("POST", f"/api/agenda/{entry}/retry", headers=BEARER)
    assert again.status_code == 404
    assert "state=parked" in again.json()["detail"]
    assert ear.ask("GET", "/api/agenda?state=lost", headers=BEARER).status_code == 422


def test_no_address_of_the_api_sends_a_client_elsewhere(ear: Ear) -> None:
    """A slash too many is an address that does not exist, not a redirect to whatever the Host header says."""
    answer = ear.ask("GET", "/api/incidents/", headers={**BEARER, "Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_what_is_over_promises_no_step(ear: Ear) -> None:
    """No program finds a step that still waits in an incident that somebody has answered or closed."""
    incident = ear.is_down()
    before = ear.ask("GET", f"/api/incidents/{incident.id}", headers=BEARER).json()
    assert [step["state"] for step in before["steps"]] == ["sent", "waiting"]
    for what in ("acknowledge", "resolve"):
        after = ear.ask("POST", f"/api/incidents/{incident.id}/{what}", headers=BEARER, json={"by": "ana"}).json()
        assert [step["state"] for step in after["steps"]] == ["sent", "not told"]
    (listed,) = ear.ask("GET", "/api/incidents?state=all", headers=BEARER).json()["incidents"]
    assert listed["steps"][1]["state"] == "not told"


def test_the_timeline_tells_the_command_line_from_a_program(ear: Ear) -> None:
    """Both come through the API; a person at a terminal is named as one."""
    incident = ear.is_down()
    address = f"/api/incidents/{incident.id}"
    for body, via in (({"by": "ana"}, "api"), ({"by": "ana", "via": "command line"}, "command line")):
        answer = ear.ask("POST", f"{address}/note", headers=BEARER, json={**body, "text": "looking"})
        assert answer.json()["timeline"][-1]["via"] == via
    assert ear.ask("POST", f"{address}/mitigate", headers=BEARER, json={"by": "ana", "via": "x"}).status_code == 422
