"""Two rehearsals compared: the same rules make no difference, and what is different is told apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.commands import Acknowledge, ChangeSeverity, FalsePositive, Mitigate, Resolve
from rules.event import Action, Event, Severity
from rules.incident import TimelineEntry
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.reading.load import Ruleset, load
from rules.rehearsal.engine import Rehearsal
from rules.replay.account import FORGET_EVERY, Account
from rules.replay.answers import Answer, answer, ask_again
from rules.replay.compare import Comparison, Pairs, compare
from rules.responding.response_commands import PostUpdate, Tick
from tests.world import RULES, START

Happening = tuple[float, str, str, Action]
"""Seconds since the one before, a key, how bad, and what is said."""

ROSTER = Roster()
WAYS = {
    "slack": Way(room=True, address="slack"),
    "pager": Way(room=False, address="pagerduty"),
    "mail": Way(room=False, address="email"),
    "hook": Way(room=False),
}
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 70.0, 1000.0, 5000.0, 90000.0]),
        st.sampled_from(["web", "shop", "mail"]),
        st.sampled_from(["outage", "degraded", "payment", "grouped", "noise", "odd"]),
        st.sampled_from([Action.TRIGGER, Action.TRIGGER, Action.RESOLVE]),
    ),
    max_size=30,
)


def ruleset(old: str = "", new: str = "") -> Ruleset:
    """The stories' rules with a change."""
    assert old in RULES
    return load({"rules.yaml": RULES.replace(old, new) if old else RULES})


def played(one: Ruleset, other: Ruleset, happenings: Sequence[Happening], forgets: bool = True) -> Comparison:
    """The same happenings by both."""
    sides = [Account(Rehearsal(each, WAYS, START)) for each in (one, other)]
    pairs, at = Pairs(), START
    for number, (wait, key, how, action) in enumerate(happenings):
        at += wait
        for side in sides:
            side.stage.passes_to(at)
            side.stage.hears([event(number, key, how, action, at)])
            side.stage.works()
        if forgets:
            pairs.went(sides[0].follows(), sides[1].follows())
            pairs.settle()
    for side in sides:
        side.stage.passes_to(at + 2 * 86400)
    pairs.went(sides[0].follows(), sides[1].follows())
    for side in sides:
        side.ends()
    return compare(sides[0], sides[1], pairs, ((lambda _who, _at: False),) * 2)


def event(number: int, key: str, how: str, action: Action, at: float) -> Event:
    """As a parser would have read it."""
    return Event(
        kind="test.event",
        action=action,
        dedup_key=key,
        summary=f"{key} is down",
        labels={"how": how, "service": key},
        source="uptime",
        source_type="generic",
        delivery=f"{number:012}",
        received_at=at,
    )


@settings(max_examples=60, deadline=None)
@given(happenings=HAPPENINGS)
def test_the_same_rules_make_no_difference(happenings: list[Happening]) -> None:
    """Whatever happens, and in whatever order."""
    found = played(ruleset(), ruleset(), happenings)
    assert found.same
    assert found.incidents[0] == found.incidents[1]
    assert found.of_all().before == found.of_all().now


@settings(max_examples=60, deadline=None)
@given(happenings=HAPPENINGS)
def test_sums_and_differences_agree(happenings: list[Happening]) -> None:
    """Pages before, less those removed, and those added, are the pages now; incidents likewise."""
    changed = ruleset(
        "labels: {how: degraded}}, then: {severity: P2}", "labels: {how: degraded}}, then: {severity: P1}"
    )
    found = played(ruleset(), changed, happenings)
    pages, kinds = found.of_all(), [one.kind for one in found.changes]
    assert pages.before - pages.removed + pages.added == pages.now
    before, now = found.incidents
    assert before - kinds.count("vanishes") + kinds.count("appears") == now
    if not any(how == "degraded" for _, _, how, _ in happenings):
        assert found.same


@settings(max_examples=40, deadline=None)
@given(happenings=HAPPENINGS)
def test_what_is_forgotten_on_the_way_changes_nothing(happenings: list[Happening]) -> None:
    """Memory is let go of only where nothing asks for it again."""
    changed = ruleset("then: {severity: P2, group_by: [labels.service]}", "then: {severity: P1}")
    assert played(ruleset(), changed, happenings) == played(ruleset(), changed, happenings, forgets=False)


def test_past_incidents_are_forgotten() -> None:
    """What is over for more than a day, with its history, takes no memory."""
    side = Account(Rehearsal(ruleset(), WAYS, START))
    side.stage.hears([event(1, "web", "outage", Action.TRIGGER, START)])
    side.stage.passes_to(START + 60)
    side.stage.hears([event(2, "web", "outage", Action.RESOLVE, START + 60)])
    side.stage.passes_to(START + FORGET_EVERY)
    side.follows()
    assert len(side.stage.incidents) == 1
    side.stage.passes_to(START + 3 * 86400)
    side.follows()
    assert side.stage.incidents == []
    assert len(side.incidents) == 1


