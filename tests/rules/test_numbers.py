"""What past incidents add up to: spreads, answers kept and missed, nights, noise, and what could be done about it."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.event import Action, Event, Severity
from rules.match import compile_condition
from rules.numbers import sentences
from rules.numbers.advice import advice
from rules.numbers.answers import answers, by_week, mondays
from rules.numbers.course import Course, Heard
from rules.numbers.nights import called
from rules.numbers.noise import Noise, noisiest_keys, noisiest_rules
from rules.numbers.spread import spread, within
from rules.numbers.total import Sought, numbers
from rules.reading.load import load
from tests.rules.configuration import GOOD

AT = datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()
"""A Monday."""
RULES = load({"rules.yaml": GOOD})
HEARD = Heard(key="shop/1", source="shop", kind="sentry.issue", summary="Boom", events=1)


def one(**given: Any) -> Course:
    """A P1 that was answered after five minutes and over after ten, but for what is given; times from its opening."""
    known: dict[str, Any] = {
        "id": "I1",
        "opened_at": AT,
        "severity": Severity.P1,
        "rule": "the site is down",
        "team": None,
        "answered_at": 300.0,
        "respond_by": 900.0,
        "over_at": 600.0,
        "quiet_at": given.get("over_at", 600.0),
        "false_positive": False,
        "acted": True,
        "pages": (),
        "heard": (HEARD,),
        "events": 1,
        **given,
    }
    for name in ("answered_at", "respond_by", "over_at", "quiet_at"):
        known[name] = None if known[name] is None else known["opened_at"] + known[name]
    return Course(**known)


TIMES = st.lists(st.floats(min_value=0, max_value=1e8), min_size=1, max_size=60)


@given(TIMES)
def test_the_median_is_the_one_of_the_library(times: list[float]) -> None:
    """Of an even number the lower of the two in the middle: one that was seen."""
    assert within(times, 0.5) == statistics.median_low(times)


@given(TIMES, st.integers(1, 99))
def test_a_share_is_within_and_no_shorter_time_would_do(times: list[float], percent: int) -> None:
    """At least so many took no longer, and fewer took less; it lies beside the library's own cut."""
    found = within(times, percent / 100)
    assert sum(time <= found for time in times) * 100 >= percent * len(times)
    assert sum(time < found for time in times) * 100 < percent * len(times)
    if len(times) > 1:
        cut = statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
        below = [time for time in times if time <= cut] or [min(times)]
        above = [time for time in times if time >= cut] or [max(times)]
        assert max(below) * (1 - 1e-9) <= found <= min(above) * (1 + 1e-9) or found in (max(below), min(above))


def test_of_no_times_there_is_no_median() -> None:
    """It is said that there are none, and nothing is made up."""
    assert (spread([], 4).n, spread([], 4).of, spread([], 4).median, spread([], 4).p90) == (0, 4, None, None)
    with pytest.raises(ValueError, match="no times"):
        within([], 0.5)


@pytest.mark.parametrize(
    ("what", "now", "kept"),
    [
        ({}, 1000, "kept"),
        ({"answered_at": 900.0}, 1000, "kept"),
        ({"answered_at": 901.0, "over_at": 2000.0}, 3000, "missed"),
        ({"answered_at": None, "over_at": 800.0}, 1000, "not_needed"),
        ({"answered_at": None, "over_at": 1000.0}, 1001, "missed"),
        ({"answered_at": None, "over_at": None}, 900, "running"),
        ({"answered_at": None, "over_at": None}, 901, "missed"),
        ({"answered_at": None, "over_at": None, "quiet_at": 500.0}, 5000, "not_needed"),
    ],
)
def test_whether_somebody_answered_in_time(what: dict[str, Any], now: float, kept: str) -> None:
    """Kept, missed, not needed or still running: each incident is exactly one of the four."""
    found = answers(Severity.P1, [one(**what)], AT + now)
    verdicts = {name: getattr(found, name) for name in ("kept", "missed", "not_needed", "running")}
    assert verdicts == {**dict.fromkeys(verdicts, 0), kept: 1}


