"""What an incident's own channel is called: whatever a sender writes becomes a name that Slack takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.announcing.room_name import BRIEF, LONGEST, channel_name

OPENED = 1_772_442_000.0
DAY = "inc-2026-03-02-"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Checkout answers 502", "checkout-answers-502"),
        ("🔥🔥 Checkout is down!!! 🔥", "checkout-is-down"),
        ("PAYMENTS fail: card_declined (11 in 5m)", "payments-fail-card-declined-11-in-5m"),
        ("Plăți eșuate în București", "plati-esuate-in-bucuresti"),
        ("Straße gesperrt, Łódź", "strasse-gesperrt-lodz"),
        ("Users can't log in & pay", "users-cant-log-in-and-pay"),
        ("db1.example.com:5432 unreachable", "db1-example-com-5432-unreachable"),
        ("  \n\t spaced   out \u200b", "spaced-out"),
        ("---___---", "p1-4qxz81"),
        ("決済が失敗しています", "p1-4qxz81"),
        ("🔥🔥🔥", "p1-4qxz81"),
        ("", "p1-4qxz81"),
    ],
)
def test_a_title_becomes_a_name(title: str, name: str) -> None:
    """Lower case letters, digits and hyphens; what has no such letter is called by its severity and id."""
    assert channel_name(title, OPENED, "P1 4QXZ81") == DAY + name


def test_a_long_title_ends_with_a_whole_word() -> None:
    """Two hundred characters become a brief description; a single endless word is cut where it must be."""
    title = "The checkout of the shop answers with error 502 to every second customer who pays by card " * 3
    assert channel_name(title, OPENED, "x") == DAY + "the-checkout-of-the-shop-answers-with-error-502"
    assert channel_name("a" * 200, OPENED, "x") == DAY + "a" * BRIEF


def test_the_day_is_utcs() -> None:
    """An hour before midnight in London, one in the morning in Bucharest: the channel is of the day in UTC."""
    assert channel_name("x", 1_772_495_999.0, "y").startswith("inc-2026-03-02-")
    assert channel_name("x", 1_772_496_000.0, "y").startswith("inc-2026-03-03-")


@pytest.mark.parametrize(("number", "ends"), [(1, "is-down"), (2, "is-down-2"), (3, "is-down-3"), (17, "is-down-17")])
def test_the_same_name_is_numbered(number: int, ends: str) -> None:
    """The second of a day has a 2 at its end."""
    assert channel_name("It is down", OPENED, "x", number).endswith(ends)


@given(st.text(max_size=400), st.text(max_size=40), st.integers(1, 200))
@example("-" * 90, "-" * 90, 1)
@example("ﬀﬁ²①Å", "", 99)
@example("a-" * 100, "", 100)
def test_slack_takes_every_name(title: str, otherwise: str, number: int) -> None:
    """Whatever the title: at most 80 characters of those Slack allows, each number another name, no loose hyphen."""
    name = channel_name(title, OPENED, otherwise, number)
    assert re.fullmatch(r"inc-2026-03-02-[a-z0-9][a-z0-9-]*", name)
    assert len(name) <= LONGEST
    assert not name.endswith("-")
    assert "--" not in name
    assert name != channel_name(title, OPENED, otherwise, number + 1)
