"""Groups and inhibition as the YAML says them: what they take, what they refuse, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from rules.commands import Trigger
from rules.decision import Decision
from rules.event import Action, Event
from rules.incident import Incident, State
from rules.oncall.roster import Roster
from rules.reading.load import Ruleset, Wrong, load
from rules.together.grouping import takes
from rules.together.inhibition import inhibiting
from rules.transition import open_incident
from tests.rules.configuration import GOOD
from tests.world import RULES

GROUPS = """
groups:
  - {name: quiet, when: {source: own}, by: labels.service, within: 1m}
  - {name: one service, when: {not: {kind: noise.*}}, by: [labels.service, labels.stage], within: 10m}
"""
INHIBIT = """
inhibit:
  - name: errors
    while: {rule: the site is down}
    quiet: {source: sentry}
    equal: [labels.service]
"""
RULESET = load({"rules.yaml": RULES + GROUPS + INHIBIT})
SHOP = {"service": "shop", "stage": "live"}


def event(
    source: str = "uptime", how: str = "minor", labels: Mapping[str, str] = SHOP, kind: str = "test.event"
) -> Event:
    """A trigger."""
    return Event(
        kind=kind,
        action=Action.TRIGGER,
        dedup_key="web",
        summary="web is down",
        labels={"how": how, **labels},
        source=source,
        source_type="generic",
        received_at=100.0,
        delivery="1",
    )


def decided(one: Event, ruleset: Ruleset = RULESET) -> Decision:
    """What the rules make of it."""
    return ruleset.decide(one, 0.0)


def opened(one: Event, incident_id: str = "I1", ruleset: Ruleset = RULESET) -> Incident:
    """The incident that it opens."""
    trigger = Trigger(event=one, decision=decided(one, ruleset), roster=Roster())
    return open_incident(incident_id, trigger, ruleset.policy, 100.0).incident


@pytest.mark.parametrize(
    ("one", "group"),
    [
        (event(), "one service"),
        (event("sentry", "outage"), "one service"),
        (event("own"), "quiet"),
        (event(kind="noise.disk"), None),
        (event(labels={"service": "shop"}), None),
        (event(labels={"service": "shop", "stage": ""}), None),
        (event(labels={}), None),
    ],
    ids=[
        "by its labels",
        "whatever its rule",
        "the first that takes it",
        "not meant",
        "lacks one",
        "empty",
        "no label",
    ],
)
def test_a_group_takes_what_it_means_and_what_has_its_values(one: Event, group: str | None) -> None:
    """Otherwise the event goes by its own rule."""
    decision = decided(one)
    assert decision.group == group
    assert (decision.within is None) == (group is None)
    assert group is not None or decision.group_key == one.signal_key


def test_keys_of_groups_tell_names_and_values_apart() -> None:
    """One group's values never look like another's, nor like those of a rule of the same name."""
    keys = {
        decided(event(labels={"service": service, "stage": stage})).group_key
        for service, stage in [("a", "b"), ("a,b", "c"), ("a", "b,c"), ('a","b', "c")]
    }
    assert len(keys) == 4
    assert decided(event()).group_key == decided(event("sentry", "degraded")).group_key
    named = RULES.replace(
        "{name: everything else, then: {severity: P3}}", "{name: same, then: {severity: P3, group_by: source}}"
    )
    ruleset = load({"rules.yaml": named + "groups:\n  - {name: same, by: labels.service, within: 1m}\n"})
    assert decided(event(), ruleset).group_key != decided(event(labels={}), ruleset).group_key


@pytest.mark.parametrize(
    ("at", "joins"), [(100.0, True), (700.0, True), (700.1, False), (-500.0, True), (-500.1, False)]
)
def test_the_window_is_open_on_both_sides(at: float, joins: bool) -> None:
    """What happened ten minutes before or after still joins: events come in another order than they happen."""
    assert takes(opened(event()), decided(event()), at) is joins


def test_why_a_group_does_not_take_an_event_is_said() -> None:
    """For `tocsin explain`."""
    said = [(one.name, one.why) for one in RULESET.groups.explain(decided(event(labels={})), event(labels={}), 0.0)]
    assert said[0] == ("quiet", "source is 'uptime', not one of: own")
    assert said[1] == ("one service", "it has no labels.service")


def test_only_what_is_in_trouble_keeps_others_quiet() -> None:
    """Not what is over, nor what nobody is told of itself."""
    parent = opened(event(how="outage"))
    keys = RULESET.inhibitions.over(parent)
    parent = replace(parent, inhibits=keys)
    assert inhibiting(parent) == ('["errors","shop"]',)
    over = {key: replace(signal, firing=False) for key, signal in parent.signals.items()}
    assert inhibiting(replace(parent, signals=over)) == ()
    above = {'["errors","shop"]': (parent,)}
    child = opened(event("sentry", "degraded"), "I2")
    hold = RULESET.inhibitions.hold(child, above, 0.0)
    assert hold is not None
    assert (hold.parent, hold.why) == ("I1", "web is down (incident I1)")
    assert inhibiting(replace(parent, hold=hold)) == ()
    answered = replace(parent, hold=hold, state=State.ACKNOWLEDGED)
    assert inhibiting(answered) == inhibiting(parent)
    assert RULESET.inhibitions.hold(parent, above, 0.0) is None


@pytest.mark.parametrize(
    "one",
    [
        event("sentry", "outage"),
        event("sentry", labels={}),
        event("sentry", labels={"service": "blog"}),
        event("stripe"),
        event("sentry", kind="tocsin.unreadable"),
    ],
    ids=["a P1", "without the label", "another service", "another source", "what Tocsin says of itself"],
)
def test_what_is_not_meant_is_never_kept_quiet(one: Event) -> None:
    """It fails open."""
    parent = replace(opened(event(how="outage")), inhibits={"uptime/web": ('["errors","shop"]',)})
    assert RULESET.inhibitions.hold(opened(one, "I2"), {'["errors","shop"]': (parent,)}, 0.0) is None


def test_explain_says_what_an_inhibition_means_to_an_event() -> None:
    """That it keeps others quiet, that it may be kept quiet, and why not."""
    of = {name: RULESET.inhibitions.explain(opened(one), 0.0) for name, one in {
        "cause": event(how="outage"), "follows": event("sentry"), "worst": event("sentry", "outage"),
        "lacks": event("sentry", labels={}), "other": event("stripe"),
    }.items()}  # fmt: skip
    assert [(one.over, one.under) for one in of["cause"]] == [(True, False)]
    assert [(one.over, one.under, one.equal) for one in of["follows"]] == [(False, True, {"labels.service": "shop"})]
    assert of["worst"][0].why_not == "a P1 is kept quiet only where quiet says severity: P1"
    assert of["lacks"][0].why_not == "it has no labels.service"
    assert of["other"] == []


MISTAKES = [
    ("groups", "by: labels.x, within: 10", "37: within: expected a duration with its unit, like 90s, 15m"),
    ("groups", "within: 10m", "5: group 1 needs 'by'"),
    ("groups", "by: [], within: 10m", "19: by: expected at least one; to say nothing, leave it out"),
    ("groups", "by: lables.x, within: 10m", "19: by: an event has no field 'lables.x'"),
    ("groups", "by: kind, within: 1m, whem: {}", "37: unknown key 'whem' (did you mean when?)"),
    (
        "groups",
        "by: kind, within: 1m}\n  - {name: a, by: source, within: 1m",
        "12: two groups are called 'a' (the name",
    ),
    ("groups", "when: {source: shop-sentri}, by: kind, within: 1m", "30: there is no source 'shop-sentri'"),
    (
        "inhibit",
        "while: {rule: everything els}, quiet: {kind: b}",
        "29: there is no rule 'everything els' (did you mean",
    ),
    ("inhibit", "while: {kind: b}, quiet: {rule: [x]}", "48: there is no rule 'x' (rules: the site is down"),
    ("inhibit", "while: {kind: b}, quiet: {kind: b}", "33: while and quiet say the same: whichever opens"),
    ("inhibit", "while: {kind: b}, quiet: {}", "40: inhibit 1: 'quiet' says nothing, and would mean every incident"),
    ("inhibit", "while: {kind: b}", "5: inhibit 1 needs 'quiet'"),
    ("inhibit", "while: {severity: critical}, quiet: {kind: b}", "33: severity: expected P1, P2, P3 or P4"),
    ("inhibit", "while: {kind: b}, quiet: {kind: c}, equal: labels", "58: equal: incidents cannot have 'labels'"),
    ("inhibit", "while: {kind: b}, quiet: {kind: c}, equal: knid", "did you mean kind?"),
    ("inhibit", "while: {kind: b}, quiet: {not: {severity: low}}", "46: quiet: within not and any, severity is the"),
]


@pytest.mark.parametrize(("section", "written", "expected"), MISTAKES, ids=[expected for *_, expected in MISTAKES])
def test_a_mistake_is_told_at_its_place(section: str, written: str, expected: str) -> None:
    """Line and column, what was expected, the nearest right word."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": GOOD, "together.yaml": f"{section}:\n  - {{name: a, {written}}}\n"})
    (told,) = [str(problem) for problem in wrong.value.problems]
    assert told.startswith("together.yaml:")
    assert expected in told
