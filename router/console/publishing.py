"""`/incidents/{id}/publish`: what the world reads of an incident, and the form to tell it, seen before it is public.

GET with fields shows exactly what would become public and changes nothing; only the POST of that very page publishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.announce_commands import AskedToPublish
from router.console.routes import Page, Refused
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from rules.announcing.public import Health, Publication, PublicStatus
from rules.announcing.public_commands import Publish
from rules.incident import Incident
from rules.transitions.on_public import still_said
from workers import ledger
from workers.store import Ambiguous

COMPONENT = "component:"
"""How the fields of components begin; the component's name follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become public."""

    title: str
    status: str
    text: str
    components: dict[str, str]
    pages: list[str]


class PublishingPage:
    """The page and its form."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/incidents/{id}/publish", "GET", self.show, needs=Role.RESPONDER),
            Page("/incidents/{id}/publish", "POST", self.publish, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: the form; with a text, what would become public."""
        incident = await run_in_threadpool(self._find, visit)
        tried, wrong = visit.asked, ""
        preview: Preview | None = None
        if tried.get("text", "").strip():
            try:
                preview = self._preview(visit, incident)
            except Problem as problem:
                wrong = problem.detail
        return visit.page("publish.html", **self._told(incident), tried=tried, preview=preview, wrong=wrong)

    async def publish(self, visit: Visit) -> Response:
        """POST: it is public from now on; back to the incident, saying so."""

        incident = await run_in_threadpool(self._find, visit)
        to = f"/incidents/{incident.id}"
        command = await run_in_threadpool(self._command, visit.form, visit)
        try:
            await run_in_threadpool(self._context.ledger.answer, incident.id, command)
        except ledger.Refused as why:
            return visit.back(f"{to}/publish", str(why), wrong=True)
        await visit.audited(What.PUBLISHED, incident.id)
        return visit.back(to, "Published. The history says when each page has it.")

    def _told(self, incident: Incident) -> dict[str, Any]:
        config = self._context.in_force.ruleset.config
        public = incident.response.public
        return {
            "incident": incident,
            "public": public,
            "still": still_said(incident),
            "pages": list(config.status_pages),
            "components": sorted({name for page in config.status_pages.values() for name in page.components}),
            "statuses": list(PublicStatus),
            "healths": list(Health),
        }

    def _command(self, form: dict[str, str], visit: Visit) -> Publish:
        """Raises Problem 422 with a sentence about the first field that is wrong."""
        components = {name[len(COMPONENT) :]: value for name, value in form.items() if name.startswith(COMPONENT)}
        said: dict[str, object] = {
            name: form[name] for name in ("text", "title", "status") if form.get(name, "").strip()
        }
        said["components"] = {name: value for name, value in components.items() if value}
        try:
            asked = AskedToPublish.model_validate({**said, "by": visit.visitor.name, "via": "console"})
        except ValidationError as wrong:
            first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "the form"
            raise Problem(422, f"{field}: {first['msg'].removeprefix('Value error, ')}. Please go back.") from None
        command = asked.command(self._context.ledger.roster())
        assert isinstance(command, Publish)  # noqa: S101 - what this body becomes
        return command

    def _preview(self, visit: Visit, incident: Incident) -> Preview:
        command, public = self._command(visit.asked, visit), incident.response.public
        last: Publication | None = public.last if public is not None else None
        title = command.title or (last.title if last is not None else "")
        if not title:
            raise Problem(422, "The first publication needs a title: what the public reads above it.")
        status = command.status or (last.status if last is not None else PublicStatus.INVESTIGATING)
        return Preview(
            title=title,
            status=status.value,
            text=command.text,
            components={name: health.value for name, health in command.components.items()},
            pages=list(dict.fromkeys([*(public.pages if public is not None else ()), *command.pages])),
        )

    def _find(self, visit: Visit) -> Incident:
        """Raises Refused 404."""
        part, store = visit.request.path_params["id"], self._context.store
        try:
            whole = store.full_id(part)
        except Ambiguous:
            whole = None
        incident = store.incident(whole) if whole else None
        if incident is None:
            raise Refused(404, "There is no such incident", "It is forgotten, or its id is misspelt.")
        return incident
