"""`tocsin check` for people, programs and CI: the same findings in four forms, and exit codes to rely on."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from router.cli import main
from router.sources import TYPES as SOURCES
from rules.lint import CODES
from rules.reading.config import Config
from rules.reading.problem import SECRETS
from rules.reading.shape import secret_paths
from tests.cli.test_cli_rules import RULES, tell
from tests.source import ROOT
from workers.channels import TYPES as CHANNELS
from workers.checks import TYPES as CHECKS

WRONG = RULES.replace("type: pingdom", "type: pingdon").replace("respond_within: 1h", "respond_within: 60 min")
DOUBTFUL = RULES.replace(", fallback: [room]", "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `config` of rules that can be used, in the folder where the command is given."""
    monkeypatch.chdir(tmp_path)
    made = Path("config")
    made.mkdir()
    (made / "rules.yaml").write_text(RULES, encoding="utf-8")
    return made


def checked(folder: Path, text: str, *words: str) -> tuple[int, str]:
    """Exit code and answer of `check` for one file."""
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    said = tell("check", str(folder), *words)
    return said.exit_code, said.output


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
@pytest.mark.parametrize(("text", "code"), [(RULES, 0), (DOUBTFUL, 1), (WRONG, 1)], ids=["clean", "doubtful", "wrong"])
def test_exit_codes_are_the_same_in_every_form(folder: Path, text: str, code: int, form: str) -> None:
    """0 is clean; a warning ends with 1 as an error does, so that CI stops at both."""
    assert checked(folder, text, "--format", form)[0] == code


@pytest.mark.parametrize("words", [["none"], ["config/rules.yaml"], ["config", "--format", "xml"], ["config", "more"]])
def test_a_wrong_question_ends_with_2(folder: Path, words: list[str]) -> None:
    """No such folder, a file instead of one, a form that is none: nothing was checked, so nothing was found."""
    assert tell("check", *words).exit_code == 2


def test_a_person_reads_places_codes_and_what_follows(folder: Path) -> None:
    """Both mistakes at once, each with its line and a caret; of a doubt the code that silences it."""
    said = checked(folder, WRONG)[1].splitlines()
    assert said[0].startswith("rules.yaml:4:38: respond_within: expected a duration")
    assert said[0].endswith("(did you mean 60m?)")
    assert said[2].index("^") == said[1].index("60 min")
    assert said[3].startswith("rules.yaml:12:24: there is no source type 'pingdon'")
    assert said[-1] == "These rules cannot be used, and nothing starts on them."
    said = checked(folder, DOUBTFUL)[1].splitlines()
    assert "rules.yaml:3:54: warning: a P1 is told through slack alone" in said[0]
    assert said[0].endswith("[single-channel]")
    assert said[-1] == "These rules can be used: a warning stops no start."


def test_json_is_the_same_by_either_name(folder: Path) -> None:
    """`-o json` and `--format json`; the last word on a form has --format."""
    _, by_output = checked(folder, DOUBTFUL, "-o", "json")
    _, by_format = checked(folder, DOUBTFUL, "--format", "json")
    assert by_output == by_format
    problems = json.loads(by_output)["problems"]
    assert {problem["level"] for problem in problems} == {"warning"}
    assert {"single-channel", "unused"} == {problem["code"] for problem in problems}
    assert set(problems[0]) == {"file", "line", "column", "message", "hint", "code", "level"}
    assert "::warning" in checked(folder, DOUBTFUL, "-o", "json", "--format", "github")[1]


def unescaped(value: str) -> str:
    """As GitHub's runner reads what its toolkit escapes."""
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, char)
    return value


def annotations(output: str) -> list[tuple[str, dict[str, str], str]]:
    """The workflow commands of an output: name, properties, message."""
    found = []
    for line in output.splitlines():
        command = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert command is not None, line
        properties = dict(each.split("=", 1) for each in command[2].split(","))
        found.append(
            (command[1], {name: unescaped(value) for name, value in properties.items()}, unescaped(command[3]))
        )
    return found


