"""`/maintenance/{name}/publish`: what the world reads of planned work, and the form to tell it, seen before that.

GET with fields shows exactly what would become public and changes nothing; only the POST of that very page publishes.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.maintenance import Maintenances
from router.api.planned import AskedToAnnounce
from router.console.publishing import COMPONENT
from router.console.routes import Page, Refused
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from rules.announcing.planned import OVER
from rules.holds.maintenance import Maintenance


class PlannedPage:
    """The page and its form."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._all = Maintenances(context)

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/maintenance/{name}/publish", "GET", self.show, needs=Role.RESPONDER),
            Page("/maintenance/{name}/publish", "POST", self.publish, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: the form; with a text, what would become public."""
        one = await run_in_threadpool(self._find, visit)
        preview, wrong = None, ""
        if visit.asked.get("text", "").strip():
            try:
                preview = await run_in_threadpool(self._preview, visit, one)
            except Problem as problem:
                wrong = problem.detail
        config = self._context.in_force.ruleset.config
        return visit.page(
            "planned.html",
            one=one,
            public=await run_in_threadpool(self._all.planning.shown, one),
            pages=list(config.status_pages),
            components=sorted({name for page in config.status_pages.values() for name in page.components}),
            tried=visit.asked,
            preview=preview,
            wrong=wrong,
            over=OVER,
        )

    async def publish(self, visit: Visit) -> Response:
        """POST: it is public from now on."""
        name = visit.request.path_params["name"]
        asked = _asked(visit.form, visit.visitor.name)
        await run_in_threadpool(self._all.announce, name, asked)
        await visit.audited(What.MAINTENANCE_PUBLISHED, name)
        return visit.back("/maintenance", "Published. Whether each page says it stands beside the maintenance.")

    def _preview(self, visit: Visit, one: Maintenance) -> dict[str, Any]:
        planning, now = self._all.planning, self._context.clock.now()
        return planning.preview(one, planning.words(one, _asked(visit.asked, visit.visitor.name), now), now)

    def _find(self, visit: Visit) -> Maintenance:
        """Raises Refused 404."""
        try:
            return self._all.found(visit.request.path_params["name"], self._context.clock.now())
        except Problem:
            text = "It has been over for more than a week, or its name is misspelt."
            raise Refused(404, "There is no such maintenance", text) from None


def _asked(form: dict[str, str], by: str) -> AskedToAnnounce:
    """Raises Problem 422 with a sentence about the first field that is wrong."""
    said: dict[str, object] = {name: form[name] for name in ("text", "title", "over") if form.get(name, "").strip()}
    said["components"] = [name[len(COMPONENT) :] for name in form if name.startswith(COMPONENT)]
    try:
        return AskedToAnnounce.model_validate({**said, "by": by})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "the form"
        raise Problem(422, f"{field}: {first['msg'].removeprefix('Value error, ')}. Please go back.") from None
