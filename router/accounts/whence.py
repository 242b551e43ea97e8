"""From where a request comes: the address of the client, which a proxy may name only when it is trusted."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from router.context import Context
from router.hooks.crowd import Crowd, whole


def address_of(context: Context, request: HTTPConnection) -> str:
    """The client's address; `unknown` where there is none, as on a UNIX socket."""
    peer = request.client.host if request.client else None
    if from_proxy(context, request):
        return _behind(context, request) or peer or "unknown"
    return peer or "unknown"


def from_proxy(context: Context, request: HTTPConnection) -> bool:
    """Does a proxy of TOCSIN_TRUSTED_PROXIES speak here?"""
    return _crowd(context).is_proxy(request.client.host if request.client else None)


def counted_as(address: str) -> str:
    """For whom tries from this address count: an IPv6 client has a network of 2**64 addresses to itself."""
    return whole(address) or "unknown"


def _behind(context: Context, request: HTTPConnection) -> str | None:
    return _crowd(context).behind(",".join(request.headers.getlist("x-forwarded-for")))


def _crowd(context: Context) -> Crowd:
    return Crowd(1, 1, context.settings.trusted_proxies)
