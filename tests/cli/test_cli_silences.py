"""`tocsin silence`, `incidents snooze` and `reload`, as a person at a terminal sees them."""

from __future__ import annotations

import json
import time

import pytest

from router.cli.showing import moment
from tests.cli.pretended import INCIDENT, NOW, OTHER, Tocsin, tell

SILENT = {
    "name": "S-4F2K9X", "reason": "the \x1b[31mdeployment", "by": "ana", "of": "people", "active": True,
    "from": NOW - 60, "until": NOW + 3600, "when": {"labels": {"service": ["api"]}}, "severities": ["P3"],
}  # fmt: skip
COMING = {**SILENT, "name": "backup", "active": False, "from": time.time() + 7200, "when": {}, "severities": []}
OVER = {**COMING, "name": "old", "from": None, "until": None}


def test_a_silence_is_asked_for_and_its_way_back_is_said(tocsin: Tocsin) -> None:
    """Only what was written is sent."""
    tocsin.says["/api/silences"] = (201, SILENT)
    options = ["--for", "1h", "--label", "service=api", "--severity", "P3", "--by", "ana"]
    said = tell("silence", "add", "the deployment", *options)
    assert said.exit_code == 0
    assert "Silent until" in said.output
    assert said.output.endswith("Lift it: tocsin silence lift S-4F2K9X\n")
    assert "\x1b" not in said.output
    method, path, body, _ = tocsin.asked[-1]
    assert (method, path) == ("POST", "/api/silences")
    assert body == {
        "reason": "the deployment",
        "by": "ana",
        "when": {"labels": {"service": "api"}},
        "severities": ["P3"],
        "for": "1h",
        "timezone": "UTC",
        "then": "pause",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["silence", "add", "a drill"], "--for 1h"),
        (["silence", "add", "a drill", "--for", "1h"], "--everything"),
        (["silence", "add", "a drill", "--for", "1h", "--label", "api"], "KEY=VALUE"),
        (["incidents", "snooze", OTHER["id"]], "--for"),
    ],
)
def test_what_is_left_out_is_said_at_once(tocsin: Tocsin, words: list[str], said: str) -> None:
    """Exit code 2, and nothing is asked of Tocsin."""
    answer = tell(*words)
    assert answer.exit_code == 2
    assert said in answer.output
    assert tocsin.asked == []


def test_the_list_has_those_in_force_first(tocsin: Tocsin) -> None:
    """Then what is to come, then what is over; each says what it covers, and why."""
    tocsin.says["/api/silences"] = (200, {"silences": [OVER, COMING, SILENT]})
    lines = tell("silence", "list").output.splitlines()
    assert lines[1].split()[:2] == ["S-4F2K9X", "silent"]
    assert "labels service=api; P3" in lines[1]
    assert "in 2h" in lines[2] or "in 1h" in lines[2]
    assert "everything" in lines[2]
    assert "over" in lines[3]
    tocsin.says["/api/silences"] = (200, {"silences": []})
    assert tell("silence", "list").output == "Nothing is silenced.\n"
    assert json.loads(tell("silence", "list", "-o", "json").output) == {"silences": []}


def test_lifting_says_what_goes_on(tocsin: Tocsin) -> None:
    """How many incidents it had held back; a name nobody knows is 1."""
    tocsin.says["/api/silences/S-4F2K9X/lift"] = (200, {"lifted": "S-4F2K9X", "incidents": ["a", "b"]})
    said = tell("silence", "lift", "S-4F2K9X").output
    assert said == "The silence S-4F2K9X is lifted; 2 incidents held back by it go on.\n"
    tocsin.says["/api/silences/nobody/lift"] = (404, {"detail": "There is no silence 'nobody'."})
    missing = tell("silence", "lift", "nobody")
    assert missing.exit_code == 1
    assert "tocsin silence list" in missing.output


def test_a_snooze_says_when_it_calls_again(tocsin: Tocsin) -> None:
    """And whose it is until then."""
    tocsin.says[f"/api/incidents/{OTHER['id']}/snooze"] = (200, {**OTHER, "acknowledged_by": "ana", "changed": True})
    said = tell("incidents", "snooze", OTHER["id"], "--for", "2h", "--by", "ana").output
    assert said == f"{OTHER['id']} is ana's for 2h; if it still burns then, it calls again.\n"


def test_what_is_held_back_and_what_is_snoozed_says_until_when(tocsin: Tocsin) -> None:
    """In the list, where others say what happens next."""
    later = time.time() + 3600
    hold = {"silence": "S-1", "since": NOW, "until": later, "why": "the \x1b[31mdeployment (ana)", "restarts": False}
    held = {**INCIDENT, "hold": hold}
    snoozed = {**OTHER, "assignee": "ana", "acknowledged_until": later}
    tocsin.says["/api/incidents?state=open&limit=50"] = (200, {"incidents": [held, snoozed]})
    said = tell("incidents", "list").output
    assert f"held back until {moment(later)}: the [31mdeployment (ana)" in said
    assert f"ana is on it until {moment(later)}" in said


def test_a_reload_tells_every_reason_why_not(tocsin: Tocsin) -> None:
    """Exit code 1 and a way on; a good one names both editions."""
    why = ["rules.yaml:3:5: unknown key 'severty' (did you mean severity?)", "rules.yaml:9:1: what else"]
    tocsin.says["/api/rules/reload"] = (409, {"detail": "no", "why": why, "version": "1a2b"})
    refused = tell("reload")
    assert refused.exit_code == 1
    assert all(line in refused.output for line in why)
    assert "tocsin reload" in refused.output
    good = {"version": "3c4d", "before": "1a2b", "changed": True, "since": NOW, "by": "x", "refused": None}
    tocsin.says["/api/rules/reload"] = (200, good)
    assert tell("reload").output == "The rules 3c4d are in force; before it was 1a2b.\n"
    tocsin.says["/api/rules"] = (200, {**good, "refused": {"at": NOW, "by": "x", "why": why}})
    assert tell("reload", "--status").exit_code == 1

    why = "the rules 3c4d cannot be used here: the environment variable NEW_SECRET is not set"
    tocsin.says["/api/rules/reload"] = (200, {**good, "here": "1a2b", "trouble": why})
    elsewhere = tell("reload")
    assert elsewhere.exit_code == 1
    assert f"goes by the rules 1a2b:\n  {why}\n" in elsewhere.output