def test_nobody_is_left_out_silently() -> None:
    """Those never acknowledged are in `of`, and told apart; false positives are counted, and in nothing else."""
    found = answers(
        Severity.P1,
        [
            one(),
            one(answered_at=None),
            one(answered_at=None, over_at=None),
            one(answered_at=1200.0, over_at=4000.0),
            one(false_positive=True),
        ],
        AT + 5000,
    )
    assert (found.incidents, found.false_positives, found.acknowledged.n, found.acknowledged.of) == (4, 1, 2, 4)
    assert (found.by_themselves, found.waiting, found.resolved.n, found.resolved.of) == (1, 1, 3, 4)
    assert sentences.acknowledged(found) == (
        "P1: 2 of 4 were acknowledged, half of them within 5m, nine of ten within 20m;"
        " 2 of 4 later than agreed, or never; 1 was over by itself before, 1 is not answered yet."
    )
    assert sentences.resolved(found) == (
        "P1: 3 of 4 were over, half of them within 10m, nine of ten within 1h6m; 1 is open."
    )


def test_weeks_begin_where_people_live() -> None:
    """Sunday 23:30 UTC is Monday in Bucharest; the first of January may be in the last week of the year before."""
    sunday = AT - 10 * 3600 - 1800
    assert [week.week for week in by_week([one(opened_at=sunday)], "UTC", AT)] == ["2026-W47"]
    assert [week.week for week in by_week([one(opened_at=sunday)], "Europe/Bucharest", AT)] == ["2026-W48"]
    new_year = datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp()
    (week,) = by_week([one(opened_at=new_year)], "UTC", new_year)
    assert (week.week, week.monday) == ("2026-W53", "2026-12-28")
    assert [day.isoformat() for day in mondays(AT - 7 * 86400, new_year, "UTC")][::6] == ["2026-11-16", "2026-12-28"]


def test_pages_are_counted_by_the_clock_of_whoever_was_called() -> None:
    """Ana's zone is that of her schedule; Maria has none. False positives woke them all the same."""
    at = datetime(2026, 11, 23, 20, 30, tzinfo=UTC).timestamp()
    found = called([one(pages=((at, "ana"), (at, "maria")), false_positive=True)], RULES.config)
    assert [(who.person, who.timezone, who.pages, who.nights) for who in found] == [
        ("ana", "Europe/Bucharest", 1, 1),
        ("maria", "UTC", 1, 0),
    ]
    assert found[0].hours[22] == found[1].hours[20] == 1
    assert sentences.nights(found) == "2 pages, 1 of them between 22:00 and 07:00; ana had most at night: 1."
    assert sentences.nights([]) == "Nobody was paged."


def test_noise_is_ordered_by_pages_and_then_by_events() -> None:
    """Of an incident with several keys the pages are counted once; by rule all of it is."""
    loud, other = Heard(**{**_fields(HEARD), "events": 9}), Heard(**{**_fields(HEARD), "key": "shop/2", "events": 2})
    courses = [one(heard=(loud, other), events=11, pages=((AT, "ana"), (AT, "maria"))), one(heard=(other,), events=2)]
    keys = noisiest_keys(courses)
    assert [(key.name, key.pages, key.events, key.incidents) for key in keys] == [
        ("shop/1", 2, 9, 1),
        ("shop/2", 0, 4, 2),
    ]
    (rule,) = noisiest_rules(courses)
    assert (rule.name, rule.pages, rule.events, rule.incidents, rule.last) == ("the site is down", 2, 13, 2, None)
    assert sentences.noise(rule) == (
        "2 pages and 13 events in 2 incidents; 2 are over: no false positive, and somebody acted on each."
    )


def _fields(heard: Heard) -> dict[str, Any]:
    return {name: getattr(heard, name) for name in Heard.__slots__}


def noise(*, wrong: int = 0, ignored: int = 0, usual: int = 1, **given: Any) -> Noise:
    """Four incidents that are over."""
    last = Heard(**{**_fields(HEARD), **given})
    return Noise(
        name=last.key, rule="the site is down", severity=Severity.P1, incidents=4, over=4, events=4 * usual,
        pages=4, false_positives=wrong, nobody_acted=ignored, usual=usual, last=last,
    )  # fmt: skip


KINDS_OF_ADVICE: list[dict[str, Any]] = [{"wrong": 3}, {"ignored": 3}, {"ignored": 3, "usual": 5}]


