"""Gates that add up and gates that compare, on the real thing: exact, told in words, and the same whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from rules.decision import Gate
from rules.gates.tally import Counting
from rules.incident import Reason, State
from rules.rehearsal.books import MemoryBooks
from tests.stories.test_signals import P1_PAGE
from tests.world import RULES, START, World, a_world
from workers import gates, keys
from workers.agenda import Job, Lane

HOUR, WEEK = 3600.0, 7 * 86400.0
SUM = RULES.replace("count: 3, within: 5m", "sum: labels.amount, over: 500, within: 10m, distinct: labels.payment")
EUROS = SUM.replace("over: 500,", "over: 500, currency: EUR,")
USUAL = RULES.replace("count: 3, within: 5m", "times_usual: 5, at_least: 4, within: 1h")
OVER = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED), ("mail", Reason.RECOVERED)]


def fails(world: World, payment: str, amount: str, currency: str = "EUR", **more: Any) -> Any:
    """A payment of so much fails."""
    labels = {"payment": payment, "amount": amount, "currency": currency}
    summary = more.pop("summary", f"{payment} failed: {amount} {currency}")
    return world.hears("payment", key=payment, labels=labels, summary=summary, **more)


def counted(world: World) -> list[str]:
    """What every gate has counted, of how much."""
    found = gates.standings(world.redis, world.ruleset.config.rules, world.clock.now(), 100)
    return [f"{' '.join(one.by.values())}: {one.shown()['counted']}, {one.shown()['opens']}" for one in found]


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """A shop whose failed payments are added up."""
    with a_world(redis, SUM) as world:
        yield world


def test_a_sum_opens_above_its_limit_and_says_what_it_was(world: World) -> None:
    """Five hundred euros are not more than five hundred; one cent more calls, and names what was lost."""
    for number, amount in enumerate(["120.10", "79.90", "200.00", "100.00"]):
        fails(world, f"pi_{number}", amount)
        world.passes("1m")
    assert world.incidents == []
    assert counted(world) == ["EUR: 500 EUR, above 500 EUR within 10m"]
    fails(world, "pi_4", "0.01")
    world.outside.heard_exactly(P1_PAGE)
    (line,) = [line.text for line in world.timeline if line.kind == "counted"]
    assert line == (
        "counted 500.01 EUR in 5 events in 4m (opens above 500 EUR within 10m): «pi_0 failed: 120.10 EUR», «pi_1 "
        "failed: 79.90 EUR», «pi_2 failed: 200.00 EUR», «pi_3 failed: 100.00 EUR», «pi_4 failed: 0.01 EUR»"
    )
    world.passes("15m")
    world.outside.heard_exactly(OVER)
    assert world.incident.state is State.RECOVERED


def test_whoever_is_called_reads_the_first_and_the_last_of_them(redis: Redis) -> None:
    """In the message itself: three and three of twelve."""
    with a_world(redis, RULES.replace("count: 3, within", "count: 11, within")) as world:
        for number in range(12):
            world.hears("payment", key=f"charge {number}")
        text = " ".join(next(one.text for one in world.outside.heard if one.channel == "mail").split())
        assert "counted 12 in 0s (opens above 11 within 5m): first «charge 0 is down», «charge 1 is down», " in text
        assert "«charge 2 is down»; last «charge 9 is down», «charge 10 is down», «charge 11 is down»" in text
        world.outside.heard_exactly(P1_PAGE)


def test_currencies_are_never_added_together(world: World) -> None:
    """Four hundred euros, four hundred dollars and five hundred yen: three sums, none of them over."""
    for currency, amount in (("EUR", "400"), ("USD", "400"), ("JPY", "500")):
        fails(world, f"pi_{currency}", amount, currency)
    assert world.incidents == []
    assert sorted(counted(world)) == [
        "EUR: 400 EUR, above 500 EUR within 10m",
        "JPY: 500 JPY, above 500 JPY within 10m",
        "USD: 400 USD, above 500 USD within 10m",
    ]
    fails(world, "pi_more", "101", "USD")
    world.outside.heard_exactly(P1_PAGE)
    assert world.incident.title == "pi_more failed: 101 USD"


@pytest.mark.parametrize(
    ("amount", "currency"), [("a lot", "EUR"), ("", "EUR"), ("-900", "EUR"), ("900", "USD"), ("1,000", "EUR")]
)
def test_what_is_no_amount_of_theirs_counts_as_nothing(redis: Redis, amount: str, currency: str) -> None:
    """Neither does it open, nor does it hold open what has; the record says why."""
    with a_world(redis, EUROS) as world:
        event = fails(world, "pi_0", amount, currency)
        assert (world.incidents, counted(world)) == ([], [])
        gate = world.ruleset.decide(event, world.clock.now()).gate
        assert gate is not None
        assert gate.nothing
        fails(world, "pi_1", "501")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("14m")
        fails(world, "pi_2", amount, currency)
        world.passes("1m")
        assert world.incident.state is State.RECOVERED
        world.outside.heard_exactly(OVER)


def test_a_payment_told_twice_adds_once(world: World) -> None:
    """As a charge and as an intent, by a sender's retry, and by a delivery that is handed in again."""
    event = fails(world, "pi_0", "300", sender_id="evt_1")
    fails(world, "pi_0", "300", sender_id="evt_2")
    world.hears(key="pi_0", labels=event.labels, how="payment", sender_id="evt_1")
    world.takes_in(event)
    world.works()
    assert counted(world) == ["EUR: 300 EUR, above 500 EUR within 10m"]


