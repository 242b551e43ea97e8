"""Who is on call, told as days in a team's life: both clock changes, on both sides of the Atlantic, swaps and holes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.oncall.schedule import Shift, Way, on_call, roster, shifts
from rules.reading.config import Config, Schedule

BUCHAREST, NEW_YORK = "Europe/Bucharest", "America/New_York"
HOUR = 3600.0


def utc(text: str) -> float:
    """Unix seconds of `2026-03-29 00:59`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("UTC")).timestamp()


def rotation(zone: str = BUCHAREST, **said: Any) -> Schedule:
    """Ana and Dan in turns."""
    return Schedule.model_validate({"timezone": zone, "people": ["ana", "dan"], **said})


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        (BUCHAREST, "2026-03-23 06:59", "2026-03-23 07:00"),
        (BUCHAREST, "2026-03-30 05:59", "2026-03-30 06:00"),
        (BUCHAREST, "2026-10-19 05:59", "2026-10-19 06:00"),
        (BUCHAREST, "2026-10-26 06:59", "2026-10-26 07:00"),
        (NEW_YORK, "2026-03-02 13:59", "2026-03-02 14:00"),
        (NEW_YORK, "2026-03-09 12:59", "2026-03-09 13:00"),
        (NEW_YORK, "2026-10-26 12:59", "2026-10-26 13:00"),
        (NEW_YORK, "2026-11-02 13:59", "2026-11-02 14:00"),
    ],
)
def test_monday_nine_is_nine_by_the_wall_clock(zone: str, last: str, first: str) -> None:
    """Before and after each clock change the hand-over stays at 09:00 local time, whatever that is in UTC."""
    schedule = rotation(zone)
    assert on_call(schedule, utc(last)) != on_call(schedule, utc(first))
    assert on_call(schedule, utc(first)) == on_call(schedule, utc(first) + 6 * 24 * HOUR)


