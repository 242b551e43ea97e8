"""When what a condition asks of the clock may change: to the second, also where the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.event import Action, Event
from rules.holds.by_the_clock import timeless, turns
from rules.match import Condition, compile_condition

BUCHAREST = {"timezone": "Europe/Bucharest"}
EVENT = Event(
    kind="test.event",
    action=Action.TRIGGER,
    dedup_key="web",
    summary="web is down",
    source="uptime",
    source_type="generic",
    received_at=0.0,
    delivery="1",
)


def condition(**said: object) -> Condition:
    """As the YAML says it."""
    return Condition.model_validate(said)


def at(text: str) -> float:
    """Unix seconds of a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


TABLE = [
    ({"source": "uptime"}, "2026-03-02 09:00", None),
    ({"hours": "22:00-06:00"}, "2026-03-02 09:00", "2026-03-02 22:00"),
    ({"hours": "22:00-06:00"}, "2026-03-02 22:00", "2026-03-03 06:00"),
    ({"hours": "22:00-06:00", **BUCHAREST}, "2026-03-02 09:00", "2026-03-02 20:00"),
    ({"hours": ["08:00-12:00", "13:00-24:00"]}, "2026-03-02 12:30", "2026-03-02 13:00"),
    ({"hours": "13:00-24:00"}, "2026-03-02 23:00", "2026-03-03 00:00"),
    ({"weekday": "sat"}, "2026-03-02 09:00", "2026-03-03 00:00"),
    ({"not": {"hours": "08:00-09:30"}}, "2026-03-02 09:00", "2026-03-02 09:30"),
    ({"any": [{"hours": "08:00-09:30"}, {"hours": "08:00-09:20"}]}, "2026-03-02 09:00", "2026-03-02 09:20"),
    # In Bucharest the clocks go from 03:00 to 04:00 at 01:00 UTC, and back from 04:00 to 03:00 in October.
    ({"hours": "00:00-03:30", **BUCHAREST}, "2026-03-29 00:30", "2026-03-29 01:00"),
    ({"hours": "00:00-03:30", **BUCHAREST}, "2026-10-25 00:00", "2026-10-25 00:30"),
    ({"hours": "00:00-03:30", **BUCHAREST}, "2026-10-25 00:30", "2026-10-25 01:00"),
    ({"hours": "00:00-03:30", **BUCHAREST}, "2026-10-25 01:00", "2026-10-25 01:30"),
]


@pytest.mark.parametrize(("said", "now", "expected"), TABLE)
def test_when_hours_turn(said: dict[str, object], now: str, expected: str | None) -> None:
    """The next edge, midnight where days of the week count, and the moment at which the clocks are changed."""
    assert turns(condition(**said), at(now)) == (None if expected is None else at(expected))


clock = st.fixed_dictionaries(
    {},
    optional={
        "hours": st.sampled_from(["22:00-06:00", "02:30-03:15", "00:00-03:30", ["08:00-09:00", "23:30-24:00"]]),
        "weekday": st.sampled_from(["sun", "mon-fri", ["sat", "mon"]]),
    },
).flatmap(
    lambda said: (
        st.just(said)
        if not said
        else st.sampled_from(["UTC", "Europe/Bucharest", "America/New_York", "Australia/Lord_Howe"]).map(
            lambda where: {**said, "timezone": where}
        )
    )
)
conditions = st.one_of(
    clock, clock.map(lambda said: {"not": said}), st.lists(clock, min_size=1).map(lambda s: {"any": s})
)
moments = st.one_of(
    st.floats(at("2026-01-01 00:00"), at("2027-01-01 00:00")),
    st.floats(at("2026-03-28 12:00"), at("2026-03-30 00:00")),
    st.floats(at("2026-10-24 12:00"), at("2026-10-26 00:00")),
)


@given(said=conditions, now=moments, part=st.floats(0.0, 0.999))
def test_nothing_changes_before_it(said: dict[str, object], now: float, part: float) -> None:
    """Whatever the time zone: between two turns the condition says the same."""
    one = condition(**said)
    test, turn = compile_condition(one), turns(one, now)
    end = now + 7 * 86400 if turn is None else turn
    assert end > now
    assert test(EVENT, now + part * (end - now)) is test(EVENT, now)


@given(said=conditions, now=moments)
def test_what_is_left_without_the_clock_holds_whenever_the_whole_does(said: dict[str, object], now: float) -> None:
    """And asks for no hours any more."""
    one = condition(**said)
    assert compile_condition(timeless(one))(EVENT, 0.0) or not compile_condition(one)(EVENT, now)
    assert turns(timeless(one), now) is None
