"""`/account`: one's own sessions, tokens and password; and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import RedirectResponse, Response

from router.accounts import cookie, tokens
from router.accounts.account import Account
from router.accounts.audit import What, audit
from router.accounts.doorstep import CROWDED, too_often
from router.accounts.limits import Limited
from router.accounts.passwords import Busy, wrong_password
from router.accounts.registry import Doer, Registry, WrongPassword
from router.console.agent import in_words
from router.console.routes import Page, Refused
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context

HERE = "/account"


class AccountPage:
    """What everybody may do with their own account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._registry = Registry(context)

    def pages(self) -> Sequence[Page]:
        """Its addresses."""
        return (
            Page(HERE, "GET", self.show),
            Page("/sign-out", "POST", self.sign_out),
            Page("/account/sessions/end", "POST", self.end),
            Page("/account/password", "POST", self.change_password),
            Page("/account/tokens", "POST", self.make_token),
            Page("/account/tokens/revoke", "POST", self.revoke),
        )

    async def show(self, visit: Visit) -> Response:
        """GET: who one is here."""
        return await self._page(visit)

    async def sign_out(self, visit: Visit) -> Response:
        """POST: this browser is signed out."""
        who = visit.visitor
        if who.session:
            await self._registry.sessions.end(who.account, who.session)
            await audit(self._context, visit.request, What.SIGNED_OUT, who.name, via=who.via)
        response = RedirectResponse("/sign-in", 303)
        cookie.take(self._context, response)
        return response

    async def end(self, visit: Visit) -> Response:
        """POST: another browser, or all others."""
        account, one = await self._own(visit), visit.form.get("session", "")
        if one == "all":
            number = await self._registry.sessions.end_all(account.key, but=visit.visitor.session)
        else:
            number = int(await self._registry.sessions.end(account.key, one))
        if not number:
            return visit.back(HERE, "Nothing was to be signed out.", wrong=True)
        about = f"{number} session{'' if number == 1 else 's'}"
        await audit(self._context, visit.request, What.SIGNED_OUT_ELSEWHERE, visit.visitor.name, about=about)
        return visit.back(HERE, f"Signed out of {number} other browser{'' if number == 1 else 's'}.")

    async def change_password(self, visit: Visit) -> Response:
        """POST: the old one, the new one, and the new one again."""
        account, form = await self._own(visit), visit.form
        new = form.get("new", "")
        wrong = wrong_password(new, account.name)
        if new != form.get("again", ""):
            wrong = "The two new passwords are not the same. Please write them again."
        if wrong:
            return await self._page(visit, 422, wrong=wrong)
        try:
            await self._registry.change_password(
                visit.request, account.key, visit.visitor.session, form.get("old", ""), new
            )
        except WrongPassword:
            return await self._page(visit, 403, wrong="The present password is wrong; nothing was changed.")
        except Limited as limited:
            return await self._page(visit, 429, wrong=too_often(limited))
        except Busy:
            return await self._page(visit, 503, wrong=CROWDED)
        return visit.back(HERE, "The password is changed, and every other browser is signed out.")

    async def make_token(self, visit: Visit) -> Response:
        """POST: shown in this answer, and never again."""
        account = await self._own(visit)
        role = _role(visit.form.get("role", ""))
        if not account.role.may(role):
            raise Refused(403, "Nothing was done", f"You are a {account.role}: your tokens cannot be more than that.")
        label = visit.form.get("label", "")
        try:
            made = await self._registry.make_token(visit.request, _doer(visit), account.name, role, account, label)
        except tokens.TooMany:
            return visit.back(HERE, f"There are {tokens.MOST} tokens already; revoke some.", wrong=True)
        return await self._page(visit, made=made)

    async def revoke(self, visit: Visit) -> Response:
        """POST: one of one's own."""
        account = await self._own(visit)
        if not await self._registry.revoke(visit.request, _doer(visit), visit.form.get("token", ""), account.key):
            return visit.back(HERE, "There is no such token any more.", wrong=True)
        return visit.back(HERE, "The token is revoked: it opens nothing any more.")

    async def _page(self, visit: Visit, status: int = 200, **told: Any) -> Response:
        found = await self._account(visit)
        sessions = await self._registry.sessions.of(found.key) if found else []
        own = await self._registry.tokens.every(found.key) if found else []
        return visit.page(
            "account.html",
            status,
            account=found,
            sessions=[(one, in_words(one.session.agent)) for one in sessions],
            tokens=own,
            roles=[role for role in Role if found is not None and found.role.may(role)],
            wrong=told.get("wrong"),
            made=told.get("made"),
            base=self._context.settings.base_url,
        )

    async def _account(self, visit: Visit) -> Account | None:
        return await self._registry.accounts.get(visit.visitor.account) if visit.visitor.account else None

    async def _own(self, visit: Visit) -> Account:
        found = await self._account(visit)
        if found is None:
            raise Refused(409, "Nothing was done", "You have no account here: whoever lets you in vouches for you.")
        return found


def _doer(visit: Visit) -> Doer:
    return Doer(name=visit.visitor.name, via=visit.visitor.via)


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Refused(422, "Nothing was done", "A role is viewer, responder or admin.") from None