def taken_up(text: str) -> str:
    """The shipped-like rules with a suggestion put in as it says."""
    section, _, entry = text.partition(":\n")
    return GOOD.replace("rules:\n", f"rules:\n{entry}", 1) if section == "rules" else GOOD + text


@given(st.sampled_from(KINDS_OF_ADVICE), st.text(max_size=200), st.text(max_size=40))
def test_every_suggestion_loads_whatever_a_sender_wrote(what: dict[str, Any], summary: str, kind: str) -> None:
    """Text of a sender stays text: the rules are those of before and one entry more, that holds for this key."""
    found = advice(noise(**what, summary=summary, kind=f"sentry.{kind}"), RULES.config, AT)
    assert found is not None
    loaded = load({"rules.yaml": taken_up(found.yaml)}).config
    added = [*loaded.silences, *loaded.rules][0]
    assert len(loaded.silences) + len(loaded.rules) == len(RULES.config.rules) + 1
    assert [rule.name for rule in loaded.rules][-2:] == [rule.name for rule in RULES.config.rules]
    event = Event(
        kind=f"sentry.{kind}",
        action=Action.TRIGGER,
        dedup_key="1",
        summary=summary,
        source="shop",
        source_type="sentry",
    )
    assert compile_condition(added.when)(event, AT)


@pytest.mark.parametrize("what", KINDS_OF_ADVICE)
@pytest.mark.parametrize(
    "hostile", ["a: b\n  - name: x", "${env:SECRET}", "'\"", "x # y", "*a &b !!python/object:os", "- - -", "\u2028"]
)  # fmt: skip
def test_a_hostile_title_cannot_break_out(what: dict[str, Any], hostile: str) -> None:
    """What would be YAML of its own is quoted, and what would be a pattern is escaped."""
    found = advice(noise(**what, summary=hostile, kind=f"sentry.{hostile}"), RULES.config, AT)
    assert found is not None
    loaded = load({"rules.yaml": taken_up(found.yaml)}).config
    assert len(loaded.silences) + len(loaded.rules) == len(RULES.config.rules) + 1


def test_each_noise_has_its_own_advice() -> None:
    """A check that is wrong is silenced, many small events are gated, what nobody minds is lowered."""
    wrong, lower, gate = (advice(noise(**what), RULES.config, AT) for what in KINDS_OF_ADVICE)
    assert wrong is not None
    assert lower is not None
    assert gate is not None
    assert wrong.yaml == (
        "silences:\n"
        "  - name: false positives of Boom\n"
        "    when:\n"
        "      source: shop\n"
        "      kind: sentry.issue\n"
        "      summary: ^Boom\n"
        "    start: '2026-11-23T10:00:00Z'\n"
        "    for: 2w\n"
        "    reason: 3 of 4 were false positives; its check is being mended\n"
    )
    event = Event(
        kind="sentry.issue", action=Action.TRIGGER, dedup_key="1", summary="Boom", source="shop", source_type="sentry",
        labels={"environment": "production"},
    )  # fmt: skip
    lowered = load({"rules.yaml": taken_up(lower.yaml)}).decide(event, AT)
    assert (lowered.severity, lowered.runbook) == (Severity.P2, "site-down")
    gated = load({"rules.yaml": taken_up(gate.yaml)}).decide(event, AT)
    assert gated.gate is not None
    assert (gated.severity, gated.gate.count, gated.runbook) == (Severity.P1, 5, "site-down")


@pytest.mark.parametrize("quiet", [noise(wrong=1, ignored=1), noise(wrong=4, source="gone"), noise(ignored=0, usual=9)])
def test_what_was_needed_or_has_no_source_any_more_is_left_alone(quiet: Noise) -> None:
    """No advice is better than bad advice."""
    assert advice(quiet, RULES.config, AT) is None


def test_filters_are_those_of_the_window() -> None:
    """Since when, which severity, which team; there is every team to choose from all the same."""
    courses = [
        one(team="payments"),
        one(severity=Severity.P3),
        one(opened_at=AT - 86400, team="old"),
    ]
    everything = numbers(courses, Sought(since=AT), RULES.config, AT + 1000)
    assert (everything.incidents, everything.teams) == (2, ["old", "payments"])
    assert numbers(courses, Sought(since=AT, severity=Severity.P3), RULES.config, AT).incidents == 1
    assert numbers(courses, Sought(since=AT, team="payments"), RULES.config, AT).incidents == 1
