"""What can be used and is hardly meant: told by `tocsin check`, and no reason not to start."""

from __future__ import annotations

import pytest

from rules.load import load
from rules.schedule import Way
from tests.rules.configuration import GOOD

KINDS = {
    "pingdom": {"pingdom.down", "pingdom.up"},
    "sentry": set(),
}


WAYS = {
    "slack": Way(room=True, address="slack"),
    "mail": Way(room=False, address="email"),
    "webhook": Way(room=False),
}
HAVE = GOOD.replace("sources:\n", 'sources:\n  pings: {type: pingdom, token: "${env:PINGS}"}\n')


def doubted(text: str) -> list[str]:
    """What is said about rules that can be used."""
    return [str(doubt) for doubt in load({"rules.yaml": text}, source_kinds=KINDS, channel_ways=WAYS).doubts]


def asking(when: str) -> str:
    """The good rules, with one that asks for something else."""
    return HAVE.replace("when: {source: shop, labels: {environment: production}}", f"when: {when}")


def test_good_rules_leave_no_doubt() -> None:
    """A last rule for everything is how it should be."""
    assert doubted(GOOD) == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{kind: pingdom.dwon}", "25:18: nothing sends the kind 'pingdom.dwon' (did you mean pingdom.down?)"),
        ("{kind: [pingdom.x]}", "25:19: nothing sends the kind 'pingdom.x' (pingdom sends pingdom.down, pingdom.up)"),
        ("{not: {kind: pingdom.dow.*}}", "25:24: nothing sends the kind 'pingdom.dow.*' (did you mean pingdom.down?)"),
        ("{any: [{kind: pingdon.down}]}", "25:25: nothing sends the kind 'pingdon.down' (did you mean pingdom?)"),
        ("{kind: xyz*}", "25:18: nothing sends the kind 'xyz*' (kinds begin with pingdom or sentry)"),
    ],
)  # fmt: skip
def test_a_kind_that_nothing_sends_is_told(when: str, expected: str) -> None:
    """With the nearest right one: such a rule would never match, and nobody would notice."""
    assert doubted(asking(when)) == [f"rules.yaml:{expected}"]


@pytest.mark.parametrize("kind", ["pingdom.*", "pingdom.d*", "ping*", "'*'", "sentry.whatever", "tocsin.given_up"])
def test_a_kind_that_may_be_sent_is_left_alone(kind: str) -> None:
    """Also where the sender's own words make it, and what Tocsin says of itself."""
    assert doubted(asking(f"{{kind: {kind}}}")) == []


def test_a_rule_that_nothing_comes_to_is_told() -> None:
    """A rule for everything in the middle ends the search for everything."""
    more = "  - {name: more, when: {source: shop}, then: {severity: P4}}\n"
    middle = "rules.yaml:26:11: 'everything else' matches everything, so nothing comes to 'more'"
    hint = "(put it last, give it a when, or let it say continue: true)"
    assert doubted(GOOD + more) == [f"{middle} {hint}"]
    assert doubted(GOOD + more + more.replace("more", "most")) == [f"{middle} and 1 more {hint}"]
    assert doubted(GOOD.replace("  - name: everything else", "  - name: all\n    continue: true") + more) == []


@pytest.mark.parametrize(
    ("kinds", "types"),
    [("pingdom.down", "pingdom"), ("[pingdom.down, pingdom.up]", "pingdom"), ("'[pingdom.down, sentry.x]'", None)],
)
def test_a_rule_for_senders_that_are_not_there_is_told(kinds: str, types: str | None) -> None:
    """Whoever takes a source out learns which rules wait in vain; one sender that is there is enough."""
    said = doubted(
        asking(f"{{kind: {kinds.strip(chr(39))}}}").replace(HAVE[HAVE.index("  pings") :].split("\n")[0], "")
    )
    expected = f"no source of type {types} is configured, so nothing sends this kind"
    assert [expected in one for one in said] == ([True] if types else [])


PAGED = HAVE.replace("  slack: {type", "  mail: {type: mail}\n  own: {type: webhook}\n  slack: {type")


@pytest.mark.parametrize(
    ("channels", "ana", "severities"),
    [
        ("[slack]", "{email: ana@example.com}", None),
        ("[slack]", "{}", "P1"),
        ("[mail, slack]", "{pagerduty: '${env:PD}'}", "P1"),
        ("[mail, slack]", "{slack: U02ANA}", None),
        ("[mail]", "{slack: U02ANA}", "P1"),
        ("[own]", "{}", "P2"),
    ],
)
def test_somebody_on_call_whom_nothing_reaches_is_told(channels: str, ana: str, severities: str | None) -> None:
    """By name and severity: at night they would sleep on. A room calls whom it can mention, a webhook anybody."""
    text = PAGED.replace("15m, channels: [slack]", f"15m, channels: {channels}").replace(
        "ana: {email: ana@example.com}", f"ana: {ana}"
    )
    told = [one for one in doubted(text) if "'ana' may have to answer" in one]
    assert [f"no channel of {severities}" in one for one in told] == ([True] if severities else [])


def test_whom_a_shared_key_serves_is_reached() -> None:
    """No address of their own, and a channel whose option serves everybody: no doubt; without the option there is."""
    ways = WAYS | {"pagerduty": Way(room=False, address="pagerduty", shared="routing_key")}
    poor = GOOD.replace("ana: {email: ana@example.com}", "ana: {name: Ana}")
    poor = poor.replace("channels: [slack]", "channels: [pager]")
    told = []
    for pager in ("{type: pagerduty}", '{type: pagerduty, routing_key: "${env:PD}"}'):
        text = poor.replace("channels:\n  slack:", f"channels:\n  pager: {pager}\n  slack:")
        told.append([str(one) for one in load({"rules.yaml": text}, source_kinds=KINDS, channel_ways=ways).doubts])
    assert ["'ana' may have to answer" in str(one) for one in told] == [True, False]
