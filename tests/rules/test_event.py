"""The order of a signal's events, how bad severities are, and the key of a signal."""

from __future__ import annotations

import pytest

from rules.event import Action, Event, Moment, Severity

LAST = Moment(100.0, 105.0, "d-5")
UNSTAMPED = Moment(None, 105.0, "d-5")


@pytest.mark.parametrize(
    ("moment", "last", "after"),
    [
        (Moment(101.0, 104.0, "d-4"), LAST, True),
        (Moment(99.0, 106.0, "d-6"), LAST, False),
        (Moment(100.0, 106.0, "d-6"), LAST, True),
        (Moment(100.0, 105.0, "d-6"), LAST, True),
        (Moment(100.0, 105.0, "d-4"), LAST, False),
        (LAST, LAST, False),
        (Moment(101.0, 105.0, "d-5", 1), LAST, True),
        (Moment(99.0, 105.0, "d-5", 1), LAST, False),
        (Moment(100.0, 105.0, "d-5", 1), LAST, True),
        (Moment(None, 106.0, "d-6"), LAST, True),
        (Moment(None, 104.0, "d-4"), LAST, False),
        (Moment(1.0, 106.0, "d-6"), UNSTAMPED, True),
        (Moment(999.0, 104.0, "d-4"), UNSTAMPED, False),
        (UNSTAMPED, UNSTAMPED, False),
        (Moment(None, 105.0, "d-5", 1), UNSTAMPED, True),
        (UNSTAMPED, Moment(None, 105.0, "d-5", 1), False),
    ],
    ids=[
        "later by the sender's clock though it arrived before",
        "earlier by the sender's clock though it arrived after",
        "the same second, arrived after",
        "the same second and arrival, a later delivery",
        "the same second and arrival, an earlier delivery",
        "the very same",
        "the same delivery, further down and later",
        "the same delivery, further down and earlier",
        "the same delivery and second, further down",
        "unstamped, arrived after",
        "unstamped, arrived before",
        "the last unstamped: the sender's slow clock does not count",
        "the last unstamped: the sender's fast clock does not count",
        "both unstamped, the same",
        "unstamped, further down in the same delivery",
        "unstamped, further up in the same delivery",
    ],
)
def test_which_of_two_events_is_later(moment: Moment, last: Moment, after: bool) -> None:
    """By the sender's clock where both carry it, else by arrival; never one clock against another."""
    assert moment.is_after(last) is after


def test_severities_are_ordered_by_what_they_mean() -> None:
    """P1 is the worst, nothing is worse than itself."""
    worse = {(one, other) for one in Severity for other in Severity if one.worse_than(other)}
    order = list(Severity)
    assert worse == {(one, other) for place, one in enumerate(order) for other in order[place + 1 :]}
    assert order == ["P1", "P2", "P3", "P4"]


def test_two_monitors_with_one_number_are_two_signals() -> None:
    """The source is part of a signal's key; its moment is what the order is told by."""
    event = Event(
        kind="k", action=Action.TRIGGER, dedup_key="1", summary="s", source="a", delivery="d", received_at=2.0
    )
    assert (event.signal_key, event.moment) == ("a/1", Moment(None, 2.0, "d"))
