"""`tocsin postmortem …` and `incidents export`, as a person at a terminal sees them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.pretended import INCIDENT, Tocsin, tell

ID = INCIDENT["id"]
PATH = f"/api/incidents/{ID}/postmortem"
ITEM = {
    "number": 1, "text": "Alert on \x1b[31mit", "owner": "ana", "due": "2026-12-01", "status": "open", "reason": "",
    "closed_at": None,
}  # fmt: skip
ONE: dict[str, Any] = {
    "incident": ID, "title": "Shop is down\nreally", "severity": "P1", "stage": "draft due", "due_at": 1795516200.0,
    "author": "ana", "actions": [ITEM], "overdue": ["the draft is overdue by 1d"], "waived": None, "revision": 3,
    "blanks": ["line 4 (Impact)"], "markdown": "# Post-Mortem: x\n", "by": "ana",
}  # fmt: skip


@pytest.fixture
def due(tocsin: Tocsin) -> Tocsin:
    """A Tocsin with one post-mortem that is late."""
    for state in ("unfinished", "overdue", "all"):
        tocsin.says[f"/api/postmortems?state={state}"] = (200, {"postmortems": [ONE]})
    tocsin.says[PATH] = (200, ONE)
    return tocsin


def sent(tocsin: Tocsin) -> Any:
    """The path and body of the last question."""
    _, path, body, _ = tocsin.asked[-1]
    return path, body


def test_the_list_says_what_is_late_and_fails_on_it_when_asked(due: Tocsin) -> None:
    """`--overdue` is for scripts: exit code 1 when something is."""
    said = tell("postmortem", "list")
    assert said.exit_code == 0
    assert "draft due" in said.output
    assert f"! {ID}: the draft is overdue by 1d" in said.output
    assert tell("postmortem", "list", "--overdue").exit_code == 1
    assert json.loads(tell("postmortem", "list", "-o", "json").output)["postmortems"] == [ONE]
    due.says["/api/postmortems?state=overdue"] = (200, {"postmortems": []})
    quiet = tell("postmortem", "list", "--overdue")
    assert (quiet.exit_code, quiet.output) == (0, "Nothing is overdue.\n")


def test_the_document_goes_out_as_it_is_and_comes_in_from_a_file(due: Tocsin, tmp_path: Path) -> None:
    """Out to stdout; in from a file or stdin; submitted with the blanks that are left."""
    assert tell("postmortem", "show", ID).output == "# Post-Mortem: x\n"
    file = tmp_path / "file.md"
    file.write_text("# Mine ü\n", encoding="utf-8")
    said = tell("postmortem", "edit", ID, str(file), "--by", "ana")
    assert f"The post-mortem of {ID} is kept, revision 3." in said.output
    assert "Still to be filled in: line 4 (Impact)." in said.output
    assert sent(due) == (PATH, {"text": "# Mine ü\n", "by": "ana", "via": "command line", "submit": False})
    tell("postmortem", "submit", ID, str(file), "--revision", "7")
    assert sent(due)[1] | {"by": "x"} == {
        "text": "# Mine ü\n", "by": "x", "via": "command line", "submit": True, "revision": 7
    }  # fmt: skip
    tell("postmortem", "submit", ID)
    assert sent(due)[1]["text"] == "# Post-Mortem: x\n"


def test_each_flaw_is_named_by_file_line_and_column(due: Tocsin, tmp_path: Path) -> None:
    """Nothing was changed, and that is said."""
    file = tmp_path / "file.md"
    file.write_text("x\n")
    wrong = {"line": 42, "column": 30, "expected": "expected a day like 2026-12-01, found 'soon'"}
    due.says[PATH] = (422, {"detail": "…", "errors": [wrong]})
    said = tell("postmortem", "edit", ID, str(file))
    assert said.exit_code == 1
    assert f"{file}:42:30: expected a day like 2026-12-01, found 'soon'" in said.output
    assert "nothing was changed" in said.output
    file.write_bytes(b"\xff\xfe")
    assert "is no UTF-8 text (byte 0)" in tell("postmortem", "edit", ID, str(file)).output
    assert "cannot be read" in tell("postmortem", "edit", ID, str(tmp_path / "nothing.md")).output


def test_whoever_is_slower_hears_how_to_go_on(due: Tocsin, tmp_path: Path) -> None:
    """Their file is as they left it."""
    file = tmp_path / "file.md"
    file.write_text("mine\n")
    due.says[PATH] = (409, {"detail": "Nothing was kept: yours was made from revision 1.", "revision": 3})
    said = tell("postmortem", "submit", ID, str(file))
    assert said.exit_code == 1
    assert "Nothing was kept" in said.output
    assert f"See theirs: tocsin postmortem show {ID} > theirs.md. Yours is as you left it." in said.output
    assert file.read_text() == "mine\n"


def test_the_editor_is_opened_and_nothing_changed_is_nothing_sent(
    due: Tocsin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was typed is kept in a file where somebody else was faster."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("click.edit", lambda *_, **__: None)
    assert tell("postmortem", "edit", ID).output == "Nothing was changed.\n"
    assert due.asked[-1][0] == "GET"
    monkeypatch.setattr("click.edit", lambda text, **_: text + "more\n")
    tell("postmortem", "edit", ID)
    assert sent(due)[1]["text"] == "# Post-Mortem: x\nmore\n"


@pytest.mark.parametrize(
    ("words", "what", "body"),
    [
        (["review", ID, "--anyway"], "review", {"anyway": True}),
        (["waive", ID, "as yesterday"], "waive", {"reason": "as yesterday"}),
        (["ask", ID, "we want to know"], "ask", {"reason": "we want to know"}),
        (["actions", "add", ID, "Alert on it", "--owner", "dan", "--due", "2026-12-01"], "actions",
         {"text": "Alert on it", "owner": "dan", "due": "2026-12-01"}),
        (["actions", "done", ID, "1"], "actions/1", {"status": "done"}),
        (["actions", "drop", ID, "1", "too dear"], "actions/1", {"status": "dropped", "reason": "too dear"}),
        (["actions", "change", ID, "1", "--due", "2026-12-08", "--open"], "actions/1",
         {"due": "2026-12-08", "status": "open"}),
    ],
)  # fmt: skip
def test_each_command_asks_what_it_says(due: Tocsin, words: list[str], what: str, body: dict[str, object]) -> None:
    """And says what came of it in one line."""
    due.says[f"{PATH}/{what}"] = (200, ONE)
    said = tell("postmortem", *words, "--by", "ana")
    assert said.exit_code == 0, said.output
    assert said.output.startswith(f"{ID}: ")
    assert sent(due) == (f"{PATH}/{what}", {"by": "ana", "via": "command line", **body})


def test_what_is_left_to_be_done_is_listed_over_all_incidents(due: Tocsin) -> None:
    """The soonest first, without what is done; an escape sequence is no colour."""
    done = {**ITEM, "number": 2, "status": "done", "due": None}
    due.says["/api/postmortems?state=all"] = (200, {"postmortems": [{**ONE, "actions": [done, ITEM]}]})
    said = tell("postmortem", "actions", "list")
    assert "Alert on [31mit" in said.output
    assert "done" not in said.output
    assert len(json.loads(tell("postmortem", "actions", "list", ID, "--all", "-o", "json").output)["actions"]) == 2
    due.says["/api/postmortems?state=all"] = (200, {"postmortems": []})
    assert tell("postmortem", "actions", "list").output == "Nothing is left to be done.\n"


def test_a_stranger_as_owner_is_said(due: Tocsin) -> None:
    """Nobody can remind them."""
    due.says[f"{PATH}/actions"] = (201, {**ONE, "strangers": ["Bob"]})
    said = tell("postmortem", "actions", "add", ID, "Ask Bob", "--owner", "Bob")
    assert "! The rules know nobody called Bob: Tocsin cannot remind them." in said.output


def test_an_incident_without_one_says_what_to_do(due: Tocsin) -> None:
    """In the words of the command line."""
    due.says[PATH] = (404, {"detail": "This incident needs no post-mortem. POST …/postmortem/ask asks for one."})
    said = tell("postmortem", "show", ID)
    assert said.exit_code == 1
    assert f"To have one all the same: tocsin postmortem ask {ID}" in said.output


def test_an_incident_is_printed_whole(due: Tocsin) -> None:
    """Markdown by default, JSON when asked."""
    due.says[f"/api/incidents/{ID}/export?format=md"] = (200, {"id": ID, "markdown": "# P1\n"})
    due.says[f"/api/incidents/{ID}/export?format=json"] = (200, {"id": ID, "timeline": []})
    assert tell("incidents", "export", ID).output == "# P1\n"
    assert json.loads(tell("incidents", "export", ID, "--format", "json").output) == {"id": ID, "timeline": []}
