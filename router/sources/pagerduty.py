"""PagerDuty: webhooks V3, and the older V2 and V1, whose bodies may hold several messages.

Source of the facts: https://developer.pagerduty.com/docs/webhooks-overview with its pages on behaviour,
signatures and V2. An incident that we opened there echoes our key back: its news belong to an incident of ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import at, event, first, listing, mapping, parse_object, shorten, text
from router.sources.signatures import sign_hex, verify_hmac
from rules.event import Action, Event

_ACTIONS = {
    "incident.triggered": Action.TRIGGER,
    "incident.unacknowledged": Action.TRIGGER,
    "incident.reopened": Action.TRIGGER,
    "incident.acknowledged": Action.ACKNOWLEDGE,
    "incident.resolved": Action.RESOLVE,
}
# Older webhooks name the same things in the infinitive; rules should not have to care.
_MODERN = {
    "incident.trigger": "incident.triggered",
    "incident.acknowledge": "incident.acknowledged",
    "incident.unacknowledge": "incident.unacknowledged",
    "incident.resolve": "incident.resolved",
    "incident.assign": "incident.reassigned",
    "incident.escalate": "incident.escalated",
    "incident.delegate": "incident.delegated",
    "incident.annotate": "incident.annotated",
}
_NOTE = 100
"""Characters of a note or a status update that a one-line summary takes."""
_OURS = re.compile(r"tocsin-([A-Za-z0-9]+)-[A-Za-z0-9_]+")
_NUMBERED = re.compile(r"^\[#[0-9]+\] ")


def verify(delivery: Delivery, secrets: Sequence[bytes], _now: float, _options: Options) -> None:
    """Check `X-PagerDuty-Signature`, a comma list of which any `v1=` may fit; no time is signed."""
    listed = (part.strip() for part in delivery.headers.get("x-pagerduty-signature", "").split(","))
    verify_hmac(delivery.body, [part[3:] for part in listed if part.startswith("v1=")], secrets)


def sign(body: bytes, secret: bytes, _now: float, _options: Options) -> dict[str, str]:
    """The header PagerDuty would add."""
    return {"X-PagerDuty-Signature": f"v1={sign_hex(secret, body)}"}


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """The events of a body, in its order. Raises Unreadable when it is of none of the three versions."""
    body = parse_object(delivery.body)
    told = mapping(body, "event")
    if text(told, "event_type"):
        return [_version_3(delivery, told)]
    messages = [one for one in listing(body, "messages") if isinstance(one, dict) and _named(one)]
    if not messages:
        raise Unreadable("neither a V3 event nor V2 or V1 messages")
    return [_older(delivery, message) for message in messages]


def _version_3(delivery: Delivery, told: dict[str, object]) -> Event:
    what, data = text(told, "event_type"), mapping(told, "data")
    kind = text(data, "type")
    # Notes, responders, workflows: `data` is another object, and its `id` is not the incident's.
    roles = mapping(data, "incident_role_assignments", 0, "incident")
    incident = data if kind == "incident" else mapping(data, "incident") or roles
    if not incident and "service" in data and not text(data, "id"):
        data, kind = mapping(data, "service"), "service"
    subject = incident or data
    return event(
        delivery,
        kind=f"pagerduty.{what}",
        action=_action(what, incident, text(told, "agent", "type")),
        key=_key(incident, data, kind or text(told, "resource_type")),
        summary=_summary(what, incident, data),
        severity=first(text(incident, "priority", "summary"), text(incident, "urgency")),
        labels=_labels(incident) | _merged(incident),
        url=text(subject, "html_url"),
        occurred_at=at(told, "occurred_at"),
        sender_id=first(text(told, "id"), delivery.headers.get("x-webhook-id", "")),
        incident=our_incident(text(incident, "incident_key")),
        actor=text(told, "agent", "summary"),
    )


def _named(message: dict[str, object]) -> str:
    name = first(text(message, "event"), text(message, "type"))
    return _MODERN.get(name, name)


def _older(delivery: Delivery, message: dict[str, object]) -> Event:
    what = _named(message)
    incident = mapping(message, "incident") or mapping(message, "data", "incident")
    return event(
        delivery,
        kind=f"pagerduty.{what}",
        action=_action(what, incident, text(message, "log_entries", 0, "agent", "type")),
        key=_key(incident, {}, "message"),
        summary=_summary(what, incident, {}),
        severity=first(text(incident, "priority", "summary"), text(incident, "urgency")),
        labels=_labels(incident),
        url=text(incident, "html_url"),
        occurred_at=at(message, "created_on"),
        sender_id=text(message, "id"),
        incident=our_incident(text(incident, "incident_key")),
        actor=_older_actor(message, incident),
    )


def _older_actor(message: dict[str, object], incident: dict[str, object]) -> str:
    changed_by = mapping(incident, "last_status_change_by")
    return first(
        text(message, "log_entries", 0, "agent", "summary"), text(changed_by, "summary"), text(changed_by, "name")
    )


def _action(what: str, incident: dict[str, object], agent: str) -> Action:
    """What it asks. Of a page of ours only people say anything new; the rest is our own word coming back."""
    ours = our_incident(text(incident, "incident_key"))
    machine = agent.endswith("integration_reference") or agent.startswith("service")
    return Action.INFO if ours and machine else _ACTIONS.get(what, Action.INFO)


def our_incident(incident_key: str) -> str:
    """The id of our incident in a key of ours, `tocsin-<incident>-<role>`; "" for anybody else's key."""
    ours = _OURS.fullmatch(incident_key)
    return ours[1] if ours else ""


