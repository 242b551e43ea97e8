"""PagerDuty: Events API v2 (developer.pagerduty.com/docs/events-api-v2-overview)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import orjson

from rules.event import Severity
from rules.incident import Reason
from rules.reading.fields import Reference
from workers.channels.contract import (
    ChannelOptions,
    ChannelType,
    HttpRequest,
    Notification,
    Reply,
    Undelivered,
    refusal,
)
from workers.plain import is_web, plain, since

_SEVERITIES = {Severity.P1: "critical", Severity.P2: "error", Severity.P3: "warning", Severity.P4: "info"}
_SUMMARY, _VALUE, _KEY = 1024, 1000, 255


class PagerDutyOptions(ChannelOptions):
    """`url` for the EU region (`https://events.eu.pagerduty.com/v2/enqueue`); `routing_key` for people without one."""

    url: str = "https://events.pagerduty.com/v2/enqueue"
    """Where events go; https://events.eu.pagerduty.com/v2/enqueue for the EU region."""
    routing_key: Reference | None = None
    """A reference to the routing key that serves people without one of their own."""


def post(notification: Notification, options: ChannelOptions) -> HttpRequest | None:
    """A page, its acknowledgement or its end, all under one dedup key; None for news that change no page."""
    pagerduty = cast(PagerDutyOptions, options)
    action = _action(notification.reason)
    if action is None:
        return None
    event = {
        "routing_key": _routing_key(notification, pagerduty),
        "event_action": action,
        "dedup_key": notification.dedup_key[:_KEY],
    }
    if action == "trigger":
        event |= _page(notification)
    return HttpRequest(url=pagerduty.url, headers={"content-type": "application/json"}, body=orjson.dumps(event))


def _action(reason: Reason) -> str | None:
    if reason.pages:
        return "trigger"
    if reason.ends:
        return "resolve"
    return "acknowledge" if reason is Reason.ACKNOWLEDGED else None


def _routing_key(notification: Notification, options: PagerDutyOptions) -> str:
    own = notification.recipient.address if notification.recipient else None
    key = own or options.routing_key
    if not key:
        who = notification.recipient.name if notification.recipient else "nobody"
        raise Undelivered(f"there is no PagerDuty routing key for {plain(who, 80)}", permanent=True)
    return key


def _page(notification: Notification) -> dict[str, Any]:
    links = [link for link in (notification.acknowledge, notification.runbook, *notification.links) if link]
    page: dict[str, Any] = {
        "payload": _payload(notification),
        "client": "Tocsin",
        "links": [{"href": link.url, "text": plain(link.text, 100)} for link in links if is_web(link.url)],
    }
    if notification.acknowledge and is_web(notification.acknowledge.url):
        page["client_url"] = notification.acknowledge.url
    return page


def _payload(notification: Notification) -> dict[str, Any]:
    title = f"{notification.severity.value} · {plain(notification.title)}"
    return {
        "summary": plain(title, _SUMMARY),
        "severity": _SEVERITIES[notification.severity],
        "source": plain(notification.where, _VALUE) or "Tocsin",
        "timestamp": datetime.fromtimestamp(notification.since, UTC).isoformat(timespec="milliseconds"),
        "component": plain(notification.labels.get("service", ""), _VALUE) or None,
        "custom_details": _details(notification),
    }


def _details(notification: Notification) -> dict[str, str]:
    details = {
        "what": notification.reason.value,
        "since": since(notification.since, notification.now),
        "why": notification.why,
        "next": notification.next,
        "note": notification.note or "",
        "events": str(notification.count),
        "incident": notification.incident,
    }
    labels = {f"label {name}": value for name, value in list(notification.labels.items())[:50]}
    return {plain(name, 100): plain(value, _VALUE) for name, value in {**labels, **details}.items() if value}


def read(reply: Reply) -> None:
    """202 is taken; 400 is a malformed event or a wrong key, for good; 429 and 5xx pass."""
    if not 200 <= reply.status < 300:
        raise refusal(reply, "PagerDuty", plain(reply.body.decode("utf-8", "replace"), 200))


CHANNEL = ChannelType(
    name="pagerduty",
    title="PagerDuty",
    room=False,
    address="pagerduty",
    shared="routing_key",
    silent=frozenset(reason for reason in Reason if _action(reason) is None),
    options=PagerDutyOptions,
    post=post,
    read=read,
    setup="""\
In PagerDuty give each person (or role) a service of their own that pages exactly them, add the integration
*Events API v2*, and write its integration key beside the person. Tocsin does the escalating; the service needs no
further levels.

    channels:
      pager: {type: pagerduty}
    people:
      ana: {pagerduty: "${env:PD_ANA}"}

For an account in the EU region: `url: https://events.eu.pagerduty.com/v2/enqueue`. `routing_key` serves people without
a key of their own.
""",
)
