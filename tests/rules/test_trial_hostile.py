"""Whatever stands in a `*.test.yaml`: it is read, or what is wrong with it is said; and what is read can be played."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from router.rehearsing import Speaker, sample_names
from router.sources import TYPES
from rules.reading.problem import Problem, Wrong
from rules.trial.read import Trial, trials
from rules.trial.run import run
from workers.channels import OPTIONS
from workers.house import ways
from workers.rulebook import configuration
from workers.rulebook.configuration import packaged, read

SHIPPED = read(packaged(), source_options={name: one.options for name, one in TYPES.items()}, channel_options=OPTIONS)
TEXTS = list(configuration.tests(packaged()).values())
SAMPLES = sample_names()
SPEAKER = Speaker(SHIPPED, lambda _: b"{}")
WORDS = [
    "",
    "~",
    "[]",
    "{}",
    "-1",
    "0m",
    "366d",
    "P5",
    "nobody",
    "<n>",
    "<incident>",
    "data.object",
    "\u2028",
    "9" * 40,
    "times: 3, every: 1s, ",
    "broken: [pager]",
    "acknowledge: ana",
    "incident: 9",
]


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A shipped file in which a few words are others, or gone, or twice."""
    words = draw(st.sampled_from(TEXTS)).split(" ")
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(words) - 1))
        other = draw(st.sampled_from(WORDS) | st.sampled_from(words) | st.text(max_size=8))
        words[place : place + draw(st.integers(0, 2))] = [other]
    return " ".join(words)


def understood(text: str) -> tuple[list[Trial], Sequence[Problem]]:
    """The tests, or what is wrong with them."""
    try:
        return trials({"a.test.yaml": text}, SHIPPED.config, SAMPLES), ()
    except Wrong as wrong:
        return [], wrong.problems


def tried(text: str) -> None:
    """Read and play it."""
    found, problems = understood(text)
    assert found or problems or "tests" in text
    assert all(problem.message and problem.file == "a.test.yaml" for problem in problems)
    for one in found:
        outcome = run(one, SHIPPED, ways(SHIPPED), SPEAKER)
        assert all(difference.text and difference.place.line for difference in outcome.differences)


@settings(max_examples=150, deadline=None)
@given(text=spoilt())
def test_a_spoilt_story_is_refused_in_words_or_played(text: str) -> None:
    """No exception of ours, and each problem has a place."""
    tried(text)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_at_all_is_refused_in_words(text: str) -> None:
    """Not only what looks like YAML."""
    tried(text)