def test_github_gets_one_annotation_for_each_finding(folder: Path) -> None:
    """At its file as seen from the top of the repository, its line and its column."""
    first, second = annotations(checked(folder, WRONG, "--format", "github")[1])
    assert first[0] == "error"
    assert first[1] == {"file": "config/rules.yaml", "line": "4", "col": "38", "title": "tocsin wrong"}
    assert second[1]["line"] == "12"
    assert second[2] == "there is no source type 'pingdon' (did you mean pingdom?)"
    level, properties, _ = annotations(checked(folder, DOUBTFUL, "--format", "github")[1])[0]
    assert (level, properties["title"]) == ("warning", "tocsin single-channel")


def test_no_name_in_the_rules_can_give_github_a_command(folder: Path) -> None:
    """Line ends, percent signs, colons and commas of whoever writes a pull request stay text."""
    odd = 'x\\"y\\n::add-mask::a%0A::error file=b,line=1::\\r'
    text = RULES.replace("name: large", f'"name": "{odd}"').replace("name: small", f'"name": "{odd}"')
    output = checked(folder, text, "--format", "github")[1]
    ((level, properties, message),) = annotations(output)
    assert (level, properties["line"], properties["title"]) == ("error", "16", "tocsin wrong")
    assert 'x"y\n::add-mask::a%0A::error file=b,line=1::\r' in message


def test_a_folder_with_an_odd_name_is_named_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commas, colons, spaces and letters of any script, for GitHub and in SARIF's URIs."""
    monkeypatch.chdir(tmp_path)
    folder = Path("a b,c:d%é")
    folder.mkdir()
    output = checked(folder, WRONG, "--format", "github")[1]
    assert annotations(output)[0][1]["file"] == "a b,c:d%é/rules.yaml"
    uri = uri_of(json.loads(checked(folder, WRONG, "--format", "sarif")[1]))
    assert uri == "a%20b%2Cc%3Ad%25%C3%A9/rules.yaml"
    uri = uri_of(json.loads(checked(folder.absolute(), WRONG, "--format", "sarif")[1]))
    assert unquote(uri) == "a b,c:d%é/rules.yaml"
    monkeypatch.chdir("/")
    uri = uri_of(json.loads(checked(tmp_path / folder, WRONG, "--format", "sarif")[1]))
    assert unquote(uri) in {f"file://{tmp_path / folder}/rules.yaml", f"{tmp_path / folder}/rules.yaml"[1:]}


def uri_of(log: dict[str, Any]) -> str:
    """Where the first result of a SARIF log is."""
    found: str = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    return found


@pytest.mark.parametrize("text", [WRONG, DOUBTFUL, RULES, "a: [", "\x00"])
def test_sarif_has_what_the_standard_requires(folder: Path, text: str) -> None:
    """SARIF 2.1.0: version, runs with a named driver, results with a message; every rule index leads to its rule.

    The required properties of its sections 3.13, 3.14, 3.18, 3.19, 3.27 and 3.30. The whole was also validated
    by hand, against the schema that OASIS publishes.
    """
    log = json.loads(checked(folder, text, "--format", "sarif")[1])
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "tocsin"
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == ["wrong", *CODES]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert run["columnKind"] == "unicodeCodePoints"
    assert isinstance(run["results"], list)
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "config/rules.yaml"


def test_every_finding_is_in_every_form(folder: Path) -> None:
    """The same number of findings, at the same lines, whoever reads them."""
    problems = json.loads(checked(folder, DOUBTFUL, "--format", "json")[1])["problems"]
    lines = [problem["line"] for problem in problems]
    results = json.loads(checked(folder, DOUBTFUL, "--format", "sarif")[1])["runs"][0]["results"]
    assert [one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in results] == lines
    assert [int(one[1]["line"]) for one in annotations(checked(folder, DOUBTFUL, "--format", "github")[1])] == lines
    text = checked(folder, DOUBTFUL)[1]
    assert [int(line) for line in re.findall(r"^rules\.yaml:(\d+):", text, re.MULTILINE)] == lines


