"""Exit codes: one table of what each means, whatever command it is. docs/command-line.md says the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, Tocsin, tell
from tests.source import ROOT

ID = INCIDENT["id"]
AT = 1772359200.0
MINE = {**INCIDENT, "state": "acknowledged", "acknowledged_by": "ana", "changed": False}
OVER = {**INCIDENT, "state": "resolved", "resolved_by": "dan", "changed": False}
DURATION = "expected a duration with its unit, like 90s, 15m, 4h or 7d"
WRONG = {"detail": f"for: {DURATION}", "errors": [{"field": "for", "expected": DURATION}]}
NO_PAGE = {"detail": "The rules have no status page, so nothing can be published."}
ENDED = {"ended": "M-1", "changed": False, "until": AT, "burning": [], "public": None}
GONE = {"detail": "There is no maintenance 'M-2'. did you mean M-1?"}
ACT = f"/api/incidents/{ID}"
BY = ["--by", "ana"]

SO = [
    (["incidents", "ack", "7f3a", *BY], f"{ACT}/acknowledge", 200, {**MINE, "changed": True}),
    (["incidents", "ack", "7f3a", *BY], f"{ACT}/acknowledge", 200, MINE),
    (["incidents", "resolve", "7f3a", *BY], f"{ACT}/resolve", 200, OVER),
    (["maintenance", "end", "M-1"], "/api/maintenance/M-1/end", 200, ENDED),
    (["incidents", "list"], "/api/incidents?state=open&limit=50", 200, {"incidents": []}),
]
STOOD_IN_THE_WAY = [
    (["incidents", "ack", "7f3a", *BY], f"{ACT}/acknowledge", 200, OVER),
    (["incidents", "ack", "7f3a", "--by", "dan"], f"{ACT}/acknowledge", 200, {**MINE, "changed": True}),
    (["incidents", "resolve", "7f3a", *BY], f"{ACT}/resolve", 409, {"detail": "…", "left": [], "of": 0}),
    (["incidents", "undo", "7f3a", *BY], f"{ACT}/undo", 409, {"detail": "Nothing can be taken back: …"}),
    (["incidents", "escalate", "7f3a", *BY], f"{ACT}/escalate", 409, {"detail": "The matrix is at its end: …"}),
    (["incidents", "show", "zzz"], "", 200, {}),
    (["maintenance", "end", "M-2"], "/api/maintenance/M-2/end", 404, GONE),
    (["maintenance", "prolong", "M-1", "--for", "30m"], "/api/maintenance/M-1/prolong", 409, {"detail": "over"}),
    (["maintenance", "publish", "M-1", "x", "--title", "T"], "/api/maintenance/M-1/publish", 409, NO_PAGE),
    (["pending", "--parked"], "", 200, {}),
]
ASKED_WRONGLY = [
    (["incidents", "ack"], "", 200, {}),
    (["ack", "7f3a"], "", 200, {}),
    (["incidents", "ack", "20260301"], "", 200, {}),
    (["incidents", "snooze", "7f3a", "--for", "2", *BY], f"{ACT}/snooze", 422, WRONG),
    (["incidents", "assign", "7f3a", "mara", *BY], f"{ACT}/assign", 422, {"detail": "to: there is no person 'mara'"}),
    (["incidents", "ack", "7f3a", *BY], f"{ACT}/acknowledge", 401, {}),
    (["incidents", "ack", "7f3a", *BY], f"{ACT}/acknowledge", 403, {"detail": "A viewer may not."}),
]
NOBODY_ANSWERED = [
    (["incidents", "ack", "7f3a", *BY], f"{ACT}/acknowledge", 503, {"detail": "Many are writing to this incident."}),
    (["incidents", "list"], "/api/incidents?state=open&limit=50", 500, {"detail": "Tocsin failed to answer."}),
]
TABLE = [
    (code, *row) for code, rows in enumerate((SO, STOOD_IN_THE_WAY, ASKED_WRONGLY, NOBODY_ANSWERED)) for row in rows
]


@pytest.mark.parametrize(("code", "words", "path", "status", "said"), TABLE)
def test_an_exit_code_means_the_same_everywhere(
    tocsin: Tocsin, code: int, words: list[str], path: str, status: int, said: dict[str, Any]
) -> None:
    """0: it is as was asked; 1: it is not, or not there; 2: asked wrongly; 3: nobody could answer. In JSON too."""
    tocsin.says[path] = (status, said)
    answer = tell(*words)
    assert answer.exit_code == code, answer.output
    assert tell("-o", "json", *words).exit_code == code
    assert answer.output.strip()


def test_the_docs_have_the_same_four() -> None:
    """And `--help` does."""
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d) \|", text, re.MULTILINE) == ["0", "1", "2", "3"]
    assert re.findall(r"^    (\d)  ", tell("--help").output, re.MULTILINE) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("words", "path", "field", "says"),
    [
        (["incidents", "snooze", "7f3a", "--for", "2"], f"{ACT}/snooze", "for", f"--for: {DURATION}, found '2'"),
        (
            ["incidents", "update", "7f3a", "x", "--next", "2"],
            f"{ACT}/update",
            "next",
            f"--next: {DURATION}, found '2'",
        ),
        (
            ["maintenance", "start", "--service", "a", "--for", "2"],
            "/api/maintenance",
            "for",
            f"--for: {DURATION}, found",
        ),
        (["incidents", "assign", "7f3a", "mara"], f"{ACT}/assign", "to", f"TO: {DURATION}, found 'mara'"),
        (["incidents", "ack", "7f3a"], f"{ACT}/acknowledge", "else", f"else: {DURATION}\n"),
    ],
)
def test_a_wrong_value_is_named_by_its_option(
    tocsin: Tocsin, words: list[str], path: str, field: str, says: str
) -> None:
    """What was found, and what was expected: nobody has to know how the API calls it."""
    tocsin.says[path] = (422, {"detail": "…", "errors": [{"field": field, "expected": DURATION}]})
    assert says in tell(*words).stderr


def test_what_was_found_is_said_once(tocsin: Tocsin) -> None:
    """Where the sentence of the API names it, nothing is added."""
    why = "there is no person 'mara'; did you mean maria?"
    tocsin.says[f"{ACT}/assign"] = (422, {"detail": why, "errors": [{"field": "to", "expected": why}]})
    assert tell("incidents", "assign", "7f3a", "mara").stderr == f"tocsin: TO: {why}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ack", "7f3a"], "No such command 'ack'. Did you mean `tocsin incidents ack`?"),
        (["Ack"], "Did you mean `tocsin incidents ack`?"),
        (["incidents", "runbook", "7f3a"], "No such command 'runbook'. Did you mean `tocsin runbook`?"),
        (["incidents", "lst"], "Did you mean `tocsin incidents list`?"),
        (["resolv"], "Did you mean `tocsin incidents resolve`?"),
        (["bakup"], "Did you mean `tocsin backup`?"),
        (["prolong", "M-1"], "Did you mean `tocsin maintenance prolong`?"),
        (["postmortem", "actions", "dne"], "Did you mean `tocsin postmortem actions done`?"),
        (["show"], "Did you mean `tocsin incidents show`, `tocsin postmortem show`,"),
        (["help"], "Did you mean `tocsin --help`?"),
        (["incidents", "help"], "Did you mean `tocsin incidents --help`?"),
        (["xyzzy"], "No such command 'xyzzy'.\n"),
    ],
)
def test_a_command_that_there_is_none_of_leads_to_the_one_that_was_meant(words: list[str], says: str) -> None:
    """The same word elsewhere first: `ack` is no `backup`. Whoever types it at three in the morning has one line."""
    said = tell(*words)
    assert said.exit_code == 2
    assert says in said.stderr
