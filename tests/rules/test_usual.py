"""What is usual in an hour of the week: the median of the last four, as far as they are known."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decision import Gate
from rules.gates.gate import opening
from rules.gates.tally import Tally
from rules.gates.usual import HOUR, SLOTS, WEEK, WEEKS, Past, Usual, hour_of, usual

NOW = 500_000 * HOUR
"""The beginning of an hour."""


def past(*weeks: int, began: int = -1) -> Past:
    """So many events in this hour of the last weeks, the nearest first; counting began a long time before, or in hour
    `began` from now."""
    ring = Past(since=hour_of(NOW) + (began if began < -1 else -6 * WEEK))
    for week, number in enumerate(weeks, 1):
        for _ in range(number):
            ring.add(NOW - week * WEEK * HOUR, NOW - week * WEEK * HOUR)
    return ring


@pytest.mark.parametrize(
    ("weeks", "events"),
    [
        ((12, 12, 12, 12), 12),
        ((12, 10, 14, 11), Fraction(23, 2)),
        ((9000, 12, 12, 12), 12),
        ((9000, 12, 0, 0), 6),
        ((0, 0, 0, 0), 0),
    ],
    ids=["always the same", "the middle of four", "an outage last week", "two quiet weeks", "nothing ever"],
)
def test_usual_is_the_median_of_four_weeks(weeks: tuple[int, ...], events: Fraction) -> None:
    """One bad week does not make the next one usual, and one quiet week does not make an ordinary one an outage."""
    assert usual(past(*weeks), NOW + HOUR, HOUR) == Usual(Fraction(events), 4)


def test_a_window_has_its_share_of_the_hours_it_touches() -> None:
    """Ten minutes, four of them in the hour before: of each hour so many minutes' worth."""
    found = past(60, 60, 60, 60)
    for week in range(1, WEEKS + 1):
        for _ in range(30):
            found.add(NOW - week * WEEK * HOUR - 1, NOW - week * WEEK * HOUR)
    assert usual(found, NOW + 360, 600).events == Fraction(60 * 360, 3600) + Fraction(30 * 240, 3600)
    assert usual(found, NOW + 300, 300).events == 5


@pytest.mark.parametrize(
    ("began", "weeks"),
    [(-WEEK + 1, 0), (-WEEK, 0), (-WEEK - 1, 1), (-2 * WEEK, 1), (-2 * WEEK - 1, 2), (-4 * WEEK - 1, 4)],
)
def test_only_whole_hours_since_counting_began_are_known(began: int, weeks: int) -> None:
    """The hour in which it began was not counted from its beginning; before that, nothing counted is not nothing."""
    ring = Past(since=hour_of(NOW) + began)
    assert usual(ring, NOW + HOUR, HOUR) == Usual(Fraction(0), weeks)


def test_nothing_is_usual_before_anything_was_counted() -> None:
    """A new rule, a new customer."""
    assert usual(Past(), NOW, 300) == Usual(Fraction(0), 0)


def test_a_past_never_holds_more_than_five_weeks() -> None:
    """Each hour takes the place of the one five weeks before; what comes later than that has no place any more."""
    ring = Past()
    for hour in range(3 * SLOTS):
        ring.add(hour * HOUR, hour * HOUR)
    assert len(ring.ring) == SLOTS
    ring.add(0, 3 * SLOTS * HOUR)
    assert (ring.of(0), ring.of(2 * SLOTS), ring.since) == (0, 1, 0)


def test_a_gate_that_rested_for_five_weeks_begins_anew() -> None:
    """What it knew of the weeks before is over."""
    assert past(5).lasting(NOW).of(hour_of(NOW) - WEEK) == 5
    assert past(5).lasting(NOW + 4 * WEEK * HOUR - 1).since is not None
    assert past(5).lasting(NOW + 4 * WEEK * HOUR) == Past()
    assert Past().lasting(NOW) == Past()


GATE = Gate(key="k", count=19, within=HOUR, quiet_for=900, times="5")


def counts(number: int, before: Past) -> bool:
    """Do so many events, up to the end of this hour, open it?"""
    counted = Tally({str(each): float(NOW + HOUR - each) for each in range(number)}, past=before)
    return opening(GATE, counted, NOW + HOUR) is not None


@pytest.mark.parametrize(
    ("number", "weeks", "expected"),
    [
        (19, (0, 0, 0, 0), False),
        (20, (0, 0, 0, 0), True),
        (20, (), True),
        (60, (12, 12, 12, 12), False),
        (61, (12, 12, 12, 12), True),
        (19, (1, 1, 1, 1), False),
        (20, (1, 1, 1, 1), True),
    ],
    ids=[
        "usually nothing, and below at_least",
        "usually nothing, and at_least",
        "no history: at_least alone",
        "five times is not yet more",
        "more than five times",
        "more than five times, but too few",
        "more than five times, and enough",
    ],
)
def test_a_gate_that_compares_opens_above_so_many_times_the_usual(
    number: int, weeks: tuple[int, ...], expected: bool
) -> None:
    """`more_than: {times_usual: 5, at_least: 20, within: 1h}`."""
    assert counts(number, past(*weeks) if weeks else Past()) is expected


@given(
    st.lists(st.integers(0, (WEEKS + 1) * WEEK * HOUR - 1), max_size=60),
    st.integers(-WEEKS * WEEK, 0),
    st.integers(0, HOUR),
    st.integers(1, 2 * HOUR),
)
def test_usual_agrees_with_counting_it_again(ago: list[int], began: int, until: int, within: int) -> None:
    """Against a plain recount, second by second of the window, of every event of the last weeks."""
    moments = [NOW - each for each in ago]
    ring = Past(since=hour_of(NOW) + began)
    for moment in moments:
        ring.add(moment, NOW)
    expected, weeks = Fraction(0), WEEKS
    seconds = Counter(second // HOUR for second in range(NOW + until - within, NOW + until))
    for hour, share in seconds.items():
        earlier = [hour - week * WEEK for week in range(1, WEEKS + 1)]
        numbers = [sum(m // HOUR == each for m in moments) for each in earlier if each > hour_of(NOW) + began]
        weeks = min(weeks, len(numbers))
        expected += Fraction(median(map(Fraction, numbers))) * share / HOUR if numbers else 0
    assert usual(ring, NOW + until, within) == Usual(expected if weeks else Fraction(0), weeks)
