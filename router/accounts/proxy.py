"""Somebody whom a proxy in front of us has let in: it says who they are in a header, and only it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.requests import Request

from router.accounts.whence import from_proxy
from router.console.visitor import Role
from router.context import Context
from rules.reading.config import Person
from workers.plain import plain


def vouched_for(context: Context, request: Request) -> tuple[str, Role] | None:
    """Name and role of whom a trusted proxy names; None: it names nobody, or nobody asked it to."""
    header = context.settings.proxy_user_header
    if not header or not from_proxy(context, request):
        return None
    # Twice there means that the client has sent one too, and the proxy let it through.
    names = request.headers.getlist(header)
    name = plain(names[0], 80) if len(names) == 1 else ""
    if not name:
        return None
    groups = context.settings.proxy_role_header
    said = [name] if groups is None else ",".join(request.headers.getlist(groups)).split(",")
    return name, role_of((part.strip() for part in said), context.settings.proxy_roles)


def role_of(groups: Iterable[str], roles: Mapping[str, str]) -> Role:
    """The highest role that one of the groups has; a viewer where none has one."""
    return max((Role(roles[one]) for one in groups if one in roles), key=list(Role).index, default=Role.VIEWER)


def person_of(people: Mapping[str, Person], *names: str | None) -> str | None:
    """Who of the rules has one of these names or mail addresses; the first that fits."""
    for name in filter(None, names):
        if name in people:
            return name
        for person, one in people.items():
            if one.email is not None and one.email.casefold() == name.casefold():
                return person
    return None
