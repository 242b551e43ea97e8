"""From triggers to decisions: first match, `continue`, grouping, gates, and the index against a plain scan."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decide import Rules, conclude, decide, explain
from rules.decision import Gate
from rules.event import Action, Event, Severity
from rules.match import compile_condition
from rules.reading.config import Rule


def event(**said: Any) -> Event:
    """A trigger of the shop's Stripe account."""
    usual = {"kind": "stripe.charge.failed", "dedup_key": "ch_1", "source": "shop", "source_type": "stripe"}
    return Event(action=Action.TRIGGER, summary="Card declined", **{**usual, **said})


def rules(*written: dict[str, Any]) -> Rules:
    """Rules as the YAML has them; without a name, they are called `rule 1`, `rule 2` …"""
    return Rules([Rule.model_validate({"name": f"rule {n}", **one}) for n, one in enumerate(written, 1)], "v1")


def test_the_first_match_decides() -> None:
    """A later rule that would match as well has no say."""
    decision = decide(event(), rules({"then": {"severity": "P2"}}, {"then": {"severity": "P1", "team": "x"}}), 0.0)
    assert (decision.severity, decision.rule, decision.team) == (Severity.P2, "rule 1", None)
    assert (decision.set_by, decision.rules_version) == ({"severity": "rule 1"}, "v1")


def test_no_event_is_lost_when_no_rule_matches() -> None:
    """It is a P3, and says that no rule matched."""
    decision = decide(event(), rules({"when": {"source": "sentry"}, "then": {"severity": "P1"}}), 0.0)
    assert (decision.severity, decision.rule) == (Severity.P3, "no rule matched")
    assert decision.group_key == "shop/ch_1"


def test_continue_adds_and_the_first_to_set_a_key_has_set_it() -> None:
    """Two rules that continue and one that ends: per key the earliest wins, labels merge name by name."""
    decision = decide(
        event(labels={"area": "from the sender", "host": "a"}),
        rules(
            {"then": {"team": "payments", "labels": {"area": "payments"}}, "continue": True},
            {"then": {"severity": "P2", "team": "web", "labels": {"area": "web", "who": "web"}}, "continue": True},
            {"then": {"severity": "P1", "runbook": "site-down"}},
        ),
        0.0,
    )
    assert (decision.severity, decision.team, decision.runbook) == (Severity.P2, "payments", "site-down")
    assert decision.labels == {"area": "payments", "who": "web", "host": "a"}
    assert decision.rule == "rule 3"
    assert decision.set_by == {
        "severity": "rule 2",
        "team": "rule 1",
        "runbook": "rule 3",
        "labels.area": "rule 1",
        "labels.who": "rule 2",
    }


def test_what_continuing_rules_said_holds_without_a_last_rule() -> None:
    """When nothing ends the search, their severity is kept and the rule's name says that none matched."""
    decision = decide(event(), rules({"then": {"severity": "P1"}, "continue": True}), 0.0)
    assert (decision.severity, decision.rule, decision.set_by) == (
        Severity.P1,
        "no rule matched",
        {"severity": "rule 1"},
    )


def test_grouping_is_by_rule_and_values() -> None:
    """Events with equal values are one group; another value, or the same in another place, is another group."""
    ruled = rules({"then": {"severity": "P1", "group_by": ["labels.a", "labels.b"]}})
    keys = [
        decide(event(labels=labels), ruled, 0.0).group_key
        for labels in (
            {"a": "x", "b": "y", "c": "1"},
            {"a": "x", "b": "y"},
            {"a": "x y"},
            {"a": "x", "b": ""},
            {"b": "x"},
        )
    ]
    assert keys[0] == keys[1] == '["rule 1","x","y"]'
    assert len(set(keys[1:])) == 4


def test_a_gate_counts_by_rule_and_groups_by_what_it_counts() -> None:
    """Without group_by the gate's key is the group's, so that one gate opens one incident."""
    gated = {"more_than": {"count": 10, "within": "5m", "per": "kind"}, "then": {"severity": "P1"}}
    decision = decide(event(), rules(gated), 0.0)
    assert decision.gate == Gate(key='["rule 1","stripe.charge.failed"]', count=10, within=300.0, quiet_for=900.0)
    assert decision.group_key == decision.gate.key


def test_a_gate_may_count_finer_than_it_groups() -> None:
    """With group_by beside it, the gate keeps its own key."""
    gated = {"more_than": {"count": 1, "within": "5m"}, "then": {"severity": "P1", "group_by": "source"}}
    decision = decide(event(), rules(gated), 0.0)
    assert decision.gate is not None
    assert (decision.gate.key, decision.group_key) == ('["rule 1"]', '["rule 1","shop"]')


