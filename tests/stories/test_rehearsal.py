"""A green test is a promise about production: a rehearsal and the real thing come to the same, word for word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from router.rehearsing import Speaker, sample_names
from router.sources import TYPES
from rules.commands import Acknowledge, Assign, ChangeSeverity, Command, FalsePositive, Mitigate, Resolve
from rules.decision import Judged
from rules.event import Action, Event, Severity
from rules.oncall.roster import Roster
from rules.reading.load import Ruleset, load
from rules.rehearsal.engine import Rehearsal
from rules.trial.acts import Breaks
from rules.trial.play import play
from rules.trial.read import Trial, trials
from tests.staged import Audited, Staged, came_to_in_rehearsal, came_to_really, without_postmortems
from tests.world import RULES, START
from workers.channels import OPTIONS
from workers.house import ways
from workers.rulebook import configuration
from workers.writing import draft

FOLDER, SOURCES = configuration.packaged(), {name: one.options for name, one in TYPES.items()}
SHIPPED = without_postmortems(configuration.read(FOLDER, source_options=SOURCES, channel_options=OPTIONS))
STORIES = trials(configuration.tests(FOLDER), SHIPPED.config, sample_names())


@pytest.fixture(autouse=True)
def numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage numbers its incidents; after the test they are called by chance again."""
    monkeypatch.setattr(draft, "mint_short", draft.mint_short)


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.name)
def test_every_shipped_story_comes_to_the_same_on_redis(redis: Redis, story: Trial) -> None:
    """Incidents whole, histories, who was told what when, messages that left the house, and what is still promised."""
    rehearsed, real = Rehearsal(SHIPPED, ways(SHIPPED), story.start), Staged(redis, SHIPPED, story.start)
    for stage in (rehearsed, real):
        play(story, stage, SHIPPED, Speaker(SHIPPED, lambda _: b""))
    _compare(rehearsed, real, why=not any(isinstance(one.act, Breaks) for one in story.happenings))


def _compare(rehearsed: Rehearsal, real: Staged, why: bool = True) -> None:
    """`why`: also the words of failures, which in reality are the receiver's."""
    one, other = came_to_in_rehearsal(rehearsed), came_to_really(real)
    if not why:
        for seen in (one, other):
            seen["timelines"] = [[line[:2] for line in each] for each in seen["timelines"]]
            for step in (step for each in seen["incidents"] for step in each["steps"]):
                step["note"] = bool(step["note"])
    assert one["notices"] == other["notices"]
    assert one["timelines"] == other["timelines"]
    assert one == other
    assert [name for name, each in one.items() if each] or not real.incidents


# --- lives nobody has thought of ---

TEAMS = (
    RULES.replace("people:\n", "teams:\n  payments: {slack: C0PAY, people: [ana]}\npeople:\n  bo: {slack: U06BO}\n", 1)
    .replace("people: [ana]}\nchannels", "people: [ana, bo]}\nchannels")
    .replace("  P2: {means: Major degradation,", "  P2: {means: Major degradation, repeat: 1,")
    .replace(
        "  - {name: everything else",
        """  - {name: pay, when: {labels: {how: pay}}, then: {severity: P3, team: payments}}
  - name: money is lost
    when: {labels: {how: lost}}
    more_than: {sum: labels.amount, over: 500, within: 5m, distinct: dedup_key}
    then: {severity: P1}
  - name: unusual
    when: {labels: {how: odd}}
    more_than: {times_usual: 2, at_least: 3, within: 30m, per: labels.service}
    then: {severity: P2, group_by: source}
  - {name: everything else""",
    )
)
QUIET = (
    TEAMS.replace("P3: {means", "P3: {hours: office, means")
    .replace("P2: {means", "P2: {again_after: 5m, acknowledged_for: 2h, repeat_factor: 2, means")
    .replace("dan: {email", "dan: {hours: late, email")
    + """
hours:
  office: {timezone: Europe/Bucharest, weekday: mon-fri, hours: 09:00-17:00, holidays: [2026-03-04]}
  late: {timezone: UTC, hours: 10:00-16:00}
silences:
  - {name: nightly, when: {labels: {service: w}}, start: 2026-03-01 01:00, for: 2h, repeats: FREQ=DAILY, reason: backup}
"""
)
LIVELY = load({"rules.yaml": QUIET}, channel_options=OPTIONS)
TOGETHER = """
groups:
  - {name: place, when: {labels: {how: [minor, pay, payment]}}, by: labels.place, within: 10m}
inhibit:
  - {name: beneath, while: {rule: the site is down}, quiet: {not: {labels: {how: outage}}}, equal: labels.place}
  - {name: beside, while: {labels: {how: degraded}}, quiet: {labels: {how: [minor, pay]}, severity: [P1, P3]}}
"""
RELATED = load({"rules.yaml": QUIET + TOGETHER}, channel_options=OPTIONS)
AT_HOURS = TOGETHER.replace("{rule: the site is down}", '{rule: the site is down, hours: "09:00-09:20"}').replace(
    "quiet: {labels: {how: [minor, pay]}",
    'quiet: {not: {hours: ["10:00-15:30", "09:01-09:06"], weekday: mon-wed}, labels: {how: [minor, pay]}',
)
HOURLY = load({"rules.yaml": QUIET + AT_HOURS}, channel_options=OPTIONS)
HOWS = ["outage", "degraded", "payment", "grouped", "noise", "minor", "pay", "lost", "odd"]
KEYS = ["web", "api", "shop"]
PASSES = [0.0, 0.3, 1.0, 20.0, 300.0, 901.0, 3600.0, 5 * 3600.0, 30 * 3600.0, 7 * 86400.0]

