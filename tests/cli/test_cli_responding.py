"""`tocsin incidents …` for the response: what is asked of the API, and what is said to whoever typed it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, NOW, Tocsin, tell

ITEMS = [
    {"number": 1, "id": "verify:a", "text": "Users can log in", "done": True, "said": "",
     "ticked": {"by": "ana", "at": 1772359200.0, "via": "api", "answer": ""}},
    {"number": 2, "id": "verify:b", "text": "Errors are normal", "done": False, "said": "so in 4m", "ticked": None},
]  # fmt: skip
RUN: dict[str, Any] = {
    **INCIDENT,
    "state": "acknowledged",
    "assignee": "ana",
    "status": "mitigating",
    "next_update": NOW + 1200,
    "checklist": ITEMS,
    "to_verify": False,
    "changed": True,
    "response": {
        "commander": "maria", "scribe": None, "affected": "everybody", "broken": "the \x1b[31mshop",
        "users_noticed": True,
    },
}  # fmt: skip
ID = INCIDENT["id"]


@pytest.fixture
def run(tocsin: Tocsin) -> Tocsin:
    """One incident that somebody runs."""
    for what in ("", "/update", "/impact", "/part", "/tick", "/untick", "/resolve"):
        tocsin.says[f"/api/incidents/{ID}{what}"] = (200, RUN)
    return tocsin


def asked(tocsin: Tocsin) -> tuple[str, Any]:
    """What the API was asked last."""
    method, path, body, _ = tocsin.asked[-1]
    return f"{method} {path}", body


@pytest.mark.parametrize(
    ("words", "what", "body", "said"),
    [
        (
            ["update", "7f3a", "rolled back", "--status", "mitigating", "--next", "20m", "--noticed", "--by", "ana"],
            "update",
            {"text": "rolled back", "status": "mitigating", "next": "20m", "users_noticed": True},
            "has the status mitigating, and everybody who was told hears your update; the next is due 20",
        ),
        (["impact", "7f3a", "--broken", "the shop", "--by", "ana"], "impact", {"broken": "the shop"}, "its impact"),
        (["commander", "7f3a", "--by", "ana"], "part", {"part": "commander"}, "has maria as its commander."),
        (["scribe", "7f3a", "nobody", "--by", "ana"], "part", {"part": "scribe", "to": "nobody"}, "has no scribe"),
        (
            ["resolve", "7f3a", "--override", "a drill", "--by", "ana"],
            "resolve",
            {"override": "a drill"},
            "is resolved",
        ),
    ],
)
def test_each_asks_the_api_and_says_what_came_of_it(
    run: Tocsin, words: list[str], what: str, body: dict[str, Any], said: str
) -> None:
    """By the shortened id, in the name of whoever asks."""
    told = tell("incidents", *words)
    assert told.exit_code == 0, told.output
    assert said in told.output
    assert asked(run) == (f"POST /api/incidents/{ID}/{what}", {**body, "by": "ana", "via": "command line"})


def test_show_says_how_it_is_run(run: Tocsin) -> None:
    """Status, people, impact, the next update, the checklist with who ticked what; nothing steers the terminal."""
    said = tell("incidents", "show", "7f3a").output
    assert "status   mitigating" in said
    assert "people   commander maria" in said
    assert "impact   everybody; the [31mshop; users have noticed" in said
    assert "in 20m" in said
    assert "Verify before it is resolved (1 of 2 left)" in said
    assert "1. [x] Users can log in (ana, 2026-03-01 10:00 UTC)" in said
    assert "2. [ ] Errors are normal (so in 4m)" in said
    assert f"When one is so: tocsin incidents tick {ID} NUMBER; the runbook's steps: tocsin runbook {ID}\n" in said
    assert "\x1b" not in said


def test_the_list_says_that_it_waits_to_be_verified(tocsin: Tocsin) -> None:
    """Nobody must wait for it to close by itself."""
    waits = {**RUN, "state": "recovered", "to_verify": True}
    tocsin.says["/api/incidents?state=open&limit=50"] = (200, {"incidents": [waits]})
    assert "recovered, to be verified: 1 of 2 left" in tell("incidents", "list").output


def test_the_briefing_is_printed_as_it_is(tocsin: Tocsin) -> None:
    """Markdown to paste; with `-o json` its parts."""
    brief = {"title": "Shop is down", "markdown": "## Incident: Shop is down\n**Severity:** P1\n"}
    tocsin.says[f"/api/incidents/{ID}/brief"] = (200, brief)
    assert tell("incidents", "brief", "7f3a").output == brief["markdown"]
    assert json.loads(tell("incidents", "brief", "7f3a", "-o", "json").output) == brief


LEFT = [
    {"number": 2, "id": "verify:b", "text": "Errors are normal", "said": "so in 4m"},
    {"number": 3, "id": "verify:c", "text": "The \x1b[31mshop sells", "said": ""},
]


def test_what_keeps_it_open_is_said_line_by_line(tocsin: Tocsin) -> None:
    """How much is left, each item, and what to type, first for what a person has to see; a program has the same."""
    why = {"detail": "Not verified yet, 2 of 3 left: …", "left": LEFT, "of": 3}
    tocsin.says[f"/api/incidents/{ID}/resolve"] = (409, why)
    told = tell("incidents", "resolve", "7f3a", "--by", "ana")
    assert told.exit_code == 1
    assert told.output.splitlines() == [
        "tocsin: not verified yet, 2 of 3 left",
        "  2. Errors are normal (so in 4m)",
        "  3. The [31mshop sells",
        f"  Tick what is so: tocsin incidents tick {ID} 3",
        f'  Or close it all the same, and say why: tocsin incidents resolve {ID} --override "WHY"',
    ]
    said = json.loads(tell("-o", "json", "incidents", "resolve", "7f3a").stderr)
    assert (said["error"], said["left"]) == ("not verified yet, 2 of 3 left", LEFT)
    assert f"tocsin incidents tick {ID} 3" in said["hint"]


def test_what_is_refused_is_said_in_the_words_of_the_api(tocsin: Tocsin) -> None:
    """The sentence, whole, and no success."""
    tocsin.says[f"/api/incidents/{ID}/resolve"] = (409, {"detail": "It cannot be."})
    told = tell("incidents", "resolve", "7f3a", "--by", "ana")
    assert (told.exit_code, told.output) == (1, "tocsin: It cannot be.\n")


@pytest.mark.parametrize(
    "words",
    [["update", "7f3a", " "], ["impact", "7f3a"], ["tick", "7f3a"], ["update", "7f3a", "x", "--status", "resolved"]],
)
def test_what_makes_no_sense_is_asked_of_nobody(tocsin: Tocsin, words: list[str]) -> None:
    """Wrong usage is said at once."""
    assert tell("incidents", *words, "--by", "ana").exit_code == 2
    assert not [one for one in tocsin.asked if one[0] == "POST"]
