"""A receiver of your own that shows what it is told: JSON, signed as Standard Webhooks says (standardwebhooks.com)."""

from __future__ import annotations

import orjson

from rules.announcing.public import PublicStatus
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import HttpRequest, Reply, refusal
from workers.channels.webhook import signature
from workers.status_pages.contract import StatusPageType, Telling, Told, ids


def tell(telling: Telling, page: StatusPageConfig) -> HttpRequest:
    """The same id on every try, so that the receiver can tell a repetition."""
    publication = telling.publication
    message, timestamp = f"public-{telling.incident}-{publication.number}", str(int(telling.now))
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
    body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
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


TYPE = StatusPageType(name="webhook", title="Webhook", tell=tell, told=told)
