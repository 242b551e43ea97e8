"""When a gate opens: more than so many events within so long, by the time they happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decision import Gate
from rules.gate import counted, is_over

GATE = Gate(key="payments", count=3, within=60, quiet_for=900)


@pytest.mark.parametrize(
    ("times", "at", "opens"),
    [
        ([10, 20, 30], 30, False),
        ([10, 20, 30, 40], 40, True),
        ([0, 20, 30, 59], 59, True),
        ([0, 20, 30, 60], 60, False),
        ([10, 10, 10, 10], 10, True),
        ([40, 20, 10, 30], 30, True),
        ([100, 110, 120, 70], 70, True),
        ([100, 110, 130, 70], 70, False),
        ([69, 70, 71, 5, 6, 7], 5, False),
        ([], 5, False),
    ],
    ids=[
        "as many as the count is not yet more",
        "one more",
        "just within the window",
        "the first has just left the window",
        "all at once",
        "any order of arrival",
        "a late event completes a later window",
        "a late event too early for it",
        "two crowds that do not touch",
        "nothing counted",
    ],
)
def test_a_gate_opens_on_more_than_count_within_the_window(times: list[float], at: float, opens: bool) -> None:
    """`more_than: {count: 3, within: 60s}`: the fourth event within a minute opens, whenever it is heard of."""
    assert is_over(GATE, times, at) is opens


def test_the_window_ends_with_its_last_event_and_begins_just_after_the_one_a_minute_before() -> None:
    """What is exactly one window old no longer counts; what comes later does not count yet."""
    assert counted(GATE, [0, 1, 60, 61], 60) == 2


@given(st.lists(st.integers(0, 300), min_size=1, max_size=25), st.data())
def test_a_gate_agrees_with_trying_every_window(times: list[int], data: st.DataObject) -> None:
    """Over exactly when some window of that length holds the event and more than `count` in all."""
    at = data.draw(st.sampled_from(times))
    windows = [[time for time in times if start <= time < start + 60] for start in range(-60, 301)]
    assert is_over(GATE, times, at) == any(at in window and len(window) > GATE.count for window in windows)