def test_late_amounts_count_where_they_were_lost(world: World) -> None:
    """Told half an hour late, three failures of one minute open together, and not with those of now."""
    fails(world, "now", "400")
    for number in range(2):
        fails(world, f"late {number}", "200", at=START - 1800 + number)
    assert world.incidents == []
    fails(world, "late 2", "200", at=START - 1790)
    world.outside.heard_exactly(P1_PAGE)
    (line,) = [line.text for line in world.timeline if line.kind == "counted"]
    assert line.startswith("counted 600 EUR in 3 events in 10s (opens above 500 EUR within 10m): «late 0")


def test_what_waited_for_a_worker_counts_all_the_same(redis: Redis) -> None:
    """No worker for three hours: failures of one minute, dealt with one after the other, open together."""
    with a_world(redis, SUM.replace("quiet_for: 15m", "quiet_for: 4h")) as world:
        for number in range(3):
            fails(world, f"pi_{number}", "200", at=world.clock.at, work=False)
            world.clock.at += 20
        world.clock.at += 3 * HOUR
        for entry in world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()):
            world.house.ledger.deduplicate([entry])
        world.works()
        world.outside.heard_exactly(P1_PAGE)


def test_what_recovered_comes_back_only_above_the_limit(world: World) -> None:
    """And then its history says again what was counted."""
    fails(world, "pi_0", "501")
    world.passes("16m")
    world.outside.heard_exactly([*P1_PAGE, *OVER])
    fails(world, "pi_1", "300")
    assert world.incident.state is State.RECOVERED
    fails(world, "pi_2", "201")
    assert world.incident.state is State.TRIGGERED
    world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.RETRIGGERED), ("mail", Reason.RETRIGGERED)])
    lines = [line.text for line in world.timeline if line.kind == "counted"]
    assert [line.partition(" (")[0] for line in lines] == [
        "counted 501 EUR in 1 event in 0s",
        "counted 501 EUR in 2 events in 0s",
    ]


# --- what is usual ---


def weeks(world: World, *numbers: int) -> None:
    """So many failures in this hour of one week after the other, each five minutes apart and beginning now."""
    for number in numbers:
        begin = world.clock.at
        for each in range(number):
            world.clock.at = begin + 300 * each
            world.hears("payment", key=f"charge {begin} {each}")
        world.clock.at = begin + WEEK


def test_a_gate_that_compares_knows_nothing_at_first_and_says_so(redis: Redis) -> None:
    """Then `at_least` alone opens: a rule that is new must not sleep through its first outage."""
    with a_world(redis, USUAL) as world:
        weeks(world, 3)
        assert world.incidents == []
        world.clock.at = START + 86400
        weeks(world, 4)
        world.outside.heard_exactly(P1_PAGE)
        (line,) = [line.text for line in world.timeline if line.kind == "counted"]
        assert (
            "(opens above 5 times the usual within 1h, and not below 4; what is usual in this hour is not known yet"
            in line
        )
        world.clock.at = START + 86400 + 1200
        assert counted(world) == [": 4, above 5 times the usual within 1h, and not below 4"]


