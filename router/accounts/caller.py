"""Who asks the API: one with TOCSIN_API_TOKEN, who may do all and says who they are, or the owner of a token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import orjson
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from router.accounts.tokens import PREFIX, Tokens
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem

SCOPE = "tocsin.caller"
"""Where the guard leaves it in the ASGI scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a token, for one request."""

    name: str
    role: Role
    personal: bool
    """Is it somebody's own token? Then their name stands for what they ask, whatever they say."""


EVERYTHING = Caller(name="TOCSIN_API_TOKEN", role=Role.ADMIN, personal=False)


async def caller_of(context: Context, bearer: bytes) -> Caller | None:
    """Whose token this is; None: nobody's. Raises Problem 503 when that cannot be known now."""
    # Every token is compared, so that the time does not tell which of them came close.
    fits = [hmac.compare_digest(bearer, token) for token in context.api_tokens if token]
    if True in fits:
        return EVERYTHING
    word = bearer.decode("latin-1")
    if not word.startswith(PREFIX):
        return None
    try:
        token = await Tokens(context.fast, context.clock).find(word)
    except RedisError:
        raise _unknown_now() from None
    return None if token is None else Caller(name=token.name, role=token.role, personal=True)


def asking(request: HTTPConnection) -> Caller:
    """Who asks here: the guard has let them in."""
    found: Caller = request.scope[SCOPE]
    return found


def in_their_name(request: HTTPConnection, body: bytes, field: str = "by") -> bytes:
    """The body of a command; with a personal token `field` is its owner, whoever it says."""
    caller = asking(request)
    if not caller.personal:
        return body
    try:
        said = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return body
    return orjson.dumps({**said, field: caller.name}) if isinstance(said, dict) else body


def _unknown_now() -> Problem:
    detail = "Redis does not answer, so nobody knows whose token this is. Please try again in a moment."
    return Problem(503, detail, headers={"Retry-After": "5"})
