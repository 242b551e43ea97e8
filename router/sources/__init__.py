"""The ear's languages: one module per sender, listed by hand so that nothing is imported by a name found in YAML."""

from __future__ import annotations

from router.sources import (
    alertmanager,
    betterstack,
    generic,
    manual,
    pagerduty,
    pingdom,
    postmark,
    sentry,
    stripe,
    uptimekuma,
    uptimerobot,
)
from router.sources.contract import SourceType

TYPES: dict[str, SourceType] = {
    "alertmanager": alertmanager.SOURCE,
    "betterstack": betterstack.SOURCE,
    "generic": generic.SOURCE,
    "manual": manual.SOURCE,
    "pagerduty": pagerduty.SOURCE,
    "pingdom": pingdom.SOURCE,
    "postmark": postmark.SOURCE,
    "sentry": sentry.SOURCE,
    "stripe": stripe.SOURCE,
    "uptimekuma": uptimekuma.SOURCE,
    "uptimerobot": uptimerobot.SOURCE,
}
"""Every source type Tocsin speaks; a new one is its module, its samples, its row in docs/sources.md and a line here."""
