"""Sentry: the integration platform's webhooks, and the bodies of the old WebHooks plugin.

Source of the facts: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/, getsentry/sentry
`src/sentry/utils/sentry_apps/webhooks.py`, `src/sentry/plugins/sentry_webhooks/plugin.py`. The body does not say what
it is: that stands in `Sentry-Hook-Resource`. Only the raw body is signed, neither time nor headers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import at, event, mapping, parse_object, text
from router.sources.sentry.facts import actor_of, issue_of, occurrence_labels, tags_of, title_of
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
    # https://docs.sentry.io/integrations/integration-platform/webhooks/activity-alerts/: of uptime and cron monitors
    # these may be the only word that it is over.
    "activity_alert.status_unresolved": Action.TRIGGER,
    "activity_alert.status_regression": Action.TRIGGER,
    "activity_alert.status_escalating": Action.TRIGGER,
    "activity_alert.status_ignored": Action.ACKNOWLEDGE,
    "activity_alert.status_resolved": Action.RESOLVE,
    "activity_alert.status_resolved_by_age": Action.RESOLVE,
    "activity_alert.status_resolved_in_commit": Action.RESOLVE,
    "activity_alert.status_resolved_in_release": Action.RESOLVE,
}
_BY_KEY = {
    "activity": "activity_alert",
    "issue": "issue",
    "metric_alert": "metric_alert",
    "error": "error",
    "event": "event_alert",
    "comment_id": "comment",
    "installation": "installation",
}


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
    toggled = what.startswith(("issue.", "activity_alert.")) and what != "issue.created"
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
        key=f"sentry issue {text(issue, 'id') or text(issue, 'shortId') or issue_of(issue)}",
        summary=title_of(issue) or "Sentry issue",
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
        actor=actor_of(body) or text(body, "data", "activity", "details", "user", "name"),
    )


def _activity(delivery: Delivery, _what: str, body: dict[str, object]) -> Event:
    """What has become of an issue; which of it stands in the activity, not in `action`."""
    return _issue(delivery, f"activity_alert.{text(body, 'data', 'activity', 'type') or 'unknown'}", body)


def _occurrence(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    """An `event_alert` or an `error`: one occurrence of an issue, keyed by its issue."""
    data = mapping(body, "data")
    said = mapping(data, "event") or mapping(data, "error")
    issue, tags = issue_of(said), tags_of(said)
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=_ACTIONS.get(what, Action.INFO),
        key=f"sentry issue {issue}" if issue else f"sentry event {text(said, 'event_id')}",
        summary=title_of(said) or "Sentry event",
        severity=text(said, "level") or text(tags, "level"),
        labels={
            **occurrence_labels(said, tags),
            "rule": text(data, "triggered_rule") or text(data, "issue_alert", "title"),
        },
        url=text(said, "web_url"),
        # Sentry's own clock; `datetime` is the clock of whatever machine or browser failed.
        occurred_at=text(said, "received") or text(said, "datetime"),
        sender_id=_known_by(delivery, what),
    )


def _metric(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    data = mapping(body, "data")
    metric = mapping(data, "metric_alert")
    state = what.partition(".")[2]
    # `metric_alert.title` is no title: in Sentry's own sample it is a code name.
    title = text(data, "description_title") or f"{state.capitalize()}: {_rule(metric)}"
    # In the documentation's own sample a line break is escaped twice.
    details = text(data, "description_text").replace("\\n", " ")
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
        actor=actor_of(body),
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
        actor=actor_of(body),
    )


def _other(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    """A resource newer than this module; attached to its issue where it names one."""
    data = mapping(body, "data")
    said = mapping(data, "issue") or mapping(data, "event") or data
    issue = text(data, "issue", "id") or issue_of(said) or text(data, "group_id")
    title = title_of(said)
    return event(
        delivery,
        kind=f"sentry.{what}",
        action=Action.INFO,
        key=f"sentry issue {issue}" if issue else f"sentry {what.partition('.')[0]}",
        summary=f"Sentry {what}: {title}" if title else f"Sentry {what}",
        severity=text(said, "level"),
        url=text(said, "web_url"),
        actor=actor_of(body),
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
        summary=text(body, "message") or title_of(said) or text(body, "culprit") or "Sentry event",
        severity=text(body, "level"),
        labels=occurrence_labels(said, tags_of(said))
        | {"project": text(body, "project_slug") or text(body, "project"), "culprit": text(body, "culprit")}
        | {"rule": text(body, "triggering_rules", 0)},
        url=text(body, "url"),
        occurred_at=at(said, "received"),
    )


_READERS = {
    "issue": _issue,
    "activity_alert": _activity,
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
