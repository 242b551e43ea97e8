"""`/incidents/{id}`: one incident whole: what comes next, what happened, what belongs to it, and the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from router.accounts.audit import What
from router.api.briefings import brief
from router.api.export import as_json, as_markdown
from router.api.shown import child
from router.api.tracing import Tracing
from router.console.acts import acts, choices, given
from router.console.answering import answered, command
from router.console.because import Because, because, changed
from router.console.coming import coming, name_of
from router.console.markdown import markdown
from router.console.postmortems import afterwards
from router.console.responding import responding
from router.console.routes import Page, Refused
from router.console.runbook import RunbookPage, others, shown
from router.console.rungs import rungs
from router.console.story import Line, joined
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from rules.incident import Incident, Signal
from rules.record import encode
from rules.responding import briefing
from rules.responding.assessment import assessment
from rules.responding.triage import Found
from workers.store import Ambiguous
from workers.telling.compose import where
from workers.telling.tried import Attempts

LINES, SIGNALS, CHILDREN, LINKS = 100, 50, 20, 10
"""So many of each on one page."""
OPENING = 20
"""Among the first lines of a history is the one that says which delivery opened it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a long list: pages count from 1."""

    page: int
    pages: int
    total: int


class IncidentPage:
    """The page, its file, and its buttons."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tracing = Tracing(context)
        self._attempts = Attempts(context.redis)

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/incidents/{id}.md", "GET", self.write),
            Page("/incidents/{id}.json", "GET", self.data),
            Page("/incidents/{id}", "GET", self.show),
            Page("/incidents/{id}/act", "POST", self.act, needs=Role.RESPONDER),
            *RunbookPage(self._context, self.find).pages(),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: the incident; `?page=` of its history, `?alerts=` of its signals, `?order=oldest` turns it round."""
        incident = await run_in_threadpool(self.find, visit)
        if incident.id != visit.request.path_params["id"]:
            return RedirectResponse(f"/incidents/{incident.id}", 303)
        return await run_in_threadpool(self._drawn, visit, incident)

    async def act(self, visit: Visit) -> Response:
        """POST: what a button asks; then back, saying what came of it, also where somebody else was quicker."""
        what = visit.form.get("do", "")
        asked = given(what, visit.form)
        incident = await run_in_threadpool(self.find, visit)
        outcome = await run_in_threadpool(command, visit, what, asked, [incident.id])
        if outcome.done:
            await visit.audited(What.ANSWERED, answered(what, outcome.done))
        # Whoever ticks the list goes on ticking it.
        to = f"/incidents/{incident.id}" + ("#verify" if what in ("tick", "untick") else "")
        return visit.back(to, outcome.text, wrong=outcome.wrong, undo=outcome.undo, place=outcome.place)

    async def write(self, visit: Visit) -> Response:
        """GET: all of it as Markdown, to keep."""

        def written() -> Response:
            incident = self.find(visit)
            return _file(f"incident-{incident.id}.md", "text/markdown", as_markdown(self._context, incident).encode())

        return await run_in_threadpool(written)

    async def data(self, visit: Visit) -> Response:
        """GET: all of it as JSON, for programs."""

        def written() -> Response:
            incident = self.find(visit)
            name = f"incident-{incident.id}.json"
            return _file(name, "application/json", encode(as_json(self._context, incident)))

        return await run_in_threadpool(written)

    def find(self, visit: Visit) -> Incident:
        """The incident whose id begins as the address says. Raises Refused 404."""
        part, store = visit.request.path_params["id"], self._context.store
        try:
            whole = store.full_id(part)
        except Ambiguous:
            raise Refused(404, "Several incidents begin so", f"Write more of the id than {part[:20]}.") from None
        incident = store.incident(whole) if whole else None
        if incident is None:
            text = "It was resolved more than 400 days ago and is forgotten, or its id is misspelt."
            raise Refused(404, "There is no such incident", text)
        return incident

    def _drawn(self, visit: Visit, incident: Incident) -> Response:
        config = self._context.in_force.ruleset.config
        story, part = self._story(visit, incident)
        signals, alerts = _signals(visit, incident)
        pressed, asking = acts(incident, visit.visitor.name, visit.now)
        children = self._context.store.children(incident.id)
        after = afterwards(self._context, incident)
        who = incident.assignee or incident.acknowledged_by
        return visit.page(
            "incident.html",
            incident=incident,
            place=where(incident),
            who=name_of(config, who) if who else None,
            coming=after.coming or coming(incident, config),
            response=responding(incident, config, visit.now),
            rungs=rungs(incident, config),
            story=story,
            part=part,
            oldest_first=_oldest_first(visit),
            signals=signals,
            alerts=alerts,
            pressed=pressed,
            asking=[(act, choices(act, incident, config)) for act in asking],
            because=self._because(visit, incident),
            at=shown(self._context, incident),
            others=others(self._context, incident.runbook),
            children=[child(one) for one in children[:CHILDREN]],
            more_children=max(0, len(children) - CHILDREN),
            links=_links(incident),
            assessed=assessment(incident.response.findings),
            findings=sorted(incident.response.findings, key=lambda one: one.outcome == Found.OK),
            tells_world=bool(config.status_pages),
            brief=briefing.as_markdown(brief(self._context, incident), visit.now),
            markdown=self._markdown(visit, incident, story if _oldest_first(visit) else story[::-1]),
            after=after,
        )

    def _story(self, visit: Visit, incident: Incident) -> tuple[list[Line], Part]:
        number, attempts = _number(visit, "page"), self._attempts.of(incident.id)
        lines, total = self._context.store.recent(incident.id, (number - 1) * LINES, LINES)
        pages = max(1, -(-total // LINES))
        story = joined(lines, attempts, pending=number == 1)
        return (story if _oldest_first(visit) else story[::-1]), Part(number, pages, total)

    def _because(self, visit: Visit, incident: Incident) -> Because:
        opening = self._context.store.beginning(incident.id, OPENING)
        lines, _ = self._context.store.recent(incident.id, 0, LINES)
        then = changed(incident, [*opening, *lines], self._context.in_force.ruleset.config)
        return because(self._tracing.incident(incident, opening), visit.now, then)

    def _markdown(self, visit: Visit, incident: Incident, lines: Sequence[Line]) -> str:
        """What the page shows, as Markdown."""
        config = self._context.in_force.ruleset.config
        at = shown(self._context, incident)
        return markdown(incident, rungs(incident, config), lines, config, visit.now, at)


def _file(name: str, media_type: str, body: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)


def _signals(visit: Visit, incident: Incident) -> tuple[list[Signal], Part]:
    """Those that fire first, the latest of them first."""
    ordered = sorted(incident.signals.values(), key=lambda one: (not one.firing, -one.last_seen))
    pages = max(1, -(-len(ordered) // SIGNALS))
    number = min(_number(visit, "alerts"), pages)
    part = list(islice(ordered, (number - 1) * SIGNALS, number * SIGNALS))
    return part, Part(number, pages, len(ordered))


def _links(incident: Incident) -> list[tuple[str, str]]:
    """Where else to look: the page itself decides which of them a person may follow."""
    found = {link.url: link.text for link in incident.response.links}
    if incident.url:
        found.setdefault(incident.url, "its source")
    for one in incident.signals.values():
        if one.url and one.url not in found:
            found[one.url] = one.source
        if len(found) >= LINKS:
            break
    return [(url, name) for url, name in found.items() if url]


def _oldest_first(visit: Visit) -> bool:
    return visit.asked.get("order") == "oldest"


def _number(visit: Visit, name: str) -> int:
    text = visit.asked.get(name, "1")
    return max(1, int(text[:4])) if text.isascii() and text.isdigit() else 1
