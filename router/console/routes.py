"""Every page of the console in one table, with the least role that may open it: what is not in it does not exist."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from router.accounts.entry import visitor_of
from router.console.banner import Banner
from router.console.frame import drawn
from router.console.visit import Visit
from router.console.visitor import Role, Visitor
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from router.same_site import came_from, foreign
from workers.ledger import Busy, NoIncident

FORM_LIMIT = 64 * 1024
MOST_FIELDS = 2000
Endpoint = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address: GET shows and changes nothing, POST changes."""

    path: str
    method: str
    endpoint: Endpoint
    needs: Role = Role.VIEWER
    longest: int = FORM_LIMIT
    """Bytes of a form."""


def routes(context: Context, pages: Sequence[Page]) -> list[Route]:
    """The table as routes, each behind its door."""
    door = Door(context)
    return [Route(page.path, door.opens(page), methods=[page.method]) for page in pages]


class Refused(Exception):
    """The answer is a page that says why nothing was shown or done."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status, self.title, self.text = status, title, text


class Door:
    """Who may pass, and what they hear when something is in the way."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._banner = Banner(context)

    def opens(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one page."""

        async def answered(request: Request) -> Response:
            try:
                visitor = await visitor_of(self._context, request)
                if visitor is None:
                    return _to_sign_in(request)
                return await page.endpoint(await self._visit(page, request, visitor))
            except Refused as why:
                return refusal(why, back=came_from(request))
            except NoIncident:
                gone = Refused(404, "This incident is gone", "It was resolved long ago and is forgotten.")
                return refusal(gone, back=came_from(request))
            except Problem as wrong:
                return told(request, wrong)
            except Busy:
                busy = Refused(503, f"{untitled(request)} yet", "Many are writing to this. Please try again.")
                return refusal(busy, back=came_from(request))
            except RedisError:
                return refusal(AWAY, back=came_from(request))

        return answered

    async def _visit(self, page: Page, request: Request, visitor: Visitor) -> Visit:
        if not visitor.may(page.needs):
            text = f"This needs the role {page.needs}; yours is {visitor.role}. An admin can change that."
            raise Refused(403, "Not for your role", text)
        fields = await _form(page, request, visitor) if page.method == "POST" else []
        # A form changes something and is answered by a redirect: no banner is drawn then.
        troubles = await run_in_threadpool(self._banner.lines) if page.method == "GET" else ()
        chosen = tuple(value for name, value in fields if name == "chosen")
        now = self._context.clock.now()
        return Visit(request, visitor, self._context, now, dict(fields), chosen, troubles)


async def own_form(request: Request, longest: int = FORM_LIMIT) -> list[tuple[str, str]]:
    """What was sent with a POST. Raises Refused when it does not come from a page of ours, and Problem 413."""
    if foreign(request):
        raise Refused(403, "Nothing was done", "Another site pressed this button. Please press it on the page itself.")
    body = await read_body(headers_of(request.scope["headers"]), request.receive, longest)
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(422, "Nothing was done", "The form has more fields than ours. Please go back.") from None


async def _form(page: Page, request: Request, visitor: Visitor) -> list[tuple[str, str]]:
    fields = await own_form(request, page.longest)
    if not visitor.carries(dict(fields).get("csrf", "")):
        text = "This page was open for too long, or you have signed in anew. Please go back, reload it, and try again."
        raise Refused(403, "Nothing was done", text)
    return fields


def refusal(why: Refused, headers: Mapping[str, str] | None = None, back: str = "") -> Response:
    """The page that says why, with the way back to a page of ours."""
    response = drawn("console/refused.html", why.status, title=why.title, text=why.text, near="", back=back)
    response.headers.update(headers or {})
    return response


def told(request: Request, wrong: Problem) -> Response:
    """A problem as a page."""
    return refusal(Refused(wrong.status, untitled(request), wrong.detail), wrong.headers, came_from(request))


def untitled(request: Request) -> str:
    """What is said above a refusal without a title of its own: whoever only looked wanted nothing done."""
    return "Nothing was done" if request.method == "POST" else "This cannot be shown"


AWAY = Refused(
    503,
    "Tocsin cannot reach its memory",
    "Redis does not answer. Deliveries are kept on disk meanwhile, and promises are kept as soon as it is back."
    " Please try again in a moment.",
)


def _to_sign_in(request: Request) -> Response:
    """The path alone: a redirect is never built from the Host header, which anybody may write."""
    if request.method != "GET":
        return refusal(
            Refused(403, "Nothing was done", "You are not signed in any more. Please sign in, and try again.")
        )
    after = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/sign-in?{urlencode({'then': after})}", 303)
