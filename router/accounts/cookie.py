"""The cookie of a session: no script reads it, no other site sends it with a form, no neighbour domain can set it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from router.accounts.sessions import LONGEST
from router.context import Context


def word_in(context: Context, request: Request) -> str | None:
    """What the browser shows us."""
    return request.cookies.get(_name(context))


def give(context: Context, response: Response, word: str) -> None:
    """Have the browser keep it. Redis decides how long it is good for."""
    response.set_cookie(
        _name(context),
        word,
        max_age=int(LONGEST),
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(context),
    )


def take(context: Context, response: Response) -> None:
    """Have the browser forget it."""
    response.delete_cookie(_name(context), path="/", httponly=True, samesite="lax", secure=is_secure(context))


def is_secure(context: Context) -> bool:
    """Do people reach us by https? By PUBLIC_URL: behind a proxy the request itself does not tell."""
    return context.settings.base_url.startswith("https://")


def _name(context: Context) -> str:
    # __Host-: browsers take it over https only, from this very host, for all its paths (RFC 6265bis, 4.1.3.2).
    return "__Host-tocsin" if is_secure(context) else "tocsin"
