"""`/maintenance`: one button that silences what is worked on, with the words for everybody else ready to paste."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.maintenance import Maintenances
from router.api.maintenance_commands import AskedToMaintain
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from rules.event import Severity
from workers.plain import clock

LASTS = ("15m", "30m", "1h", "2h", "4h", "8h")
LONGER = ("15m", "30m", "1h", "2h")


class MaintenancePage:
    """The page and its three forms."""

    def __init__(self, context: Context) -> None:
        self._all = Maintenances(context)

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/maintenance", "GET", self.show),
            Page("/maintenance/start", "POST", self.start, needs=Role.RESPONDER),
            Page("/maintenance/prolong", "POST", self.prolong, needs=Role.RESPONDER),
            Page("/maintenance/end", "POST", self.end, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: what is on and what is to come, each with its words, and the form."""
        return await self._page(visit)

    async def start(self, visit: Visit) -> Response:
        """POST: begin; what makes no sense is told beside the form, which keeps what was said."""
        try:
            begun = await run_in_threadpool(self._all.start, _asked(visit))
        except Problem as wrong:
            return await self._page(visit, wrong.status, visit.form, wrong.detail)
        await visit.audited(What.MAINTAINED, f"{begun['name']} of {begun['service']}")
        begins = "" if begun["active"] else f" from {clock(begun['from'], visit.now)}"
        text = f"Maintenance of {begun['service']}{begins} until {clock(begun['until'], visit.now)}: nobody is paged."
        return visit.back("/maintenance", " ".join([text, *begun["doubts"], "What to say to others is below."]))

    async def prolong(self, visit: Visit) -> Response:
        """POST: more time."""
        name, lasts = visit.form.get("name", ""), visit.form.get("for", "")
        longer = await run_in_threadpool(self._all.longer, name, lasts, visit.visitor.name)
        until = clock(longer["until"], visit.now)
        await visit.audited(What.MAINTENANCE_PROLONGED, f"{name} until {until}")
        return visit.back("/maintenance", f"Maintenance of {longer['service']} goes on until {until}.")

    async def end(self, visit: Visit) -> Response:
        """POST: over; says what still burns."""
        ended = await run_in_threadpool(self._all.stop, visit.form.get("name", ""), visit.visitor.name)
        if not ended["changed"]:
            return visit.back("/maintenance", f"It has been over since {clock(ended['until'], visit.now)}.")
        await visit.audited(What.MAINTENANCE_ENDED, ended["ended"])
        return visit.back("/maintenance", _ended(ended["burning"]))

    async def _page(
        self, visit: Visit, status: int = 200, tried: Mapping[str, str] | None = None, wrong: str = ""
    ) -> Response:
        found = await run_in_threadpool(self._all.all)
        ruleset = visit.context.in_force.ruleset
        return visit.page(
            "maintenance.html",
            status,
            on=[one for one in found if one["active"]],
            coming=[one for one in found if not one["active"] and not one["over"]],
            past=[one for one in reversed(found) if one["over"]],
            sources=sorted(ruleset.config.sources),
            channels={one: ", ".join(ruleset.config.severities[one].channels) for one in Severity},
            lasts=LASTS,
            longer=LONGER,
            tried=tried or {},
            chosen=visit.chosen,
            wrong=wrong,
            scope=_scope,
        )


def _asked(visit: Visit) -> AskedToMaintain:
    """Raises Problem 422 for what a form of ours cannot have sent."""
    form = visit.form
    said: dict[str, Any] = {
        "by": visit.visitor.name,
        "service": form.get("service", ""),
        "reason": form.get("reason", "").strip() or "planned maintenance",
        "severity": form.get("severity", "P4"),
        "sources": list(visit.chosen),
    }
    if form.get("start"):
        said["start"] = form["start"]
    if form.get("end"):
        said["end"] = form["end"]
        # An end by the clock needs a beginning by the clock.
        said.setdefault("start", f"{datetime.fromtimestamp(visit.now, UTC):%Y-%m-%dT%H:%M}")
    else:
        said["for"] = form.get("for", "")
    try:
        return AskedToMaintain.model_validate(said)
    except ValidationError as wrong:
        field = str(wrong.errors(include_url=False, include_input=False)[0]["loc"][0])
        raise Problem(422, f"Please fill in “{field}”; 200 characters at most.") from None


def _scope(what: Mapping[str, Any]) -> str:
    """`source shop-uptime`, `label service=api`."""
    parts = [f"label {name}={_either(value)}" for name, value in (what.get("labels") or {}).items()]
    if what.get("source"):
        parts.append(f"source {_either(what['source'])}")
    return "; ".join(parts) or "everything"


def _either(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def _ended(burning: list[dict[str, Any]]) -> str:
    if not burning:
        return "The maintenance is over. Nothing that it held back still burns."
    named = ", ".join(f"{one['severity']} {one['title']}" for one in burning[:3])
    more = f" and {len(burning) - 3} more" if len(burning) > 3 else ""
    return f"The maintenance is over. Still burning, and told now: {named}{more}."
