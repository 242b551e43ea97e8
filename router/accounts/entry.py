"""Who opened a page: the one question the console asks of the accounts."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

from router.console.visitor import Role, Visitor
from router.context import Context
from router.guard import from_here


async def visitor_of(context: Context, request: Request) -> Visitor | None:
    """Whoever opened this page; None for somebody who has to sign in first."""
    if context.settings.demo and from_here(request.scope):
        return Visitor(name="you", role=Role.ADMIN, via="home", csrf=csrf_of(context, "home"))
    return None


def csrf_of(context: Context, session: str) -> str:
    """What a form of this session carries, so that no other site can make one that is taken for ours."""
    return hmac.new(context.secrets[0], b"csrf:" + session.encode(), hashlib.sha256).hexdigest()