@pytest.mark.parametrize(
    ("zone", "hand_over", "instant"),
    [
        (BUCHAREST, "Sun 03:30", "2026-03-29 01:30"),
        (NEW_YORK, "Sun 02:30", "2026-03-08 07:30"),
        (BUCHAREST, "Sun 03:30", "2026-10-25 00:30"),
        (NEW_YORK, "Sun 01:30", "2026-11-01 05:30"),
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_is_one_instant(zone: str, hand_over: str, instant: str) -> None:
    """In spring half past three is half past four; in autumn it is the first of the two."""
    schedule = rotation(zone, hand_over=hand_over)
    day = shifts(schedule, utc(instant) - 12 * HOUR, utc(instant) + 12 * HOUR)
    assert [shift.start for shift in day[1:]] == [utc(instant)]


def test_the_first_turn_is_the_one_that_holds_the_start() -> None:
    """`starts` on a Wednesday: Ana's week began on the Monday before."""
    schedule = rotation(starts="2026-11-25")
    assert [on_call(schedule, utc(f"2026-11-{day} 12:00")) for day in ("22", "23", "29", "30")] == [
        "dan",
        "ana",
        "ana",
        "dan",
    ]


def test_turns_of_days_hand_over_every_few_days() -> None:
    """Two days each, from noon to noon."""
    schedule = rotation("UTC", every="2d", hand_over="12:00", starts="2026-11-01")
    days = ["2026-11-01 11:59", "2026-11-01 12:00", "2026-11-03 11:59", "2026-11-03 12:00"]
    assert [on_call(schedule, utc(day)) for day in days] == ["dan", "ana", "ana", "dan"]


def test_of_two_overrides_the_one_listed_last_holds() -> None:
    """A swap inside a holiday, in local time or with an offset; the end is excluded, and nobody is a choice too."""
    schedule = rotation(
        overrides=[
            {"start": "2026-12-24 09:00", "end": "2026-12-28 09:00", "person": "maria"},
            {"start": "2026-12-25T09:00+02:00", "end": "2026-12-26T09:00+02:00", "person": None},
        ]
    )
    moments = ["2026-12-24 06:59", "2026-12-24 07:00", "2026-12-25 07:00", "2026-12-26 07:00", "2026-12-28 07:00"]
    usual = [on_call(rotation(), utc(moments[0])), on_call(rotation(), utc(moments[-1]))]
    assert [on_call(schedule, utc(moment)) for moment in moments] == [usual[0], "maria", None, "maria", usual[1]]


def test_an_empty_schedule_is_nobody() -> None:
    """It is no error: the roster says who is missing."""
    assert on_call(rotation(people=[]), 0.0) is None
    assert shifts(rotation(people=[]), 0.0, HOUR) == [Shift(0.0, HOUR, None)]


def test_shifts_are_told_without_gaps() -> None:
    """Two weeks with a swap in the first are four shifts."""
    schedule = rotation("UTC", overrides=[{"start": "2026-11-04 00:00", "end": "2026-11-05 00:00", "person": "maria"}])
    start, end = utc("2026-11-02 09:00"), utc("2026-11-16 09:00")
    told = shifts(schedule, start, end)
    first, second = on_call(rotation("UTC"), start), on_call(rotation("UTC"), end - 1)
    assert [shift.person for shift in told] == [first, "maria", first, second]
    assert shifts(schedule, end, start) == []


@given(
    st.sampled_from([BUCHAREST, NEW_YORK, "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    st.sampled_from([("1w", "Sun 02:30"), ("2w", "Mon 00:00"), ("1d", "03:30"), ("3d", "23:59")]),
    st.integers(0, 2_000_000_000),
    st.integers(1, 40 * 86400),
)
def test_shifts_agree_with_who_is_on_call(zone: str, turn: tuple[str, str], start: int, length: int) -> None:
    """Each shift begins where the one before ends, and its person is on call at its first and last second."""
    schedule = rotation(zone, every=turn[0], hand_over=turn[1])
    told = shifts(schedule, start, start + length)
    assert (told[0].start, told[-1].end) == (start, start + length)
    assert [shift.end for shift in told[:-1]] == [shift.start for shift in told[1:]]
    for shift in told:
        assert shift.start < shift.end
        assert shift.person == on_call(schedule, shift.start) == on_call(schedule, shift.end - 0.001)


WAYS = {"pager": Way(False, "pagerduty"), "mail": Way(False, "email"), "slack": Way(True, "slack")}


def team() -> Config:
    """Ana has mail only, Dan nothing."""
    return Config.model_validate(
        {
            "severities": {},
            "rules": [],
            "people": {"ana": {"email": "ana@example.com"}, "dan": {}},
            "roles": {"on-call": {"schedule": "primary"}, "lead": {"person": "ana"}, "ceo": {"person": "dan"}},
            "schedules": {"primary": {"timezone": "UTC", "people": []}},
        }
    )


def test_the_roster_knows_which_channels_reach_whom() -> None:
    """A person's own addresses and every room; a role without anybody is reached by none."""
    known = roster(team(), 0.0, WAYS)
    assert known.rooms == {"slack"}
    assert (known.reach("lead").person, known.reach("lead").channels) == ("ana", frozenset({"mail", "slack"}))
    assert (known.reach("ceo").person, known.reach("ceo").channels) == ("dan", frozenset({"slack"}))
    assert known.reach("on-call").person is None
    assert known.reach("on-call").why_nobody == "schedule primary has nobody on call"


def test_a_person_without_an_address_is_told_of() -> None:
    """Without a room, Dan cannot be reached, and the reason says for what he lacks an address."""
    known = roster(team(), 0.0, {name: WAYS[name] for name in ("pager", "mail")})
    assert (known.reach("ceo").channels, known.reach("ceo").why_nobody) == (
        frozenset(),
        "dan has no address for pager, mail",
    )
    assert roster(team(), 0.0, {}).reach("ceo").why_nobody == "no channel is configured"
