"""What people do with accounts, whole: each of these is one act, with its line in the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from router.accounts import cookie
from router.accounts.account import Account, folded
from router.accounts.audit import What, audit
from router.accounts.invites import Invite, Invites, Outcome
from router.accounts.limits import Tries
from router.accounts.passwords import Passwords, is_dated
from router.accounts.sessions import Sessions
from router.accounts.store import Accounts
from router.accounts.tokens import Tokens
from router.accounts.whence import address_of, counted_as
from router.console.visitor import Role
from router.context import Context


class WrongPassword(Exception):
    """The name or the password is wrong; which of the two, nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doer:
    """Who does it, and by which way."""

    name: str
    via: str


class Registry:
    """One per app. Redis' errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.accounts = Accounts(context.fast)
        self.sessions = Sessions(context.fast, context.clock)
        self.tokens = Tokens(context.fast, context.clock)
        self.invites = Invites(context.fast, context.clock, context.secrets)
        self.passwords = Passwords()
        self.tries = Tries(context.fast, context.clock)

    async def sign_in(self, request: Request, name: str, password: str) -> str:
        """The word for the cookie. Raises Limited, Busy and WrongPassword."""
        key, address = folded(name), address_of(self._context, request)
        one = await self.tries.count(counted_as(address), key)
        account = await self.accounts.get(key)
        if not await self.passwords.fits(password, account.password if account else None) or account is None:
            # What was typed as a name may be a password: only a name that is known is written down.
            who = account.name if account else "an unknown name"
            await audit(self._context, request, What.NOT_SIGNED_IN, who, via="password")
            raise WrongPassword
        await self.tries.forgive(counted_as(address), key, one)
        if is_dated(account.password or ""):
            fresh = await self.passwords.hashed(password)
            await self.accounts.change(key, lambda found: found.model_copy(update={"password": fresh}))
        return await self.let_in(request, account, "password")

    async def let_in(self, request: Request, account: Account, via: str) -> str:
        """Begin a session; the one the browser had before ends. Returns the word for the cookie."""
        old = cookie.word_in(self._context, request)
        before = await self.sessions.find(old) if old else None
        if before is not None:
            await self.sessions.end(before.session.account, before.id)
        agent, address = request.headers.get("user-agent", ""), address_of(self._context, request)
        word = await self.sessions.begin(account, via=via, address=address, agent=agent)
        await audit(self._context, request, What.SIGNED_IN, account.name, via=via)
        return word

    async def join(self, request: Request, word: str, invite: Invite, name: str, password: str) -> Outcome:
        """Make the account a link invites to."""
        key = folded(name)
        if any(one.token.account is None and folded(one.token.name) == key for one in await self.tokens.every()):
            return Outcome.TAKEN
        account = Account(
            key=key,
            name=key,
            role=invite.role,
            person=invite.person,
            password=await self.passwords.hashed(password),
            made_at=self._context.clock.now(),
            made_by=invite.made_by,
        )
        outcome = await self.invites.accept(word, account)
        if outcome is Outcome.MADE:
            about = f"as {invite.role}, invited by {invite.made_by or 'the first link'}"
            await audit(self._context, request, What.JOINED, key, about=about, via="link")
        return outcome

    async def reset(self, request: Request, word: str, key: str, password: str) -> Outcome:
        """Set a new password by a link: every session of the account ends."""
        fresh = await self.passwords.hashed(password)
        if not await self.invites.use_up(word):
            return Outcome.GONE
        before = await self.accounts.change(key, lambda found: found.model_copy(update={"password": fresh}))
        await self.sessions.end_all(key)
        await audit(self._context, request, What.PASSWORD_CHANGED, before.name, via="link")
        return Outcome.MADE

    async def change_password(self, request: Request, key: str, session: str, old: str, new: str) -> None:
        """Of one's own account; its other sessions end. Raises Limited, Busy, WrongPassword and NoAccount."""
        address = counted_as(address_of(self._context, request))
        one = await self.tries.count(address, key)
        account = await self.accounts.get(key)
        if not await self.passwords.fits(old, account.password if account else None):
            raise WrongPassword
        await self.tries.forgive(address, key, one)
        fresh = await self.passwords.hashed(new)
        before = await self.accounts.change(key, lambda found: found.model_copy(update={"password": fresh}))
        await self.sessions.end_all(key, but=session)
        await audit(self._context, request, What.PASSWORD_CHANGED, before.name, via="password")

    async def change_role(self, request: Request, doer: Doer, name: str, role: Role) -> Account:
        """In force with the next page they open. Raises NoAccount and LastAdmin."""
        account = await self.accounts.named(name)
        before = await self.accounts.change(account.key, lambda found: found.model_copy(update={"role": role}))
        about = f"{before.name}: {before.role} to {role}"
        await audit(self._context, request, What.ROLE_CHANGED, doer.name, about=about, via=doer.via)
        return before.model_copy(update={"role": role})

    async def change_person(self, request: Request, doer: Doer, name: str, person: str | None) -> Account:
        """Who of the rules they are. Raises NoAccount."""
        account = await self.accounts.named(name)
        before = await self.accounts.change(account.key, lambda found: found.model_copy(update={"person": person}))
        about = f"{before.name}: {before.person or 'nobody'} to {person or 'nobody'}"
        await audit(self._context, request, What.PERSON_CHANGED, doer.name, about=about, via=doer.via)
        return before.model_copy(update={"person": person})

    async def remove(self, request: Request, doer: Doer, name: str) -> Account:
        """Their sessions and tokens end with it. Raises NoAccount and LastAdmin."""
        account = await self.accounts.named(name)
        await self.accounts.change(account.key, lambda _: None)
        await self.sessions.end_all(account.key)
        await self.tokens.revoke([one.id for one in await self.tokens.every(account.key)])
        await audit(self._context, request, What.REMOVED, doer.name, about=account.name, via=doer.via)
        return account

    async def invite(self, request: Request, doer: Doer, invite: Invite) -> str:
        """The link of a new invitation. Raises TooMany."""
        word = await self.invites.make(invite.model_copy(update={"made_by": doer.name}))
        what = What.INVITED if invite.resets is None else What.PASSWORD_RESET
        about = f"{invite.name or 'somebody'}, {invite.role}" if invite.resets is None else str(invite.name)
        await audit(self._context, request, what, doer.name, about=about, via=doer.via)
        return self.link(word)

    def link(self, word: str) -> str:
        """The address of a one-time link."""
        return f"{self._context.settings.base_url}/welcome/{word}"

    async def make_token(
        self, request: Request, doer: Doer, name: str, role: Role, account: Account | None, label: str = ""
    ) -> str:
        """A new token's word. Raises tokens.TooMany."""
        word = await self.tokens.make(name, role, doer.name, account, label)
        about = f"{name}, {role}{f', {label}' if label else ''}"
        await audit(self._context, request, What.TOKEN_MADE, doer.name, about=about, via=doer.via)
        return word

    async def revoke(self, request: Request, doer: Doer, id_: str, of: str | None = None) -> bool:
        """Revoke a token, by the beginning of its id; `of`: only one of this account. False: there is none."""
        found = [one for one in await self.tokens.every(of) if len(id_) >= 8 and one.id.startswith(id_)]
        if len(found) != 1:
            return False
        await self.tokens.revoke([found[0].id])
        token = found[0].token
        about = f"{token.name}, {token.role}{f', {token.label}' if token.label else ''}"
        await audit(self._context, request, What.TOKEN_REVOKED, doer.name, about=about, via=doer.via)
        return True
