"""Who may pass: the bearer tokens of /api and /metrics, this machine's own browser, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from router.accounts import policy
from router.accounts.audit import What, audit
from router.accounts.caller import SCOPE, Caller, caller_of
from router.console.visitor import Role
from router.context import Context
from router.hooks.reply import SECURITY
from router.problems import Problem, tell

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


Policy = Callable[[str, str], Role]


class Guarded:
    """Lets a request with a token that may ask it through to `app`, and everybody else nowhere: not even to a 404.

    `least(method, path)` is the least role that a personal token needs.
    """

    def __init__(self, app: ASGIApp, context: Context, least: Policy = policy.least) -> None:
        self._app = app
        self._context = context
        self._least = least

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises Problem 401, 403, or 503 where Redis would have to know the token."""
        caller = await caller_of(self._context, _bearer(scope))
        if caller is None:
            detail = "Send one of TOCSIN_API_TOKEN, or a token of your own, as `Authorization: Bearer <token>`."
            raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tocsin"'})
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        self._check(caller, scope["method"], path)
        scope[SCOPE] = caller
        what = policy.told_as(scope["method"], path) if self._least is policy.least else None
        if what is None:
            return await self._app(scope, receive, send)
        return await self._told(what, caller, scope, receive, send)

    def _check(self, caller: Caller, method: str, path: str) -> None:
        needed = self._least(method, path)
        if not caller.role.may(needed):
            detail = f"This needs a token of the role {needed}; this one's is {caller.role}. An admin can make another."
            raise Problem(403, detail)

    async def _told(self, what: What, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on; what was done is told to the audit log."""
        statuses: list[int] = []

        async def noted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await self._app(scope, receive, noted)
        if statuses and statuses[0] < 400:
            about = "" if scope["path"].count("/") < 4 else scope["path"].split("/")[3]
            await audit(self._context, HTTPConnection(scope), what, caller.name, about=about, via="api")


class AtHome(Guarded):
    """Lets a browser of this machine through without a token: whoever tries the demonstration on their own machine.

    A page from elsewhere whose name leads here (DNS rebinding) names itself in Host or Origin; whoever comes through a
    proxy on this machine is named in a header of the proxy's.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises Problem 401."""
        if from_here(scope):
            return await self._app(scope, receive, send)
        try:
            return await super().__call__(scope, receive, send)
        except Problem as wrong:
            if wrong.status != 401:
                raise
            detail = "Open this on the machine where Tocsin runs, as 127.0.0.1, or send one of TOCSIN_API_TOKEN."
            raise Problem(401, detail, headers=wrong.headers) from None


def from_here(scope: Scope) -> bool:
    """Was this asked by a browser of this machine, by its own name, and through no proxy?"""
    said = dict(scope["headers"])
    origin = said.get(b"origin")
    names = [f"//{said.get(b'host', b'').decode('latin-1')}", *([origin.decode("latin-1")] if origin else [])]
    proxied = any(name in said for name in (b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"))
    return not proxied and _loopback((scope.get("client") or ("",))[0]) and all(map(_leads_here, names))


def _leads_here(address: str) -> bool:
    try:
        name = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _loopback(name)


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _bearer(scope: Scope) -> bytes:
    given: bytes = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = given.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""


class Outermost:
    """Adds the security headers an answer lacks, and answers 500 where something inside broke."""

    def __init__(self, app: ASGIApp, on_error: Callable[[Exception, str], None]) -> None:
        self._app = app
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an exception goes to the log, never to the sender."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def secured(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": _with_security(message["headers"])}
            await send(message)

        try:
            await self._app(scope, receive, secured)
        except Exception as wrong:  # noqa: BLE001 the last place that can keep an exception from the sender
            self._on_error(wrong, scope["path"])
            if not started:
                await (await tell(None, wrong))(scope, receive, secured)  # type: ignore[arg-type]
        return None


def _with_security(headers: Any) -> list[tuple[bytes, bytes]]:
    given = [(name.lower(), value) for name, value in headers]
    present = {name for name, _ in given}
    return given + [(name, value) for name, value in SECURITY.items() if name not in present]
