"""When a silence is in force, and what it covers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.event import Moment, Severity
from rules.holds.quiet import SilenceConfig
from rules.holds.silence import Silence, Silences
from rules.incident import Incident, Signal, State
from rules.reading.load import Wrong, load
from tests.rules.lives import a_policy
from tests.world import RULES

ZONE = "Europe/Bucharest"


def at(text: str) -> float:
    """A wall-clock time in Bucharest."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


def silence(**said: Any) -> SilenceConfig:
    """One of an hour on Monday, 2 March."""
    usual = {"name": "deploy", "reason": "a deployment", "start": "2026-03-02 10:00", "for": "1h", "timezone": ZONE}
    whole = {name: value for name, value in {**usual, **said}.items() if value is not None}
    if not (said.get("when") or said.get("severities")):
        whole["everything"] = True
    return SilenceConfig.model_validate(whole)


def incident(severity: Severity = Severity.P2, **signals: str) -> Incident:
    """One with these signals by source; `labels` are the incident's."""
    last = Moment(None, 1.0, "d")
    return Incident(
        id="i1",
        group_key="g",
        title="t",
        severity=severity,
        state=State.TRIGGERED,
        opened_at=1.0,
        severity_since=1.0,
        rule="r",
        policy=a_policy(),
        labels={"service": "api"},
        signals={
            name: Signal(
                key=name,
                source=source,
                kind="sentry.error",
                summary="s",
                firing=True,
                last=last,
                first_seen=1,
                last_seen=1,
            )
            for name, source in signals.items()
        },
    )


@pytest.mark.parametrize(
    ("said", "now", "until"),
    [
        ({}, "2026-03-02 09:59", None),
        ({}, "2026-03-02 10:00", "2026-03-02 11:00"),
        ({}, "2026-03-02 11:00", None),
        ({"end": "2026-03-03 08:00", "for": None}, "2026-03-03 07:59", "2026-03-03 08:00"),
        ({"repeats": "FREQ=DAILY"}, "2026-07-01 10:30", "2026-07-01 11:00"),
        ({"repeats": "FREQ=DAILY"}, "2026-03-01 10:30", None),
        ({"repeats": "FREQ=WEEKLY;BYDAY=SA,SU"}, "2026-03-07 10:30", "2026-03-07 11:00"),
        ({"repeats": "FREQ=WEEKLY;BYDAY=SA,SU"}, "2026-03-06 10:30", None),
        ({"repeats": "FREQ=MONTHLY;BYDAY=-1SU"}, "2026-03-29 10:30", "2026-03-29 11:00"),
        ({"repeats": "FREQ=DAILY;COUNT=2"}, "2026-03-04 10:30", None),
        ({"start": "2026-03-02 23:30", "repeats": "FREQ=DAILY"}, "2026-03-05 00:10", "2026-03-05 00:30"),
        ({"start": "2026-03-02T08:00:00+00:00"}, "2026-03-02 10:30", "2026-03-02 11:00"),
    ],
)
def test_it_is_silent_from_its_start_to_its_end(said: dict[str, Any], now: str, until: str | None) -> None:
    """By the wall clock of its zone, also across the change to summer time; the end excluded."""
    window = Silence(silence(**said)).window(at(now))
    assert (window and window.end) == (until and at(until))


def test_the_next_time_is_known() -> None:
    """For people who ask when it comes again."""
    daily = Silence(silence(repeats="FREQ=DAILY"))
    window = daily.next_window(at("2026-03-05 12:00"))
    assert window is not None
    assert window.start == at("2026-03-06 10:00")
    assert Silence(silence()).next_window(at("2026-03-05 12:00")) is None


NOW = at("2026-03-02 10:30")


@pytest.mark.parametrize(
    ("said", "one", "held"),
    [
        ({}, incident(a="shop"), True),
        ({"when": {"source": "shop"}}, incident(a="shop"), True),
        ({"when": {"source": "shop"}}, incident(a="other"), False),
        ({"when": {"source": "shop"}}, incident(a="shop", b="other"), False),
        ({"when": {"source": "sentry"}}, incident(a="shop"), True),
        ({"when": {"labels": {"service": "api"}}}, incident(a="shop"), True),
        ({"when": {"labels": {"service": "web"}}}, incident(a="shop"), False),
        ({"severities": ["P3", "P4"]}, incident(a="shop"), False),
        ({"severities": ["P2"]}, incident(a="shop"), True),
        ({}, incident(), False),
    ],
)
def test_everything_that_fires_must_be_covered(said: dict[str, Any], one: Incident, held: bool) -> None:
    """One signal that no silence covers, and people are told."""
    hold = Silences([silence(**said)]).hold(one, NOW)
    assert (hold is not None) == held


