"""What Tocsin can look at by itself: one module per type, listed here. What a check is: `workers.checks.contract`."""

from __future__ import annotations

from workers.checks import command, deployment, http, postgres, redis, stripe_webhooks, tcp
from workers.checks.contract import CheckType

TYPES: dict[str, CheckType] = {
    "command": command.CHECK,
    "deployment": deployment.CHECK,
    "http": http.CHECK,
    "postgres": postgres.CHECK,
    "redis": redis.CHECK,
    "stripe_webhooks": stripe_webhooks.CHECK,
    "tcp": tcp.CHECK,
}
"""Every type of check by the word the YAML uses; a test compares this with the folder and docs/checks.md."""

OPTIONS = {name: check.options for name, check in TYPES.items()}
"""What the YAML may say about each type, for `rules.reading.load`."""
