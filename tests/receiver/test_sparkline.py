"""A few numbers as bars and in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from router.console.marked import marked
from router.console.sparkline import HEIGHT, LOWEST, sparkline
from workers.deliveries.days import Day


def week(*heard: int | None) -> list[Day]:
    """Days until 26 November."""
    last = date(2026, 11, 26)
    return [Day(date=last - timedelta(days=len(heard) - 1 - n), heard=one) for n, one in enumerate(heard)]


@pytest.mark.parametrize(
    ("heard", "heights", "kinds", "words"),
    [
        ([0, 0], [1, 1], ["none", "none"], "0 deliveries in 2 days, today 0."),
        (
            [None, 1, 1000],
            [1, LOWEST, HEIGHT],
            ["unknown", "heard", "heard"],
            "1001 deliveries in 2 days, most on 26 Nov with 1000, today 1000, 1 day not known.",
        ),
        (
            [5, None],
            [HEIGHT, 1],
            ["heard", "unknown"],
            "5 deliveries in 1 day, most on 25 Nov with 5, 1 day not known.",
        ),
        ([], [], [], "Deliveries per day are not known yet: a worker begins to count them each day at midnight UTC."),
    ],
)
def test_numbers_become_bars_and_a_sentence(
    heard: list[int | None], heights: list[float], kinds: list[str], words: str
) -> None:
    """The largest fills the height, what is there can be seen, and what is not known is not drawn as nothing."""
    drawn = sparkline(week(*heard))
    assert [bar.height for bar in drawn.bars] == heights
    assert [bar.kind for bar in drawn.bars] == kinds
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT for bar in drawn.bars)
    assert drawn.words == words


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("plain", ["text"]),
        ("a `b` **c**", ["text", "code", "text", "strong"]),
        ("an open ` stays", ["text", "text", "text"]),
        ("", []),
    ],
)
def test_marks_become_parts(line: str, kinds: list[str]) -> None:
    """Code and names; a mark without its end is a letter like any other."""
    assert [part.kind for part in marked(line)] == kinds