def test_of_several_the_longest_holds() -> None:
    """And its reason is told."""
    longer = silence(name="longer", reason="a migration", **{"for": "3h"}, by="ana")
    hold = Silences([silence(), longer]).hold(incident(a="shop"), NOW)
    assert hold is not None
    assert (hold.silence, hold.until, hold.why) == ("longer", at("2026-03-02 13:00"), "a migration (ana)")


WRONG = {
    "nothing said": ("{name: a, reason: r, start: 2026-03-02, for: 1h}", "everything: true"),
    "an empty when": ("{name: a, reason: r, start: 2026-03-02, for: 1h, when: {}}", "everything: true"),
    "everything and something": (
        "{name: a, reason: r, start: 2026-03-02, for: 1h, everything: true, severities: [P3]}",
        "everything leaves nothing for when and severities to say",
    ),
    "the sender's severity": (
        "{name: a, reason: r, start: 2026-03-02, for: 1h, when: {severity: critical}}",
        "severity is the sender's word, which an incident forgets; write severities: [P3, P4] beside when",
    ),
    "the sender's severity, excluded": (
        "{name: a, reason: r, start: 2026-03-02, for: 1h, when: {any: [{source: uptime, not: {severity: fatal}}]}}",
        "severity is the sender's word",
    ),
    "a time of day": (
        "{name: a, reason: r, start: 2026-03-02, for: 1d, when: {source: uptime, hours: 02:00-03:00}}",
        "start, for, repeats and timezone say at what times",
    ),
    "no end": ("{name: a, reason: r, start: 2026-03-02}", "either an end, or says how long"),
    "both": ("{name: a, reason: r, start: 2026-03-02, end: 2026-03-03, for: 1h}", "either an end, or says how long"),
    "backwards": ("{name: a, reason: r, start: 2026-03-02, end: 2026-03-01}", "must end after it starts"),
    "no reason": ("{name: a, start: 2026-03-02, for: 1h}", "'reason'"),
    "every minute": (
        "{name: a, reason: r, start: 2026-03-02, for: 1h, repeats: FREQ=MINUTELY}",
        "expected a rule like FREQ=WEEKLY;BYDAY=SA,SU",
    ),
    "nonsense": ("{name: a, reason: r, start: 2026-03-02, for: 1h, repeats: every day}", "expected a rule like"),
    "misspelt": (
        "{name: a, reason: r, start: 2026-03-02, for: 1h, whn: {source: x}}",
        "unknown key 'whn' (did you mean when?)",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_is_said_with_its_place(text: str, said: str) -> None:
    """File, line and column, and what was expected."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": RULES + "\nsilences:\n  - " + text})
    assert any(said in str(problem) and problem.line for problem in wrong.value.problems), wrong.value


def test_two_silences_need_two_names_and_a_p1_does_not_sleep() -> None:
    """Names say which one is lifted; a complete outage waits for no office."""
    one = "{name: a, reason: r, start: 2026-03-02, for: 1h, everything: true}"
    hours = "hours: {office: {timezone: UTC, weekday: mon-fri, hours: 09:00-17:00}}"
    rules = RULES.replace("P1: {means: Complete outage,", "P1: {hours: office, means: Complete outage,")
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": f"{rules}\n{hours}\nsilences:\n  - {one}\n  - {one}"})
    said = [problem.message for problem in wrong.value.problems]
    assert said == ["a P1 does not wait for working hours", "two silences are called 'a'"]


@pytest.mark.parametrize(
    ("now", "silent"),
    [
        ("2026-10-25T00:29:00+00:00", False),
        ("2026-10-25T00:31:00+00:00", True),
        ("2026-10-25T01:01:00+00:00", True),
        ("2026-10-25T01:29:00+00:00", True),
        ("2026-10-25T01:31:00+00:00", False),
        ("2026-10-26T01:31:00+00:00", True),
    ],
)
def test_an_hour_that_comes_twice_leaves_no_hole(now: str, silent: bool) -> None:
    """03:30 for an hour, while the clock goes from 04:00 back to 03:00: silent once, without a break."""
    moment = datetime.fromisoformat(now).timestamp()
    nightly = Silence(silence(start="2026-10-20 03:30", repeats="FREQ=DAILY"))
    assert (nightly.window(moment) is not None) is silent
    coming = nightly.next_window(moment)
    assert coming is not None
    assert coming.end > moment


def test_a_time_the_clocks_skip_is_silent_an_hour_later() -> None:
    """03:30 does not exist on 29 March: from 04:30 on, for an hour, and the next day as ever."""
    nightly = Silence(silence(start="2026-03-20 03:30", repeats="FREQ=DAILY"))
    assert nightly.window(at("2026-03-29 04:29")) is None
    found = nightly.window(at("2026-03-29 04:31"))
    assert found is not None
    assert (found.start, found.end) == (at("2026-03-29 04:30"), at("2026-03-29 05:30"))
    assert nightly.window(at("2026-03-30 03:31")) is not None
