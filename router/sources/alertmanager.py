"""Prometheus Alertmanager: webhook bodies of version 4 and 3, one event for every member of the group.

Source of the facts: prometheus/alertmanager `notify/webhook/webhook.go`, `template/template.go`. The group's own
`status` is firing while any member fires, so each member's status counts; a group is sent again every repeat interval.
"""

from __future__ import annotations

import hashlib
import json

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import event, first, listing, mapping, number, parse_object, text, web_url
from rules.event import Action, Event

_ACTIONS = {"firing": Action.TRIGGER, "resolved": Action.RESOLVE}


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """One event per member of the group, and one for those missing. Raises Unreadable when there is none to read."""
    group = parse_object(delivery.body)
    members = listing(group, "alerts")
    events = [told for member in members if (told := _member(delivery, group, member))]
    if not events:
        raise Unreadable("nothing in the group has labels and a status we know")
    # One broken member must not take the outage of its neighbours with it.
    return events + _missing(delivery, group, len(members) - len(events))


def _member(delivery: Delivery, group: dict[str, object], member: object) -> Event | None:
    status = first(text(member, "status"), text(group, "status")).lower()
    labels = _texts(member, "labels")
    if status not in _ACTIONS or not (labels or text(member, "fingerprint")):
        return None
    return event(
        delivery,
        kind=f"alertmanager.{status}",
        action=_ACTIONS[status],
        key=_key(member, labels),
        summary=_summary(member, labels),
        severity=labels.get("severity", ""),
        labels=labels | _runbook(member),
        url=first(web_url(text(member, "generatorURL")) or "", text(group, "externalURL")),
        # No occurred_at, on purpose. A member keeps its startsAt when Prometheus loses sight of Alertmanager: it is
        # resolved by timeout, then fires again with the old startsAt (prometheus cmd/prometheus `sendAlerts`), and
        # by that time the news would look older than the resolve. Flushes of a group come one after another, so the
        # order of arrival is the right one.
    )


def _key(member: object, labels: dict[str, str]) -> str:
    fingerprint = text(member, "fingerprint")
    if fingerprint:
        return f"alertmanager {fingerprint}"
    canonical = json.dumps(labels, sort_keys=True).encode()
    return f"alertmanager labels {hashlib.sha256(canonical).hexdigest()[:16]}"


def _summary(member: object, labels: dict[str, str]) -> str:
    name = first(labels.get("alertname", ""), labels.get("job", ""), "Alertmanager")
    words = (text(member, "annotations", word) for word in ("summary", "title", "description", "message"))
    said = (word for word in words if word != "<no value>")  # Of a template that names a label which is not there.
    where = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key != "alertname")
    return ": ".join(filter(None, (name, first(*said, where))))


def _runbook(member: object) -> dict[str, str]:
    url = web_url(text(member, "annotations", "runbook_url"))
    return {"runbook_url": url} if url else {}


def _texts(member: object, part: str) -> dict[str, str]:
    found = mapping(member, part)
    return {name: text(found, name) for name in found}


def _missing(delivery: Delivery, group: dict[str, object], unread: int) -> list[Event]:
    """What Alertmanager cut off (its `max_alerts`) or we could not read is said to be missing, not silently absent."""
    cut, key = int(number(group, "truncatedAlerts") or 0), text(group, "groupKey")
    if cut + unread <= 0:
        return []
    return [
        event(
            delivery,
            kind="alertmanager.missing",
            action=Action.INFO,
            key=f"alertmanager group {key}",
            summary=f"Alertmanager left out {cut} of the group {key}, and {unread} could not be read",
        )
    ]


SOURCE = SourceType(
    name="alertmanager",
    title="Prometheus Alertmanager",
    parse=parse,
    kinds=frozenset({"alertmanager.missing", *(f"alertmanager.{status}" for status in _ACTIONS)}),
    setup=Setup(
        steps=(
            "Add the receiver below to `alertmanager.yml`, and a route that leads to it.",
            (
                "Write the source's token into `/etc/alertmanager/tocsin-token`, or end the URL with it, or make it"
                " the password of `basic_auth`: all three are believed."
            ),
            "Reload Alertmanager: `amtool check-config alertmanager.yml`, then SIGHUP or `POST /-/reload`.",
        ),
        example="""\
receivers:
  - name: tocsin
    webhook_configs:
      - url: {url}
        send_resolved: true
        max_alerts: 0
        http_config:
          authorization: {credentials_file: /etc/alertmanager/tocsin-token}
""",
        notes=(
            "Label rules with `severity`; an annotation `runbook_url` becomes a label of the event.",
            "`max_alerts: 0` sends groups whole: what is cut off can page nobody.",
        ),
    ),
)
