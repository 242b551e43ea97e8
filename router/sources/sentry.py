"""Sentry: the integration platform's webhooks, and the bodies of the old WebHooks plugin.

Source of the facts: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/, getsentry/sentry
`src/sentry/utils/sentry_apps/webhooks.py`, `src/sentry/plugins/sentry_webhooks/plugin.py`. The body does not say what
it is: that stands in `Sentry-Hook-Resource`. Only the raw body is signed, neither time nor headers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import at, clean, event, listing, mapping, parse_object, text
from router.sources.signatures import sign_hex, verify_hmac
from rules.event import Action, Event

_ACTIONS = {
    "issue.created": Action.TRIGGER,
    "issue.unresolved": Action.TRIGGER,
    "issue.resolved": Action.RESOLVE,
    # Sentry's pages say `archived`, the wire says `ignored`: somebody has looked and wants no more noise.
    "issue.ignored": Action.ACKNOWLEDGE,
    "issue.archived": Action.ACKNOWLEDGE,
    "metric_alert.critical": Action.TRIGGER,
    "metric_alert.warning": Action.TRIGGER,
    "metric_alert.open": Action.TRIGGER,
    "metric_alert.resolved": Action.RESOLVE,
    "error.created": Action.TRIGGER,
    "event_alert.triggered": Action.TRIGGER,
}
_BY_KEY = {
    "issue": "issue",
    "metric_alert": "metric_alert",
    "error": "error",
    "event": "event_alert",
    "comment_id": "comment",
    "installation": "installation",
}
_ISSUE_IN_URL = re.compile(r"/issues/([0-9]+)")
_PROJECT_IN_URL = re.compile(r"/projects/[^/]+/([^/]+)/")


def verify(delivery: Delivery, secrets: Sequence[bytes], _now: float, _options: Options) -> None:
    """Check the HMAC of the raw body, which may be empty, against the integration's client secret.

    Requests of Sentry's own interface carry the same digest in `Sentry-App-Signature`.
    """
    given = (delivery.headers.get("sentry-hook-signature", ""), delivery.headers.get("sentry-app-signature", ""))
    verify_hmac(delivery.body, given, secrets)


def sign(body: bytes, secret: bytes, now: float, _options: Options) -> dict[str, str]:
    """The headers Sentry would add."""
    return {"Sentry-Hook-Timestamp": str(int(now)), "Sentry-Hook-Signature": sign_hex(secret, body)}


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """The one event of a webhook. Raises Unreadable when the body is neither an integration's nor the plugin's."""
    if not delivery.body:
        return [_empty(delivery)]
    body = parse_object(delivery.body)
    data = mapping(body, "data")
    if not data and "action" not in body:
        return [_legacy(delivery, body)]
    resource = delivery.headers.get("sentry-hook-resource", "").strip() or _guess(data)
    read = _READERS.get(resource, _other)
    what = f"{resource}.{text(body, 'action') or 'unknown'}"
    return [read(delivery, what, body)]


def _known_by(delivery: Delivery, what: str) -> str:
    """The body's own digest: Sentry signs no time, and its Request-ID is not signed either and new with each try.

    Not of what people do to an issue: resolved, reopened and resolved once more it may be the same to the byte.
    """
    toggled = what.startswith("issue.") and what != "issue.created"
    return "" if toggled else f"sha256 {hashlib.sha256(delivery.body).hexdigest()}"


def _guess(data: dict[str, object]) -> str:
    return next((resource for key, resource in _BY_KEY.items() if key in data), "unknown")


def _empty(delivery: Delivery) -> Event:
    # Sentry's example app says so in verify_sentry_signature.py: "sends an empty body for some requests".
    return event(
        delivery, kind="sentry.empty", action=Action.INFO, key="sentry empty", summary="Sentry sent an empty message"
    )


def _issue(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    issue = mapping(body, "data", "issue")
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=_ACTIONS.get(what, Action.INFO),
        key=f"sentry issue {text(issue, 'id') or text(issue, 'shortId') or _issue_id(issue)}",
        summary=_title(issue) or "Sentry issue",
        severity=text(issue, "level"),
        labels={
            "project": text(issue, "project", "slug"),
            "issue": text(issue, "shortId"),
            "culprit": text(issue, "culprit"),
            "platform": text(issue, "platform"),
            "category": text(issue, "issueCategory"),
        },
        url=text(issue, "web_url") or text(issue, "permalink"),
        occurred_at=delivery.headers.get("sentry-hook-timestamp"),
        sender_id=_known_by(delivery, what),
        actor=_actor(body),
    )


def _occurrence(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    """An `event_alert` or an `error`: one occurrence of an issue, keyed by its issue."""
    data = mapping(body, "data")
    said = mapping(data, "event") or mapping(data, "error")
    issue, tags = _issue_id(said), _tags(said)
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=_ACTIONS.get(what, Action.INFO),
        key=f"sentry issue {issue}" if issue else f"sentry event {text(said, 'event_id')}",
        summary=_title(said) or "Sentry event",
        severity=text(said, "level") or text(tags, "level"),
        labels={
            **_occurrence_labels(said, tags),
            "rule": text(data, "triggered_rule") or text(data, "issue_alert", "title"),
        },
        url=text(said, "web_url"),
        # Sentry's own clock; `datetime` is the clock of whatever machine or browser failed.
        occurred_at=text(said, "received") or text(said, "datetime"),
        sender_id=_known_by(delivery, what),
    )


def _occurrence_labels(said: dict[str, object], tags: dict[str, object]) -> dict[str, str]:
    project = _PROJECT_IN_URL.search(text(said, "url"))
    return {
        "project": project[1] if project else text(said, "project"),
        "environment": text(said, "environment") or text(tags, "environment"),
        "release": text(said, "release") or text(tags, "release"),
        "server_name": text(tags, "server_name"),
        "culprit": text(said, "culprit"),
        "platform": text(said, "platform"),
    }


def _metric(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    data = mapping(body, "data")
    metric = mapping(data, "metric_alert")
    state = what.partition(".")[2]
    # `metric_alert.title` is no title: in Sentry's own sample it is a code name.
    title = text(data, "description_title") or f"{state.capitalize()}: {_rule(metric)}"
    details = text(data, "description_text")
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=_ACTIONS.get(what, Action.INFO),
        key=f"sentry metric {text(metric, 'id') or text(metric, 'identifier') or _rule(metric)}",
        summary=f"{title} ({details})" if details else title,
        severity=state if state in ("critical", "warning") else "",
        labels={"rule": _rule(metric), "project": text(metric, "projects", 0)},
        url=text(data, "web_url"),
        occurred_at=delivery.headers.get("sentry-hook-timestamp"),
        sender_id=_known_by(delivery, what),
    )


def _rule(metric: dict[str, object]) -> str:
    return text(metric, "alert_rule", "name") or "metric alert"


def _comment(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    data = mapping(body, "data")
    done, issue = what.partition(".")[2], text(data, "issue_id")
    said = "" if done == "deleted" else text(data, "comment")
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=Action.INFO,
        key=f"sentry issue {issue}",
        summary=f"Comment {done} on issue {issue}" + (f": {said}" if said else ""),
        labels={"project": text(data, "project_slug")},
        occurred_at=at(data, "timestamp"),
        actor=_actor(body),
    )


def _installation(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    done = {"created": "installed", "deleted": "uninstalled"}.get(what.partition(".")[2], "changed")
    installation = mapping(body, "data", "installation")
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=Action.INFO,
        key=f"sentry installation {text(installation, 'uuid') or text(body, 'installation', 'uuid')}",
        summary=f"Sentry integration {done}",
        labels={"organization": text(installation, "organization", "slug")},
        actor=_actor(body),
    )


def _other(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    """A resource newer than this module; attached to its issue where it names one."""
    data = mapping(body, "data")
    said = mapping(data, "issue") or mapping(data, "event") or data
    issue = text(data, "issue", "id") or _issue_id(said) or text(data, "group_id")
    title = _title(said)
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=Action.INFO,
        key=f"sentry issue {issue}" if issue else f"sentry {what.partition('.')[0]}",
        summary=f"Sentry {what}: {title}" if title else f"Sentry {what}",
        severity=text(said, "level"),
        url=text(said, "web_url"),
        actor=_actor(body),
    )


def _legacy(delivery: Delivery, body: dict[str, object]) -> Event:
    """The WebHooks plugin: unsigned, and it never says that anything was resolved."""
    said = mapping(body, "event")
    if not text(body, "id") or not (said or "message" in body or "culprit" in body):
        raise Unreadable("neither a body of Sentry's integration platform nor of its WebHooks plugin")
    return event(
        delivery,
        kind="sentry.legacy_plugin",
        action=Action.TRIGGER,
        key=f"sentry issue {text(body, 'id')}",
        summary=text(body, "message") or _title(said) or text(body, "culprit") or "Sentry event",
        severity=text(body, "level"),
        labels=_occurrence_labels(said, _tags(said))
        | {"project": text(body, "project_slug") or text(body, "project"), "culprit": text(body, "culprit")}
        | {"rule": text(body, "triggering_rules", 0)},
        url=text(body, "url"),
        occurred_at=at(said, "received"),
    )


def _title(said: dict[str, object]) -> str:
    return (
        text(said, "title")
        or text(said, "metadata", "title")
        or ": ".join(filter(None, (text(said, "metadata", "type"), text(said, "metadata", "value"))))
        or text(said, "message")
        or text(said, "culprit")
    )


def _issue_id(said: dict[str, object]) -> str:
    """The issue of an occurrence; older bodies name it only inside their addresses."""
    if known := text(said, "issue_id"):
        return known
    found = _ISSUE_IN_URL.search(f"{text(said, 'issue_url')} {text(said, 'web_url')}")
    return found[1] if found else ""


def _tags(said: dict[str, object]) -> dict[str, object]:
    """By name, their values as written: an occurrence has dozens, and four are asked for."""
    pairs = [pair for pair in listing(said, "tags") if isinstance(pair, list) and len(pair) > 1]
    return {clean(pair[0]): pair[1] for pair in pairs if isinstance(pair[0], str)}


def _actor(body: dict[str, object]) -> str:
    return text(body, "actor", "name") if text(body, "actor", "type") == "user" else ""


_READERS = {
    "issue": _issue,
    "event_alert": _occurrence,
    "error": _occurrence,
    "metric_alert": _metric,
    "comment": _comment,
    "installation": _installation,
}

SOURCE = SourceType(
    name="sentry",
    title="Sentry",
    parse=parse,
    verify=verify,
    sign=sign,
    headers=frozenset({"request-id", "sentry-hook-resource", "sentry-hook-timestamp"}),
    setup=Setup(
        steps=(
            "In Sentry open **Settings > Developer Settings** and create an **Internal Integration** for `{url}`.",
            "Tick **Alert Rule Action**, and under **Webhooks** the resource **issue** (recoveries come from it).",
            "Put its **Client Secret** into the environment and name it: `secret: ${env:SENTRY_SECRET}`.",
            "In the alert rules that may wake somebody, choose this integration as the action.",
        ),
        notes=(
            "Sentry waits one second and tries an internal integration's webhook once.",
            "The old WebHooks plugin signs nothing: give the source a `token`, and paste the address that ends in it.",
        ),
    ),
)
