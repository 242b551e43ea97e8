"""Reading whole configurations: files together, versions, secrets kept, and the caret under a mistake."""

from __future__ import annotations

import pytest

from rules.reading.load import Problem, Wrong, load
from tests.rules.configuration import GOOD, SlackKeys


def test_the_good_file_is_good() -> None:
    """The file that the mistakes are made in loads without them."""
    assert load({"rules.yaml": GOOD}, runbooks={"site-down": ""}).config.rules[1].name == "everything else"


def test_all_mistakes_are_told_at_once() -> None:
    """Three mistakes of three kinds in one file are three messages, in the order of the lines."""
    text = (
        GOOD.replace("15m, channels", "15, channels").replace("person: maria", "person: mara", 1).replace("P3}", "P7}")
    )
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": text})
    assert [problem.line for problem in wrong.value.problems] == [2, 11, 27]


def test_the_caret_points_at_the_place() -> None:
    """`show` prints the line and a caret under the offending word."""
    problem = Problem("rules.yaml", 2, 5, "unknown key 'b'")
    assert problem.show("a:\n    b: 1\n").splitlines()[1:] == ["     2 |     b: 1", "       |     ^"]


def test_a_literal_secret_is_never_printed() -> None:
    """Neither the messages nor the caret view repeat what may be a secret."""
    text = GOOD.replace('secret: "${env:SENTRY_SECRET}"', "secret: hunter2").replace('"${env:SLACK_URL}"', "hunter2")
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": text}, channel_options={"slack": SlackKeys})
    shown = "".join(problem.show(text) for problem in wrong.value.problems)
    assert len(wrong.value.problems) == 2
    assert "hunter2" not in shown + str(wrong.value)


def test_maps_are_split_over_files_and_lists_are_not() -> None:
    """People may stand in two files. Rules in two are an error that names the other file, as is a person twice."""
    more = "people:\n  dan: {email: dan@example.com}\n"
    assert set(load({"a.yaml": GOOD, "b.yaml": more}).config.people) == {"ana", "maria", "dan"}
    with pytest.raises(Wrong) as wrong:
        load({"a.yaml": GOOD, "b.yaml": "rules: []\npeople:\n  ana: {}\n"})
    assert [str(problem) for problem in wrong.value.problems] == [
        "b.yaml:1:1: 'rules' stands in two files, and only a map may be split (first in a.yaml:22)",
        "b.yaml:3:3: 'ana' stands twice under 'people' (first in a.yaml:14)",
    ]


def test_cases_of_tocsin_test_are_not_rules() -> None:
    """A *.test.yaml beside the rules is left alone, and does not change the version."""
    assert load({"a.yaml": GOOD, "a.test.yaml": "- : ["}).version == load({"a.yaml": GOOD}).version


def test_the_version_follows_the_texts() -> None:
    """Another text or another runbook is another version."""
    versions = {
        load({"a.yaml": GOOD}).version,
        load({"a.yaml": GOOD + "# changed\n"}).version,
        load({"a.yaml": GOOD}, runbooks={"site-down": "# New"}).version,
    }
    assert len(versions) == 3
