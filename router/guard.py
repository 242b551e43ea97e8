"""Who may pass: the bearer tokens of /api and /metrics, this machine's own browser, and the headers of every answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from router.context import Context
from router.problems import Problem, tell
from router.reply import SECURITY

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Guarded:
    """Lets a request with one of the API's tokens through to `app`, and everybody else nowhere: not even to a 404."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises Problem 401."""
        if not self._knows(_bearer(scope)):
            detail = "Send one of TOCSIN_API_TOKEN as `Authorization: Bearer <token>`."
            raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tocsin"'})
        await self._app(scope, receive, send)

    def _knows(self, given: bytes) -> bool:
        # Every token is compared, so that the time does not tell which of them came close.
        fits = [hmac.compare_digest(given, token) for token in self._context.api_tokens if token]
        return True in fits


class AtHome(Guarded):
    """Lets a browser of this machine through without a token: whoever tries the demonstration on their own machine.

    A page from elsewhere whose name leads here (DNS rebinding) names itself in Host or Origin; whoever comes through a
    proxy on this machine is named in a header of the proxy's.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises Problem 401."""
        if not from_here(scope) and not self._knows(_bearer(scope)):
            detail = "Open this on the machine where Tocsin runs, as 127.0.0.1, or send one of TOCSIN_API_TOKEN."
            raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tocsin"'})
        await self._app(scope, receive, send)


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
