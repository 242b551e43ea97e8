"""Instatus, API v1 (instatus.com/help/api): an incident and `incident-updates` of it; so it is with maintenances.

It takes no mark of ours: whether an earlier try has got through is seen by the incident's name and begin, and by the
words of its updates.
"""

from __future__ import annotations

from typing import Any

import orjson

from rules.announcing.planned import Phase
from rules.announcing.public import Health
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import HttpRequest, Reply
from workers.status_pages.contract import ANSWER, Planned, StatusPageType, Telling, Told, content, ids, iso, known

API = "https://api.instatus.com"
_STATUS = {
    Health.OPERATIONAL: "OPERATIONAL",
    Health.DEGRADED: "DEGRADEDPERFORMANCE",
    Health.PARTIAL: "PARTIALOUTAGE",
    Health.MAJOR: "MAJOROUTAGE",
    Health.MAINTENANCE: "UNDERMAINTENANCE",
}
_PHASE = {Phase.SCHEDULED: "NOTSTARTEDYET", Phase.IN_PROGRESS: "INPROGRESS", Phase.COMPLETED: "COMPLETED"}


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
    return _request(_incidents(telling), page, "POST", "/incident-updates", orjson.dumps(said))


def plan(planned: Planned, page: StatusPageConfig) -> HttpRequest:
    """A maintenance, or the next update of it. It never changes by itself over there."""
    says, components = planned.says, known(planned, page)
    done = says.phase is Phase.COMPLETED
    said: dict[str, Any] = {
        "message": says.text,
        "status": _PHASE[says.phase],
        "notify": page.notify,
        "components": components,
        "statuses": [{"id": one, "status": "OPERATIONAL" if done else "UNDERMAINTENANCE"} for one in components]
        if says.phase is not Phase.SCHEDULED
        else [],
        "end": iso(says.until),
    }
    if planned.id is None:
        minutes = max(1, round((says.until - planned.start) / 60))
        said |= {"name": planned.title, "start": iso(planned.start), "duration": minutes}
        said |= dict.fromkeys(("autoStart", "autoEnd", "notifyStart", "notifyEnd"), False)
    else:
        said["started"] = iso(planned.now)
    return _request(_maintenances(planned), page, "POST", "/maintenance-updates", orjson.dumps(said))


def look(telling: Telling, page: StatusPageConfig) -> HttpRequest:
    """The incident as it stands there; or the latest, ours perhaps among them."""
    return _request(_incidents(telling), page, "GET")


def look_planned(planned: Planned, page: StatusPageConfig) -> HttpRequest:
    """The maintenance as it stands there; or the latest, ours perhaps among them."""
    return _request(_maintenances(planned), page, "GET")


def _incidents(telling: Telling) -> tuple[str, str | None]:
    return "incidents", telling.id


def _maintenances(planned: Planned) -> tuple[str, str | None]:
    return "maintenances", planned.id


def _request(
    of: tuple[str, str | None], page: StatusPageConfig, method: str, below: str = "", body: bytes = b""
) -> HttpRequest:
    kind, known_as = of
    where = f"{page.api or API}/v1/{page.page}/{kind}" + (f"/{known_as}{below}" if known_as else "")
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


def found_planned(planned: Planned, reply: Reply) -> tuple[Told, bool] | None:
    """Is it there, and does it say this already? Raises `Undelivered`."""
    answer = content(reply, "Instatus")
    for one in answer if isinstance(answer, list) else [answer]:
        named = one.get("name") == planned.title and str(one.get("start"))[:19] == iso(planned.start)[:19]
        if one.get("id") == planned.id or named:
            says = (str(each.get("message")) == planned.says.text for each in one.get("updates") or [])
            return Told(id=str(one["id"])), any(says)
    return None


TYPE = StatusPageType(
    name="instatus",
    title="Instatus",
    tell=tell,
    told=told,
    look=look,
    found=found,
    plan=plan,
    look_planned=look_planned,
    found_planned=found_planned,
)
