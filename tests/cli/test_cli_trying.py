"""`tocsin test`: the rules tried at a terminal or in CI, without Redis, secrets or a server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel

from router.cli import main
from rules.incident import Reason
from rules.trial.written import Expect, Line, Step, Story, Written
from tests.cli.test_cli_rules import RULES
from tests.source import ROOT
from workers.rulebook.configuration import packaged

STORY = """\
tests:
  - name: the shop is down
    steps:
      - sample: pingdom/http_down
    until: 20m
    expect:
      severity: P1
      told:
        - {at: 0m, who: ana, by: slack, reason: opened}
        - {at: 15m, who: lead, by: slack, reason: escalated}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules, and a test of them that is green."""
    (tmp_path / "rules.yaml").write_text(RULES.replace("{email: a@", "{slack: U0A, email: a@"), encoding="utf-8")
    (tmp_path / "shop.test.yaml").write_text(STORY, encoding="utf-8")
    return tmp_path


def tell(*words: object) -> Result:
    """`tocsin test …`, as typed."""
    return CliRunner().invoke(main, ["test", *map(str, words)])


def changed(folder: Path, old: str, new: str, *words: object) -> Result:
    """What it says after one change of the test."""
    assert old in STORY
    (folder / "shop.test.yaml").write_text(STORY.replace(old, new), encoding="utf-8")
    return tell(folder, *words)


def test_the_shipped_rules_do_what_their_stories_say(tmp_path: Path) -> None:
    """The packaged folder is green, and so is the copy that `init` makes of it."""
    assert CliRunner().invoke(main, ["init", str(tmp_path / "config")]).exit_code == 0
    for folder in (packaged(), tmp_path / "config"):
        said = tell(folder)
        assert said.exit_code == 0, said.output
        assert re.search(r": \d{2} tests, all green, in \d+\.\d s\.", said.output)


def test_a_green_test_says_little(folder: Path) -> None:
    """One line and exit code 0: nothing has to be read."""
    said = tell(folder)
    assert said.exit_code == 0
    assert re.fullmatch(rf"{re.escape(str(folder))}: 1 test, all green, in \d+\.\d s\.\n", said.output)


def test_the_folder_may_be_named_as_for_every_command(folder: Path) -> None:
    """`--config FOLDER` is as good as FOLDER."""
    assert tell("--config", folder).exit_code == 0


def test_what_differs_is_told_with_its_place_and_what_happened(folder: Path) -> None:
    """Missing, unexpected and other values, each with file and line, and what came in; exit code 1."""
    said = changed(folder, "at: 15m, who: lead", "at: 16m, who: ceo")
    assert said.exit_code == 1
    assert [line.rstrip() for line in said.output.splitlines()] == [
        "shop.test.yaml:2:11: the shop is down",
        "    + 15m maria (lead) by slack: escalated                    shop.test.yaml:8",
        "    - 16m ceo by slack: escalated                             shop.test.yaml:10",
        "  what happened:",
        "    0m shop: pingdom.down (trigger): P1 by «shop down» opened (incident 1)",
        "1 of 1 test failed, in 0.0 s.",
    ]


def test_a_thousand_differences_are_not_all_shown(folder: Path) -> None:
    """A person is shown the first fifty and how many more; a program gets all of them."""
    storm = "- {times: 60, every: 1m, event: {source: shop, summary: host <n> is down}}"
    words = ("- sample: pingdom/http_down", f"{storm}\n    until: 59m\n    # ")
    text = STORY.replace(*words).replace("    until: 20m\n", "")
    text = text[: text.index("      told:")] + "      told: nobody\n"
    said = changed(folder, STORY, text)
    assert said.exit_code == 1
    lines = said.output.splitlines()
    assert sum(line.startswith("    + ") for line in lines) == 50
    assert any(re.fullmatch(r"    and \d+ more", line) for line in lines)
    (test,) = json.loads(changed(folder, STORY, text, "-o", "json").stdout)["tests"]
    assert len(test["differences"]) > 60


def test_a_person_told_too_little_or_too_much_is_a_failure(folder: Path) -> None:
    """`told: nobody` and one channel more are both seen."""
    alone = STORY[STORY.index("      told:") :]
    said = changed(folder, alone, "      told: nobody\n")
    assert said.exit_code == 1
    assert "+ 0m ana (on-call engineer) by slack: opened" in said.output
    assert "- " not in said.output.split("what happened")[0].replace("-call", "")


def test_another_severity_is_told(folder: Path) -> None:
    """Both what was expected and what was found."""
    said = changed(folder, "severity: P1", "severity: P2")
    assert "! severity: expected P2, found P1" in said.output
    assert "shop.test.yaml:7" in said.output


def test_programs_are_told_the_same(folder: Path) -> None:
    """`-o json`: each test, its differences by kind, whom it really told."""
    said = changed(folder, "at: 15m, who: lead", "at: 16m, who: lead", "-o", "json")
    assert said.exit_code == 1
    answer = json.loads(said.stdout)
    assert (answer["passed"], answer["failed"]) == (0, 1)
    (test,) = answer["tests"]
    assert (test["name"], test["file"], test["line"], test["passed"]) == (
        "the shop is down",
        "shop.test.yaml",
        2,
        False,
    )
    assert [(one["kind"], one["file"], one["line"]) for one in test["differences"]] == [
        ("unexpected", "shop.test.yaml", 8),
        ("missing", "shop.test.yaml", 10),
    ]
    assert test["told"][1] == {
        "at": 900.0,
        "who": "maria",
        "role": "lead",
        "by": ["slack"],
        "reason": "escalated",
        "incident": 1,
    }


def test_ci_gets_junit(folder: Path) -> None:
    """A suite for each file, a case for each test, the differences as text; whatever characters they hold."""
    second = STORY.removeprefix("tests:\n").replace("the shop is down", "a <strange> & long name").replace("15m", "1m")
    said = changed(folder, STORY, STORY + second, "--junit", folder / "out.xml")
    assert said.exit_code == 1
    (suite,) = ElementTree.fromstring((folder / "out.xml").read_bytes())  # noqa: S314 our own
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("shop.test.yaml", "2", "1")
    green, red = suite.findall("testcase")
    assert (green.get("name"), list(green)) == ("the shop is down", [])
    assert (red.get("classname"), red.get("name")) == ("shop", "a <strange> & long name")
    (failure,) = red
    assert "- 1m  lead by slack: escalated  (shop.test.yaml:19)" in (failure.text or "")


def test_some_tests_may_be_chosen(folder: Path) -> None:
    """`-k`: by a part of the name; one that fits nothing is a question asked wrongly."""
    assert tell(folder, "-k", "SHOP").exit_code == 0
    said = tell(folder, "-k", "the shop is dwon")
    assert said.exit_code == 2
    assert "no test is called like 'the shop is dwon'" in said.output
    assert "did you mean the shop is down?" in said.output


def test_without_tests_nothing_is_green(folder: Path) -> None:
    """A folder without a test is told how to get one; a CI that tests nothing must not be green."""
    (folder / "shop.test.yaml").unlink()
    said = tell(folder)
    assert said.exit_code == 2
    assert "has no tests" in said.output


def test_a_mistake_in_a_test_is_shown_as_one_in_the_rules(folder: Path) -> None:
    """File, line, column, caret and the nearest right word; exit code 2, for nothing was tried."""
    said = changed(folder, "who: ana", "who: anna")
    assert said.exit_code == 2
    assert "shop.test.yaml:9:25: there is no person or role 'anna' (did you mean ana?)" in said.output
    assert f"       | {' ' * 24}^" in said.output
    said = changed(folder, "who: ana", "who: anna", "-o", "json")
    assert (said.exit_code, json.loads(said.stdout)["problems"][0]["line"]) == (2, 9)


def test_rules_that_cannot_be_used_are_no_failing_test(folder: Path) -> None:
    """Exit code 2 and the way to hear more."""
    (folder / "rules.yaml").write_text("rules: []", encoding="utf-8")
    said = tell(folder)
    assert said.exit_code == 2
    assert "tocsin check" in said.output


def test_a_million_repeats_are_refused_with_words(folder: Path) -> None:
    """A hostile or mistyped file costs nothing."""
    said = changed(folder, "- sample: pingdom/http_down", "- {times: 1000000, every: 1s, sample: pingdom/http_down}")
    assert said.exit_code == 2
    assert "times: expected a whole number from 1 to 2000, found '1000000'" in said.output


BODIES = [
    ("source: shop, body: {check_id: 7, current_state: DOWN, previous_state: UP, check_name: Shop}", 0),
    ("source: shop, file: bodies/down.json", 0),
    ("source: shop, file: bodies/down.json, with: {current_state: DOWN}", 0),
    ("source: shop, file: bodies/gone.json", "bodies/gone.json:1:1: cannot be read: No such file"),
    ("source: shop, file: ../down.json", "../down.json: the file is not in the folder of the rules"),
    ("source: shop, file: /etc/passwd", "the file is not in the folder of the rules"),
    ("sample: pingdom/http_down, with: {chek.name: x}", "http_down: there is no 'chek' in it"),
    ("acknowledge: ana", "no incident has opened by then"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "outcome"), BODIES, ids=[step for step, _ in BODIES])
def test_a_body_may_come_from_anywhere_near(folder: Path, step: str, outcome: int | str) -> None:
    """Written in the test, beside it, or packaged; what cannot be had fails this test with a sentence and a place."""
    (folder / "bodies").mkdir()
    (folder / "bodies" / "down.json").write_bytes((ROOT / "router/sources/samples/pingdom/http_down.json").read_bytes())
    (folder.parent / "down.json").write_text("{}")
    said = changed(folder, "- sample: pingdom/http_down", f"- {{{step}}}")
    if outcome == 0:
        assert said.exit_code == 0, said.output
    else:
        assert said.exit_code == 1
        assert f"! {outcome}" in said.output.replace("! /etc/passwd: ", "! ")
        assert "shop.test.yaml:4" in said.output


def test_hundreds_of_tests_take_a_moment(folder: Path) -> None:
    """Three hundred in well under the time anybody notices, even where much else runs."""
    more = "".join(
        STORY.removeprefix("tests:\n").replace("the shop is down", f"story {number}") for number in range(300)
    )
    said = changed(folder, STORY, STORY + more, "-o", "json")
    assert said.exit_code == 0
    assert json.loads(said.stdout)["seconds"] < 5


RULES_PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
(EXAMPLE,) = [block for block in re.findall(r"```yaml\n(.*?)```", RULES_PAGE, re.DOTALL) if block.startswith("tests:")]


def test_the_example_of_the_documentation_is_green_and_its_failure_is_said_so(tmp_path: Path) -> None:
    """Of the shipped rules, word for word."""
    folder = tmp_path / "config"
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    for path in folder.glob("*.test.yaml"):
        path.unlink()
    (folder / "payments.test.yaml").write_text(EXAMPLE, encoding="utf-8")
    assert tell(folder).exit_code == 0
    unanswered = EXAMPLE.replace("      - {at: 10m, acknowledge: ana}\n", "").replace("until: 15m", "until: 20m")
    (folder / "payments.test.yaml").write_text(unanswered, encoding="utf-8")
    *said, _ = tell(folder).output.splitlines()
    assert len(said) > 4
    assert "\n".join(f"    {line}".rstrip() for line in said) in RULES_PAGE


@pytest.mark.parametrize("shape", [Story, Step, Written, Expect, Line], ids=lambda one: one.__name__)
def test_every_word_of_a_test_is_in_the_documentation(shape: type[BaseModel]) -> None:
    """And nothing has to be guessed."""
    section = RULES_PAGE.split("## Trying the rules")[1].split("\n## ")[0]
    names = {field.alias or name for name, field in shape.model_fields.items()}
    assert {name for name in names if f"`{name}`" not in section} == set()


def test_every_reason_is_in_the_documentation() -> None:
    """The closed set of why people are told."""
    assert [one.value for one in Reason if f"`{one.value}`" not in RULES_PAGE] == []
