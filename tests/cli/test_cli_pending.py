"""What is promised, what was given up, and what reached nobody, as a person at a terminal sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, NOW, Tocsin, tell


def test_pending_says_what_for_whom_and_in_how_long(tocsin: Tocsin) -> None:
    """The agenda, read aloud, with what went wrong so far."""
    said = tell("pending").output
    for words in ("in 5m", "escalate", "engineering lead", "1×: pager: 503"):
        assert words in said


def test_what_was_given_up_is_listed_and_tried_again(tocsin: Tocsin) -> None:
    """The flag that Tocsin's own alarm names exists, and says how to go on."""
    said = tell("pending", "--parked").output
    assert "n1" in said
    assert "pager: 503" in said
    assert "tocsin pending --retry ID" in said
    assert tell("pending", "--retry", "n1").exit_code == 0
    assert tocsin.asked[-1][:2] == ("POST", "/api/agenda/n1/retry")


def test_nothing_given_up_is_no_finding(tocsin: Tocsin) -> None:
    """A script can ask whether everything got through."""
    tocsin.says["/api/agenda?state=parked"] = (200, {"items": []})
    said = tell("pending", "--parked")
    assert said.exit_code == 0
    assert "Nothing was given up." in said.output
    assert "Not delivered" not in said.output


FAILED = {**INCIDENT["steps"][0], "state": "failed", "failed": ["pager", "mail"]}
HISTORY = [
    {"at": NOW, "kind": "undelivered", "text": f"{channel} could not tell on-call engineer (ana): {why}"}
    for channel, why in (("pager", "PagerDuty answered 400: wrong key"), ("mail", "the mail server answered 550"))
]


@pytest.mark.parametrize(
    ("step", "instead"),
    [
        ({"state": "sent"}, "the other channels"),
        ({"state": "sent", "fell_back": True}, "the fallback"),
        ({"state": "failed", "fell_back": True}, "nobody"),
    ],
)
def test_a_page_that_did_not_get_through_is_listed_with_why_and_who_was_told_instead(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, step: dict[str, Any], instead: str
) -> None:
    """It is not tried again, so nobody would find it on the agenda; a fallback is named only where one was asked."""
    monkeypatch.setitem(INCIDENT, "steps", [{**FAILED, **step}, INCIDENT["steps"][1]])
    monkeypatch.setitem(INCIDENT, "timeline", HISTORY)
    told = tell("pending", "--parked")
    assert told.exit_code == 1
    assert "pager: PagerDuty answered 400: wrong key" in told.output
    assert "mail: the mail server answered 550" in told.output
    assert ("the next step came at once" in told.output) is (instead == "nobody")
    (failed,) = json.loads(tell("pending", "--parked", "-o", "json").output)["undelivered"]
    assert (failed["incident"], failed["step"], failed["channels"]) == (INCIDENT["id"], 0, ["pager", "mail"])
    assert failed["told_instead"] == instead
    assert failed["why"][0] == "PagerDuty answered 400: wrong key"
    assert "not delivered by pager, mail" in tell("incidents", "show", "7f3a").output


@pytest.mark.parametrize(
    ("steps", "more", "words"),
    [
        ([FAILED], {"exhausted": True}, "nobody could be told: see show"),
        ([FAILED], {"exhausted": False}, "nobody could be told: see show; the matrix begins again"),
        ([{**FAILED, "state": "nobody to tell", "failed": []}], {"exhausted": True}, "nobody could be told"),
        ([{**FAILED, "state": "sent"}], {"exhausted": True}, "acknowledge it; nobody else will be told"),
        (
            [{**FAILED, "state": "sent"}],
            {"exhausted": False, "exhausted_at": 4e9},
            "acknowledge it; else everybody is told once more in",
        ),
        (
            [{**FAILED, "state": "nobody to tell", "failed": []}],
            {"exhausted": True, "told": [{"channel": "slack", "room": True}]},
            "acknowledge it; nobody else will be told",
        ),
    ],
)
def test_an_incident_that_nobody_has_heard_of_says_so(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, steps: list[dict[str, Any]], more: dict[str, Any], words: str
) -> None:
    """Whoever looks at the list is the first to know, and must not believe that somebody else does."""
    for name, value in {"steps": steps, **more}.items():
        monkeypatch.setitem(INCIDENT, name, value)
    assert words in tell("incidents", "list").output
    shown = words.replace("see show", "its timeline says why")
    assert f"Next: {shown}" in tell("incidents", "show", "7f3a").output


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["--run", "step-1"], "run", {}),
        (["--postpone", "step-1", "--for", "10m"], "postpone", {"for": "10m"}),
        (["--drop", "step-1", "--reason", "on a plane"], "drop", {"reason": "on a plane"}),
    ],
)
def test_a_promise_is_moved(tocsin: Tocsin, words: list[str], path: str, body: dict[str, str]) -> None:
    """The answer is the API's sentence, which says what comes then."""
    tocsin.says[f"/api/agenda/step-1/{path}"] = (200, {"id": "step-1", "said": "Done. Then: ceo at 10:00 UTC."})
    said = tell("pending", *words, "--by", "ana")
    assert (said.exit_code, said.output.strip()) == (0, "Done. Then: ceo at 10:00 UTC.")
    assert tocsin.asked[-1][1:3] == (f"/api/agenda/step-1/{path}", {"by": "ana", "via": "command line", **body})


def test_the_id_of_an_incident_means_its_next_step(tocsin: Tocsin) -> None:
    """It is the one that a person sees; shortened as everywhere, and of two that begin so none is guessed."""
    items = [
        {"id": "n-7F3A-1", "kind": "notify", "incident": "7F3A"},
        {"id": "step-7F3A", "kind": "step", "incident": "7F3A"},
        {"id": "step-9B2A", "kind": "step", "incident": "9B2A"},
        {"id": "step-9B2C", "kind": "step", "incident": "9B2C"},
    ]
    tocsin.says["/api/agenda"] = (200, {"items": items})
    tocsin.says["/api/agenda/step-7F3A/run"] = (200, {"id": "step-7F3A", "said": "Told."})
    assert tell("pending", "--run", "7f3").output == "Told.\n"
    tocsin.says["/api/agenda/9b2/run"] = (404, {"detail": "Nothing of this id is promised."})
    assert tell("pending", "--run", "9b2").exit_code == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--postpone", "step-1"], "--postpone needs --for"),
        (["--drop", "step-1", "--reason", " "], "--drop needs --reason"),
        (["--run", " "], "The ID is empty"),
        (["--run", "a", "--drop", "b"], "do not go together"),
        (["--queues", "--parked"], "do not go together"),
    ],
)
def test_a_move_that_lacks_something_changes_nothing(tocsin: Tocsin, words: list[str], why: str) -> None:
    """It says what it needs, and nobody is asked."""
    said = tell("pending", *words)
    assert (said.exit_code, why in said.output, tocsin.asked) == (2, True, [])


def test_the_queues_are_shown(tocsin: Tocsin) -> None:
    """How much stands in each lane, and why jobs failed."""
    lane = {"lane": "urgent", "waiting": 1, "started": 0, "failed": 1}
    job = {"id": "j-1", "lane": "urgent", "what": "notify urgent", "at": 1.0, "why": "KeyError: 'x'"}
    tocsin.says["/api/queues"] = (200, {"queues": [lane], "failed": [job]})
    said = tell("pending", "--queues").output
    assert "KeyError: 'x'" in said
    assert "urgent" in said
