"""One small configuration without a mistake, to make mistakes in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from rules.reading.fields import Reference

GOOD = """\
severities:
  P1: {means: Outage, respond_within: 15m, channels: [slack]}
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
  maria: {pagerduty: "${env:PD_MARIA}"}
schedules:
  primary: {timezone: Europe/Bucharest, hand_over: Mon 09:00, people: [ana]}
sources:
  shop: {type: sentry, secret: "${env:SENTRY_SECRET}"}
channels:
  slack: {type: slack, url: "${env:SLACK_URL}"}
rules:
  - name: the site is down
    when: {source: shop, labels: {environment: production}}
    then: {severity: P1, runbook: site-down}
  - name: everything else
    then: {severity: P3}
"""


class SlackKeys(BaseModel):
    """A channel with a secret."""

    model_config = ConfigDict(extra="forbid")
    url: Reference


class SentryKeys(BaseModel):
    """A source with a key of its own."""

    model_config = ConfigDict(extra="forbid")
    project: str | None = None