def test_a_gate_makes_an_incident_later_and_not_another() -> None:
    """Four outages within five minutes: by the new rules it opens with the fourth, and its page has moved."""
    gated = ruleset(
        "when: {labels: {how: outage}}, then: {severity: P1}}",
        "when: {labels: {how: outage}}, more_than: {count: 3, within: 5m, quiet_for: 1d}, then: {severity: P1}}",
    )
    found = played(ruleset(), gated, [(60.0, "web", "outage", Action.TRIGGER)] * 4)
    assert found.changes == ()
    assert {one.kind for one in found.pages} == {"moved"}
    assert {(one.now or 0) - (one.before or 0) for one in found.pages} == {180.0}


def test_other_channels_are_a_difference() -> None:
    """Somebody who is not paged any more, but written to, sleeps otherwise."""
    milder = ruleset("how: outage}}, then: {severity: P1}", "how: outage}}, then: {severity: P1, channels: [mail]}")
    found = played(ruleset(), milder, [(60.0, "web", "outage", Action.TRIGGER)])
    first = found.pages[0]
    assert (first.kind, first.before == first.now) == ("moved", True)
    assert (set(first.by_before), first.by_now) == ({"pager", "slack", "mail"}, ("mail",))


def test_another_team_is_a_difference() -> None:
    """Who is told beside the role matters, although the role's page is the same."""
    teamed = load(
        {
            "rules.yaml": "teams: {web: {people: [dan]}}\n"
            + RULES.replace("how: outage}}, then: {severity: P1}", "how: outage}}, then: {severity: P1, team: web}")
        }
    )
    found = played(ruleset(), teamed, [(60.0, "web", "outage", Action.TRIGGER)])
    assert {one.kind for one in found.pages} == {"moved"}
    assert {(one.team_before, one.team_now) for one in found.pages} == {(None, "web")}


def line(kind: str, text: str, by: str | None = "ana", via: str | None = "link", **detail: str) -> TimelineEntry:
    """One line of a history."""
    return TimelineEntry(at=START, kind=kind, text=text, by=by, via=via, detail=detail)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (line("acknowledged", "acknowledged by ana"), Acknowledge(by="ana", via="link")),
        (
            line("acknowledged", "snoozed by ana, until 2026-03-02 10:00 UTC"),
            Acknowledge(by="ana", via="link", lasts=3600.0),
        ),
        (line("mitigated", "mitigated by ana"), Mitigate(by="ana", via="link")),
        (line("resolved", "resolved by ana"), Resolve(by="ana", via="link", override="so it was")),
        (
            line("ticked", "done: Users can log in", item="verify:a"),
            Tick(item="verify:a", by="ana", via="link", words="Users can log in"),
        ),
        (line("update", "Mitigating: we roll back"), PostUpdate(by="ana", via="link", text="we roll back")),
        (line("false positive", "a test"), FalsePositive(by="ana", via="link", reason="a test")),
        (
            line("severity", "ana lowered it from P1 to P3"),
            ChangeSeverity(by="ana", via="link", to=Severity.P3, roster=ROSTER),
        ),
    ],
)
def test_what_a_person_did_is_read_off_the_history(written: TimelineEntry, meant: object) -> None:
    """Every answer that changes whom is called."""
    said = answer(written, ("uptime/web",), "g")
    assert said is not None
    assert said.command(ROSTER) == meant


@pytest.mark.parametrize(
    "written",
    [
        line("resolved", "resolved: recovered and quiet for 15m", by="Tocsin", via=None),
        line("severity", "raised from P3 to P1: worse", by=None, via=None),
        line("note", "it was the cable"),
        line("sent", "slack told ana: opened", by=None, via="slack"),
    ],
)
def test_what_nobody_did_is_no_answer(written: TimelineEntry) -> None:
    """Time, events and messages have lines in the history too."""
    assert answer(written, ("uptime/web",), "g") is None


def test_an_answer_goes_to_whatever_holds_the_signal() -> None:
    """By its signals or its group; and nowhere, where nothing is open."""
    stage = Rehearsal(ruleset(), WAYS, START)
    said = Answer(
        at=START, by="ana", via="link", kind="acknowledged", text="", signals=("uptime/web",), group_key="another"
    )
    assert not ask_again(said, stage)
    stage.hears([event(1, "web", "outage", Action.TRIGGER, START)])
    assert ask_again(said, stage)
    assert stage.incidents[0].acknowledged_by == "ana"
