"""What a notification says about an incident, in the words a person reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from rules.event import Moment, Severity
from rules.incident import Hold, Incident, Plan, Policy, Reason, Signal, State, Step, StepState
from rules.reading.config import Config, Rule
from workers.channels.contract import Recipient
from workers.telling.compose import compose
from workers.telling.digest import fold, mention, urgency

OPENED = 1795515300.0  # 10:15 UTC
LAST = Moment(None, OPENED, "d")
PLAN = Plan(
    responder="on-call engineer", channels=("slack",), respond_within=900, exhausted_after=2700, resolve_after=900
)
INCIDENT = Incident(
    id="inc-7",
    group_key="g",
    title="Checkout is down",
    severity=Severity.P1,
    state=State.TRIGGERED,
    opened_at=OPENED,
    severity_since=OPENED,
    rule="the site is down",
    policy=Policy(plans={Severity.P1: PLAN}),
    runbook="site-down",
    team="payments",
    labels={"service": "checkout", "environment": "production", "user": "7"},
    url="https://uptime.example.com/1",
    signals={
        "a": Signal(key="a", source="uptime", kind="k", summary="s", firing=True, last=LAST, first_seen=0, last_seen=0)
    },
    steps=(
        Step(number=0, role="on-call engineer", due_at=OPENED, state=StepState.SENT),
        Step(
            number=1, role="engineering lead", due_at=OPENED + 900, waits_for="on-call engineer", state=StepState.SENT
        ),
        Step(number=2, role="ceo", due_at=OPENED + 1800, waits_for="engineering lead"),
    ),
    exhausted_at=OPENED + 2700,
)


@dataclass
class Rules:
    config: Config


RULES = Rules(
    Config.model_validate(
        {
            "severities": {},
            "people": {
                "maria": {
                    "name": "Maria",
                    "slack": "U02MARIA",
                    "pagerduty": "${env:PD}",
                    "timezone": "Europe/Bucharest",
                },
                "dan": {"slack": "U02DAN"},
            },
            "teams": {"payments": {"people": ["maria", "dan"], "slack": "C0PAY"}},
            "channels": {"room": {"type": "slack"}, "pager": {"type": "pagerduty"}},
            "rules": [],
        }
    )
)


def said(incident: Incident = INCIDENT, **asked: Any) -> Any:
    wanted = {
        "reason": Reason.ESCALATED,
        "role": "engineering lead",
        "person": "maria",
        "channel": "room",
        "step": 1,
        "by": None,
        "note": None,
        "id": "n-1",
        "ruleset": RULES,
        "now": OPENED + 900,
        "acknowledge_url": "https://tocsin.example.com/a/x",
    }
    return compose(incident, **{**wanted, **asked})


def test_an_escalation_says_who_did_not_answer_and_who_is_next() -> None:
    """Everything a woken person needs, read aloud."""
    page = said()
    assert page.where == "production · checkout · uptime"
    assert page.why == "rule «the site is down»; step 2 of 3: on-call engineer did not answer within 15m"
    assert page.next == "ceo at 10:45 UTC (12:45 EET), in 15m, if nobody acknowledges"
    assert page.recipient == Recipient(name="Maria", address="U02MARIA")
    assert (page.team, page.room) == ((Recipient(name="dan", address="U02DAN"),), "C0PAY")
    assert (page.runbook.url, page.acknowledge.text) == ("https://tocsin.example.com/a/x/runbook", "Acknowledge")
    assert [link.text for link in page.links] == ["Open uptime.example.com"]


def test_what_several_senders_say_is_counted_and_named() -> None:
    """In the order in which they joined; of many the first three."""
    one = INCIDENT.signals["a"]
    several = {name: replace(one, key=name, source=name) for name in ("uptime", "sentry", "stripe")}
    assert said(replace(INCIDENT, signals=several)).where == "production · checkout · 3 alerts: uptime, sentry, stripe"
    more = {**several, "s2": replace(one, key="s2", source="sentry"), "p": replace(one, key="p", source="pingdom")}
    assert said(replace(INCIDENT, signals=more)).where.endswith(" · 5 alerts: uptime, sentry, stripe, 1 more")


def test_what_is_kept_quiet_says_so() -> None:
    """Whoever was told before its cause was known reads that nobody further is told while that lasts."""
    hold = Hold(silence="s", since=0, until=OPENED, why="the site", parent="AB12")
    assert said(replace(INCIDENT, hold=hold)).next == "nobody, while incident AB12 lasts"


@pytest.mark.parametrize(
    ("kind", "url", "text"),
    [
        ("sentry.issue.created", "https://acme.sentry.io/issues/7", "Open in uptime"),
        ("betterstack.incident.started", "https://uptime.better-stack.example/i/7", "Open in uptime"),
        ("uptimerobot.down", "https://shop.example.com/", "Open shop.example.com"),
        ("generic.event", "http://[::1]:3000/x", "Open ::1"),
        ("generic.event", "http://[", "Open the link"),
    ],
)
def test_a_link_says_where_it_leads(kind: str, url: str, text: str) -> None:
    """A monitor's link often leads to the site it watches, which is not a page of the monitor's."""
    signal = replace(INCIDENT.signals["a"], kind=kind, url=url)
    page = said(replace(INCIDENT, url=None, signals={"a": signal}))
    assert [link.text for link in page.links] == [text]


def test_the_pager_gets_a_reference_and_no_room() -> None:
    """The key is still a reference here: revealing it is the sending job's."""
    page = said(channel="pager")
    assert (page.recipient.address, page.room) == ("${env:PD}", None)


