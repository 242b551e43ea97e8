"""Exact amounts: what is read, what is not and why, and how they are shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.gates.amount import DIGITS, ONE, parse_amount, show_amount, why_no_amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500", 500 * ONE),
        ("499.90", 499_900_000_000),
        ("0.1", ONE // 10),
        (" 7 ", 7 * ONE),
        ("+7", 7 * ONE),
        ("1.500", 1_500_000_000),
        ("0", 0),
        ("999999999999999.999999999", 10**24 - 1),
        *((wrong, None) for wrong in ("", "-1", "1e3", "1,5", "1.", ".5", "٣", "NaN", "Infinity", "1" * 16, "1_0")),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(text: str, value: int | None) -> None:
    """Nothing is guessed: what may mean two things means nothing."""
    assert parse_amount(text) == value


@given(st.text(max_size=40))
def test_anything_is_an_amount_or_says_why_not(text: str) -> None:
    """Whatever a sender writes, and in one short line."""
    if parse_amount(text) is None:
        assert 0 < len(why_no_amount(text)) < 120
    else:
        assert parse_amount(text) == Decimal(text.strip()) * ONE


@given(st.integers(0, 10**24 - 1))
def test_what_is_shown_is_what_was_read(value: int) -> None:
    """Not a digit is lost between a person and the sum."""
    assert parse_amount(show_amount(value)) == value
    assert show_amount(value, "EUR").endswith(" EUR")
    assert Decimal(show_amount(value)).scaleb(DIGITS) == value
