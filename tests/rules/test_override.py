"""Overrides that people make: whose turn it is then, by both clock changes, and which ones make no sense."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.oncall.override import LONGEST, MadeOverride, applied, check, instant, stranded, told
from rules.oncall.schedule import on_call, shifts
from rules.reading.config import Config

BUCHAREST, NEW_YORK = "Europe/Bucharest", "America/New_York"
HOUR = 3600.0


def utc(text: str) -> float:
    """Unix seconds of `2026-03-29 00:59`, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("UTC")).timestamp()


NOW = utc("2026-11-26 12:00")


def team(**schedule: Any) -> Config:
    """Ana and Dan in turns; Maria is in no rota."""
    primary = {"timezone": BUCHAREST, "people": ["ana", "dan"], **schedule}
    return Config.model_validate(
        {
            "severities": {},
            "rules": [],
            "people": {"ana": {}, "dan": {}, "maria": {}},
            "schedules": {"primary": primary},
        }
    )


def made(start: float, end: float, person: str = "maria", **more: Any) -> MadeOverride:
    """Maria instead, because somebody is away."""
    said = {"id": "O-1", "schedule": "primary", "by": "ana", "reason": "a wedding", "made_at": NOW, **more}
    return MadeOverride(person=person, start=start, end=end, **said)


@pytest.mark.parametrize(
    ("timezone", "text", "moment"),
    [
        (BUCHAREST, "2026-11-27T18:00", "2026-11-27 16:00"),
        (BUCHAREST, "2026-03-29T02:59", "2026-03-29 00:59"),
        (BUCHAREST, "2026-03-29T03:30", "2026-03-29 01:30"),
        (BUCHAREST, "2026-10-25T03:30", "2026-10-25 00:30"),
        (NEW_YORK, "2026-03-08T02:30", "2026-03-08 07:30"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01 05:30"),
        ("Asia/Kathmandu", "2026-11-27T18:00", "2026-11-27 12:15"),
        (BUCHAREST, "2026-11-27T18:00+00:00", "2026-11-27 18:00"),
        (BUCHAREST, "2026-11-27 18:00", "2026-11-27 16:00"),
    ],
)
def test_a_time_is_meant_by_the_clock_of_the_schedule(timezone: str, text: str, moment: str) -> None:
    """Also on the nights when an hour is skipped or comes twice; an offset says otherwise."""
    assert instant(timezone, text) == utc(moment)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "18:00", "2026-13-01T00:00", "9999-12-31T23:59", "1999-01-01", "9" * 99]
)
def test_what_is_no_time_is_told_with_an_example(text: str) -> None:
    """And only the beginning of it is repeated."""
    with pytest.raises(ValueError, match="expected a") as wrong:
        instant("UTC", text)
    assert len(str(wrong.value)) < 120


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    """It is a moment, or an answer."""
    with suppress(ValueError):
        assert instant(NEW_YORK, text) > 0


def test_who_was_put_in_has_the_turn_to_the_second_and_the_rota_goes_on_afterwards() -> None:
    """The end is excluded, and it holds before an override of the YAML."""
    config = team(overrides=[{"start": "2026-11-28 09:00", "end": "2026-11-29 09:00", "person": "dan"}])
    usual = on_call(config.schedules["primary"], NOW)
    start, end = utc("2026-11-27 16:00"), utc("2026-11-30 07:00")
    laid = applied(config, [made(start, end)]).schedules["primary"]
    assert [on_call(laid, at) for at in (start - 1, start, utc("2026-11-28 12:00"), end - 1)] == [
        usual,
        "maria",
        "maria",
        "maria",
    ]
    assert on_call(laid, end) == on_call(config.schedules["primary"], end)
    assert on_call(config.schedules["primary"], start) != "maria"


@pytest.mark.parametrize(
    ("from_day", "to_day", "hours"),
    [("2026-03-28T12:00", "2026-03-29T12:00", 23), ("2026-10-24T12:00", "2026-10-25T12:00", 25)],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(from_day: str, to_day: str, hours: int) -> None:
    """23 hours in spring, 25 in autumn, and the calendar says so."""
    start, end = instant(BUCHAREST, from_day), instant(BUCHAREST, to_day)
    assert end - start == hours * HOUR
    laid = applied(team(), [made(start, end)]).schedules["primary"]
    (turn,) = (one for one in shifts(laid, start - 50 * HOUR, end + 50 * HOUR) if one.person == "maria")
    assert (turn.start, turn.end) == (start, end)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (made(NOW, NOW + HOUR, "mara"), "did you mean maria?"),
        (made(NOW, NOW + HOUR, "<b>"), "the rules have ana, dan, maria"),
        (made(NOW, NOW), "end before it begins"),
        (made(NOW + HOUR, NOW), "end before it begins"),
        (made(NOW - 2 * HOUR, NOW - HOUR), "over already"),
        (made(NOW, NOW + LONGEST + 1), "a year at most"),
        (
            made(NOW + HOUR, NOW + 3 * HOUR),
            "dan has it from Thu 26 Nov 15:00 EET to Thu 26 Nov 16:00 EET by the override O-2",
        ),
    ],
)
def test_what_cannot_hold_is_told_in_a_sentence(new: MadeOverride, says: str) -> None:
    """What is wrong, and what to do."""
    with pytest.raises(ValueError, match=re.escape(says)):
        check(team(), new, [made(NOW + HOUR, NOW + 2 * HOUR, "dan", id="O-2")], NOW)


def test_one_may_begin_where_another_ends() -> None:
    """On another schedule they may lie over one another."""
    check(team(), made(NOW + HOUR, NOW + 2 * HOUR), [made(NOW, NOW + HOUR, id="O-2")], NOW)
    check(team(), made(NOW, NOW + HOUR), [made(NOW, NOW + HOUR, id="O-2", schedule="second")], NOW)


def test_one_whose_person_is_gone_lets_the_rota_page_somebody() -> None:
    """It is told of as long as it is not over."""
    lost = [made(NOW - 1, NOW + HOUR, "zoe"), made(NOW - 9, NOW - 5, "zoe"), made(NOW, NOW + 1, schedule="second")]
    assert applied(team(), lost) == team()
    first, second = stranded(team(), lost, NOW)
    assert "person 'zoe'" in first
    assert "the rota does" in first
    assert "schedule 'second'" in second
    assert told(team(), "second", NOW) == "Thu 26 Nov 12:00 UTC"
