"""Working hours: when they are open, when they open next, and how long four hours of them take."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.holds.hours import Hours

ZONE = "Europe/Bucharest"
OFFICE = Hours(
    name="office", timezone=ZONE, days=(0, 1, 2, 3, 4), spans=((540, 1020),), holidays=("2026-12-25", "2026-12-28")
)
NIGHT = Hours(name="night", timezone=ZONE, spans=((1320, 360),))
SPLIT = Hours(name="split", timezone=ZONE, days=(0,), spans=((780, 1020), (540, 720)))


def at(text: str) -> float:
    """A wall-clock time in Bucharest."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (OFFICE, "2026-03-02 10:00", "2026-03-02 10:00"),
        (OFFICE, "2026-03-02 03:00", "2026-03-02 09:00"),
        (OFFICE, "2026-03-02 17:00", "2026-03-03 09:00"),
        (OFFICE, "2026-03-06 18:00", "2026-03-09 09:00"),
        (OFFICE, "2026-12-24 18:00", "2026-12-29 09:00"),
        (NIGHT, "2026-03-02 12:00", "2026-03-02 22:00"),
        (NIGHT, "2026-03-02 03:00", "2026-03-02 03:00"),
        (SPLIT, "2026-03-02 12:30", "2026-03-02 13:00"),
    ],
    ids=["open", "too early", "just closed", "weekend", "holidays", "night to come", "night begun", "lunch"],
)
def test_it_opens_when_people_come(hours: Hours, now: str, opens: str) -> None:
    """By the wall clock of its zone."""
    assert hours.opens(at(now)) == at(opens)
    assert hours.holds(at(now)) == (now == opens)


@pytest.mark.parametrize(
    ("start", "hours_of_work", "ends"),
    [
        ("2026-03-02 10:00", 4, "2026-03-02 14:00"),
        ("2026-03-02 15:00", 4, "2026-03-03 11:00"),
        ("2026-03-06 16:00", 4, "2026-03-09 12:00"),
        ("2026-03-01 03:00", 0, "2026-03-02 09:00"),
        ("2026-03-02 09:00", 8, "2026-03-03 09:00"),
        ("2026-12-24 16:00", 2, "2026-12-29 10:00"),
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),
    ],
    ids=["same day", "over night", "weekend", "no time", "a whole day", "holidays", "summer time begins"],
)
def test_four_hours_are_hours_of_work(start: str, hours_of_work: int, ends: str) -> None:
    """What does not fit into a day goes on at the next opening, and an end is a moment at which somebody is there."""
    assert OFFICE.after(at(start), hours_of_work * 3600.0) == at(ends)


@given(st.sampled_from([OFFICE, NIGHT, SPLIT]), st.integers(0, 400 * 86400), st.integers(0, 40 * 3600))
def test_it_never_goes_back_and_adds_up(hours: Hours, offset: int, seconds: int) -> None:
    """An end is open, later for longer waits, and two waits after another are one."""
    start = at("2026-01-01 00:00") + offset
    ends = hours.after(start, seconds)
    assert ends >= start
    assert hours.holds(ends)
    assert hours.after(start, seconds + 60.0) > ends
    assert hours.after(hours.after(start, seconds), 60.0) == hours.after(start, seconds + 60.0)


def test_hours_that_overlap_count_once() -> None:
    """09:00-17:00 and 12:00-20:00 are eleven hours of a day, not sixteen."""
    both = Hours(name="both", timezone=ZONE, spans=((540, 1020), (720, 1200)))
    assert both.after(at("2026-03-02 09:00"), 9 * 3600) == at("2026-03-02 18:00")
    assert both.between(at("2026-03-02 09:00"), at("2026-03-03 10:00")) == 12 * 3600


@given(st.integers(0, 400 * 3600), st.integers(0, 60 * 3600))
def test_what_is_left_is_what_was_to_come(since: int, seconds: int) -> None:
    """Open time up to a moment that lies so much open time away is just that much."""
    start = at("2026-03-02 09:00") + since
    for hours in (OFFICE, NIGHT, SPLIT):
        assert hours.between(start, hours.after(start, seconds)) == pytest.approx(seconds)
