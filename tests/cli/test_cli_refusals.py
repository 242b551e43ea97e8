"""What the command line says when it cannot do what was asked: exit code, way out, and the same for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.pretended import INCIDENT, Tocsin, tell

AGENDA = "/api/agenda/nope/retry"
ASSIGN = f"/api/incidents/{INCIDENT['id']}/assign"


@pytest.fixture(autouse=True)
def _refusing(tocsin: Tocsin) -> None:
    tocsin.says[AGENDA] = (
        404,
        {"status": 404, "detail": "No entry of this id was given up. GET /api/agenda?state=parked lists them."},
    )
    tocsin.says[AGENDA.replace("nope", INCIDENT["id"])] = tocsin.says[AGENDA]
    tocsin.says[ASSIGN] = (422, {"status": 422, "detail": "to: there is no person 'mara'; did you mean maria?"})


REFUSED = [
    (["incidents", "assign", "7f3a", "mara"], 2, "there is no person 'mara'; did you mean maria?"),
    (["pending", "--retry", "nope"], 1, "tocsin pending --parked"),
    (["pending", "--retry", INCIDENT["id"]], 1, "is an incident, and no entry that was given up"),
    (["pending", "--retry", ""], 2, "tocsin pending --parked"),
    (["incidents", "show", ""], 2, "tocsin incidents list --all"),
    (["incidents", "show", "zzz"], 1, "tocsin incidents list --all"),
    (["incidents", "note", "7f3a", " "], 2, "it is empty; say what the timeline shall hold"),
    (["incidents", "false-positive", "7f3a", ""], 2, "it is empty; say why it was none"),
    (["incidents", "assign", "7f3a", ""], 2, "it is empty; name a person of the rules"),
    (["incidents", "ack", "7f3a", "--by", " "], 2, "it is empty; the timeline needs a name"),
    (["report", ""], 2, "say in one line what is wrong"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_a_refusal_says_the_way_out_of_this_one(words: list[str], code: int, said: str) -> None:
    """Asked wrongly is 2, not found is 1, and the hint fits what was asked for."""
    answer = tell(*words)
    assert answer.exit_code == code, answer.output
    assert said in answer.stderr
    assert "/api" not in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize("words", [*(row[0] for row in REFUSED), ["report"], ["incidents", "ack"], ["no-such-command"]])
@pytest.mark.parametrize("asked", [["-o", "json"], ["--output=json"]])
def test_a_program_is_told_of_a_failure_in_json(words: list[str], asked: list[str]) -> None:
    """One object on stderr with what went wrong and what to do; nothing on stdout; the same exit code."""
    answer = tell(*asked, *words)
    assert answer.exit_code == tell(*words).exit_code
    assert set(json.loads(answer.stderr)) == {"error", "hint"}
    assert answer.stdout == ""


def test_json_asked_for_changes_no_good_end(tocsin: Tocsin, tmp_path: Path) -> None:
    """An answer still ends with 0, a finding with 1, and help is help."""
    assert tell("-o", "json", "incidents", "list").exit_code == 0
    assert tell("-o", "json", "--help").exit_code == 0
    said = tell("-o", "json", "check", str(tmp_path))
    assert said.exit_code == 1
    assert json.loads(said.stdout)["problems"]
    said = tell("-o", "json", "check", "/nowhere/at/all")
    assert said.exit_code == 2
    assert json.loads(said.stderr)["error"] == "there is no folder /nowhere/at/all"


@pytest.mark.parametrize("part", ["20260301-7F3A", "7F3A", " 20260301-7"])
def test_an_id_is_read_in_upper_and_lower_case(tocsin: Tocsin, part: str) -> None:
    """Whoever types it from a phone in the night need not care."""
    assert tell("incidents", "ack", part, "--by", "ana").exit_code == 0
    assert tocsin.asked[-1][1] == f"/api/incidents/{INCIDENT['id']}/acknowledge"


def test_help_names_the_id_as_people_do() -> None:
    """`ID`, not how the code calls it."""
    said = tell("incidents", "show", "--help").output
    assert "[OPTIONS] ID\n" in said


def test_tocsin_alone_tells_what_there_is() -> None:
    """Whoever types the bare name reads the help, not a traceback."""
    said = tell()
    assert "Usage: tocsin" in said.output.replace("Usage: main", "Usage: tocsin")
    assert "incidents" in said.output
    assert said.exit_code in {0, 2}


def test_no_token_at_all_says_where_it_was_looked_for(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From another folder than the one `up` runs in there is none to be found: that is not a wrong one."""
    monkeypatch.delenv("TOCSIN_API_TOKEN")
    monkeypatch.chdir(tmp_path)
    said = tell("incidents", "list")
    assert said.exit_code == 2
    assert "no API token found" in said.stderr
    assert f"{tmp_path}/.tocsin; set TOCSIN_DATA or TOCSIN_API_TOKEN" in said.stderr
