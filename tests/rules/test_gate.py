"""When a gate opens: more than so many events, or so much, within so long, by the time they happened."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.decision import Gate
from rules.event import Action, Event
from rules.gates.gate import Reading, asked, compared, measured, member_of, opening, standing
from rules.gates.tally import Counting, Sample, Tally, kept, told
from rules.gates.usual import Usual

GATE = Gate(key="payments", count=3, within=60, quiet_for=900)
SUM = replace(GATE, count=0, over="500", currency="EUR")


def tally(*times: float) -> Tally:
    """A gate that has counted something at each of these times."""
    return Tally({f"event {number}": time for number, time in enumerate(times)})


def sums(*parts: tuple[float, str, str]) -> Tally:
    """A gate that has added up (when, how much, what)."""
    found = Tally()
    for at, adds, known in parts:
        gate = replace(SUM, adds=adds, counts=known)
        found.add(Counting(member=member_of(gate, EVENT), at=at, heard=at, summary=known, keep=3600))
    return found


EVENT = Event(
    kind="stripe.charge.failed", action=Action.TRIGGER, dedup_key="charge 1", summary="A charge failed", delivery="D1"
)


def opens(gate: Gate, counted: Tally, at: float) -> bool:
    """Does the event that happened at `at` open it?"""
    return opening(gate, counted, at) is not None


@pytest.mark.parametrize(
    ("times", "at", "expected"),
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
def test_a_gate_opens_on_more_than_count_within_the_window(times: list[float], at: float, expected: bool) -> None:
    """`more_than: {count: 3, within: 60s}`: the fourth event within a minute opens, whenever it is heard of."""
    assert opens(GATE, tally(*times), at) is expected


def test_the_window_ends_with_its_last_event_and_begins_just_after_the_one_a_minute_before() -> None:
    """What is exactly one window old no longer counts; what comes later does not count yet."""
    found = standing(GATE, tally(0, 1, 60, 61), 60)
    assert found is not None
    assert (found.number, found.first, found.is_over, found.full) == (2, 1, False, pytest.approx(2 / 3))
    assert standing(GATE, tally(0, 61), 60) is None


@given(st.lists(st.integers(0, 300), min_size=1, max_size=25), st.data())
def test_a_gate_agrees_with_trying_every_window(times: list[int], data: st.DataObject) -> None:
    """Over exactly when some window of that length holds the event and more than `count` in all."""
    at = data.draw(st.sampled_from(times))
    windows = [[time for time in times if start <= time < start + 60] for start in range(-60, 301)]
    assert opens(GATE, tally(*times), at) == any(at in window and len(window) > GATE.count for window in windows)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(10, "500", "a")], False),
        ([(10, "500.000000001", "a")], True),
        ([(10, "0.1", "a"), (11, "0.2", "b"), (12, "499.7", "c")], False),
        ([(10, "250", "a"), (20, "250", "a"), (30, "250", "b")], False),
        ([(10, "250", "a"), (20, "250", "b"), (30, "0.01", "c")], True),
        ([(10, "400", "a"), (69, "101", "b")], True),
        ([(9, "400", "a"), (69, "101", "b")], False),
        ([(10, "900", "a"), (30, "20", "a")], False),
        ([(30, "900", "a"), (30, "20", "a")], True),
    ],
    ids=[
        "as much as the limit is not yet more",
        "a billionth more",
        "what floats would make more of",
        "the same payment adds once",
        "a cent more",
        "within the window",
        "out of the window",
        "told again with another amount: as it was told last",
        "told with two amounts at one moment: the larger",
    ],
)
def test_a_gate_that_adds_up_opens_above_its_limit(parts: list[tuple[float, str, str]], expected: bool) -> None:
    """`more_than: {sum: labels.amount, over: 500, within: 60s}`, exact to the last digit."""
    assert opens(SUM, sums(*parts), parts[-1][0]) is expected


PARTS = st.lists(
    st.tuples(
        st.integers(0, 300),
        st.decimals(0, 400, places=2, allow_nan=False, allow_infinity=False).map(str),
        st.sampled_from("abcdefghij"),
    ),
    min_size=1,
    max_size=25,
)


@given(PARTS)
@example([(0, "499.99", "a"), (1, "0.01", "b")])
@example([(0, "499.99", "a"), (1, "0.02", "b")])
def test_a_sum_agrees_with_adding_up_every_window(parts: list[tuple[int, str, str]]) -> None:
    """Whatever the order, each thing adds what was said of it last, and some window with the event holds more."""
    last: dict[str, tuple[int, Decimal]] = {}
    for at, adds, known in parts:
        last[known] = max(last.get(known, (at, Decimal(adds))), (at, Decimal(adds)))
    at = last[parts[-1][2]][0]
    windows = [[one for one in last.values() if start <= one[0] < start + 60] for start in range(-60, 301)]
    over = any(sum(adds for _, adds in window) > 500 for window in windows if any(when == at for when, _ in window))
    assert opens(SUM, sums(*parts), at) is over
    assert opens(SUM, sums(*reversed(parts)), at) is over


@given(st.lists(st.decimals(0, 10**14, places=9, allow_nan=False, allow_infinity=False), min_size=1, max_size=300))
def test_nothing_is_lost_in_a_sum(amounts: list[Decimal]) -> None:
    """However many and however large: what is added up is what a bookkeeper adds up."""
    found = standing(SUM, sums(*((1.0, f"{one:f}", f"event {number}") for number, one in enumerate(amounts))), 1.0)
    assert found is not None
    assert found.amount == sum(int(one.scaleb(9)) for one in amounts)


def test_what_was_counted_before_a_rule_added_up_adds_nothing() -> None:
    """`count: 10` has become `sum:` while the gate remembers: those events say no amount."""
    assert standing(SUM, tally(1, 2, 3), 3) is None
    assert not opens(SUM, tally(1, 2, 3), 3)


def test_an_event_is_known_by_what_it_counts_as_else_by_its_senders_id_else_by_itself() -> None:
    """And what it adds stands before that."""
    assert member_of(replace(GATE, counts="pi_1"), replace(EVENT, sender_id="evt_1")) == "pi_1"
    assert member_of(GATE, replace(EVENT, sender_id="evt_1")) == "evt_1"
    assert member_of(GATE, EVENT) == "D1/0/charge 1"
    assert member_of(replace(SUM, adds="20.00", counts="pi 1"), EVENT) == "20.00 pi 1"


@pytest.mark.parametrize(
    ("gate", "reading", "said"),
    [
        (GATE, (4, 0, None), ("4", "above 3 within 1m", "")),
        (SUM, (7, 612_400_000_000, None), ("612.40 EUR", "above 500 EUR within 1m", "")),
        (
            replace(GATE, times="5"),
            (30, 0, Usual(Fraction(4), 3)),
            (
                "30",
                "above 5 times the usual within 1m, and not below 4",
                "usual in this hour of the week: 4, by 3 weeks",
            ),
        ),
        (
            replace(GATE, times="2.5"),
            (30, 0, Usual(Fraction(0), 0)),
            (
                "30",
                "above 2.5 times the usual within 1m, and not below 4",
                "what is usual in this hour is not known yet, so at_least alone decides",
            ),
        ),
    ],
    ids=["counts", "adds up", "compares", "nothing to compare with"],
)
def test_a_gate_says_what_it_found(
    gate: Gate, reading: tuple[int, int, Usual | None], said: tuple[str, str, str]
) -> None:
    """How much, of how much, and what it was compared with."""
    number, amount, found = reading
    assert (measured(Reading(gate, number, amount, 0, 60, found)), asked(gate), compared(found)) == said


def test_a_few_of_many_events_are_kept_and_told() -> None:
    """The first and the last stay, whatever comes between; what is too old goes."""
    samples: tuple[Sample, ...] = ()
    for number in range(100):
        samples = kept(samples, Sample(number, f"event {number}"), since=-1)
    assert [int(each.at) for each in samples] == [*range(10), *range(90, 100)]
    assert told(samples, -1, 99, 100) == (
        "first «event 0», «event 1», «event 2»; last «event 97», «event 98», «event 99»"
    )
    assert [int(each.at) for each in kept(samples, Sample(100, "more"), since=97)] == [98, 99, 100]
    assert told(samples[:4], -1, 99, 4) == "«event 0», «event 1», «event 2», «event 3»"
    assert told(samples[:2], -1, 99, 9) == "first «event 0», «event 1»"
    assert told([Sample(one, "declined") for one in range(12)], -1, 99, 12) == "like «declined»"
    assert told(samples, 200, 300, 1) == ""
