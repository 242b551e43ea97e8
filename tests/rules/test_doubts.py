"""What can be used and is hardly meant: told by `tocsin check`, and no reason not to start."""

from __future__ import annotations

import pytest

from rules.load import load
from tests.rules.configuration import GOOD

KINDS = {
    "pingdom": {"pingdom.down", "pingdom.up"},
    "sentry": set(),
}


def doubted(text: str) -> list[str]:
    """What is said about rules that can be used."""
    return [str(doubt) for doubt in load({"rules.yaml": text}, source_kinds=KINDS).doubts]


def asking(when: str) -> str:
    """The good rules, with one that asks for something else."""
    return GOOD.replace("when: {source: shop, labels: {environment: production}}", f"when: {when}")


def test_good_rules_leave_no_doubt() -> None:
    """A last rule for everything is how it should be."""
    assert doubted(GOOD) == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{kind: pingdom.dwon}", "24:18: nothing sends the kind 'pingdom.dwon' (did you mean pingdom.down?)"),
        ("{kind: [pingdom.x]}", "24:19: nothing sends the kind 'pingdom.x' (pingdom sends pingdom.down, pingdom.up)"),
        ("{not: {kind: pingdom.dow.*}}", "24:24: nothing sends the kind 'pingdom.dow.*' (did you mean pingdom.down?)"),
        ("{any: [{kind: pingdon.down}]}", "24:25: nothing sends the kind 'pingdon.down' (did you mean pingdom?)"),
        ("{kind: xyz*}", "24:18: nothing sends the kind 'xyz*' (kinds begin with pingdom or sentry)"),
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
