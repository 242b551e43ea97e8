"""`/api/accounts` and `/api/audit`: people, their roles, invitations and tokens; for admins only."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request

from router.accounts import audit, invites, tokens
from router.accounts.account import Account, folded, wrong_name
from router.accounts.caller import asking
from router.accounts.invites import Invite
from router.accounts.registry import Doer, Registry
from router.accounts.store import LastAdmin, NoAccount
from router.api.commands import read_body_as, read_limit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.reading.problem import nearest

Label = Annotated[str, StringConstraints(max_length=80)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class AskedToInvite(_Asked):
    """Whom: as what, and who they are."""

    role: Role | None = None
    name: str | None = None
    person: str | None = None


class AskedForRole(_Asked):
    """What they may do from now on."""

    role: Role


class AskedForPerson(_Asked):
    """Who of the rules they are; null: nobody."""

    person: str | None


class AskedForToken(_Asked):
    """Who speaks by it: an account's name, or a machine's."""

    name: str
    role: Role | None = None
    label: Label = Field(default="")


class AccountsApi:
    """The endpoints; `router.api.routes` lists them and answers for Redis."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = Registry(context)

    async def find(self, _request: Request) -> dict[str, Any]:
        """Everybody who may sign in, and the invitations still open."""
        found = [_shown(one) for one in await self._registry.accounts.every()]
        return {"accounts": found, "invitations": [_invited(one) for one in await self._registry.invites.open()]}

    async def first(self, _request: Request) -> dict[str, Any]:
        """The link that makes the first admin; null once there is one."""
        word = await self._registry.invites.first()
        return {"link": None if word is None else self._registry.link(word)}

    async def invite(self, request: Request) -> dict[str, Any]:
        """Make a one-time link."""
        asked = read_body_as(AskedToInvite, await self._body(request))
        first = not await self._registry.accounts.has_admin()
        # The first one has to be able to invite the others.
        role = asked.role or (Role.ADMIN if first else Role.RESPONDER)
        if first and role is not Role.ADMIN:
            raise Problem(409, f"There is no admin yet: invite one first, and a {role} afterwards.")
        invite = Invite(role=role, name=await self._free(asked.name), person=self.person(asked.person, asked.name))
        return await self._link(request, invite)

    async def reset(self, request: Request) -> dict[str, Any]:
        """Make a one-time link by which somebody sets a new password."""
        account = await self._named(request.path_params["name"])
        if account.password is None:
            raise Problem(409, f"{account.name} signs in elsewhere and has no password here.")
        return await self._link(request, Invite(role=account.role, name=account.name, resets=account.key))

    async def change_role(self, request: Request) -> dict[str, Any]:
        """Give somebody another role."""
        asked = read_body_as(AskedForRole, await self._body(request))
        account = await self._named(request.path_params["name"])
        try:
            return _shown(await self._registry.change_role(request, _doer(request), account.key, asked.role))
        except LastAdmin:
            raise last_admin(account) from None

    async def change_person(self, request: Request) -> dict[str, Any]:
        """Say who of the rules somebody is."""
        asked = read_body_as(AskedForPerson, await self._body(request))
        account = await self._named(request.path_params["name"])
        person = self.person(asked.person)
        return _shown(await self._registry.change_person(request, _doer(request), account.key, person))

    async def remove(self, request: Request) -> dict[str, Any]:
        """Remove an account with its sessions and tokens."""
        account = await self._named(request.path_params["name"])
        try:
            return {"removed": (await self._registry.remove(request, _doer(request), account.key)).name}
        except LastAdmin:
            raise last_admin(account) from None

    async def tokens(self, _request: Request) -> dict[str, Any]:
        """All tokens, never the words themselves."""
        return {"tokens": [_token(one) for one in await self._registry.tokens.every()]}

    async def make_token(self, request: Request) -> dict[str, Any]:
        """Make one: the only answer that ever holds it."""
        asked = read_body_as(AskedForToken, await self._body(request))
        name, account = folded(asked.name), await self._account(asked.name)
        wrong = None if account is not None else wrong_name(name)
        if wrong is not None:
            raise Problem(422, f"name: {wrong}")
        if account is None:
            self._nobodys(name)
        role = asked.role or (account.role if account else Role.VIEWER)
        if account is not None and not account.role.may(role):
            raise Problem(409, f"{account.name} is a {account.role}: a token of theirs cannot be more than that.")
        try:
            word = await self._registry.make_token(request, _doer(request), name, role, account, asked.label)
        except tokens.TooMany:
            raise Problem(409, f"There are {tokens.MOST} tokens already; revoke some.") from None
        speaks = account.speaks_as if account else name
        return {"token": word, "name": speaks, "role": role, "account": account.name if account else None}

    async def revoke(self, request: Request) -> dict[str, Any]:
        """End one."""
        id_ = request.path_params["id"].lower()
        if not await self._registry.revoke(request, _doer(request), id_):
            raise Problem(404, "No token has this id. GET /api/accounts/tokens lists them.")
        return {"revoked": id_}

    async def audit(self, request: Request) -> dict[str, Any]:
        """Who did what, the newest first."""
        limit = read_limit(request.query_params.get("limit", "100"))
        return {"acts": [act.model_dump() for act in await audit.latest(self._context.fast, limit)]}

    def person(self, person: str | None, name: str | None = None) -> str | None:
        """A person of the rules; without one, whoever has the name of the account. Raises Problem 422."""
        people = self._context.in_force.ruleset.config.people
        if person is None:
            return name if name in people else None
        if person not in people:
            hint = nearest(person, people) or f"people: {', '.join(list(people)[:8]) or 'none'}"
            raise Problem(422, f"person: the rules have no person '{person}'; {hint}")
        return person

    async def _link(self, request: Request, invite: Invite) -> dict[str, Any]:
        try:
            link = await self._registry.invite(request, _doer(request), invite)
        except invites.TooMany:
            raise Problem(409, f"There are {invites.MOST} open invitations already.") from None
        return {"link": link, "role": invite.role, "name": invite.name, "expires": self._expires()}

    def _expires(self) -> float:
        return self._context.clock.now() + invites.KEEP

    async def _free(self, name: str | None) -> str | None:
        if name is None:
            return None
        wrong = wrong_name(folded(name))
        if wrong is not None:
            raise Problem(422, f"name: {wrong}")
        if await self._account(name) is not None:
            then = f"For a new password: `tocsin accounts reset {folded(name)}`."
            raise Problem(409, f"There is an account '{folded(name)}' already. {then}")
        return folded(name)

    async def _named(self, name: str) -> Account:
        found = await self._account(name)
        if found is None:
            names = [one.name for one in await self._registry.accounts.every()]
            raise Problem(404, f"There is no account '{folded(name)}'. {nearest(folded(name), names) or ''}".strip())
        return found

    async def _account(self, name: str) -> Account | None:
        try:
            return await self._registry.accounts.named(name)
        except NoAccount:
            return None

    def _nobodys(self, name: str) -> None:
        """A machine may not speak as a person does."""
        if name in self._context.in_force.ruleset.config.people:
            detail = f"'{name}' is a person of the rules: make the account first, with `tocsin accounts invite {name}`."
            raise Problem(409, detail)

    async def _body(self, request: Request) -> bytes:
        return await read_body(headers_of(request.scope["headers"]), request.receive, self._context.settings.body_limit)


def last_admin(account: Account) -> Problem:
    """Why the last admin stays one."""
    return Problem(409, f"{account.name} is the last admin: make another account an admin first.")


def _doer(request: Request) -> Doer:
    return Doer(name=asking(request).name, via="api")


def _shown(account: Account) -> dict[str, Any]:
    said = account.model_dump(include={"name", "role", "person", "made_at", "made_by"})
    return {**said, "signs_in": "elsewhere" if account.password is None else "password"}


def _invited(one: invites.Listed) -> dict[str, Any]:
    said = one.invite.model_dump(include={"role", "name", "person", "made_by", "expires"})
    return {**said, "id": one.id[:12], "resets": one.invite.resets is not None}


def _token(one: tokens.Listed) -> dict[str, Any]:
    said = one.token.model_dump(include={"name", "role", "label", "made_at", "made_by"})
    return {**said, "id": one.id[:12], "machine": one.token.account is None, "used_at": one.used_at}
