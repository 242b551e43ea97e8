"""The pages before one is signed in: `/sign-in`, and `/welcome/…` behind a one-time link. Looking changes nothing."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from router.accounts import cookie
from router.accounts.account import Account, folded, wrong_name
from router.accounts.entry import visitor_of
from router.accounts.invites import Invite, Outcome
from router.accounts.limits import Limited
from router.accounts.oidc import Oidc, wait_of
from router.accounts.passwords import Busy, wrong_password
from router.accounts.registry import Registry, WrongPassword
from router.accounts.store import NoAccount
from router.console.frame import drawn
from router.console.routes import AWAY, Refused, own_form, refusal, told
from router.context import Context
from router.problems import Problem
from router.same_site import came_from, own_path

_LINK_GONE = Refused(
    410,
    "This link is used up",
    "It works once, within a day of being made. If it was not you who used it, tell an admin at once;"
    " otherwise ask for another one: `tocsin accounts invite` makes it.",
)
CROWDED = "Many are signing in at this moment. Please try again in a few seconds."
_WRONG = (
    "The name or the password is wrong. Forgotten? An admin makes a link for a new one: `tocsin accounts reset NAME`."
)


class Doorstep:
    """One per app."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = Registry(context)
        self._oidc = Oidc(context, self._registry)

    def routes(self) -> list[Route]:
        """Their addresses: these alone may be opened by anybody."""
        return [
            Route("/sign-in", _told(self.show), methods=["GET"]),
            Route("/sign-in", _told(self.sign_in), methods=["POST"]),
            Route("/sign-in/oidc", _told(self.go), methods=["GET"]),
            Route("/sign-in/oidc/back", _told(self.back), methods=["GET"]),
            Route("/welcome/{link}", _told(self.welcome), methods=["GET"]),
            Route("/welcome/{link}", _told(self.join), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """GET: the form; whoever is signed in goes on."""
        then = ours(request.query_params.get("then", "/"))
        if await visitor_of(self._context, request) is not None:
            return RedirectResponse(then, 303)
        return await self._page(then)

    async def sign_in(self, request: Request) -> Response:
        """POST: name and password."""
        form = dict(await own_form(request, 8192))
        then, name = ours(form.get("then", "/")), form.get("name", "")
        try:
            word = await self._registry.sign_in(request, name, form.get("password", ""))
        except Limited as limited:
            return await self._page(then, 429, name=name, wrong=too_often(limited), wait=limited.wait)
        except Busy:
            return await self._page(then, 503, name=name, wrong=CROWDED, wait=5)
        except WrongPassword:
            return await self._page(then, 403, name=name, wrong=_WRONG)
        return self._in(then, word)

    async def go(self, request: Request) -> Response:
        """GET: to where people sign in instead."""
        return await self._oidc.go(request, ours(request.query_params.get("then", "/")))

    async def back(self, request: Request) -> Response:
        """GET: back from there."""
        try:
            then, word = await self._oidc.back(request)
        except Limited as limited:
            raise wait_of(limited) from None
        response = self._in(ours(then), word)
        self._oidc.forget(response)
        return response

    async def welcome(self, request: Request) -> Response:
        """GET: what the link is for, and the form."""
        return self._welcome(request, await self._invite(request))

    async def join(self, request: Request) -> Response:
        """POST: the account is made, and its owner signed in."""
        form = dict(await own_form(request, 8192))
        invite = await self._invite(request)
        name = invite.name or folded(form.get("name", ""))
        wrong = self._wrong(invite, name, form)
        if wrong:
            return self._welcome(request, invite, 422, name=name, wrong=wrong)
        try:
            outcome = await self._take(request, self._known(invite, name), name, form["password"])
        except Busy:
            return self._welcome(request, invite, 503, name=name, wrong=CROWDED)
        if outcome is Outcome.GONE:
            raise _LINK_GONE
        if outcome is Outcome.TAKEN:
            text = f"Somebody signs in as {name} already. Please choose another name."
            return self._welcome(request, invite, 409, name=name, wrong=text)
        account = await self._account(invite.resets or name)
        return self._in("/", await self._registry.let_in(request, account, "password"))

    async def _take(self, request: Request, invite: Invite, name: str, password: str) -> Outcome:
        word = request.path_params["link"]
        if invite.resets is None:
            return await self._registry.join(request, word, invite, name, password)
        try:
            return await self._registry.reset(request, word, invite.resets, password)
        except NoAccount:
            return Outcome.GONE

    async def _invite(self, request: Request) -> Invite:
        found = await self._registry.invites.find(request.path_params["link"])
        if found is None:
            raise _LINK_GONE
        return found

    async def _account(self, key: str) -> Account:
        found = await self._registry.accounts.get(key)
        if found is None:
            raise _LINK_GONE
        return found

    def _wrong(self, invite: Invite, name: str, form: dict[str, str]) -> str | None:
        if invite.name is None:
            wrong = wrong_name(name)
            if wrong is not None:
                return wrong
            if not invite.is_first and name in self._context.in_force.ruleset.config.people:
                asked = invite.inviter or "whoever invited you"
                return f"{name} is a person of the rules. If that is you, ask {asked} for a link that says so."
        if form.get("password", "") != form.get("again", ""):
            return "The two passwords are not the same. Please write them again."
        return wrong_password(form.get("password", ""), name)

    def _known(self, invite: Invite, name: str) -> Invite:
        """Whoever has the first link is who they say; of others, whoever invites them has said it."""
        known = invite.is_first and name in self._context.in_force.ruleset.config.people
        return invite.model_copy(update={"person": name}) if known else invite

    async def _page(self, then: str, status: int = 200, wait: float | None = None, **told: Any) -> Response:
        nobody = not await self._registry.accounts.has_admin()
        settings = self._context.settings
        elsewhere = f"/sign-in/oidc?{urlencode({'then': then})}" if settings.oidc_issuer else None
        response = drawn(
            "console/sign_in.html",
            status,
            then=then,
            name=told.get("name", ""),
            wrong=told.get("wrong"),
            nobody=nobody,
            elsewhere=elsewhere,
            elsewhere_name=settings.oidc_name,
        )
        if wait is not None:
            response.headers["Retry-After"] = str(math.ceil(wait))
        return response

    def _welcome(self, request: Request, invite: Invite, status: int = 200, **told: Any) -> Response:
        response = drawn(
            "console/welcome.html",
            status,
            invite=invite,
            here=request.url.path,
            name=invite.name or told.get("name", ""),
            wrong=told.get("wrong"),
        )
        # The address of this page is a key: it must not travel anywhere.
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _in(self, then: str, word: str) -> Response:
        response = RedirectResponse(then, 303)
        cookie.give(self._context, response, word)
        return response


def ours(path: str) -> str:
    """A path of this very site, or the front page.

    >>> ours("//elsewhere.example"), ours("/agenda?x=1")
    ('/', '/agenda?x=1')
    """
    return own_path(path) or "/"


def too_often(limited: Limited) -> str:
    """What somebody reads who has tried too often."""
    return f"That were too many tries. Please wait {math.ceil(limited.wait)} s, and try again."


def _told(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Every refusal as a page."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as why:
            return refusal(why, back=came_from(request))
        except Problem as wrong:
            return told(request, wrong)
        except RedisError:
            return refusal(AWAY)

    return answered