def test_a_gate_counts_by_labels_and_once_for_what_is_the_same() -> None:
    """`per` and `distinct` may name labels, also those with dots in their names; one that is missing is empty."""

    def gate(**labels: str) -> Gate:
        written = {"count": 1, "within": "5m", "quiet_for": "1h", "per": "labels.app.name", "distinct": "labels.pi"}
        found = decide(event(labels=labels), rules({"more_than": written, "then": {"severity": "P1"}}), 0.0).gate
        assert found is not None
        return found

    whole = Gate(key='["rule 1","shop"]', count=1, within=300.0, quiet_for=3600.0, counts="pi_1")
    assert gate(pi="pi_1", **{"app.name": "shop"}) == whole
    assert (gate().key, gate().counts) == ('["rule 1",""]', "")


def test_a_field_the_event_does_not_have_is_empty() -> None:
    """Grouped by the sender's severity, events without one belong together."""
    grouped = rules({"then": {"severity": "P1", "group_by": "severity"}})
    assert decide(event(), grouped, 0.0).group_key == '["rule 1",""]'


def test_why_a_rule_does_not_hold_is_asked_for_the_same_moment() -> None:
    """Hours and weekdays are those of the event, not of whoever asks."""
    at_night = rules({"when": {"hours": "22:00-06:00"}, "then": {"severity": "P1"}})
    assert [one.matched for one in explain(event(), at_night, 23 * 3600.0)] == [True]
    assert explain(event(), at_night, 9 * 3600.0)[0].why == "it is 09:00 in UTC, not within 22:00-06:00"


def test_a_suppressed_event_says_why() -> None:
    """The reason is kept, and channels of the rule replace those of the severity."""
    then = {"suppress": "known noise", "severity": "P4", "channels": ["slack"]}
    decision = decide(event(), rules({"then": then}), 0.0)
    assert (decision.suppress, decision.channels) == ("known noise", ("slack",))


def test_explain_tells_of_every_rule() -> None:
    """Also of those after the one that decided, and why one did not match."""
    ruled = rules({"when": {"source": "uptime"}}, {}, {"when": {"kind": "stripe.*"}})
    verdicts = [(one.name, one.matched, one.why) for one in explain(event(), ruled, 0.0)]
    assert verdicts == [
        ("rule 1", False, "source is 'shop', not one of: uptime"),
        ("rule 2", True, ""),
        ("rule 3", True, ""),
    ]


_SOURCES = st.sampled_from(["shop", "kuma", "stripe", "uptimekuma", "uptime", "sentry"])
_KINDS = st.sampled_from(["stripe.charge.failed", "stripe.*", "stripe.charge.*", "uptimekuma.down", "*", "up*"])
_LABELS = st.dictionaries(
    st.sampled_from(["source", "kind", "env"]), st.sampled_from(["shop", "prod", "stripe"]), max_size=2
)
_PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "source": st.lists(_SOURCES, min_size=1, max_size=3),
        "kind": st.lists(_KINDS, min_size=1, max_size=2),
        "labels": _LABELS,
        "summary": st.sampled_from(["declined", "down$", "."]),
        "severity": st.sampled_from(["fatal", "P1"]),
    },
)
_WHEN = st.recursive(
    _PLAIN,
    lambda inner: st.fixed_dictionaries({}, optional={"not": inner, "any": st.lists(inner, min_size=1, max_size=3)}),
    max_leaves=4,
)
_RULE = st.fixed_dictionaries(
    {"when": _WHEN, "then": st.fixed_dictionaries({"severity": st.sampled_from(list(Severity)), "labels": _LABELS})},
    optional={"continue": st.booleans()},
)
_EVENT = st.builds(
    event,
    source=st.sampled_from(["shop", "kuma"]),
    source_type=st.sampled_from(["stripe", "uptimekuma", "sentry"]),
    kind=st.sampled_from(["stripe.charge.failed", "stripe.charge", "uptimekuma.down", "up"]),
    severity=st.sampled_from([None, "fatal", "p1"]),
    labels=_LABELS,
)


@settings(max_examples=300)
@given(st.lists(_RULE, max_size=12), st.lists(_EVENT, min_size=1, max_size=4))
def test_the_index_decides_as_a_scan_of_all_rules(written: list[dict[str, Any]], events: list[Event]) -> None:
    """Looking up by key leaves out no rule that would have matched, and keeps their order."""
    ruled = rules(*written)
    for each in events:
        scanned = [rule for rule in ruled.all if compile_condition(rule.when)(each, 0.0)]
        assert decide(each, ruled, 0.0) == conclude(each, scanned, "v1")
