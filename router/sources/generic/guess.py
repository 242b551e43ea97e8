"""Guessing an event from names that webhooks commonly use, for senders nobody has described to us."""

from __future__ import annotations

import re

from router.sources.reading import mapping, text
from rules.event import Action

SUMMARY = (
    *("title", "summary", "subject", "alert_name", "check_name", "monitor_name", "name", "message", "msg", "text"),
    *("description", "reason", "error"),
)
KEY = (
    *("dedup_key", "alert_uid", "fingerprint", "incident_key", "alert_id", "incident_id", "monitor_id", "check_id"),
    *("key", "uid", "uuid", "id"),
)
STATE = ("action", "status", "state", "current_state", "alert_status", "event", "event_type", "type")
SEVERITY = ("severity", "level", "priority", "urgency")
URL = (
    *("url", "link", "html_url", "web_url", "permalink", "link_to_upstream_details", "details_url", "dashboard_url"),
    *("incident_url", "alert_url", "href"),
)
TIME = ("occurred_at", "timestamp", "time", "date", "datetime", "created_at", "started_at")
LABELS = ("environment", "env", "host", "hostname", "service", "project", "team", "region", "application", "app")

_WORDS = {
    Action.TRIGGER: "trigger triggered firing fired alerting alert alarm down critical error failed failing failure "
    "open opened problem warning warn unhealthy started created new reopened",
    Action.ACKNOWLEDGE: "acknowledge acknowledged ack acked",
    Action.RESOLVE: "resolve resolved ok up recovered recovery closed normal healthy success passing cleared fixed",
    Action.INFO: "info informational test ping pending maintenance paused updated",
}
ACTIONS = {word: action for action, words in _WORDS.items() for word in words.split()}
"""What the usual words for a state mean; none of them: a trigger, since silence is the worse mistake."""

_ENVELOPES = ("alert", "incident", "monitor", "check", "data", "payload", "attributes")
_DEPTH = 3
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def flatten(item: object) -> dict[str, str]:
    """The plain values of an object and of the envelopes in it, by snake_case names; the outermost of a name wins."""
    found: dict[str, str] = {}
    layer = [item]
    for _ in range(_DEPTH):
        for data in layer:
            for raw in mapping(data):
                found.setdefault(_snake(raw), text(data, raw))
        layer = [mapping(data, envelope) for data in layer for envelope in _ENVELOPES if mapping(data, envelope)]
    return {name: value for name, value in found.items() if value}


def pick(found: dict[str, str], names: tuple[str, ...]) -> str:
    """The value of the first of `names` that is there, or ""."""
    return next((found[name] for name in names if name in found), "")


def action(found: dict[str, str]) -> Action:
    """What the first known word for a state asks for; a trigger when there is none."""
    words = (found.get(name, "").lower().rpartition(".")[2] for name in STATE)
    return next((ACTIONS[word] for word in words if word in ACTIONS), Action.TRIGGER)


def labels(item: object, found: dict[str, str]) -> dict[str, str]:
    """The sender's own `labels` and `tags`, if they are objects, and what commonly tells places apart."""
    given = {name: text(part, name) for part in (mapping(item, "tags"), mapping(item, "labels")) for name in part}
    return {name: found[name] for name in LABELS if name in found} | given


def _snake(raw: str) -> str:
    return _HUMP.sub("_", raw[:64]).replace("-", "_").replace(" ", "_").lower()
