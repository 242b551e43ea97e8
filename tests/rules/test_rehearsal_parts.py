"""What a rehearsal does for itself: it knows how long a roster holds, and what a gate has counted."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.event import Severity
from rules.oncall.schedule import holds_until
from rules.reading.config import Config
from rules.reading.load import Ruleset, load
from rules.rehearsal.books import Counted
from rules.rehearsal.promises import AT_MOST, Desk, Promise, Promises
from tests.rules.configuration import GOOD
from tests.world import START
from workers import agenda

OVER = "{start: 2026-03-04 12:00, end: 2026-03-05 12:00, person: null}"


def ruleset(over: str = "") -> Ruleset:
    """Ana and Maria take turns."""
    return load({"rules.yaml": GOOD.replace("people: [ana]}", f"people: [ana, maria], overrides: [{over}]}}")})


def at(text: str) -> float:
    """Unix seconds of a time in UTC."""
    return datetime.datetime.fromisoformat(text + "+00:00").timestamp()


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02 09:00", "2026-03-04 10:00"),
        ("2026-03-04 10:00", "2026-03-05 10:00"),
        ("2026-03-05 10:00", "2026-03-09 07:00"),
        ("2026-03-27 10:00", "2026-03-30 06:00"),
    ],
)
def test_a_roster_holds_until_somebody_takes_over(now: str, until: str) -> None:
    """The next hand-over by the wall clock, summer time included, or the edge of an override."""
    assert holds_until(ruleset(OVER).config, at(now)) == at(until)


@given(hours=st.floats(min_value=0, max_value=24 * 60))
def test_nobody_takes_over_before_that(hours: float) -> None:
    """Just before it the roster is what it was; at it, it may be another."""
    rules = ruleset(OVER)
    now = START + hours * 3600
    until = holds_until(rules.config, now)
    assert until > now
    for moment in (now + (until - now) / 2, until - 0.001):
        assert rules.roster(moment, {}).reach("on-call engineer") == rules.roster(now, {}).reach("on-call engineer")


def test_without_schedules_it_holds_for_ever() -> None:
    """Nothing has to be worked out twice."""
    assert holds_until(Config.model_construct(schedules={}), START) == float("inf")


@given(
    said=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=30
    )
)
def test_what_a_gate_counted_is_what_a_plain_map_says(said: list[tuple[str, int, int, bool]]) -> None:
    """Each member once, at its latest time; a window, and what is forgotten."""
    counted, plain = Counted(), dict[str, float]()
    for member, moment, since, forgets in said:
        counted.add(member, float(moment))
        plain[member] = max(plain.get(member, 0.0), float(moment))
        if forgets:
            counted.forget(float(since) / 2)
            plain = {name: when for name, when in plain.items() if when > since / 2}
        assert counted.since(float(since)) == {name: when for name, when in plain.items() if when >= since}


def promise(name: str, due: float, desk: Desk = Desk.CALM_LOOKS) -> Promise:
    """Something to be kept."""
    return Promise(id=name, desk=desk, due_at=due, made_at=0.0, incident="I1", severity=Severity.P3)


def test_promises_are_taken_in_their_order_and_once() -> None:
    """The longest due first, of one moment by name; withdrawn or replaced ones never."""
    promises = Promises()
    for name, due in (("b", 2.0), ("a", 2.0), ("c", 1.0), ("late", 9.0), ("gone", 1.0)):
        promises.add(promise(name, due))
    promises.withdraw("gone")
    promises.add(promise("b", 3.0))
    assert promises.next_due() == 1.0
    assert [one.id for one in promises.take(Desk.CALM_LOOKS, 2.0)] == ["c", "a"]
    assert promises.take(Desk.CALM_LOOKS, 2.0) == []
    assert promises.take(Desk.URGENT_LOOKS, 9.0) == []
    assert "a" in promises
    promises.withdraw("a")
    assert "a" not in promises
    assert [one.id for one in promises] == ["c", "b", "late"]


def test_what_is_put_off_comes_again() -> None:
    """At its new time, and not at the old one."""
    promises = Promises()
    promises.add(promise("a", 1.0))
    (taken,) = promises.take(Desk.CALM_LOOKS, 1.0)
    promises.postpone(taken, 5.0)
    assert not promises.is_due(4.9)
    assert promises.next_due() == 5.0
    assert promises.take(Desk.CALM_LOOKS, 5.0) == [taken]


def test_a_rehearsal_takes_as_much_at_once_as_a_worker() -> None:
    """Or a storm would be told in other digests."""
    assert AT_MOST == agenda.CLAIM_AT_MOST
