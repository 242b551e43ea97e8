"""`tocsin runbook ID`: the steps at a terminal, ticked and answered there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, NOW, Tocsin, tell

PATH = f"/api/incidents/{INCIDENT['id']}/runbook"
DONE = {"by": "ana", "at": NOW - 60, "via": "console"}
BOOK: dict[str, Any] = {
    "incident": INCIDENT["id"],
    "runbook": "site-down",
    "title": "The site is down",
    "steps": [
        {
            "number": 1,
            "id": "runbook:site-down:a",
            "text": "Is it up?",
            "commands": ["curl -I x\n  # 200"],
            "done": DONE,
        },
        {
            "number": 2,
            "id": "runbook:site-down:b",
            "text": "Restart it",
            "commands": ["docker  restart\n  x"],
            "done": None,
        },
    ],
    "decisions": [
        {
            "title": "Decide: roll back?",
            "path": [
                {"question": "Deployed?", "id": "tree:rollback:q", "answer": "no", "leads": "continue", **DONE},
            ],
            "asks": {
                "id": "tree:rollback:r",
                "question": "Quick fix?",
                "answers": [
                    {"answer": "yes", "leads": "Apply it", "commands": []},
                    {"answer": "no", "leads": "Roll back first", "commands": []},
                ],
            },
            "outcome": None,
        }
    ],
    "before_the_change": [{"words": "3. Shout", "answer": "", **DONE}],
    "others": ["rollback"],
}


@pytest.fixture(autouse=True)
def knows(tocsin: Tocsin) -> None:
    """The pretended Tocsin has this runbook."""
    tocsin.says[PATH] = (200, {**BOOK, "by": "dan", "item": "2. Restart it", "done_by": "dan"})


def test_it_says_first_what_is_next(tocsin: Tocsin) -> None:
    """Then each step with who did it, the commands of what is left as they are, the open question, and what is gone."""
    said = tell("runbook", "7f3a")
    assert said.exit_code == 0, said.output
    assert said.output.index("Next: 2. Restart it") < said.output.index("[x] 1. Is it up? (ana, ")
    assert "curl" not in said.output
    assert "         docker  restart\n           x\n" in said.output
    assert "  Deployed? no: continue (ana, " in said.output
    assert "  Quick fix?\n    yes: Apply it\n    no: Roll back first\n" in said.output
    assert "  [x] 3. Shout" in said.output
    assert f"tocsin runbook {INCIDENT['id']} tick NUMBER" in said.output


def test_json_is_what_the_api_said(tocsin: Tocsin) -> None:
    """For a program, before or after the words."""
    for asked in (["-o", "json", "runbook", "7f3a"], ["runbook", "7f3a", "-o", "json"]):
        assert json.loads(tell(*asked).output)["steps"] == BOOK["steps"]


@pytest.mark.parametrize(
    ("asked", "body", "says"),
    [
        (["tick", "2"], {"tick": "2"}, "runbook site-down, done: 2. Restart it."),
        (["untick", "2"], {"untick": "2"}, "not done after all: 2. Restart it."),
        (["answer", "no"], {"answer": "no"}, "2. Restart it no. Next: Quick fix? (yes or no)"),
        (["answer", "no", "--question", "tree:x:y"], {"answer": "no", "question": "tree:x:y"}, "Next: Quick fix?"),
        (["reopen", "tree:x:y"], {"reopen": "tree:x:y"}, "asked again: 2. Restart it."),
    ],
)
def test_each_word_reaches_the_runbook(tocsin: Tocsin, asked: list[str], body: dict[str, str], says: str) -> None:
    """In somebody's name, with what came of it."""
    said = tell("runbook", "7f3a", *asked, "--by", "dan")
    assert said.exit_code == 0, said.output
    assert says in said.output
    assert tocsin.asked[-1][:3] == ("POST", PATH, {"by": "dan", "via": "command line", **body})


def test_another_runbook_can_be_named(tocsin: Tocsin) -> None:
    """For showing and for ticking."""
    tocsin.says[f"{PATH}?name=roll%20back"] = (200, BOOK)
    assert tell("runbook", "7f3a", "--name", "roll back").exit_code == 0
    assert tocsin.asked[-1][1] == f"{PATH}?name=roll%20back"
    assert tell("runbook", "7f3a", "--name", "rollback", "tick", "1", "--by", "dan").exit_code == 0
    assert tocsin.asked[-1][2] == {"by": "dan", "via": "command line", "runbook": "rollback", "tick": "1"}


def test_whoever_comes_late_hears_who_was_quicker(tocsin: Tocsin) -> None:
    """The step is done, as was asked: exit code 0."""
    tocsin.says[PATH] = (200, {**BOOK, "by": "dan", "item": "1. Is it up?", "done_by": "ana"})
    said = tell("runbook", "7f3a", "tick", "1", "--by", "dan")
    assert said.exit_code == 0
    assert "ana had done it already: 1. Is it up?" in said.output


def test_of_what_is_over_it_says_that_nothing_can_be_ticked(tocsin: Tocsin) -> None:
    """How far it came is said; no next step, and no command that would be refused."""
    tocsin.says[PATH] = (200, {**BOOK, "open": False})
    said = tell("runbook", "7f3a").output
    assert said.splitlines()[1] == "The incident is resolved: 1 of 2 steps were done; none can be ticked any more."
    assert "  Quick fix? (nobody answered)\n" in said
    assert "Next:" not in said
    assert "tick NUMBER" not in said


def test_a_step_that_is_none_is_asked_wrongly(tocsin: Tocsin) -> None:
    """Exit code 2, with what the API said of it."""
    tocsin.says[PATH] = (422, {"detail": "'9' is no step of the runbook site-down; it has steps 1 to 2."})
    said = tell("runbook", "7f3a", "tick", "9", "--by", "dan")
    assert said.exit_code == 2
    assert "it has steps 1 to 2" in said.output


def test_half_a_sentence_is_asked_wrongly(tocsin: Tocsin) -> None:
    """Before anything is sent: exit code 2, and what is missing."""
    for asked, says in ((["tick"], "tick what? Say the number"), (["answer"], "Say yes, no"), (["tock", "1"], "tick")):
        said = tell("runbook", "7f3a", *asked)
        assert said.exit_code == 2
        assert says in said.output
    assert tocsin.asked == []


def test_words_of_a_runbook_cannot_steer_the_terminal(tocsin: Tocsin) -> None:
    """Not those of a command either."""
    steps = [{**BOOK["steps"][1], "text": "a\x1b[31mb", "commands": ["x\x1b]0;y\x07"]}]
    tocsin.says[PATH] = (200, {**BOOK, "steps": steps})
    assert "\x1b" not in tell("runbook", "7f3a").output
