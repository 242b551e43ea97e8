"""Rules that are too many or too large: answered with what a person can read, in seconds."""

from __future__ import annotations

import time

import pytest

from rules.reading.load import Wrong, load
from tests.rules.configuration import GOOD


def test_a_file_full_of_mistakes_is_answered_with_the_first_hundred() -> None:
    """Twenty thousand unknown keys: what a person can read is told at once, and how many more there are."""
    text = GOOD + "".join(f"odd{number}: x\n" for number in range(20_000))
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": text})
    assert len(wrong.value.problems) == 101
    assert "19900 more problems" in str(wrong.value)


def test_names_that_lead_nowhere_are_answered_with_the_first_hundred() -> None:
    """Twenty thousand teams of somebody unknown among a thousand people: answered in seconds, with how many more."""
    people = "".join(f"  somebody{number}: {{email: a@example.com}}\n" for number in range(1_000))
    teams = "".join(f"  t{number}: {{people: [somebodi{number}x]}}\n" for number in range(20_000))
    began = time.process_time()
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": GOOD.replace("people:\n", f"people:\n{people}"), "teams.yaml": f"teams:\n{teams}"})
    assert time.process_time() - began < 20
    assert len(wrong.value.problems) == 101
    assert str(wrong.value.problems[0]).startswith("teams.yaml:2:17: there is no person 'somebodi0x' (did you mean ")
    assert wrong.value.problems[-1].message.startswith("19900 more problems from here on")


def test_patterns_that_take_too_much_are_refused() -> None:
    """A repetition of repetitions is told like any mistake, and quickly: what is accepted fits in half a megabyte."""
    said_of = (
        GOOD.replace("source: shop,", "summary: '(a{1000}){1000}',"),
        GOOD.replace("source: shop,", "summary: '(\\pL{90}){9}',"),
    )
    began = time.process_time()
    for text in said_of:
        with pytest.raises(Wrong) as wrong:
            load({"rules.yaml": text})
        (problem,) = map(str, wrong.value.problems)
        assert problem.startswith("rules.yaml:24:21: summary: ")
        assert "is not a pattern" in problem
    assert time.process_time() - began < 5
    words = "|".join(f"word{number}" for number in range(500))
    assert load({"rules.yaml": GOOD.replace("source: shop,", f"summary: '{words}',")})
