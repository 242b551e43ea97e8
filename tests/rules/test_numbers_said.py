"""The numbers read aloud: what a tired person hears must not be taken for something else."""

from __future__ import annotations

import pytest

from rules.event import Severity
from rules.numbers import sentences
from rules.numbers.answers import answers
from rules.numbers.course import Course
from tests.rules.test_numbers import AT, noise, one

MISSED = "1 of 2 later than agreed, or never"


@pytest.mark.parametrize(
    ("courses", "said"),
    [
        ([one(false_positive=True)], "P1: nothing but false positives."),
        ([one(answered_at=None)], "P1: the only one was over by itself before anybody acknowledged it."),
        ([one()], "P1: the only one was acknowledged after 5m, in time."),
        ([one(answered_at=1200.0)], "P1: the only one was acknowledged after 20m, later than agreed."),
        ([one(answered_at=None, over_at=None)], "P1: the only one is not acknowledged yet, and its time is up."),
        (
            [one(), one()],
            "P1: all 2 were acknowledged, half of them within 5m, nine of ten within 5m; none later than agreed.",
        ),
        (
            [one(), one(answered_at=None)],
            "P1: 1 of 2 was acknowledged, after 5m; none later than agreed; 1 was over by itself before.",
        ),
        (
            [one(answered_at=None), one(answered_at=None, over_at=None)],
            f"P1: none of 2 was acknowledged; {MISSED}; 1 was over by itself before, 1 is not answered yet.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_says_what_there_is(courses: list[Course], said: str) -> None:
    """Also where there is little: of a single one no share is told."""
    assert sentences.acknowledged(answers(Severity.P1, courses, AT + 1000)) == said


@pytest.mark.parametrize(
    ("courses", "said"),
    [
        ([one()], "P1: the only one was over after 10m."),
        ([one(over_at=None)], "P1: the only one is not over yet."),
        ([one(over_at=None), one(over_at=None)], "P1: none of 2 is over yet."),
        ([one(), one(over_at=None)], "P1: 1 of 2 was over, after 10m; 1 is open."),
    ],
)
def test_so_does_the_one_about_the_end(courses: list[Course], said: str) -> None:
    """What is open is told."""
    assert sentences.resolved(answers(Severity.P1, courses, AT + 1000)) == said


@pytest.mark.parametrize(
    ("wrong", "ignored", "said"),
    [
        (0, 0, "no false positive, and somebody acted on each."),
        (1, 2, "1 was a false positive, and nobody acted on 2."),
        (3, 1, "3 were false positives, and nobody acted on 1."),
    ],
)
def test_noise_says_what_there_was_and_not_how_much_of_nothing(wrong: int, ignored: int, said: str) -> None:
    """`On 0 nobody acted` reads as if nobody had."""
    assert sentences.noise(noise(wrong=wrong, ignored=ignored)) == (
        f"4 pages and 4 events in 4 incidents; 4 are over: {said}"
    )
