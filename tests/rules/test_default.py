"""The rules that are shipped, held against the runbook's table of severities, row by row, and its matrix."""

from __future__ import annotations

import re
from typing import Any

import pytest

from router.sources import TYPES as SOURCES
from rules.event import Action, Event, Severity
from rules.reading.load import Ruleset, load
from rules.runbooks import runbook
from workers.channels import TYPES as CHANNELS
from workers.house import WAYS
from workers.rulebook.configuration import packaged, read

PRODUCTION = {"environment": "production"}


NIGHT, NOON = 1_795_212_000.0, 1_795_168_800.0
"""Of the same day of November 2026, in Bucharest."""


@pytest.fixture(scope="module")
def shipped() -> Ruleset:
    """The example, with every source and channel checked."""
    return read(
        packaged(),
        source_options={name: one.options for name, one in SOURCES.items()},
        channel_options={name: one.options for name, one in CHANNELS.items()},
        source_kinds={name: one.kinds for name, one in SOURCES.items()},
        channel_ways=WAYS,
        now=NOON,
    )


def test_the_linter_has_nothing_to_say_of_the_example(shipped: Ruleset) -> None:
    """Whoever starts from it starts clean; nothing in it had to be silenced."""
    assert shipped.doubts == ()
    assert not any("ignore[" in path.read_text(encoding="utf-8") for path in packaged().glob("*.yaml"))


def trigger(source: str, kind: str, summary: str, severity: str | None = None, **labels: str) -> Event:
    """A trigger of one of the example's sources, with its labels."""
    return Event(
        kind=kind,
        action=Action.TRIGGER,
        dedup_key="1",
        summary=summary,
        severity=severity,
        labels={**PRODUCTION, **labels},
        source=source,
        source_type=kind.partition(".")[0],
    )


ROWS: list[tuple[str, Event, str, str | None]] = [
    ("site down", trigger("uptime-robot", "uptimerobot.down", "Shop is DOWN"), "P1", "site-down"),
    ("site down", trigger("uptime-kuma", "uptimekuma.down", "Shop is DOWN"), "P1", "site-down"),
    ("site down", trigger("better-stack", "betterstack.incident.started", "Shop: Error 500"), "P1", "site-down"),
    ("site down", trigger("site-checks", "pingdom.down", "Shop is DOWN"), "P1", "site-down"),
    ("payments broken", trigger("shop-stripe", "stripe.charge.failed", "Card declined"), "P1", "payment-failures"),
    ("payments broken", trigger("shop-stripe", "stripe.payment_intent.payment_failed", "x"), "P1", "payment-failures"),
    ("payments broken", trigger("report", "manual.report", "Nobody can pay"), "P1", "payment-failures"),
    ("payments broken", trigger("report", "manual.report", "Customers can't pay", "p2"), "P2", "payment-failures"),
    ("site down", trigger("report", "manual.report", "The shop is down"), "P1", "site-down"),
    (
        "Stripe webhook failures",
        trigger("prometheus", "alertmanager.firing", "StripeWebhookErrors: 5xx on the Stripe webhook", "warning"),
        "P1",
        "payment-failures",
    ),
    ("data breach", trigger("report", "manual.report", "Data breach: customer list online"), "P1", "data-breach"),
    ("data breach", trigger("own-scripts", "generic.event", "Dump", "critical", area="security"), "P1", "data-breach"),
    ("bookings failing", trigger("report", "manual.report", "Bookings are failing"), "P2", "high-error-rate"),
    (
        "bookings failing",
        trigger("shop-sentry", "sentry.issue.created", "BookingError: booking failed", "error"),
        "P2",
        "high-error-rate",
    ),
    ("users cannot log in", trigger("report", "manual.report", "Users cannot log in"), "P2", "high-error-rate"),
    ("users cannot log in", trigger("report", "manual.report", "Login is broken"), "P2", "high-error-rate"),
    (
        "significant errors",
        trigger("shop-sentry", "sentry.metric_alert.critical", "Critical: errors", "critical"),
        "P2",
        "high-error-rate",
    ),
    (
        "error rate spike",
        trigger("shop-sentry", "sentry.event_alert.triggered", "Error rate spike"),
        "P2",
        "high-error-rate",
    ),
    (
        "significant errors",
        trigger("shop-sentry", "sentry.issue.created", "Out of luck", "fatal"),
        "P2",
        "high-error-rate",
    ),
    ("high CPU", trigger("prometheus", "alertmanager.firing", "HighCPU: 98 %", "critical"), "P2", "slow-responses"),
    ("high CPU", trigger("prometheus", "alertmanager.firing", "HighCPU: 85 %", "warning"), "P3", "slow-responses"),
    ("high memory", trigger("prometheus", "alertmanager.firing", "Memory at 97 %", "critical"), "P2", "slow-responses"),
    ("database", trigger("prometheus", "alertmanager.firing", "PostgresDown: db", "critical"), "P2", "database"),
    ("feature not working", trigger("report", "manual.report", "The search filter does nothing", "p3"), "P3", None),
    ("feature not working", trigger("shop-sentry", "sentry.issue.created", "TypeError", "error"), "P3", None),
    ("UI bug", trigger("report", "manual.report", "The menu overlaps the logo"), "P3", None),
    (
        "e-mail not sending",
        trigger("shop-sentry", "sentry.issue.created", "Brevo: 401", "error"),
        "P3",
        "email-not-sending",
    ),
    ("cosmetic", trigger("report", "manual.report", "A typo on the front page"), "P4", None),
    ("cosmetic", trigger("report", "manual.report", "The footer is ugly", "p4"), "P4", None),
    ("everything else", trigger("own-scripts", "generic.event", "Something new"), "P3", None),
    ("a certificate", trigger("uptime-robot", "uptimerobot.ssl_expiry", "Certificate: 7 days"), "P3", "site-down"),
    ("staging", trigger("uptime-kuma", "uptimekuma.down", "Staging is DOWN", environment="staging"), "P4", None),
    ("a dispute", trigger("shop-stripe", "stripe.charge.dispute.created", "Dispute"), "P3", None),
    ("an invoice", trigger("shop-stripe", "stripe.invoice.payment_failed", "Invoice"), "P2", "payment-failures"),
]


