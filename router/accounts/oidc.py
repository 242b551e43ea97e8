"""`/sign-in/oidc`: to the issuer and back, with state, nonce and PKCE in a signed cookie that lives ten minutes.

Nothing of it is kept in Redis: looking at the first address changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.accounts import cookie
from router.accounts.account import Account, folded
from router.accounts.audit import What, audit
from router.accounts.issuer import Issuer, Unusable
from router.accounts.limits import Limited
from router.accounts.proxy import person_of, role_of
from router.accounts.registry import Registry
from router.accounts.whence import address_of, counted_as
from router.console.routes import Refused
from router.console.visitor import Role
from router.context import Context
from workers import log
from workers.outward import Outward
from workers.plain import plain

LASTS = 600
"""Seconds somebody has at the issuer."""
_PURPOSE = b"tocsin oidc\n"


class Oidc:
    """One per app."""

    def __init__(self, context: Context, registry: Registry) -> None:
        self._context = context
        self._registry = registry
        self._issuer: Issuer | None = None

    async def go(self, _request: Request, then: str) -> Response:
        """To the issuer. Raises Refused."""
        issuer = self._at()
        settings = self._context.settings
        try:
            document = await run_in_threadpool(issuer.document)
        except Unusable as wrong:
            raise _unusable(wrong) from None
        way = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(way["verifier"].encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": settings.oidc_client_id,
            "redirect_uri": self._back,
            "scope": settings.oidc_scopes,
            "state": way["state"],
            "nonce": way["nonce"],
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        address = document["authorization_endpoint"]
        response = RedirectResponse(f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", 303)
        self._remember(response, {**way, "then": then, "until": self._context.clock.now() + LASTS})
        return response

    async def back(self, request: Request) -> tuple[str, str]:
        """From the issuer. Returns where to go on and the word for the cookie. Raises Refused and Limited."""
        issuer, asked = self._at(), request.query_params
        way = self._remembered(request)
        if way is None or not hmac.compare_digest(asked.get("state", "").encode(), str(way["state"]).encode()):
            text = "It took longer than ten minutes, or was begun in another browser. Please sign in again."
            raise Refused(403, "This sign-in was not begun here", text)
        if "code" not in asked:
            said = plain(asked.get("error_description") or asked.get("error", ""), 200)
            raise Refused(403, "Not signed in", f"The issuer says no: {said or 'without a reason'}.")
        address = counted_as(address_of(self._context, request))
        one = await self._registry.tries.count(address, f"oidc {address}")
        try:
            claims = await run_in_threadpool(issuer.claims, asked["code"], way["verifier"], way["nonce"], self._back)
        except Unusable as wrong:
            await audit(self._context, request, What.NOT_SIGNED_IN, "somebody", about=str(wrong), via="oidc")
            raise _unusable(wrong) from None
        await self._registry.tries.forgive(address, f"oidc {address}", one)
        account = await self._account(claims)
        return str(way["then"]), await self._registry.let_in(request, account, "oidc")

    def forget(self, response: Response) -> None:
        """What was remembered on the way is of no use any more."""
        response.delete_cookie(self._cookie, path="/", secure=cookie.is_secure(self._context), httponly=True)

    @property
    def _back(self) -> str:
        return f"{self._context.settings.base_url}/sign-in/oidc/back"

    @property
    def _cookie(self) -> str:
        return "__Host-tocsin-oidc" if cookie.is_secure(self._context) else "tocsin-oidc"

    def _at(self) -> Issuer:
        settings = self._context.settings
        if settings.oidc_issuer is None:
            raise Refused(
                404, "There is nothing here", "Signing in elsewhere is not set up: TOCSIN_OIDC_ISSUER says where."
            )
        if self._issuer is None:
            self._issuer = Issuer(settings, Outward(settings.allow_net))
        return self._issuer

    async def _account(self, claims: dict[str, Any]) -> Account:
        """Theirs, made at the first sign-in; never one of the same name that has a password here."""
        digest = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()[:32]
        before = await self._registry.accounts.get(f"oidc:{digest}")
        settings = self._context.settings
        role = self._role(claims, before)
        if before is not None:
            account = before.model_copy(update={"role": role})
        else:
            name, now = await self._name(claims), self._context.clock.now()
            person = self._person(claims)
            account = Account(key=f"oidc:{digest}", name=name, role=role, person=person, made_at=now)
            account = account.model_copy(update={"made_by": settings.oidc_name})
        if account != before:
            await self._registry.accounts.put(account)
        return account

    def _role(self, claims: dict[str, Any], before: Account | None) -> Role:
        """By the claim where roles are mapped; else as an admin has set it."""
        settings = self._context.settings
        if not settings.oidc_roles:
            return before.role if before else Role.VIEWER
        said = claims.get(settings.oidc_role_claim, [])
        groups = said if isinstance(said, list) else [said]
        return role_of((one for one in groups if isinstance(one, str)), settings.oidc_roles)

    def _person(self, claims: dict[str, Any]) -> str | None:
        """By the mail address, and only one that the issuer has verified: others, people may choose."""
        email = claims.get("email") if claims.get("email_verified") is True else None
        people = self._context.in_force.ruleset.config.people
        return person_of(people, email) if isinstance(email, str) and "@" in email else None

    async def _name(self, claims: dict[str, Any]) -> str:
        """What they are called; with the issuer's name where somebody here is called so already."""
        said = next((claims[one] for one in ("preferred_username", "email", "name") if claims.get(one)), claims["sub"])
        name = folded(plain(str(said), 60))
        taken = {one.name for one in await self._registry.accounts.every()}
        taken |= {person.lower() for person in self._context.in_force.ruleset.config.people}
        return f"{name} ({self._context.settings.oidc_name})" if name in taken else name

    def _remember(self, response: Response, way: dict[str, Any]) -> None:
        said = base64.urlsafe_b64encode(orjson.dumps(way)).decode()
        secure = cookie.is_secure(self._context)
        word = f"{said}.{self._signed(self._context.secrets[0], said)}"
        response.set_cookie(self._cookie, word, max_age=LASTS, httponly=True, samesite="lax", secure=secure)

    def _remembered(self, request: Request) -> dict[str, Any] | None:
        said, _, signature = request.cookies.get(self._cookie, "").partition(".")
        given = signature.encode("utf-8", "replace")
        fits = [hmac.compare_digest(given, self._signed(one, said).encode()) for one in self._context.secrets]
        if True not in fits:
            return None
        way: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(said))
        return way if self._context.clock.now() <= way["until"] else None

    def _signed(self, secret: bytes, said: str) -> str:
        return hmac.new(secret, _PURPOSE + said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def wait_of(limited: Limited) -> Refused:
    """Too many came back from the issuer with nothing that holds."""
    return Refused(429, "Too many tries", f"Please wait {limited.wait:.0f} s, and sign in again.")


def _unusable(wrong: Unusable) -> Refused:
    log.get("oidc").error("the issuer cannot be used", why=str(wrong))
    text = f"The issuer cannot be used now: {wrong}. Please try again, or sign in with a password."
    return Refused(502, "Not signed in", text)
