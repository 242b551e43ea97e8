"""`/a/{token}`: the page behind the link in a notification. Looking changes nothing: scanners look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.answering.pages import HEADERS, notice, page
from router.context import Context
from router.requests import headers_of, read_body
from router.same_site import foreign
from rules.commands import Acknowledge, Command, Resolve
from rules.incident import Incident, State
from rules.responding.response_commands import Tick
from rules.responding.verification import Line, checklist, to_verify
from workers.ledger import Busy, NoIncident
from workers.ledger import Refused as CannotBe
from workers.plain import clock, plain, since
from workers.telling.links import Link, LinkExpired, LinkForged, read_link

VIA = "link"
NAMELESS = "Please write your name, so that the others know who has it."
_FORM_LIMIT = 4096
_NAME_LIMIT = 80


class Refused(Exception):
    """The answer is a page that says why nothing was done."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.page = notice(status, title, text)


class Answer:
    """The page and its two buttons."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def show(self, request: Request) -> Response:
        """GET: who has it, and the buttons."""
        try:
            link = self.link(request)
            return self._page(request, link, await self.incident(link))
        except Refused as why:
            return why.page

    async def act(self, request: Request) -> Response:
        """POST: acknowledge or resolve, then back to the page, which says who has it now."""
        try:
            same_site(request)
            link = self.link(request)
            form = await form_of(request)
            by = self.name(link, form)
            if not by:
                return self._page(request, link, await self.incident(link), NAMELESS)
            try:
                await self._obeyed(link.incident, _command(form, by))
            except CannotBe as why:
                return self._page(request, link, await self.incident(link), str(why))
        except Refused as why:
            return why.page
        return RedirectResponse(request.url.path, 303, headers=HEADERS)

    def link(self, request: Request) -> Link:
        """What the address says. Raises Refused when it is no link of ours, or none any more."""
        try:
            return read_link(request.path_params["token"], self._context.secrets, self._context.clock.now())
        except LinkExpired:
            text = "Links are good for seven days. Open the newest notification, or answer with `tocsin incidents ack`."
            raise Refused(410, "This link has expired", text) from None
        except LinkForged:
            text = "Its address is incomplete or was changed. Open it from the notification itself."
            raise Refused(403, "This is not a link of ours", text) from None

    async def incident(self, link: Link) -> Incident:
        """The incident it leads to. Raises Refused when there is none, or nobody can look now."""
        try:
            found = await run_in_threadpool(self._context.store.incident, link.incident)
        except RedisError:
            raise _away() from None
        if found is None:
            raise _gone()
        return found

    async def answer(
        self, incident_id: str, command: Command, unless: Callable[[Incident], str] = lambda _: ""
    ) -> Incident:
        """What a person asks, done. Raises Refused with the page that says why it was not."""
        try:
            return await self._obeyed(incident_id, command, unless)
        except CannotBe as why:
            raise Refused(409, "Nothing was done", str(why)) from None

    async def _obeyed(
        self, incident_id: str, command: Command, unless: Callable[[Incident], str] = lambda _: ""
    ) -> Incident:
        """The same. Raises the ledger's own refusal, for whoever has a page to say it on."""
        try:
            return await run_in_threadpool(self._context.ledger.answer, incident_id, command, unless)
        except NoIncident:
            raise _gone() from None
        except (RedisError, Busy):
            raise _away() from None

    def name(self, link: Link, form: dict[str, str]) -> str:
        """Who answers: whose link it is, else the name they give, which nobody has verified; "" without one."""
        if link.person is not None:
            return link.person
        given = plain(form.get("name", ""), _NAME_LIMIT)
        return f"{given} (unverified)" if given else ""

    def _page(self, request: Request, link: Link, incident: Incident, wrong: str = "") -> Response:
        now = self._context.clock.now()
        checks = [_check(one, now) for one in checklist(incident, now)]
        return page(
            "answer.html",
            422 if wrong else 200,
            checks=checks,
            left=sum(not one.done for one in checks),
            incident=incident,
            title=plain(incident.title, 300),
            since=since(incident.opened_at, now),
            standing=standing(incident, now),
            may_acknowledge=incident.state is State.TRIGGERED,
            person=link.person,
            runbook=incident.runbook,
            here=request.url.path,
            wrong=wrong,
            nameless=wrong == NAMELESS,
        )


def standing(incident: Incident, now: float) -> str:
    """Who has it, in one sentence."""
    if incident.state is State.RESOLVED:
        return f"Resolved{_by(incident.resolved_by)}{_when(incident.resolved_at, now)}."
    if to_verify(incident):
        return f"Recovered{_when(incident.recovered_at, now)}; it stays open until somebody has verified it."
    if incident.state is State.RECOVERED:
        return f"Recovered{_when(incident.recovered_at, now)}; it counts as resolved if it stays quiet."
    has = incident.assignee or incident.acknowledged_by
    if incident.state is State.MITIGATED:
        return f"Mitigated{_when(incident.mitigated_at, now)}. {has or 'Nobody'} has it."
    if has:
        return f"{has} has it{', since' if incident.acknowledged_at else ''}{_time(incident.acknowledged_at, now)}."
    return "Nobody has it yet."


def _by(who: str | None) -> str:
    return f" by {who}" if who else ""


def _when(at: float | None, now: float) -> str:
    return f" at{_time(at, now)}" if at is not None else ""


def _time(at: float | None, now: float) -> str:
    return f" {clock(at, now)}" if at is not None else ""


@dataclass(frozen=True, slots=True)
class Check:
    """One item of the checklist on this page."""

    id: str
    text: str
    done: bool
    said: str


def _check(line: Line, now: float) -> Check:
    by = f"{plain(line.ticked.by, 80)}, {clock(line.ticked.at, now)}" if line.ticked is not None else line.said
    return Check(line.item.id, plain(line.item.text, 300), line.done, by)


def _command(form: dict[str, str], by: str) -> Command:
    action, _, item = form.get("action", "").partition(" ")
    if action == "acknowledge":
        return Acknowledge(by=by, via=VIA)
    if action == "tick" and item:
        return Tick(item=item, by=by, via=VIA)
    if action == "resolve":
        return Resolve(by=by, via=VIA, override=plain(form.get("override", ""), 1000) or None)
    raise Refused(422, "Nothing was done", "The form asked for neither acknowledge nor resolve. Please go back.")


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form of ours. Raises Refused for one with many more."""
    body = await read_body(headers_of(request.scope["headers"]), request.receive, _FORM_LIMIT)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
    except ValueError:
        raise Refused(422, "Nothing was done", "The form has more fields than ours. Please go back.") from None


def same_site(request: Request) -> None:
    """Return when the form was on a page of ours. Raises Refused."""
    if foreign(request):
        raise Refused(403, "Nothing was done", "Another site pressed this button. Open the link from the notification.")


def _away() -> Refused:
    return Refused(
        503, "Nothing was done yet", "Tocsin cannot reach its memory right now. Please try again in a moment."
    )


def _gone() -> Refused:
    return Refused(404, "This incident is gone", "It was resolved long ago and has been forgotten.")