@pytest.mark.parametrize(
    ("changed", "now", "words"),
    [
        ({}, 900, "ceo at 10:45 UTC, in 15m, if nobody acknowledges"),
        ({}, 1800, "the matrix ends at 11:00 UTC, in 15m; everybody is told once more then"),
        ({"exhausted": True}, 2700, "nothing: nobody further in the matrix"),
        ({"exhausted_at": None, "steps": ()}, 0, "nothing: nobody further in the matrix"),
        ({"state": State.ACKNOWLEDGED, "acknowledged_by": "Maria"}, 900, "no further escalation: Maria has it"),
        (
            {"state": State.RECOVERED, "recovered_at": OPENED + 900},
            900,
            "resolved at 10:45 UTC, in 15m, if it stays quiet",
        ),
        ({"state": State.RESOLVED}, 900, "nothing: it is over"),
    ],
)
def test_what_happens_next(changed: dict[str, Any], now: float, words: str) -> None:
    """In every state a sentence, never a blank; people without a zone read UTC alone."""
    assert said(replace(INCIDENT, **changed), now=OPENED + now, person="dan").next == words


def test_an_answered_incident_offers_no_acknowledgement() -> None:
    """The button goes when somebody has it; who it was is shown by name."""
    told = said(replace(INCIDENT, state=State.ACKNOWLEDGED), reason=Reason.ACKNOWLEDGED, by="maria", step=None)
    assert told.acknowledge is None
    assert told.by == "Maria"


def test_good_news_says_once_when_it_is_over() -> None:
    """The hour, and not also how long that is from now."""
    recovered = replace(INCIDENT, state=State.RECOVERED, recovered_at=OPENED)
    note = "It counts as resolved when it stays quiet for 15m."
    told = said(recovered, reason=Reason.RECOVERED, step=None, note=note, now=OPENED, person="dan")
    assert (told.next, told.note) == ("resolved at 10:30 UTC, in 15m, if it stays quiet", None)


def test_a_link_outside_the_web_is_left_out() -> None:
    """A sender's `javascript:` goes nowhere."""
    assert [link.text for link in said(replace(INCIDENT, url="javascript:alert(1)")).links] == []


def test_people_and_channels_that_left_the_rules_do_no_harm() -> None:
    """A frozen incident may name somebody the YAML no longer has."""
    page = said(person="gone", channel="gone")
    assert page.recipient == Recipient(name="gone", address=None)


def test_a_digest_shows_its_worst_and_counts_the_rest() -> None:
    """Three, of which one is shown: how many, of what severity, since when, and each in a line."""
    lesser = replace(INCIDENT, id="inc-6", severity=Severity.P3, policy=Policy(plans={Severity.P3: PLAN}))
    three = [replace(lesser, id="inc-5", title="Search is slow", opened_at=OPENED - 60), INCIDENT, lesser]
    ordered = sorted((mention(Reason.ESCALATED, one) for one in three), key=urgency)
    told = fold(ordered, [said(INCIDENT)], "d")
    assert told.title == f"3 escalated; the worst: {INCIDENT.title}"
    assert told.why.endswith("1 P1, 2 P3")
    assert (told.since, told.count) == (OPENED - 60, sum(one.count for one in three))
    assert told.others == (
        f"P1 escalated: {INCIDENT.title} ({INCIDENT.id})",
        "P3 escalated: Search is slow (inc-5)",
        f"P3 escalated: {INCIDENT.title} (inc-6)",
    )
    assert (told.acknowledge, told.runbook, told.links) == (None, None, ())


def test_a_gate_that_opened_it_is_named() -> None:
    """One failed payment is no incident: whoever is woken reads how many it took."""
    gated = {"name": "payments fail", "more_than": {"count": 10, "within": "5m"}, "then": {"severity": "P1"}}
    rules = Rules(RULES.config.model_copy(update={"rules": [Rule.model_validate(gated)]}))
    counted = replace(INCIDENT.signals["a"], quiet_for=900.0)
    incident = replace(INCIDENT, rule="payments fail", signals={"a": counted})
    assert said(incident, ruleset=rules, reason=Reason.OPENED, step=0).why.startswith(
        "rule «payments fail»; above 10 within 5m; step 1 of 3"
    )
    assert "above" not in said(replace(incident, rule="another"), ruleset=rules).why


def test_what_held_it_back_is_named() -> None:
    """A silence while it lasts; afterwards how long the first step has waited."""
    hold = Hold(silence="deploy", since=OPENED, until=OPENED + 3600, why="2.4 (ana)")
    assert "held back until 2026-11-24 11:15 UTC by the silence «deploy»" in said(replace(INCIDENT, hold=hold)).why
    first = replace(INCIDENT.steps[0], due_at=OPENED + 7200, reason=Reason.OPENED)
    late = replace(INCIDENT, steps=(first, *INCIDENT.steps[1:]))
    assert said(late, reason=Reason.OPENED, step=0).why.endswith("step 1 of 3, held back for 2h")