def test_five_times_the_usual_opens_and_the_usual_does_not(redis: Redis) -> None:
    """Two in this hour in the weeks before: ten are not yet more than five times that, eleven are."""
    with a_world(redis, USUAL) as world:
        weeks(world, 1, 2, 2, 3)
        world.clock.at += HOUR
        for each in range(10):
            world.hears("payment", key=f"now {each}")
        assert world.incidents == []
        world.hears("payment", key="now 10")
        world.outside.heard_exactly(P1_PAGE)
        (line,) = [line.text for line in world.timeline if line.kind == "counted"]
        assert "usual in this hour of the week: 2, by 3 weeks)" in line


def test_a_past_is_bounded_and_counts_once(redis: Redis) -> None:
    """Repetitions and what comes more than an hour late leave it as it is; it has a lifetime of five weeks."""
    with a_world(redis, USUAL) as world:
        event = world.hears("payment", key="charge", sender_id="evt_1")
        world.takes_in(event)
        world.hears("payment", key="charge", sender_id="evt_1")
        world.hears("payment", key="old", at=START - 2 * HOUR)
        (name,) = redis.keys("tocsin:past:*")
        assert sorted(redis.hgetall(name)) == [b"%d" % (int(START // HOUR) % 840), b"since"]
        assert redis.hget(name, str(int(START // HOUR) % 840)) == b"%d 1" % (START // HOUR)
        assert 0 < redis.ttl(name) <= 5 * WEEK


def test_what_gates_keep_ends_by_itself(world: World) -> None:
    """The list of gates is trimmed when something is counted, the rest has a lifetime."""
    fails(world, "pi_0", "1")
    world.passes("11m")
    assert counted(world) == []
    fails(world, "pi_1", "1", "USD")
    assert [name.decode() for name in world.redis.zrange(keys.GATES, 0, -1)] == ['["payments fail","USD"]']
    for pattern in ("tocsin:gate:*", "tocsin:samples:*"):
        assert [world.redis.ttl(name) > 0 for name in world.redis.keys(pattern)] == [True, True]


# --- against a plain recount ---

PAYMENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e"]),
        st.sampled_from(["0.01", "99.99", "100", "100.01", "250", "400", "rubbish"]),
        st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
        st.sampled_from([0, 30, 599, 600, 1800]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
"""Payment, amount, currency, how late it is told, and whether a worker dies with it first."""


def test_a_sum_is_exact_under_crashes_and_repetitions(redis: Redis) -> None:
    """Whatever is told late, twice, or handed over by a worker that died: it opens when a bookkeeper says so."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(PAYMENTS)
    def tried(payments: list[tuple[str, str, str, int, bool]]) -> None:
        redis.flushall()
        with a_world(redis, SUM) as world:
            told: dict[tuple[str, str], tuple[float, Decimal]] = {}
            for number, (payment, amount, currency, late, dies) in enumerate(payments):
                at = world.clock.at - late
                event = fails(world, payment, amount, currency, at=at, work=False, sender_id=f"evt_{number}")
                if dies:
                    world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now())
                    world.clock.at += 13
                world.takes_in(event)
                world.works()
                if amount != "rubbish":
                    said = (at, Decimal(amount))
                    told[payment, currency] = max(told.get((payment, currency), said), said)
                    over = _over(told, currency, told[payment, currency][0])
                    assert bool(world.incidents) is over
                    if over:
                        break
                world.clock.at += 40
            world.outside.heard.clear()

    tried()


def _over(told: dict[tuple[str, str], tuple[float, Decimal]], currency: str, at: float) -> bool:
    """Does some window of ten minutes that holds this moment hold more than five hundred?"""
    ours = [one for (_, its), one in told.items() if its == currency]
    ends = [end for end, _ in ours if at <= end < at + 600]
    return any(sum(much for when, much in ours if end - 600 < when <= end) > 500 for end in ends)


def test_books_in_memory_keep_a_past_as_redis_does() -> None:
    """A rehearsal of many weeks: the same ring, and begun anew after five quiet ones."""
    books, gate = MemoryBooks(START), Gate(key="k", count=3, within=60, quiet_for=60, times="5")
    books.load_gates({"k": gate}, {"k": START - 60})
    books.counted(gate, Counting(member="a", at=START, heard=START, summary="a", keep=3600, in_past=True))
    books.now = START + 5 * WEEK - HOUR
    books.load_gates({"k": gate}, {"k": books.now - 60})
    assert books.tally("k").past.of(int(START // HOUR)) == 1
    books.now = START + 5 * WEEK
    books.load_gates({"k": gate}, {"k": books.now - 60})
    assert books.tally("k").past.since is None
    assert replace(gate, key="other") != gate
