"""What is wrong with a `*.test.yaml` is said as for the rules: the place, what was expected, the nearest right word."""

from __future__ import annotations

import time

import pytest

from rules.reading.load import load
from rules.reading.problem import Wrong
from rules.trial.read import MOST_EVENTS, Trial, names_of, trials
from tests.rules.configuration import GOOD

CONFIG = load({"rules.yaml": GOOD}).config
SAMPLES = {"sentry": ["issue_created", "issue_resolved"], "stripe": ["charge_failed"]}
TEST = """\
tests:
  - name: the site is down
    steps:
      - {at: 0m, sample: sentry/issue_created}
    expect:
      severity: P1
      told:
        - {at: 0m, who: ana, by: slack, reason: opened}
"""


def read(text: str) -> list[Trial]:
    """The tests of one file."""
    return trials({"a.test.yaml": text}, CONFIG, SAMPLES)


def wrong(text: str) -> list[str]:
    """What is said of one file."""
    with pytest.raises(Wrong) as found:
        read(text)
    return [str(problem) for problem in found.value.problems]


CASES = [
    ("    steps", "    untill: 1h\n    steps", "a.test.yaml:3:5: unknown key 'untill' (did you mean until?)"),
    ("at: 0m, sample", "at: soon, sample", "a.test.yaml:4:14: at: expected the time since the beginning, like 0m,"),
    ("at: 0m, sample", "at: 500d, sample", "a.test.yaml:4:14: at: expected at most 366d, found '500d'"),
    ("sentry/issue_created", "sentry/isue_created", "a.test.yaml:4:26: sentry has no sample 'isue_created' (did you m"),
    ("sentry/issue_created", "sentri/issue_created", "a.test.yaml:4:26: no source is of type 'sentri' (did you mean s"),
    ("sentry/issue_created", "stripe/charge_failed", "a.test.yaml:4:26: no source is of type 'stripe' (types: sentry)"),
    ("sample:", "source: shpo, sample:", "a.test.yaml:4:26: there is no source 'shpo' (did you mean shop?)"),
    ("sample: sentry/issue_created", "acknowledge: ana, note: x", "note: expected a map of keys, found 'x'"),
    ("sample: sentry/issue_created", "resolve: ana, broken: slack", "a step is one thing that happens, found resolve "),
    ("sample: sentry/issue_created", "with: {a: b}", "a.test.yaml:4:9: a step is one thing that happens, found none ("),
    ("sample: sentry/issue_created", "resolve: ~", "a.test.yaml:4:18: resolve says nothing (resolve: {by: a name, …})"),
    ("sample: sentry/issue_created", "acknowledge: ana, source: shop", "'source' means nothing beside 'acknowledge'"),
    ("sample: sentry/issue_created", "body: x", "a.test.yaml:4:9: whose body is it? (add source: shop)"),
    ("sample: sentry/issue_created", "source: shop, body: ~", "a.test.yaml:4:32: the body is empty (write a map, or t"),
    ("sample: sentry/issue_created", "raise: {by: ana, to: P5}", "to: expected P1, P2, P3 or P4, found 'P5'"),
    ("sample: sentry/issue_created", "assign: {by: ana, to: mraia}", "there is no person 'mraia' (did you mean maria?"),
    ("sample: sentry/issue_created", "event: {source: shop}", "a.test.yaml:4:18: event needs 'summary'"),
    ("sample: sentry/issue_created", "broken: slak", "a.test.yaml:4:26: there is no channel 'slak' (did you mean slac"),
    ("at: 0m, sample", "times: 11, sample", "a.test.yaml:4:10: times needs every (every: 20s)"),
    ("at: 0m, sample", "times: 1000000, every: 1s, sample", "times: expected a whole number from 1 to 2000, found '1"),
    ("severity: P1", "severity: p1", "severity: expected P1, P2, P3 or P4, found 'p1' (did you mean P1?)"),
    ("severity: P1", "rule: the sit is down", "there is no rule 'the sit is down' (did you mean the site is down?)"),
    ("who: ana", "who: anna", "a.test.yaml:8:25: there is no person or role 'anna' (did you mean ana?)"),
    ("by: slack", "by: [slack, slac]", "a.test.yaml:8:42: there is no channel 'slac' (did you mean slack?)"),
    ("reason: opened", "reason: openend", "found 'openend' (did you mean opened?)"),
    ("      told:\n        - {at: 0m, who: ana, by: slack, reason: opened}\n", "", "a.test.yaml:5:5: expect needs 'to"),
    ("    steps", "    at: 2026-03-02 11:00\n    steps", "a.test.yaml:3:9: at: expected a time with its zone, like 20"),
    ("    steps", "    at: 2026-03-02 11:00 Europe/Bukarest\n    steps", "did you mean Europe/Bucharest?"),
    ("    steps", "    until: 1m\n    steps", None),
    ("at: 0m, sample", "at: 2m, sample", None),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CASES, ids=[new.strip() or old.strip() for old, new, _ in CASES])
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str | None) -> None:
    """One change of a good test, and the one thing that is said of it."""
    assert old in TEST
    changed = TEST.replace(old, new, 1)
    if said is None:
        assert len(read(changed)) == 1
    else:
        (problem,) = wrong(changed)
        assert said in problem


