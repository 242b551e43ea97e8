"""Why it came as it did: asked of the API, for a delivery and for an incident, also after the rules have changed."""

from __future__ import annotations

from typing import Any

from rules.reading.load import load
from tests.receiver.ear import BEARER, DOWN, KUMA, RULES, Ear
from workers.rulebook import silences

ANY = "/hooks/anything"
ODD = {"id": "x", "title": "Odd"}


def asked(ear: Ear, path: str) -> dict[str, Any]:
    """What the API says."""
    answer = ear.ask("GET", path, headers=BEARER)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def sent(ear: Ear, path: str = KUMA, body: object = DOWN) -> str:
    """One delivery, worked on; its id."""
    ear.clock.at += 1
    delivery = str(ear.post(path, body).json()["delivery"])
    ear.works()
    return delivery


def test_a_delivery_says_what_each_rule_made_of_it(ear: Ear) -> None:
    """In order, up to the one that decided; with the incident, and the matrix in real times with people."""
    delivery = sent(ear)
    (one,) = asked(ear, f"/api/deliveries/{delivery.lower()}/explain")["events"]
    trace = one["trace"]
    assert one["incident"] == ear.incident().id
    assert (trace["rule"], trace["severity"]) == ("the site is down", "P1")
    assert trace["verdicts"][-1] == {"name": "the site is down", "matched": True, "why": ""}
    assert all(each["why"] for each in trace["verdicts"][:-1])
    assert trace["edition"]["same"]
    first, second, *_ = trace["timetable"]
    assert (first["due_at"], second["due_at"]) == (one["event"]["received_at"], one["event"]["received_at"] + 900)
    assert "(ana)" in first["to"]


def test_a_resolve_has_no_trace_and_leads_to_its_incident(ear: Ear) -> None:
    """Rules judge triggers only."""
    sent(ear)
    up = sent(ear, KUMA, {**DOWN, "heartbeat": {**DOWN["heartbeat"], "status": 1}})
    (one,) = asked(ear, f"/api/deliveries/{up}/explain")["events"]
    assert (one["trace"], one["incident"]) == (None, ear.incident().id)


def test_an_incident_says_which_delivery_opened_it_and_why(ear: Ear) -> None:
    """With its own timeline and steps."""
    delivery = sent(ear)
    trace = asked(ear, f"/api/incidents/{ear.incident().id}")["trace"]
    assert (trace["delivery"], trace["lost"]) == (delivery, "")
    assert trace["verdicts"][-1]["matched"]


def test_when_the_inbox_has_forgotten_the_incident_still_knows_its_rule(ear: Ear) -> None:
    """And says that the rest is not known any more."""
    delivery = sent(ear)
    ear.ask("POST", "/api/deliveries/purge", json={"id": delivery}, headers=BEARER)
    trace = asked(ear, f"/api/incidents/{ear.incident().id}")["trace"]
    assert "no longer" in trace["lost"]
    assert (trace["rule"], trace["verdicts"]) == ("the site is down", [])


def test_after_a_change_of_the_rules_it_says_by_which_edition(ear: Ear) -> None:
    """The decision of then stands; the verdicts are those of the rules in force, and are said to be."""
    delivery = sent(ear)
    changed = RULES.replace("name: the site is down", "name: the shop is down")
    assert changed != RULES
    ruleset = load({"rules.yaml": changed}, runbooks=ear.ruleset.runbooks)
    before = ear.ruleset.version
    ear.use(ruleset)
    trace = asked(ear, f"/api/deliveries/{delivery}/explain")["events"][0]["trace"]
    assert trace["edition"] == {
        "decided_by": before,
        "explained_by": ruleset.version,
        "same": False,
    }
    assert (trace["rule"], trace["by_these_rules"]["rule"]) == ("the site is down", "the shop is down")


def test_a_silence_that_covers_it_is_named_and_puts_the_matrix_off(ear: Ear) -> None:
    """Until when, why and by whom; the first step is due when it is over."""
    said = {"name": "deploy", "by": "ana", "reason": "2.4", "start": "2020-01-01T00:00:00Z"}
    silences.put(ear.redis, said | {"end": "2099-01-01T00:00:00Z", "when": {"source": "kuma"}}, ear.clock.at)
    delivery = sent(ear)
    trace = asked(ear, f"/api/deliveries/{delivery}/explain")["events"][0]["trace"]
    (quiet,) = trace["silences"]
    assert (quiet["name"], quiet["why"], quiet["active"]) == ("deploy", "2.4 (ana)", True)
    assert trace["timetable"][0]["due_at"] == quiet["end"]
    other = sent(ear, ANY, ODD)
    assert asked(ear, f"/api/deliveries/{other}/explain")["events"][0]["trace"]["silences"] == []


def test_there_is_no_such_delivery(ear: Ear) -> None:
    """404, with the way to find one."""
    answer = ear.ask("GET", "/api/deliveries/NOPE/explain", headers=BEARER)
    assert answer.status_code == 404
    assert "GET /api/deliveries lists them" in answer.text
