"""`/checks`: what Tocsin looks at by itself, what each check found last, and a button that looks now."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.checks import ask, result_of, standings
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.problems import Problem
from rules.responding.triage import Found
from workers.triage import deployments

DEPLOYMENTS = 5
"""So many of the latest are shown."""


class ChecksPage:
    """The list, and its buttons."""

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/checks", "GET", self.show),
            Page("/checks/{name}/run", "POST", self.run, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: all of them, what is wrong first."""

        def drawn() -> Response:
            found = sorted(standings(visit.context), key=lambda one: (not one.bad, one.name))
            lately = deployments.lately(visit.context.redis, DEPLOYMENTS)
            return visit.page("checks.html", checks=found, deployments=lately)

        return await run_in_threadpool(drawn)

    async def run(self, visit: Visit) -> Response:
        """POST: look now, and say what was found."""
        name, back = visit.request.path_params["name"], "/checks"
        try:
            entry = await run_in_threadpool(ask, visit.context, name, visit.visitor.name)
        except Problem as wrong:
            return visit.back(back, wrong.detail, wrong=True)
        await visit.audited(What.CHECKED, name)
        finding = await result_of(visit.context, name, entry)
        if finding is None:
            return visit.back(back, f"{name} is asked for, and no worker has run it yet.", wrong=True)
        return visit.back(back, f"{finding.text}: {finding.outcome}.", wrong=finding.outcome != Found.OK)
