"""A receiver of your own that shows what it is told: JSON, signed as Standard Webhooks says (standardwebhooks.com)."""

from __future__ import annotations

from typing import Any

import orjson

from rules.announcing.public import PublicStatus
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import HttpRequest, Reply, refusal
from workers.channels.webhook import signature
from workers.status_pages.contract import Planned, StatusPageType, Telling, Told, ids, known


def tell(telling: Telling, page: StatusPageConfig) -> HttpRequest:
    """The same id on every try, so that the receiver can tell a repetition."""
    publication = telling.publication
    said = {
        "type": f"status.{_happens(telling)}",
        "incident": telling.incident,
        "number": publication.number,
        "title": publication.title,
        "text": publication.text,
        "status": publication.status.value,
        "components": {name: health.value for name, health in publication.components.items()},
        "component_ids": {one: health.value for one, health in ids(publication, page).items()},
        "notify": page.notify,
        "started": telling.opened_at,
        "at": publication.at,
    }
    return _signed(said, f"public-{telling.incident}-{publication.number}", telling.now, page)


def plan(planned: Planned, page: StatusPageConfig) -> HttpRequest:
    """The same id on every try, so that the receiver can tell a repetition."""
    says = planned.says
    said = {
        "type": f"maintenance.{says.phase.value}",
        "maintenance": planned.mark,
        "title": planned.title,
        "text": says.text,
        "status": says.phase.value,
        "components": list(planned.components),
        "component_ids": known(planned, page),
        "notify": page.notify,
        "start": planned.start,
        "end": says.until,
        "at": planned.now,
    }
    return _signed(said, f"maintenance-{planned.key}", planned.now, page)


def _signed(said: dict[str, Any], message: str, now: float, page: StatusPageConfig) -> HttpRequest:
    body, timestamp = orjson.dumps(said, option=orjson.OPT_SORT_KEYS), str(int(now))
    headers = {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(page.secret or "", message, timestamp, body),
    }
    return HttpRequest(url=page.url or "", headers=headers, body=body)


def _happens(telling: Telling) -> str:
    if telling.publication.status is PublicStatus.RESOLVED:
        return "resolved"
    return "opened" if telling.begins else "updated"


def told(reply: Reply) -> Told:
    """Any 2xx is told. Raises `Undelivered`."""
    if not 200 <= reply.status < 300:
        raise refusal(reply, "the webhook's receiver")
    return Told()


TYPE = StatusPageType(name="webhook", title="Webhook", tell=tell, told=told, plan=plan)