MONEY = [
    {"amount": amount, "currency": currency}
    for amount, currency in (("250", "EUR"), ("200.50", "EUR"), ("49.51", "EUR"), ("x", "EUR"), ("499", "JPY"))
]
"""What is lost with one event after the other."""

LATE = st.sampled_from([None, None, 0.0, 20.0, 290.0, 400.0])

events = st.tuples(
    st.just("says"),
    st.sampled_from(KEYS),
    st.sampled_from(HOWS),
    st.sampled_from([Action.TRIGGER] * 4 + [Action.RESOLVE] * 2 + [Action.INFO, Action.ACKNOWLEDGE]),
    LATE,
    st.sampled_from([None, None, None, "again"]),
)
passes = st.tuples(st.just("passes"), st.sampled_from(PASSES))
storms = st.tuples(st.just("storm"), st.sampled_from(HOWS), st.integers(4, 9), LATE)
asks = st.tuples(
    st.just("asks"),
    st.integers(0, 3),
    st.sampled_from(["acknowledge", "snooze", "mitigate", "resolve", "false", "P1", "P2", "P3", "P4", "assign"]),
    st.sampled_from(["ana", "dan", "bo"]),
)
breaks = st.tuples(st.just("breaks"), st.lists(st.sampled_from(["slack", "pager", "mail", "hook"]), max_size=2))
silence = st.tuples(
    st.just("silence"),
    st.sampled_from(["one", "two"]),
    st.sampled_from(["15m", "2h", "30h"]),
    st.sampled_from([{}, {"labels": {"service": "w"}}, {"labels": {"how": ["outage", "grouped"]}}]),
    st.sampled_from(["pause", "restart"]),
)
lift = st.tuples(st.just("lift"), st.sampled_from(["one", "two"]))
IN_THE_QUEUE = [("storm", "minor", 5, None), ("works",), ("storm", "minor", 3, None)]
"""The room has had its share, and three more messages wait."""
lives = st.lists(
    st.one_of(events, events, passes, passes, asks, storms, breaks, silence, lift), min_size=1, max_size=18
)


def _commands(what: str, by: str, roster: Roster) -> Command:
    said: dict[str, Command] = {
        "acknowledge": Acknowledge(by=by, via="test"),
        "snooze": Acknowledge(by=by, via="test", lasts=1800.0),
        "mitigate": Mitigate(by=by, via="test"),
        "resolve": Resolve(by=by, via="test", note="done"),
        "false": FalsePositive(by=by, via="test", reason="it was nothing"),
        "assign": Assign(by="ana", via="test", to=by),
    }
    return said.get(what) or ChangeSeverity(by=by, via="test", to=Severity(what), roster=roster)


