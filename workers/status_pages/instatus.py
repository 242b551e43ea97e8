"""Instatus, API v1 (instatus.com/help/api/incidents): an incident, and `incident-updates` of it.

It takes no mark of ours: whether an earlier try has got through is seen by the incident's name and begin, and by the
words of its updates.
"""

from __future__ import annotations

from typing import Any

import orjson

from rules.announcing.public import Health
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import HttpRequest, Reply
from workers.status_pages.contract import ANSWER, StatusPageType, Telling, Told, content, ids, iso

API = "https://api.instatus.com"
_STATUS = {
    Health.OPERATIONAL: "OPERATIONAL",
    Health.DEGRADED: "DEGRADEDPERFORMANCE",
    Health.PARTIAL: "PARTIALOUTAGE",
    Health.MAJOR: "MAJOROUTAGE",
    Health.MAINTENANCE: "UNDERMAINTENANCE",
}


def tell(telling: Telling, page: StatusPageConfig) -> HttpRequest:
    """Open it there, or say what comes next in the same incident."""
    publication = telling.publication
    components = ids(publication, page)
    said: dict[str, Any] = {
        "message": publication.text,
        "status": publication.status.value.upper(),
        "notify": page.notify,
        "components": list(components),
        "statuses": [{"id": one, "status": _STATUS[health]} for one, health in components.items()],
        "started": iso(publication.at if telling.id else telling.opened_at),
    }
    if telling.id is None:
        said["name"] = publication.title
    return _request(telling, page, "POST", "/incident-updates", orjson.dumps(said))


def look(telling: Telling, page: StatusPageConfig) -> HttpRequest:
    """The incident as it stands there; or the latest, ours perhaps among them."""
    return _request(telling, page, "GET")


def _request(telling: Telling, page: StatusPageConfig, method: str, below: str = "", body: bytes = b"") -> HttpRequest:
    where = f"{page.api or API}/v1/{page.page}/incidents" + (f"/{telling.id}{below}" if telling.id else "")
    headers = {"authorization": f"Bearer {page.token}", **({"content-type": "application/json"} if body else {})}
    return HttpRequest(url=where, method=method, headers=headers, body=body, kept=ANSWER)


def told(reply: Reply) -> Told:
    """An opened incident has an id; an update's own is of no use. Raises `Undelivered`."""
    answer = content(reply, "Instatus")
    return Told(id=str(answer["id"])) if "name" in answer else Told()


def found(telling: Telling, reply: Reply) -> Told | None:
    """Does it say this already? Raises `Undelivered`."""
    answer = content(reply, "Instatus")
    publication = telling.publication
    for one in answer if isinstance(answer, list) else [answer]:
        ours = one.get("id") == telling.id or (
            one.get("name") == publication.title and str(one.get("started"))[:19] == iso(telling.opened_at)[:19]
        )
        says = (str(each.get("message")) == publication.text for each in one.get("updates") or [])
        if ours and any(says):
            return Told(id=str(one["id"]))
    return None


TYPE = StatusPageType(name="instatus", title="Instatus", tell=tell, told=told, look=look, found=found)