LITERALS = [
    ("a secret and a mistake in one line", 'token: "${env:TOCSIN_TEST_UNSET}"', "token: hunter2, odd: x"),
    ("two secrets in one line", 'token: "${env:TOCSIN_TEST_UNSET}"', "secret: hunter2, token: hunter2"),
    ("a secret in a list", 'token: "${env:TOCSIN_TEST_UNSET}"', "token: [hunter2, hunter2]"),
    ("a secret in a line that is no YAML", 'token: "${env:TOCSIN_TEST_UNSET}"', "token: hunter2: x"),
    ("a quote that is not closed", 'token: "${env:TOCSIN_TEST_UNSET}"', "token: 'hunter2"),
    ("a secret without its colon", 'token: "${env:TOCSIN_TEST_UNSET}"', "token hunter2"),
    ("a secret without its space", 'token: "${env:TOCSIN_TEST_UNSET}"', "token:hunter2"),
    ("a secret with a reference in it", '"${env:TOCSIN_TEST_UNSET}"', '"hunter2${env:X}"'),
]


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in LITERALS], ids=[case[0] for case in LITERALS])
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_what_may_be_a_secret_is_shown_in_no_form(folder: Path, old: str, new: str, form: str) -> None:
    """A CI log is read by many: neither a message nor the line beside it repeats it, whatever else is wrong."""
    assert old in RULES
    code, said = checked(folder, RULES.replace(old, new, 1), "--format", form)
    assert code == 1
    assert "hunter2" not in said


def test_every_key_that_holds_a_secret_is_kept_out_of_lines() -> None:
    """A new option that is a secret is one in the lines that are shown, too."""
    types = [*SOURCES.values(), *CHANNELS.values(), *CHECKS.values()]
    models = [Config, *(one.options for one in types)]
    keys = {[part for part in path if part != "*"][-1] for model in models for path in secret_paths(model)}
    assert keys == set(SECRETS)


def test_a_very_long_line_is_shown_around_the_place(folder: Path) -> None:
    """A file on one line is answered with what stands around the caret, not with four megabytes."""
    many = ", ".join(f"p{n}: {{email: a@example.com}}" for n in range(5_000))
    text = RULES.replace("people: {ana:", f"people: {{{many}, odd: {{emial: x}}, ana:")
    said = checked(folder, text)[1]
    assert "unknown key 'emial' (did you mean email?)" in said
    line, caret = said.splitlines()[1:3]
    assert len(line) < 250
    assert line[caret.index("^") :].startswith("emial: x")


def test_a_person_reads_two_hundred_findings_and_a_program_all(folder: Path) -> None:
    """Nobody reads a thousand; how many more there are is said, and where they stand."""
    idle = "".join(f"  idle{number}: {{people: [ana]}}\n" for number in range(1_000))
    text = checked(folder, f"{RULES}teams:\n{idle}")[1]
    assert text.count("[unused]") == 200
    assert "And 800 more: --format json has them all." in text
    assert len(json.loads(checked(folder, f"{RULES}teams:\n{idle}", "-o", "json")[1])["problems"]) == 1_000


def test_the_hook_for_pre_commit_runs_a_command_that_is_there() -> None:
    """What pre-commit requires of a hook, and that it checks the folder and not the files that were changed."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    program, command = hook["entry"].split()
    assert (program, command in main.words) == ("tocsin", True)
    assert re.search(hook["files"], "config/runbooks/site-down.md")
    assert f"id: {hook['id']}" in (ROOT / "docs/rules.md").read_text(encoding="utf-8")


def test_a_folder_that_may_not_be_read_is_said(folder: Path) -> None:
    """In words, with the exit code of a wrong question."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    folder.chmod(0)
    said = tell("check", str(folder))
    folder.chmod(0o700)
    assert said.exit_code == 2
