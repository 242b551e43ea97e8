"""A PagerDuty that is not PagerDuty: checks an event as Events API v2 does, and reads it as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.demo.outbox import Arrived
from workers.plain import is_web

_NEWS = {"trigger": "Triggered", "acknowledge": "Acknowledged", "resolve": "Resolved"}
"""What PagerDuty shows of an event that has no summary: which alert it is about, the key says below."""


def faults(event: Any) -> Iterator[str]:
    """Why PagerDuty would answer 400 (developer.pagerduty.com/docs/events-api-v2-overview), or nothing."""
    if not isinstance(event, dict):
        yield "JSON object expected"
        return
    for name in ("routing_key", "event_action"):
        if not isinstance(event.get(name), str) or not event[name]:
            yield f"'{name}' is missing or blank"
    action = event.get("event_action")
    if action not in {"trigger", "acknowledge", "resolve"}:
        yield "'event_action' is not one of: trigger, acknowledge, resolve"
    elif action != "trigger" and not event.get("dedup_key"):
        yield "'dedup_key' is missing or blank"
    if len(str(event.get("dedup_key", ""))) > 255:
        yield "'dedup_key' is longer than 255"
    if action == "trigger":
        yield from _payload_faults(event.get("payload"))


def _payload_faults(payload: Any) -> Iterator[str]:
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    for name in ("summary", "source", "severity"):
        if not payload.get(name):
            yield f"'payload.{name}' is missing or blank"
    if len(str(payload.get("summary", ""))) > 1024:
        yield "'payload.summary' is longer than 1024"
    if payload.get("severity") not in {"critical", "error", "warning", "info"}:
        yield "'payload.severity' is not one of: critical, error, warning, info"


def arrived(event: dict[str, Any], at: float) -> Arrived:
    """The page as a card. The routing key is a secret: its last four characters are enough to tell keys apart."""
    payload = event.get("payload", {})
    links = [link for link in event.get("links", []) if is_web(str(link.get("href", "")))]
    shown = {
        "action": event["event_action"],
        "key": event["dedup_key"],
        "severity": payload.get("severity", ""),
        "source": payload.get("source", ""),
        "details": {str(name): str(value) for name, value in payload.get("custom_details", {}).items()},
        "links": links,
    }
    text = payload.get("summary") or _NEWS[event["event_action"]]
    return Arrived(channel="pagerduty", at=at, to=f"key …{event['routing_key'][-4:]}", text=text, shown=shown)
