"""Rules that the linter has nothing to say of, to make one doubtful thing in; and what it says then."""

from __future__ import annotations

from rules.oncall.schedule import Way
from rules.reading.load import Problem, load

NOW = 1_795_651_200.0
"""2026-11-26 00:00 UTC, a Thursday."""

KINDS: dict[str, set[str]] = {"pingdom": {"pingdom.down", "pingdom.up"}, "sentry": set(), "stripe": set()}
WAYS = {
    "slack": Way(room=True, address="slack"),
    "mail": Way(room=False, address="email"),
    "webhook": Way(room=False),
    "pagerduty": Way(room=False, address="pagerduty", shared="routing_key"),
}

CLEAN = """\
severities:
  P1: {means: Outage, respond_within: 15m, channels: [slack], fallback: [mail]}
  P2: {means: Major, respond_within: 1h, channels: [slack], first_responder: on-call engineer}
  P3: {means: Minor, respond_within: 4h, channels: [slack], first_responder: on-call engineer}
  P4: {means: Low, respond_within: 24h, channels: [slack], first_responder: on-call engineer}
escalation:
  - {severity: P1, responder: on-call engineer, after: 15m, escalate_to: lead}
  - {severity: P1, responder: lead, after: 30m, escalate_to: ceo}
roles:
  on-call engineer: {schedule: primary}
  lead: {person: maria}
  ceo: {person: maria}
people:
  ana: {email: ana@example.com}
  maria: {email: maria@example.com}
teams:
  payments: {people: [ana]}
schedules:
  primary: {timezone: UTC, hand_over: Mon 09:00, people: [ana]}
sources:
  shop: {type: sentry, secret: "${env:SENTRY_SECRET}"}
  blog: {type: sentry, secret: "${env:SENTRY_SECRET}"}
  pings: {type: pingdom, token: "${env:PINGS}"}
channels:
  slack: {type: slack, url: "${env:SLACK_URL}"}
  mail: {type: mail, host: localhost, sender: tocsin@example.com}
rules:
  - {name: first, when: {source: shop, severity: fatal}, then: {severity: P1, team: payments}}
  - {name: second, when: {kind: pingdom.down}, then: {severity: P2}}
  - {name: third, when: {source: blog}, then: {severity: P4}}
  - {name: everything else, then: {severity: P3}}
"""


def found(text: str, now: float = NOW) -> tuple[Problem, ...]:
    """What the linter finds in one file."""
    return load({"rules.yaml": text}, source_kinds=KINDS, channel_ways=WAYS, now=now).doubts


def told(old: str, new: str, now: float = NOW) -> list[str]:
    """The findings after one change of the clean rules, as a person reads them."""
    assert old in CLEAN
    return [str(problem).removeprefix("rules.yaml:") for problem in found(CLEAN.replace(old, new, 1), now)]


def judged(*rules: str) -> list[str]:
    """The findings about these rules instead of the clean ones: `when` of each, or the whole of one in braces."""
    written = [
        rule if rule.startswith("  - ") else f"  - {{name: r{number}, when: {rule}, then: {{severity: P1}}}}\n"
        for number, rule in enumerate(rules, 1)
    ]
    text = CLEAN[: CLEAN.index("rules:\n")] + "rules:\n" + "".join(written)
    codes = {"never-matches", "shadowed", "unknown-kind", "no-sender"}
    return [f"{one.code}: {one.message}" for one in found(text) if one.code in codes]