def test_what_would_come_after_the_end_is_told() -> None:
    """`until` cuts the test: what is written for later would never be looked at."""
    text = TEST.replace("    steps", "    until: 5m\n    steps").replace("{at: 0m", "{at: 6m")
    assert wrong(text) == [
        "a.test.yaml:5:9: the test ends before that (see its 'until')",
        "a.test.yaml:9:16: the test ends before that (see its 'until')",
    ]


def test_every_mistake_of_every_file_is_told_at_once() -> None:
    """Nobody mends one only to hear of the next."""
    texts = {"a.test.yaml": TEST.replace("ana", "anna"), "b.test.yaml": "tests: &all []", "c.test.yaml": "# nothing"}
    with pytest.raises(Wrong) as found:
        trials(texts, CONFIG, SAMPLES)
    assert [str(one).split(" (")[0] for one in found.value.problems] == [
        "a.test.yaml:8:25: there is no person or role 'anna'",
        "b.test.yaml:1:8: anchors and aliases",
        "c.test.yaml:1:1: the file says nothing",
    ]


def test_two_tests_cannot_have_one_name() -> None:
    """Over all files: a report could not tell them apart."""
    with pytest.raises(Wrong) as found:
        trials({"a.test.yaml": TEST, "b.test.yaml": TEST}, CONFIG, SAMPLES)
    (problem,) = found.value.problems
    assert str(problem) == "b.test.yaml:2:11: two tests are called 'the site is down' (first in a.test.yaml:2)"


def test_a_hostile_file_is_refused_before_anything_is_made_of_it() -> None:
    """Tests that together would be 50 million events: refused in about the time it takes to read them."""
    story = TEST.removeprefix("tests:\n").replace("{at: 0m, sample", "{times: 2000, every: 1s, sample")
    text = "tests:\n" + "".join(story.replace("the site is down", f"story {number}") for number in range(500))
    began = time.perf_counter()
    (problem,) = wrong(text)
    assert f"more happens in these tests than the {MOST_EVENTS:,} events" in problem
    assert time.perf_counter() - began < 20


def test_a_test_may_be_chosen_by_a_part_of_its_name_or_file() -> None:
    """Upper and lower case alike."""
    found = read(TEST)
    assert names_of(found, "SITE") == names_of(found, "a.test") == found
    assert names_of(found, "payments") == []


def test_a_start_is_a_moment_of_its_zone() -> None:
    """With the name of a zone, or an offset; without one it is a Monday morning."""
    starts = [
        read(TEST.replace("    steps", f"    at: {at}\n    steps"))[0].start
        for at in (
            "2026-03-02 11:00 Europe/Bucharest",
            "2026-03-02T11:00+02:00",
            "2026-03-02T09:00Z",
            "2026-03-02 09:00 UTC",
        )
    ]
    assert starts == [read(TEST)[0].start] * 4