def _key(incident: dict[str, object], data: dict[str, object], kind: str) -> str:
    if incident:
        return f"pagerduty incident {first(text(incident, 'id'), text(incident, 'number'))}"
    return f"pagerduty {kind} {text(data, 'id')}"


def _summary(what: str, incident: dict[str, object], data: dict[str, object]) -> str:
    if what == "pagey.ping":
        return f"PagerDuty test ping: {text(data, 'message')}"
    if not incident:
        return f"PagerDuty {what}: {first(text(data, 'summary'), text(data, 'name'), text(data, 'id'))}"
    said = "" if incident is data else shorten(first(text(data, "message"), text(data, "content")), _NOTE)
    return " - ".join(filter(None, (_title(incident), said)))


def _title(incident: dict[str, object]) -> str:
    trigger = mapping(incident, "trigger_summary_data")
    return first(
        text(incident, "title"),
        _NUMBERED.sub("", text(incident, "summary")),
        text(trigger, "subject"),
        text(trigger, "description"),
        text(incident, "description"),
        f"PagerDuty incident {first(text(incident, 'id'), text(incident, 'incident_number'))}",
    )


def _labels(incident: dict[str, object]) -> dict[str, str]:
    service = mapping(incident, "service")
    return {
        "service": first(text(service, "summary"), text(service, "name")),
        "urgency": text(incident, "urgency"),
        "priority": text(incident, "priority", "summary"),
        "team": text(incident, "teams", 0, "summary"),
        "assignee": text(incident, "assignees", 0, "summary"),
        "number": first(text(incident, "number"), text(incident, "incident_number")),
    }


def _merged(incident: dict[str, object]) -> dict[str, str]:
    """A merge closes an incident without anything having been mended: it says into which one it went."""
    reason = mapping(incident, "resolve_reason")
    merged = text(reason, "type") == "merge_resolve_reason"
    return {"merged_into": text(reason, "incident", "id")} if merged else {}


SOURCE = SourceType(
    name="pagerduty",
    title="PagerDuty",
    parse=parse,
    verify=verify,
    sign=sign,
    headers=frozenset({"x-webhook-id", "x-webhook-subscription"}),
    setup=Setup(
        steps=(
            (
                "In PagerDuty open **Integrations > Generic Webhooks (v3)**, add one with the URL `{url}`, a scope "
                "(account, team or service) and at least the events `incident.triggered`, `.acknowledged`, "
                "`.unacknowledged`, `.reopened`, `.resolved`."
            ),
            (
                "PagerDuty shows the signing secret once: put it into the environment and name it, `secret: "
                "${env:PAGERDUTY_WEBHOOK_SECRET}`."
            ),
            "Press **Send Test Event**: Tocsin's list of deliveries shows a ping.",
        ),
        notes=(
            (
                "With this subscription an acknowledgement in PagerDuty's app acknowledges the incident here: what "
                "we sent there carries our key, and comes back to its own incident."
            ),
            "V2 and V1 are unsigned: give the source a `token` instead.",
        ),
    ),
)
