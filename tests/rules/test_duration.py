"""Durations as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.duration import parse_duration, show_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("4h", 14400),
        ("7d", 604800),
        ("2w", 1209600),
        ("0s", 0),
        ("1.5h", 5400),
    ],
)
def test_durations_people_write(text: str, seconds: float) -> None:
    """A number and its unit, one after another."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "wrong", ["", "15", "m", "15 m", "-5m", "1h 30m", "15M", "15min", "1e3s", "٣m", "15m\n", 15, None, True]
)
def test_what_is_no_duration_says_what_was_expected(wrong: object) -> None:
    """A bare number has no unit and is an error, not seconds."""
    with pytest.raises(ValueError, match=r"^expected a duration with its unit, like 90s, 15m, 4h or 7d$"):
        parse_duration(wrong)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (0.4, "0s"), (-0.4, "0s"), (45, "45s"), (59.6, "1m"), (60, "1m"), (840, "14m"), (841, "14m1s"),
        (5400, "1h30m"), (5401, "1h30m"), (3601, "1h"), (86400, "1d"), (187200, "2d4h"), (86460, "1d"), (-90, "-1m30s"),
        (3600000, "41d16h"),
    ],
)  # fmt: skip
def test_durations_people_read(seconds: float, text: str) -> None:
    """The two largest units that matter, rounded to a second; a missed time carries a minus."""
    assert show_duration(seconds) == text


@given(st.integers(0, 3599))
def test_what_is_shown_can_be_written(seconds: int) -> None:
    """Below an hour nothing is lost on the way."""
    assert parse_duration(show_duration(seconds)) == seconds
