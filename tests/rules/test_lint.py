"""What can be used and is hardly meant: told by `tocsin check`, and no reason not to start."""

from __future__ import annotations

import re

import pytest

from rules.lint import CODES
from rules.reading.load import load
from tests.rules.clean import CLEAN, KINDS, NOW, WAYS, found, told
from tests.source import ROOT


def test_clean_rules_leave_no_doubt() -> None:
    """A last rule for everything is how it should be, and nothing else is said either."""
    assert found(CLEAN) == ()


def test_who_only_starts_does_not_wait_for_the_linter() -> None:
    """Without a time to look from nothing is looked for: a start and a reload cost what they did."""
    text = CLEAN.replace("{email: ana@example.com}", "{}")
    assert found(text)
    assert load({"rules.yaml": text}, source_kinds=KINDS, channel_ways=WAYS).doubts == ()


FINDINGS = [
    (
        ("kind: pingdom.down", "kind: pingdom.dwon"),
        "29:33: nothing sends the kind 'pingdom.dwon'",
        "(did you mean pingdom.down?) [unknown-kind]",
    ),
    (
        ("kind: pingdom.down", "kind: stripe.charge.failed"),
        "29:33: no source of type stripe is configured, so nothing sends this kind",
        "(add the source, or take the rule out) [no-sender]",
    ),
    (
        ("kind: pingdom.down", "source: uptimerobot"),
        "29:35: no source of type uptimerobot is configured",
        "(add the source, or take the rule out) [no-sender]",
    ),
    (
        ("then: {severity: P4}", "then: {severity: P2}"),
        "5:3: no rule says P4: nothing that is heard becomes one, only a person can make it so",
        "(let a rule say severity: P4) [unreached-severity]",
    ),
    (
        ("fallback: [mail]", "fallback: [slack]"),
        "2:54: a P1 is told through slack alone: when that fails, nobody is told",
        "(add a second channel, or a fallback) [single-channel]",
    ),
    (
        ("severity: P1, team: payments", "severity: P1, team: payments, channels: [slack]"),
        "",
        "",
    ),
    (
        ("responder: on-call engineer, after: 15m", "responder: on-call engineer, after: 20m"),
        "7:56: a P1 must be answered within 15m, and is escalated only after 20m",
        "(escalate after 15m, or give it more time to respond) [late-step]",
    ),
    (
        ("people: [ana]}\nsources", "people: []}\nsources"),
        "10:3: nobody is ever 'on-call engineer': the schedule 'primary' names no people",
        "(write people: [...] under primary) [empty-role]",
    ),
    (
        ("  maria: {email", "  zoe: {}\n  maria: {email"),
        "15:3: nothing leads to the person 'zoe'",
        "(name it in a role, a schedule or a team, or take it out) [unused]",
    ),
    (
        ("  ceo: {person: maria}", "  ceo: {person: maria}\n  cto: {person: maria}"),
        "13:3: nothing leads to the role 'cto'",
        "(name it in escalation or a first_responder, or take it out) [unused]",
    ),
    (
        (", team: payments", ""),
        "17:3: nothing leads to the team 'payments'",
        "(name it in a rule's team, or take it out) [unused]",
    ),
    (
        ("channels:\n  slack", "channels:\n  spare: {type: mail}\n  slack"),
        "25:3: nothing leads to the channel 'spare'",
        "(name it in a severity or a rule's channels, or take it out) [unused]",
    ),
    (
        ("schedules:\n", "schedules:\n  spare: {timezone: UTC, people: [], starts: 2099-01-01}\n"),
        "19:3: nothing leads to the schedule 'spare'",
        "(name it in a role, or take it out) [unused]",
    ),
]


@pytest.mark.parametrize(("change", "finding", "hint"), FINDINGS, ids=[case[0][1][:20] for case in FINDINGS])
def test_each_finding_says_where_what_and_its_code(change: tuple[str, str], finding: str, hint: str) -> None:
    """One doubtful thing, one finding, with the word that silences it."""
    said = [one for one in told(*change) if "'mail'" not in one]
    assert said == ([f"{finding} {hint}"] if finding else [])


def test_a_rule_whose_p1_has_one_channel_is_told() -> None:
    """Its channels stand instead of the severity's, whose fallback remains."""
    lone = CLEAN.replace("channels: [slack], fallback: [mail]", "channels: [slack, mail]")
    lone = lone.replace("severity: P1, team: payments", "severity: P1, team: payments, channels: [slack]")
    (only,) = found(lone)
    assert (only.line, only.code) == (28, "single-channel")
    assert only.message == "a P1 of 'first' is told through slack alone: when that fails, nobody is told"


def test_a_source_that_no_rule_takes_is_told() -> None:
    """Without a rule for everything its events are P3s that lead nowhere; a rule that only adds takes nothing."""
    second = "{kind: pingdom.down}, then: {severity: P2}"
    without = CLEAN.replace("  - {name: everything else, then: {severity: P3}}\n", "")
    assert found(without) == ()
    (only,) = found(without.replace(second, f"{second}, continue: true"))
    assert (only.line, only.column, only.code) == (23, 3, "silent-source")
    assert only.message == "no rule matches anything that 'pings' sends: it all becomes a P3 of «no rule matched»"


def test_every_code_is_documented_and_tried() -> None:
    """docs/rules.md has a row for every code and for no other, and says what the table says."""
    docs = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", docs[docs.index("## What `check` doubts") :], re.MULTILINE))
    assert rows.keys() == CODES.keys()
    assert all(rows[code].startswith(one.says) for code, one in CODES.items())