@pytest.mark.parametrize(("event", "severity", "runbook"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_every_row_of_the_severity_table(shipped: Ruleset, event: Event, severity: str, runbook: str | None) -> None:
    """What the runbook calls P1 is P1 by the shipped rules, with the runbook that helps."""
    decision = shipped.decide(event, 0.0)
    assert (decision.severity, decision.runbook) == (Severity(severity), runbook)


@pytest.mark.parametrize("word", ["p1", "p2", "p3", "p4"])
def test_a_report_has_the_severity_its_reporter_gave(shipped: Ruleset, word: str) -> None:
    """Whatever its summary speaks of; the runbook is the one of what it speaks of."""
    decision = shipped.decide(trigger("report", "manual.report", "Bookings failing, data breach, typo", word), 0.0)
    assert (decision.severity, decision.runbook) == (word.upper(), "data-breach")


def test_the_examples_to_copy_from_can_be_used(shipped: Ruleset) -> None:
    """Uncommented above the rules: at night warnings of Prometheus wait, what is critical wakes somebody."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in packaged().glob("*.yaml")}
    written = texts["rules.yaml"]
    copied = re.findall(r"^#(   .*\n)", written[written.index("# More that a rule can say") :], re.MULTILINE)
    texts["rules.yaml"] = written.replace("rules:\n", "rules:\n" + "".join(line[1:] for line in copied))
    rules = load(texts, now=NOON)

    def quiet(severity: str, now: float) -> bool:
        return rules.decide(trigger("prometheus", "alertmanager.firing", "Disk", severity), now).suppress is not None

    assert quiet("warning", NIGHT)
    assert not quiet("critical", NIGHT)
    assert not quiet("warning", NOON)
    assert rules.doubts == ()


def test_payments_are_broken_only_beyond_ten_in_five_minutes(shipped: Ruleset) -> None:
    """One refused card wakes nobody; failures of charges and of intents count together."""
    decisions = [
        shipped.decide(trigger("shop-stripe", kind, "Card declined"), 0.0)
        for kind in ("stripe.charge.failed", "stripe.payment_intent.payment_failed")
    ]
    gates = {decision.gate for decision in decisions if decision.gate}
    assert [(gate.count, gate.within) for gate in gates] == [(10, 300.0)]
    assert {decision.group_key for decision in decisions} == {'["payments are failing","shop-stripe"]'}


MATRIX: dict[str, list[tuple[str, float, str]]] = {
    "P1": [("on-call engineer", 15, "engineering lead"), ("engineering lead", 30, "ceo")],
    "P2": [("on-call engineer", 60, "engineering lead")],
    "P3": [("on-call engineer", 240, "team lead")],
    "P4": [],
}


@pytest.mark.parametrize(("severity", "within"), [("P1", 15), ("P2", 60), ("P3", 240), ("P4", 1440)])
def test_the_matrix_is_the_runbooks(shipped: Ruleset, severity: str, within: float) -> None:
    """Response times and every row: who waits, how long, and who is next."""
    plan = shipped.policy.plans[Severity(severity)]
    assert plan.responder == "on-call engineer"
    assert plan.respond_within == within * 60
    assert [(step.waits_for, step.after / 60, step.role) for step in plan.steps] == MATRIX[severity]


def test_every_runbook_is_used_and_every_source_type_is_shown(shipped: Ruleset) -> None:
    """The example shows all there is, and has no text that nobody is ever led to."""
    used: set[Any] = {rule.then.runbook for rule in shipped.config.rules} - {None}
    brought = set().union(*(runbook.read(name, shipped.runbooks[name]).leads_to for name in used))
    assert used | brought == set(shipped.runbooks)
    assert {one.type for one in shipped.config.sources.values()} == set(SOURCES)
