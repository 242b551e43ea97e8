"""What the API says of parents and children."""

from __future__ import annotations

from typing import Any, cast

from router.in_force import in_force
from router.sources import TYPES
from rules.reading.load import load
from tests.receiver.ear import BEARER, RULES, RUNBOOKS, SECRETS, Ear
from workers.agenda import Agenda, Job, Kind, Lane
from workers.settings import Environment

INHIBIT = """
inhibit:
  - {name: scripts while the site is down, while: {rule: the site is down}, quiet: {source: anything}}
"""


def shown(ear: Ear, incident_id: str) -> dict[str, Any]:
    """One incident, whole."""
    return cast("dict[str, Any]", ear.ask("GET", f"/api/incidents/{incident_id}", headers=BEARER).json())


def test_a_parent_lists_its_children_and_a_child_names_its_parent(ear: Ear) -> None:
    """While it keeps them quiet, and afterwards what has become of them."""
    ear.ruleset = load({"rules.yaml": RULES + INHIBIT}, runbooks=RUNBOOKS)
    ear.in_force = in_force(ear.ruleset, TYPES, Environment(SECRETS).reveal)
    parent = ear.is_down()
    assert ear.post("/hooks/anything", {"summary": "The queue grows"}).status_code == 202
    ear.works()
    listed = ear.ask("GET", "/api/incidents", headers=BEARER).json()["incidents"]
    (child,) = [one for one in listed if one["id"] != parent.id]
    assert child["parent"] == parent.id
    told = {"id": child["id"], "title": child["title"], "severity": "P3", "state": "triggered"}
    assert shown(ear, parent.id)["children"] == [{**told, "quiet": True}]
    assert shown(ear, parent.id)["parent"] is None
    assert shown(ear, child["id"])["children"] == []
    answer = ear.ask("POST", f"/api/incidents/{parent.id}/resolve", headers=BEARER, json={"by": "ana"})
    assert answer.status_code == 200, answer.text
    (released,) = Agenda(ear.redis).claim(Lane.URGENT, Job.ESCALATE, ear.clock.at)
    assert (released.kind, released.incident) == (Kind.RELEASE, parent.id)
    ear.ledger.release(released)
    assert shown(ear, parent.id)["children"] == [{**told, "quiet": False}]
    assert shown(ear, child["id"])["parent"] is None