@pytest.mark.parametrize("kind", ["pingdom.*", "pingdom.d*", "ping*", "'*'", "sentry.whatever", "tocsin.given_up"])
def test_a_kind_that_may_be_sent_is_left_alone(kind: str) -> None:
    """Also where the sender's own words make it, and what Tocsin says of itself."""
    assert [one for one in told("kind: pingdom.down", f"kind: {kind}") if "unknown-kind" in one] == []


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{kind: [pingdom.x]}", "nothing sends the kind 'pingdom.x' (pingdom sends pingdom.down, pingdom.up)"),
        ("{not: {kind: pingdom.dow.*}}", "nothing sends the kind 'pingdom.dow.*' (did you mean pingdom.down?)"),
        ("{any: [{kind: pingdon.down}]}", "nothing sends the kind 'pingdon.down' (did you mean pingdom?)"),
        ("{kind: xyz*}", "nothing sends the kind 'xyz*' (kinds begin with pingdom, sentry or stripe)"),
    ],
)
def test_a_kind_that_nothing_sends_is_told_wherever_it_stands(when: str, expected: str) -> None:
    """With the nearest right one: such a rule would never match, and nobody would notice."""
    assert [expected in one for one in told("{kind: pingdom.down}", when) if "[unknown-kind]" in one] == [True]
    assert "[never-matches]" not in "".join(told("{kind: pingdom.down}", when))


@pytest.mark.parametrize(
    ("channels", "ana", "severities"),
    [
        ("[slack], fallback: [slack]", "{email: ana@example.com}", None),
        ("[slack], fallback: [slack]", "{name: Ana}", "P1, P2, P3, P4"),
        ("[mail, slack]", "{pagerduty: '${env:PD}'}", "P1"),
        ("[mail, slack]", "{slack: U02ANA}", None),
        ("[mail], fallback: [mail]", "{slack: U02ANA}", "P1"),
    ],
)
def test_somebody_on_call_whom_nothing_reaches_is_told(channels: str, ana: str, severities: str | None) -> None:
    """By name and severity: at night they would sleep on. A room calls whom it can mention."""
    text = CLEAN.replace("[slack], fallback: [mail]", channels).replace("{email: ana@example.com}", ana)
    said = [str(one) for one in found(text) if one.code == "unreached-person"]
    assert [f"'ana' may have to answer, and no channel of {severities} " in one for one in said] == (
        [True] if severities else []
    )


def test_whom_a_shared_key_serves_is_reached() -> None:
    """No address of their own, and a channel whose option serves everybody: no doubt; without the option there is."""
    poor = CLEAN.replace("ana: {email: ana@example.com}", "ana: {name: Ana}")
    poor = poor.replace("channels: [slack]", "channels: [pager]")
    told = []
    for pager in ("{type: pagerduty}", '{type: pagerduty, routing_key: "${env:PD}"}'):
        text = poor.replace("channels:\n  slack:", f"channels:\n  pager: {pager}\n  slack:")
        told.append([one.code for one in found(text) if one.code == "unreached-person"])
    assert told == [["unreached-person"], []]


def test_a_role_without_an_address_is_told() -> None:
    """Whoever it is: nothing can be sent to them."""
    said = told("  maria: {email: maria@example.com}", "  maria: {name: Maria}")
    assert [one for one in said if "empty-role" in one] == [
        f"{line}:3: '{role}' is maria, who has no address at all (give maria an email, slack or pagerduty) [empty-role]"
        for line, role in ((11, "lead"), (12, "ceo"))
    ]


EVE = "start: 2026-12-24 09:00, end: 2026-12-27 09:00"
NIGHTS = [
    (f"{{{EVE}, person: null}}", "from 2026-12-24 09:00 to 2026-12-27 09:00 UTC"),
    (f"{{{EVE}, person: null}}, {{start: 2026-12-24, end: 2027-01-01, person: maria}}", None),
    (f"{{start: 2026-12-24, end: 2027-01-01, person: maria}}, {{{EVE}, person: null}}", "from 2026-12-24 09:00 to"),
    (f"{{{EVE}, person: null}}, {{start: 2027-01-01, end: 2027-01-02, person: null}}", "09:00 UTC and once more"),
    ("{start: 2026-11-24 09:00, end: 2026-11-26 00:00, person: null}", None),
    ("{start: 2026-11-24 09:00, end: 2026-11-26 00:01, person: null}", "from 2026-11-26 00:00 to 2026-11-26 00:01"),
    ("{start: 2027-01-25 00:00, end: 2027-02-27 09:00, person: null}", None),
    ("{start: 2027-01-24 23:59, end: 2027-02-27 09:00, person: null}", "from 2027-01-24 23:59"),
]


@pytest.mark.parametrize(("overrides", "expected"), NIGHTS)
def test_a_night_without_anybody_is_told_sixty_days_ahead(overrides: str, expected: str | None) -> None:
    """An override to nobody that somebody else does not cover; what is past or far off is not."""
    said = told("people: [ana]}\nsources", f"people: [ana], overrides: [{overrides}]}}\nsources")
    gaps = [one for one in said if one.startswith("19:") and "'primary' has nobody on call from " in one]
    assert said == gaps
    assert [expected in one for one in gaps if expected] == ([True] if expected else [])
    assert bool(gaps) == bool(expected)


def test_a_rotation_that_starts_in_the_future_is_told() -> None:
    """`starts` says whose turn it is and keeps no night before it empty; from that day on nothing is said."""
    change = ("people: [ana]}\nsources", "people: [ana], starts: 2026-12-07}\nsources")
    (said,) = told(*change)
    assert said.startswith(
        "19:73: 'primary' starts on 2026-12-07, and its people take turns before that day all the same"
    )
    assert said.endswith("[future-start]")
    assert told(*change, now=NOW + 12 * 86400) == []
