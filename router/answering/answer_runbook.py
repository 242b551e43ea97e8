"""`/a/{token}/runbook`: what to do, and ticking it, behind the link in a notification. Looking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router import runbooks
from router.answering.answer import VIA, Answer, Refused, form_of, same_site, standing
from router.answering.pages import HEADERS, page
from router.context import Context
from router.problems import Problem
from rules.incident import Incident
from rules.responding.response_commands import Tick, Untick
from rules.runbooks.progress import Progress
from rules.runbooks.runbook import read
from workers.plain import plain
from workers.telling.links import Link

_NAME_LIMIT = 80


class AnswerRunbook:
    """The page, and its buttons. Whoever was told of the incident may read it, and nobody else."""

    def __init__(self, context: Context, answer: Answer) -> None:
        self._context = context
        self._answer = answer

    async def show(self, request: Request) -> Response:
        """GET: the steps, and who has done which."""
        try:
            link = self._answer.link(request)
            incident = await self._answer.incident(link)
            return self._page(request, link, incident, self._progress(request, incident))
        except Refused as why:
            return why.page

    async def act(self, request: Request) -> Response:
        """POST: a step is done, or a question answered; then back to the page."""
        try:
            same_site(request)
            link = self._answer.link(request)
            form = await form_of(request)
            incident = await self._answer.incident(link)
            at = self._progress(request, incident)
            by = self._answer.name(link, form)
            if not any(one in form for one in runbooks.BUTTONS):
                return _back(request, form)  # Somebody wrote their name and pressed Enter.
            if not by:
                said = "Please write your name, so that the others know who has done it."
                return self._page(request, link, incident, at, said)
            await self._answer.answer(link.incident, _command(at, form, by), runbooks.closed)
        except Refused as why:
            return why.page
        return _back(request, form)

    def _progress(self, request: Request, incident: Incident) -> Progress:
        """The incident's own runbook, or one that this leads to: the link opens no others."""
        written, name = self._context.in_force.ruleset.runbooks, request.path_params.get("name")
        own = runbooks.progress(incident, written)
        if own is None or name in (None, own.runbook.name):
            found = own
        else:
            found = runbooks.progress(incident, written, name) if name in _leads_to(own, written) else None
        if found is None:
            text = "The rules in force carry no such runbook for this incident."
            raise Refused(404, "There is no such runbook", text)
        return found

    def _page(self, request: Request, link: Link, incident: Incident, at: Progress, wrong: str = "") -> Response:
        now, token = self._context.clock.now(), quote(request.path_params["token"], safe="")
        return page(
            "runbook.html",
            422 if wrong else 200,
            at=at,
            incident=incident,
            title=plain(incident.title, 300),
            standing=standing(incident, now),
            now=now,
            open=incident.is_open,
            person=link.person,
            name=plain(request.query_params.get("name", ""), _NAME_LIMIT),
            wrong=wrong,
            answer=f"/a/{token}",
            to=f"/a/{token}/runbook/",
            others=self._others(incident, at),
        )

    def _others(self, incident: Incident, at: Progress) -> list[str]:
        written = self._context.in_force.ruleset.runbooks
        own = runbooks.progress(incident, written)
        known = _leads_to(own, written) | {own.runbook.name} if own is not None else frozenset()
        return sorted(known - {at.runbook.name})


def _leads_to(at: Progress, written: Mapping[str, str]) -> frozenset[str]:
    """As it is written, before others bring their trees to it."""
    return read(at.runbook.name, written[at.runbook.name]).leads_to & written.keys()


def _command(at: Progress, form: dict[str, str], by: str) -> Tick | Untick:
    try:
        return runbooks.pressed(at, form, by, VIA)
    except Problem as wrong:
        raise Refused(422, "Nothing was done", f"{wrong.detail} Please go back.") from None


def _back(request: Request, form: dict[str, str]) -> Response:
    """With the name, so that nobody writes it twice."""
    name = plain(form.get("name", ""), _NAME_LIMIT)
    query = f"?{urlencode({'name': name})}" if name else ""
    return RedirectResponse(f"{request.url.path}{query}", 303, headers=HEADERS)
