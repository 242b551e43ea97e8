"""Who opened a page: the one question the console asks of the accounts."""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

from router.accounts import cookie
from router.accounts.proxy import person_of, vouched_for
from router.accounts.sessions import Sessions
from router.accounts.store import Accounts
from router.console.visitor import Role, Visitor
from router.context import Context
from router.guard import from_here

AT_HOME = "Demo admin"
"""Whoever opens the demonstration on its own machine: a name that reads well in a sentence about them."""


async def visitor_of(context: Context, request: Request) -> Visitor | None:
    """Whoever opened this page; None for somebody who has to sign in first. Redis' errors pass through."""
    if context.settings.demo and from_here(request.scope):
        return Visitor(name=AT_HOME, role=Role.ADMIN, via="home", csrf=csrf_of(context, "home"))
    return _of_proxy(context, request) or await _of_session(context, request)


def csrf_of(context: Context, session: str) -> str:
    """What a form of this session carries, so that no other site can make one that is taken for ours."""
    return hmac.new(context.secrets[0], b"csrf:" + session.encode(), hashlib.sha256).hexdigest()


def _of_proxy(context: Context, request: Request) -> Visitor | None:
    found = vouched_for(context, request)
    if found is None:
        return None
    name, role = found
    person = person_of(context.in_force.ruleset.config.people, name)
    return Visitor(name=person or name, role=role, via="proxy", csrf=csrf_of(context, f"proxy:{name}"))


async def _of_session(context: Context, request: Request) -> Visitor | None:
    word = cookie.word_in(context, request)
    listed = await Sessions(context.fast, context.clock).find(word) if word else None
    if listed is None:
        return None
    account = await Accounts(context.fast).get(listed.session.account)
    # The name may have been given to somebody else meanwhile.
    if account is None or account.id != listed.session.account_id:
        return None
    return Visitor(
        name=account.speaks_as,
        role=account.role,
        via=listed.session.via,
        csrf=csrf_of(context, listed.id),
        account=account.key,
        session=listed.id,
    )