class Life:
    """One of the two, and the things that happen to it."""

    def __init__(self, stage: Any, ruleset: Ruleset) -> None:
        self.stage = stage
        self.ruleset = ruleset
        self.said = 0

    def says(self, key: str, how: str, action: Action, late: float | None, sender_id: str | None) -> None:
        """An event comes in."""
        self.said += 1
        now = self.stage.now
        event = Event(
            kind="test.event",
            action=action,
            dedup_key=key,
            summary=f"{key} is down",
            labels={
                "how": how,
                "service": key[:1],
                "place": "here" if key[:1] in "wa" else "there",
                **MONEY[self.said % len(MONEY)],
            },
            occurred_at=None if late is None else now - late,
            sender_id=sender_id,
            source="uptime",
            source_type="generic",
            delivery=f"{self.said:012}",
            received_at=now,
        )
        decision = self.ruleset.decide(event, now) if action is Action.TRIGGER else None
        self.stage.takes_in((Judged(event=event, decision=decision),))

    def storm(self, how: str, number: int, late: float | None) -> None:
        """Much at once: rooms have their share and wait, gates open."""
        for each in range(number):
            self.says(f"{how} {self.said} {each}", how, Action.TRIGGER, late, None)

    def passes(self, seconds: float) -> None:
        """Time goes by."""
        self.stage.passes_to(self.stage.now + seconds)

    def works(self) -> None:
        """What is due is dealt with."""
        self.stage.works()

    def asks(self, number: int, what: str, by: str) -> None:
        """Somebody does something with an incident, if there is such."""
        self.stage.works()
        incidents = self.stage.incidents
        if incidents:
            chosen = incidents[number % len(incidents)].id
            self.stage.asks(chosen, lambda roster: _commands(what, by, roster))

    def silence(self, name: str, lasts: str, when: dict[str, Any], then: str) -> None:
        """Somebody wants no calls for a while."""
        start = datetime.fromtimestamp(self.stage.now, UTC).isoformat()
        said = {"name": name, "reason": "a drill", "start": start, "for": lasts, "when": when, "then": then}
        self.stage.silences({**said, "everything": not when})

    def lift(self, name: str) -> None:
        """Somebody wants them after all."""
        self.stage.lifts(name, "ana")

    def breaks(self, channels: list[str]) -> None:
        """Channels refuse everything."""
        self.stage.breaks(channels)


@pytest.mark.parametrize(
    "life",
    [
        [("outage", 2.0), ("minor", 1800.0)],
        [("outage", 400.0), ("pay", 1800.0)],
        [("degraded", 30.0), ("minor", 45.0), ("pay", 5400.0)],
        [("outage", 1100.0), ("degraded", 200.0), ("minor", 600.0), ("pay", 600.0)],
    ],
    ids=["its parent's hours end", "within them", "its own begin and end", "one after the other"],
)
def test_hours_of_inhibit_are_those_of_production(redis: Redis, life: list[tuple[str, float]]) -> None:
    """What is kept quiet at some hours is let go at the same second in both, and the auditor has nothing to add."""
    rehearsed, real = Rehearsal(HOURLY, ways(HOURLY), START), Audited(redis, HOURLY, START)
    for stage in (rehearsed, real):
        lived = Life(stage, HOURLY)
        for number, (how, seconds) in enumerate(life):
            lived.says(f"web{number}", how, Action.TRIGGER, None, None)
            lived.passes(seconds)
    _compare(rehearsed, real)
    assert any("no longer kept quiet" in line.text for one in real.incidents for line in rehearsed.timeline(one.id))


@pytest.mark.parametrize(
    "ruleset", [LIVELY, RELATED, HOURLY], ids=["each by itself", "groups and what is kept quiet", "quiet at some hours"]
)
def test_any_life_comes_to_the_same_on_redis(redis: Redis, long: bool, ruleset: Ruleset) -> None:
    """Late words, repetitions, gates, storms, people, broken channels, hours that go by: no difference is found."""

    @settings(max_examples=1000 if long else 60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(life=lives)
    @example(life=[("storm", "minor", 70, None), ("passes", 1.0), ("asks", 0, "resolve", "ana"), ("passes", 300.0)])
    @example(life=[*IN_THE_QUEUE, ("asks", 7, "acknowledge", "ana"), ("asks", 7, "resolve", "ana")])
    @example(life=[*IN_THE_QUEUE, ("passes", 1.2), ("asks", 7, "mitigate", "ana"), ("asks", 7, "resolve", "dan")])
    @example(life=[("storm", "payment", 3, 290.0), ("passes", 20.0), ("storm", "payment", 1, None)])
    @example(life=[("storm", "lost", 9, None), ("passes", 3600.0), ("storm", "lost", 4, 290.0)])
    @example(life=[("storm", "odd", 2, None), ("passes", 604800.0)] * 3 + [("storm", "odd", 5, None)])
    @example(life=[("says", "web", "outage", Action.TRIGGER, None, "again"), ("passes", 604800.0)] * 2)
    @example(
        life=[
            ("breaks", ["slack"]),
            ("says", "web", "outage", Action.TRIGGER, None, None),
            ("storm", "outage", 4, None),
        ]
    )
    @example(life=[("breaks", ["slack", "pager"]), ("says", "web", "degraded", Action.TRIGGER, None, None)])
    def tried(life: list[tuple[Any, ...]]) -> None:
        rehearsed, real = Rehearsal(ruleset, ways(ruleset), START), Staged(redis, ruleset, START)
        for stage in (rehearsed, real):
            lived = Life(stage, ruleset)
            for what, *how in life:
                getattr(lived, what)(*how)
            stage.ends(START + 400 * 86400.0)
        _compare(rehearsed, real, why=not any(what == "breaks" for what, *_ in life))

    tried()
