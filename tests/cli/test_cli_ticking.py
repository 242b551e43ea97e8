"""`tocsin incidents tick`: whoever ticks reads what they have ticked, and nothing is ticked by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, Tocsin, tell

ID = INCIDENT["id"]
AT = 1772359200.0
ANA, DAN = ({"by": by, "at": AT, "via": "api", "answer": ""} for by in ("ana", "dan"))


def item(number: int, text: str, ticked: dict[str, Any] | None = None) -> dict[str, Any]:
    """One of the checklist."""
    id_ = f"verify:{text.split()[0].lower()}"
    return {"number": number, "id": id_, "text": text, "done": ticked is not None, "said": "", "ticked": ticked}


LOGIN, ERRORS, MAIL = "Login works", "Errors are \x1b[31mnormal", "Mail goes out"


@pytest.fixture(autouse=True)
def _listed(tocsin: Tocsin) -> None:
    """One incident with three items, of which ana has ticked the first; `tick` and `untick` end as told."""
    said = {**INCIDENT, "checklist": [item(1, LOGIN, ANA), item(2, ERRORS), item(3, MAIL)]}
    tocsin.says[f"/api/incidents/{ID}"] = (200, said)
    _becomes(tocsin, "tick", item(1, LOGIN, ANA), item(2, ERRORS, DAN), item(3, MAIL))
    _becomes(tocsin, "untick", item(1, LOGIN), item(2, ERRORS), item(3, MAIL))


def _becomes(tocsin: Tocsin, what: str, *items: dict[str, Any], changed: bool = True, state: str = "triggered") -> None:
    said = {**INCIDENT, "checklist": list(items), "changed": changed, "state": state}
    tocsin.says[f"/api/incidents/{ID}/{what}"] = (200, said)


def asked(tocsin: Tocsin) -> list[tuple[str, str]]:
    """What was asked to be changed, and of which item."""
    return [(path.rpartition("/")[2], body["item"]) for method, path, body, _ in tocsin.asked if method == "POST"]


def test_the_answer_repeats_the_words_of_what_was_ticked(tocsin: Tocsin) -> None:
    """Asked for by its id: should the list be another meanwhile, its number ticks nothing else."""
    said = tell("incidents", "tick", "7f3a", "2", "--by", "dan")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines() == [
        f"{ID} has this ticked:",
        "  2. Errors are [31mnormal",
        "1 of 3 left.",
        f"Not so after all? tocsin incidents untick {ID} 2",
    ]
    assert asked(tocsin) == [("tick", "verify:errors")]


def test_several_are_ticked_and_answered_once(tocsin: Tocsin) -> None:
    """What somebody had ticked before stays theirs; a program that asked for JSON reads one answer."""
    said = tell("incidents", "tick", "7f3a", "1", "2", "2", "--by", "dan").output
    assert "  1. Login works (ticked before, by ana)\n  2. Errors are" in said
    assert asked(tocsin) == [("tick", "verify:login"), ("tick", "verify:errors")]
    told = json.loads(tell("-o", "json", "incidents", "tick", "7f3a", "1", "2", "--by", "dan").output)
    assert ([one["number"] for one in told["items"]], told["changed"], told["id"]) == ([1, 2], True, ID)


def test_all_of_it_is_said_item_by_item(tocsin: Tocsin) -> None:
    """One word ticks the whole list: every item is printed, and that the history knows how it was ticked."""
    _becomes(tocsin, "tick", item(1, LOGIN, ANA), item(2, ERRORS, DAN), item(3, MAIL, DAN))
    said = tell("incidents", "tick", "7f3a", "all", "--by", "dan")
    assert said.output.splitlines() == [
        f"{ID} has this ticked, all at once, and its timeline says so:",
        "  1. Login works (ticked before, by ana)",
        "  2. Errors are [31mnormal",
        "  3. Mail goes out",
        f"All is verified; close it: tocsin incidents resolve {ID}",
        f"Not so after all? tocsin incidents untick {ID} NUMBER",
    ]
    assert asked(tocsin) == [("tick", "all")]


def test_a_number_that_is_none_ticks_nothing(tocsin: Tocsin) -> None:
    """Not the others either; what is on the list is named."""
    said = tell("incidents", "tick", "7f3a", "2", "9", "--by", "dan")
    assert said.exit_code == 2
    assert said.stderr.startswith("tocsin: its checklist has no item 9\n  1. Login works\n")
    assert asked(tocsin) == []


def test_without_a_checklist_the_api_says_what_can_be_ticked_instead(tocsin: Tocsin) -> None:
    """Exit code 1: it was asked rightly."""
    tocsin.says[f"/api/incidents/{ID}"] = (200, {**INCIDENT, "checklist": []})
    why = f"Nothing has to be verified. A step of its runbook is ticked with `tocsin runbook {ID} tick 1`."
    tocsin.says[f"/api/incidents/{ID}/tick"] = (409, {"detail": why})
    said = tell("incidents", "tick", "7f3a", "1", "--by", "dan")
    assert (said.exit_code, why in said.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "items", "state", "says", "code"),
    [
        (["tick", "1"], [item(1, LOGIN, ANA)], "triggered", "had that ticked before", 0),
        (["untick", "2"], [item(2, ERRORS)], "triggered", "had that open before", 0),
        (["tick", "2"], [item(2, ERRORS)], "resolved", "is resolved", 1),
    ],
)
def test_what_is_so_already_is_no_failure(
    tocsin: Tocsin, words: list[str], items: list[dict[str, Any]], state: str, says: str, code: int
) -> None:
    """But of what is over nothing is ticked any more."""
    what, number = words
    _becomes(tocsin, what, *items, changed=False, state=state)
    said = tell("incidents", what, "7f3a", number, "--by", "dan")
    assert said.output.startswith(f"{ID} {says}: nothing was changed.\n  {number}. ")
    assert said.exit_code == code


def test_a_tick_taken_back_is_said_in_its_words_too(tocsin: Tocsin) -> None:
    """And what had been open anyway."""
    said = tell("incidents", "untick", "7f3a", "1", "3", "--by", "dan").output
    assert said.splitlines() == [
        f"{ID} has this open again:",
        "  1. Login works",
        "  3. Mail goes out (it was open before)",
    ]
