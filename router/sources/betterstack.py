"""Better Stack (once Better Uptime): outgoing webhooks of incidents, and of changes to monitors and on-call contacts.

Source of the facts: https://betterstack.com/docs/uptime/webhooks/. All of them share one envelope, so `data.type` says
what happened before `event` does: a monitor that was *created* is no outage.
"""

from __future__ import annotations

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import event, first, mapping, moment, parse_object, text
from rules.event import Action, Event

_INCIDENT = {
    "started": Action.TRIGGER,
    "created": Action.TRIGGER,
    "reopened": Action.TRIGGER,
    "acknowledged": Action.ACKNOWLEDGE,
    "resolved": Action.RESOLVE,
    "comment": Action.INFO,
}


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """What happened to the incident, or to something else. Raises Unreadable for another body or an unknown event."""
    body = parse_object(delivery.body)
    entity, about, word = text(body, "data", "id"), text(body, "data", "type"), text(body, "event").lower()
    if not entity or not about:
        raise Unreadable("no data.id or data.type")
    if about != "incident":
        return [_change(delivery, body, f"{about} {entity}", word)]
    if word not in _INCIDENT:
        raise Unreadable(f"an incident event we do not know: {word[:40]!r}")
    return [_incident(delivery, mapping(body, "data", "attributes"), body, word)]


def _incident(delivery: Delivery, said: dict[str, object], body: dict[str, object], word: str) -> Event:
    entity = text(body, "data", "id")
    name, cause = first(text(said, "name"), f"Incident {entity}"), text(said, "cause")
    return event(
        delivery,
        kind=f"betterstack.incident.{word}",
        action=_INCIDENT[word],
        key=f"betterstack incident {entity}",
        summary=f"{name}: {cause}" if cause else name,
        labels={
            "monitor": text(said, "name"),
            "monitor_id": text(body, "data", "relationships", "monitor", "data", "id"),
            "team": text(said, "team_name"),
        },
        url=text(said, "url"),
        occurred_at=_time(said, word),
        actor=text(said, f"{word}_by"),
    )


def _time(said: dict[str, object], word: str) -> object:
    """When this event happened; None for a comment or a reopening, whose bodies repeat older times."""
    if word in ("started", "created"):
        return said.get("started_at")
    when, started = moment(said.get(f"{word}_at")), moment(said.get("started_at"))
    # Nothing ends before it began: such a time is wrong, and believed it would make the event look overtaken.
    return when if when is not None and (started is None or when >= started) else None


def _change(delivery: Delivery, body: dict[str, object], entity: str, word: str) -> Event:
    said = mapping(body, "data", "attributes")
    name = first(text(said, "pronounceable_name"), text(said, "name"), text(said, "url"))
    return event(
        delivery,
        kind=f"betterstack.{text(body, 'data', 'type')}.{first(word, 'changed')}",
        action=Action.INFO,
        key=f"betterstack {entity}",
        summary=f"{first(name, entity)}: {text(body, 'data', 'type')} {first(word, 'changed')}",
        url=text(said, "url"),
    )


SOURCE = SourceType(
    name="betterstack",
    title="Better Stack",
    family="uptime",
    parse=parse,
    setup=Setup(
        steps=(
            ("In Better Stack open **Uptime → Integrations → Exporting data** and configure an **Outgoing webhook**."),
            "Choose the webhook type **Incident** and paste `{url}`.",
        ),
        notes=(
            ("Better Stack documents no signature, so the token stands in the address: treat the address as a secret."),
            (
                "Webhooks of the types **Monitor** and **On-call contact** may point here too: they are recorded "
                "and page nobody."
            ),
        ),
    ),
)
