"""Atlassian's Statuspage, API v1 (developer.statuspage.io): incidents, by `POST`, then `PATCH` of the same one.

Each carries, as `metadata`, which incident of ours it is and which publication it says last: by that it is known for
told although the answer was lost. Rate limit: 60 requests a minute for one key.
"""

from __future__ import annotations

from typing import Any

import orjson

from rules.announcing.planned import Phase
from rules.announcing.public import Health
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import HttpRequest, Reply
from workers.plain import is_web
from workers.status_pages.contract import ANSWER, Planned, StatusPageType, Telling, Told, content, ids, iso, known

API = "https://api.statuspage.io"
NAME = 255
"""Characters of an incident's name."""
LATELY = 20
"""Incidents of the page, newest first, among which ours is looked for."""
_STATUS = {
    Health.OPERATIONAL: "operational",
    Health.DEGRADED: "degraded_performance",
    Health.PARTIAL: "partial_outage",
    Health.MAJOR: "major_outage",
    Health.MAINTENANCE: "under_maintenance",
}
_WHILE = {Phase.IN_PROGRESS: Health.MAINTENANCE, Phase.COMPLETED: Health.OPERATIONAL}
"""How a component does that is worked on."""


def tell(telling: Telling, page: StatusPageConfig) -> HttpRequest:
    """Open it there, or say what comes next in the same incident."""
    publication = telling.publication
    components = {one: _STATUS[health] for one, health in ids(publication, page).items()}
    said: dict[str, Any] = {
        "name": publication.title[:NAME],
        "status": publication.status.value,
        "body": publication.text,
        "deliver_notifications": page.notify,
        "metadata": {"tocsin": {"incident": telling.incident, "number": publication.number}},
    }
    if components:
        said |= {"components": components, "component_ids": list(components)}
    return _request(telling.id, page, "PATCH" if telling.id else "POST", orjson.dumps({"incident": said}))


def plan(planned: Planned, page: StatusPageConfig) -> HttpRequest:
    """A scheduled incident. It never changes by itself over there: its own sentences would be nobody's words."""
    says, components = planned.says, known(planned, page)
    said: dict[str, Any] = {
        "name": planned.title[:NAME],
        "status": says.phase.value,
        "body": says.text,
        "impact_override": "maintenance",
        "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
        "deliver_notifications": page.notify,
        "metadata": {"tocsin": {"maintenance": planned.mark, "says": planned.key}},
    }
    if says.phase is not Phase.COMPLETED:
        said |= {"scheduled_for": iso(planned.start), "scheduled_until": iso(says.until)}
    if components:
        said["component_ids"] = components
    if components and says.phase in _WHILE:
        said["components"] = dict.fromkeys(components, _STATUS[_WHILE[says.phase]])
    return _request(planned.id, page, "PATCH" if planned.id else "POST", orjson.dumps({"incident": said}))


def look(telling: Telling | Planned, page: StatusPageConfig) -> HttpRequest:
    """The incident as it stands there; or the latest, ours perhaps among them."""
    return _request(telling.id, page, "GET")


def _request(id_: str | None, page: StatusPageConfig, method: str, body: bytes = b"") -> HttpRequest:
    where = f"{page.api or API}/v1/pages/{page.page}/incidents"
    where += f"/{id_}" if id_ else f"?limit={LATELY}" if method == "GET" else ""
    headers = {"authorization": f"OAuth {page.token}", **({"content-type": "application/json"} if body else {})}
    return HttpRequest(url=where, method=method, headers=headers, body=body, kept=ANSWER)


def told(reply: Reply) -> Told:
    """The incident as it is there now. Raises `Undelivered`."""
    return _told(content(reply, "Statuspage"))


def found(telling: Telling, reply: Reply) -> Told | None:
    """Does it say this publication, or a later one, already? Raises `Undelivered`."""
    answer = content(reply, "Statuspage")
    for one in answer if isinstance(answer, list) else [answer]:
        mark = (one.get("metadata") or {}).get("tocsin") or {}
        if mark.get("incident") == telling.incident and int(mark.get("number") or 0) >= telling.publication.number:
            return _told(one)
    return None


def found_planned(planned: Planned, reply: Reply) -> tuple[Told, bool] | None:
    """Is it there, and does it say this already? Raises `Undelivered`."""
    answer = content(reply, "Statuspage")
    for one in answer if isinstance(answer, list) else [answer]:
        mark = (one.get("metadata") or {}).get("tocsin") or {}
        if mark.get("maintenance") == planned.mark:
            return _told(one), mark.get("says") == planned.key
    return None


def _told(incident: Any) -> Told:
    url = str(incident.get("shortlink") or "")
    return Told(id=str(incident["id"]), url=url if is_web(url) else None)


TYPE = StatusPageType(
    name="statuspage",
    title="Statuspage",
    tell=tell,
    told=told,
    look=look,
    found=found,
    plan=plan,
    look_planned=look,
    found_planned=found_planned,
)
