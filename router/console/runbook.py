"""`/incidents/{id}/runbook`: the steps of a runbook, ticked with name and time, and its questions, answered."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router import runbooks
from router.accounts.audit import What
from router.console.coming import name_of
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from rules.incident import Incident
from rules.responding.response_commands import Tick, Untick
from rules.runbooks.progress import Progress
from workers.ledger import Refused

VIA = "console"


class RunbookPage:
    """The page of one runbook for one incident, and its buttons."""

    def __init__(self, context: Context, find: Callable[[Visit], Incident]) -> None:
        self._context = context
        self._find = find

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/incidents/{id}/runbook", "POST", self.work, needs=Role.RESPONDER),
            Page("/incidents/{id}/runbook/{name}", "GET", self.show),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: any runbook of the rules, with what has been done of it for this incident."""

        def drawn() -> Response:
            incident = self._find(visit)
            at = runbooks.needed(incident, self._context.in_force.ruleset.runbooks, visit.request.path_params["name"])
            return visit.page(
                "runbook.html", incident=incident, at=at, others=others(self._context, at.runbook.name), alone=True
            )

        return await run_in_threadpool(drawn)

    async def work(self, visit: Visit) -> Response:
        """POST: a step is done, or a question answered; then back to where it was pressed."""

        def worked() -> tuple[str, str, str, bool]:
            incident = self._find(visit)
            name = visit.form.get("runbook") or None
            at = runbooks.needed(incident, self._context.in_force.ruleset.runbooks, name)
            command = runbooks.pressed(at, visit.form, visit.visitor.name, VIA)
            back = _back(visit, incident, at, command.item)
            try:
                after = self._context.ledger.answer(incident.id, command, runbooks.closed)
            except Refused as why:
                return incident.id, back, str(why), True
            return incident.id, back, self._truth(visit, command, incident, after), False

        name, back, text, wrong = await run_in_threadpool(worked)
        if not wrong:
            await visit.audited(What.WORKED_THROUGH, f"{name}: {text}")
        return visit.back(back, text, wrong=wrong)

    def _truth(self, visit: Visit, command: Tick | Untick, before: Incident, after: Incident) -> str:
        """What came of it, also when somebody else was quicker."""
        if isinstance(command, Untick):
            return f"Taken back: {command.words}"
        if command.answer:
            return f"Decided: {command.words} {command.answer} \u2192 {command.leads}"
        done = after.response.ticks.get(command.item)
        if done is not None and done.by != visit.visitor.name and command.item in before.response.ticks:
            return f"{name_of(self._context.in_force.ruleset.config, done.by)} had done it already: {command.words}"
        return f"Done: {command.words}"


def shown(context: Context, incident: Incident) -> Progress | None:
    """The runbook of the incident's own rule, for its page."""
    return runbooks.progress(incident, context.in_force.ruleset.runbooks)


def others(context: Context, name: str | None) -> list[str]:
    """The names of every other runbook."""
    return sorted(set(context.in_force.ruleset.runbooks) - {name})


def _back(visit: Visit, incident: Incident, at: Progress, item: str) -> str:
    """The page it was pressed on, at the step; a question is asked somewhere in the runbook."""
    own = f"/incidents/{quote(incident.id, safe='')}"
    name = visit.form.get("runbook", "")
    on_its_page = visit.form.get("back", "").startswith(f"{own}/runbook/")
    step = next((f"#step-{one.number}" for one in at.runbook.steps if one.id == item), "")
    return f"{own}/runbook/{quote(name, safe='')}{step}" if on_its_page and name else f"{own}{step or '#runbook'}"
