"""An incident whole, as one file to keep: Markdown for people, JSON for programs. Nothing of it has to be looked up."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.api import notifications
from router.api.finding import incident_named
from router.api.postmortems import of
from router.api.shown import child, shown
from router.console.markdown import markdown
from router.console.runbook import shown as worked_through
from router.console.rungs import rungs
from router.console.story import joined
from router.context import Context
from router.problems import Problem
from rules.incident import Incident
from rules.postmortem.reading import blanks
from rules.record import as_data
from workers.telling.tried import Attempts

LINES = 5000
"""Lines of the history that go into Markdown; JSON has all of them."""


class Export:
    """The endpoint. Redis' errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def show(self, request: Request) -> dict[str, Any]:
        """`?format=json` (by default) or `md`, which comes as a text under `markdown`. Raises Problem 404 and 422."""
        form = request.query_params.get("format", "json")
        if form not in ("json", "md"):
            raise Problem(422, "format: expected json or md")

        def read() -> dict[str, Any]:
            incident = incident_named(self._context.store, request.path_params["id"])
            if form == "json":
                return as_json(self._context, incident)
            return {"id": incident.id, "markdown": as_markdown(self._context, incident)}

        return await run_in_threadpool(read)


def as_json(context: Context, incident: Incident) -> dict[str, Any]:
    """Everything that is kept of it. Who was told what stands under `attempts`, as far as it is still kept (a week)."""
    record = of(context).read(incident)
    return {
        **shown(incident, context.clock.now()),
        "exported_at": context.clock.now(),
        "timeline": as_data(context.store.timeline(incident.id)),
        "attempts": [notifications.shown(one) for one in Attempts(context.redis).of(incident.id)],
        "children": [child(one) for one in context.store.children(incident.id)],
        "postmortem": None
        if record is None
        else {**as_data(record), "stage": record.stage, "blanks": blanks(record.text)},
    }


def as_markdown(context: Context, incident: Incident) -> str:
    """The incident, and below it its post-mortem, if it needs one."""
    config = context.in_force.ruleset.config
    told, _ = context.store.recent(incident.id, 0, LINES)
    progress = worked_through(context, incident)
    lines = joined(told, Attempts(context.redis).of(incident.id))
    whole = markdown(incident, rungs(incident, config), lines, config, context.clock.now(), progress)
    record = of(context).read(incident)
    return whole if record is None else f"{whole}\n---\n\n{record.text}"
