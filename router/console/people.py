"""`/accounts`: who may sign in, invitations, roles, tokens of machines; `/audit`: who did what. For admins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from router.accounts import audit as acts
from router.accounts import invites, tokens
from router.accounts.account import Account, folded, wrong_name
from router.accounts.audit import What, audit
from router.accounts.invites import Invite
from router.accounts.registry import Doer, Registry
from router.accounts.store import LastAdmin, NoAccount
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context

HERE = "/accounts"
AT_ONCE = 100
"""Lines of the audit log on one page."""


class Wrong(Exception):
    """Nothing was done; the message says why."""


class People:
    """What admins do with the accounts of all."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = Registry(context)

    def pages(self) -> Sequence[Page]:
        """Its addresses."""
        changes = {
            "/accounts/invite": self.invite,
            "/accounts/withdraw": self.withdraw,
            "/accounts/reset": self.reset,
            "/accounts/role": self.change_role,
            "/accounts/person": self.change_person,
            "/accounts/remove": self.remove,
            "/accounts/token": self.make_token,
            "/accounts/revoke": self.revoke,
        }
        return (
            Page(HERE, "GET", self.show, Role.ADMIN),
            Page("/audit", "GET", self.audit, Role.ADMIN),
            *(Page(path, "POST", _answered(change), Role.ADMIN) for path, change in changes.items()),
        )

    async def show(self, visit: Visit) -> Response:
        """GET: everybody."""
        return await self._page(visit)

    async def audit(self, visit: Visit) -> Response:
        """GET: who did what, the newest first."""
        before = _moment(visit.asked.get("before", ""))
        found = await acts.latest(self._context.fast, AT_ONCE + 1, before)
        more = found[AT_ONCE - 1].at if len(found) > AT_ONCE else None
        return visit.page("audit.html", acts=found[:AT_ONCE], older=more, before=before)

    async def invite(self, visit: Visit) -> Response:
        """POST: a one-time link, shown in this answer only."""
        name = folded(visit.form.get("name", "")) or None
        if name is not None:
            wrong = wrong_name(name) or ("There is an account of this name already." if await self._has(name) else None)
            if wrong:
                raise Wrong(wrong)
        person = self._person(visit) or (name if name in self._people() else None)
        return await self._linked(visit, Invite(role=_role(visit), name=name, person=person))

    async def reset(self, visit: Visit) -> Response:
        """POST: a link by which somebody sets a new password."""
        account = await self._named(visit)
        if account.password is None:
            raise Wrong(f"{account.name} signs in elsewhere and has no password here.")
        return await self._linked(visit, Invite(role=account.role, name=account.name, resets=account.key))

    async def withdraw(self, visit: Visit) -> Response:
        """POST: a link is good no more."""
        if not await self._registry.invites.withdraw(visit.form.get("invite", "")):
            raise Wrong("This invitation has been used, or has run out.")
        await audit(self._context, visit.request, What.WITHDREW, visit.visitor.name, via=visit.visitor.via)
        return visit.back(HERE, "The invitation is withdrawn: its link opens nothing any more.")

    async def change_role(self, visit: Visit) -> Response:
        """POST: what somebody may do from now on."""
        account, role = await self._named(visit), _role(visit)
        await self._registry.change_role(visit.request, _doer(visit), account.key, role)
        return visit.back(HERE, f"{account.name} is now {'an' if role is Role.ADMIN else 'a'} {role}.")

    async def change_person(self, visit: Visit) -> Response:
        """POST: who of the rules somebody is."""
        account, person = await self._named(visit), self._person(visit)
        await self._registry.change_person(visit.request, _doer(visit), account.key, person)
        return visit.back(HERE, f"{account.name} stands in timelines as {person or account.name}.")

    async def remove(self, visit: Visit) -> Response:
        """POST: an account with its sessions and tokens."""
        account = await self._named(visit)
        await self._registry.remove(visit.request, _doer(visit), account.key)
        return visit.back(HERE, f"{account.name} is removed, and signed out everywhere.")

    async def make_token(self, visit: Visit) -> Response:
        """POST: a machine's token, shown in this answer only."""
        name = folded(visit.form.get("name", ""))
        wrong = wrong_name(name)
        if wrong or name in self._people() or await self._has(name):
            raise Wrong(wrong or f"{name} is a person's name: they make their tokens on their own account page.")
        label = visit.form.get("label", "")
        try:
            word = await self._registry.make_token(visit.request, _doer(visit), name, _role(visit), None, label)
        except tokens.TooMany:
            raise Wrong(f"There are {tokens.MOST} tokens already; revoke some.") from None
        return await self._page(visit, made=word)

    async def revoke(self, visit: Visit) -> Response:
        """POST: anybody's token."""
        if not await self._registry.revoke(visit.request, _doer(visit), visit.form.get("token", "")):
            raise Wrong("There is no such token any more.")
        return visit.back(HERE, "The token is revoked: it opens nothing any more.")

    async def _linked(self, visit: Visit, invite: Invite) -> Response:
        try:
            link = await self._registry.invite(visit.request, _doer(visit), invite)
        except invites.TooMany:
            raise Wrong(f"There are {invites.MOST} open invitations already; withdraw some.") from None
        return await self._page(visit, link=link, invited=invite)

    async def _page(self, visit: Visit, **told: Any) -> Response:
        registry = self._registry
        return visit.page(
            "accounts.html",
            accounts=await registry.accounts.every(),
            invitations=await registry.invites.open(),
            tokens=await registry.tokens.every(),
            people=list(self._people()),
            roles=list(Role),
            link=told.get("link"),
            invited=told.get("invited"),
            made=told.get("made"),
        )

    async def _named(self, visit: Visit) -> Account:
        found = await self._registry.accounts.get(visit.form.get("account", ""))
        if found is None:
            raise NoAccount
        return found

    async def _has(self, name: str) -> bool:
        return await self._registry.accounts.get(name) is not None

    def _people(self) -> Sequence[str]:
        return list(self._context.in_force.ruleset.config.people)

    def _person(self, visit: Visit) -> str | None:
        person = visit.form.get("person", "")
        if person and person not in self._people():
            raise Wrong(f"The rules have no person {person} any more.")
        return person or None


def _answered(change: Any) -> Any:
    """What went wrong is said on the page itself."""

    async def answered(visit: Visit) -> Response:
        try:
            response: Response = await change(visit)
        except Wrong as wrong:
            return visit.back(HERE, str(wrong), wrong=True)
        except NoAccount:
            return visit.back(HERE, "This account is gone already.", wrong=True)
        except LastAdmin:
            return visit.back(HERE, "This is the last admin: make another account an admin first.", wrong=True)
        return response

    return answered


def _doer(visit: Visit) -> Doer:
    return Doer(name=visit.visitor.name, via=visit.visitor.via)


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.form.get("role", ""))
    except ValueError:
        raise Wrong("A role is viewer, responder or admin.") from None


def _moment(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
