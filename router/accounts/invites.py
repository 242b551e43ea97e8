"""One-time links: the first one, which makes the first admin, and those that people send each other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from router.accounts.account import Account
from router.accounts.secret import digest, minted
from router.accounts.store import Accounts
from router.console.visitor import Role
from workers import keys
from workers.clock import Clock

KEEP = 86400.0
"""Seconds a link is good for; the first one until it is used or another is made."""
MOST = 200
_FIRST_PURPOSE = b"tocsin first link\n"

# KEYS: invites, accounts, the first link's nonce. ARGV: the digest, or the nonce where it is the first link; is it;
# the account's key; the account.
_ACCEPT = """
local first = ARGV[2] == '1'
if first then
  if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'gone' end
  for _, text in ipairs(redis.call('HVALS', KEYS[2])) do
    if cjson.decode(text).role == 'admin' then return 'gone' end
  end
elseif redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'gone' end
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then return 'taken' end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('DEL', KEYS[3])
if not first then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 'made'
"""


class Invite(BaseModel):
    """What a link entitles to, as it stands in Redis."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Role
    name: str | None = None
    """The name to sign in with, when whoever invites has chosen it."""
    person: str | None = None
    resets: str | None = None
    """The key of an account that gets a new password by it, instead of a new account."""
    made_by: str = ""
    expires: float | None = None
    """Unix seconds; None: the first link."""

    @property
    def is_first(self) -> bool:
        """Does it make the first admin?"""
        return self.expires is None

    @property
    def inviter(self) -> str:
        """Who may be asked about it; empty: whoever has TOCSIN_API_TOKEN, which is nobody by name."""
        return "" if self.made_by == "TOCSIN_API_TOKEN" else self.made_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An invitation still open; `id` is the digest."""

    id: str
    invite: Invite


class Outcome(StrEnum):
    """What became of a link that was pressed."""

    MADE = "made"
    TAKEN = "taken"
    """The name is: the link is as good as before."""
    GONE = "gone"


class TooMany(Exception):
    """There are as many open invitations as there may be."""


class Invites:
    """`secret_words` are TOCSIN_SECRET: the first signs. Redis' errors pass through."""

    def __init__(self, redis: Any, clock: Clock, secret_words: Sequence[bytes]) -> None:
        self._redis = redis
        self._clock = clock
        self._secrets = secret_words

    async def first(self) -> str | None:
        """The first link's word, the same in every receiver and after a restart; None: there is an admin.

        Redis holds half of what it is made of, TOCSIN_SECRET is the other half: the word itself is kept nowhere.
        """
        if await Accounts(self._redis).has_admin():
            return None
        await self._redis.set(keys.FIRST_INVITE, secrets.token_hex(16), nx=True)
        nonce = await self._redis.get(keys.FIRST_INVITE)
        return None if nonce is None else _first(self._secrets[0], nonce)

    async def make(self, invite: Invite) -> str:
        """A new link's word. Raises TooMany."""
        now = self._clock.now()
        listed = await self.every()
        old = [one.id for one in listed if not _is_open(one.invite, now)]
        if len(listed) - len(old) >= MOST:
            raise TooMany
        word = minted()
        pipe = self._redis.pipeline(transaction=True)
        if old:
            pipe.hdel(keys.INVITES, *old)
        pipe.hset(keys.INVITES, digest(word), invite.model_copy(update={"expires": now + KEEP}).model_dump_json())
        pipe.delete(keys.FIRST_INVITE)
        await pipe.execute()
        return word

    async def find(self, word: str) -> Invite | None:
        """What the word invites to, if it still does. Looking changes nothing."""
        if await self._first_nonce(word) is not None:
            return Invite(role=Role.ADMIN)
        invite = _read(await self._redis.hget(keys.INVITES, digest(word)))
        return invite if invite is not None and _is_open(invite, self._clock.now()) else None

    async def accept(self, word: str, account: Account) -> Outcome:
        """Make the account, and use the link up: both or neither."""
        nonce = await self._first_nonce(word)
        given = [nonce or digest(word), "0" if nonce is None else "1", account.key, account.model_dump_json()]
        places = [keys.INVITES, keys.ACCOUNTS, keys.FIRST_INVITE]
        return Outcome((await self._redis.register_script(_ACCEPT)(keys=places, args=given)).decode())

    async def use_up(self, word: str) -> bool:
        """It is good no more; False when it was not before."""
        return await self.withdraw(digest(word))

    async def withdraw(self, id_: str) -> bool:
        """Whoever has the link can do nothing with it any more."""
        return bool(await self._redis.hdel(keys.INVITES, id_))

    async def open(self) -> list[Listed]:
        """Those that may still be used, the newest first."""
        now = self._clock.now()
        found = [one for one in await self.every() if _is_open(one.invite, now)]
        return sorted(found, key=lambda one: -(one.invite.expires or 0))

    async def every(self) -> list[Listed]:
        """Those that have run out too."""
        texts = await self._redis.hgetall(keys.INVITES)
        read = [(id_.decode(), _read(text)) for id_, text in texts.items()]
        return [Listed(id=id_, invite=invite) for id_, invite in read if invite is not None]

    async def _first_nonce(self, word: str) -> bytes | None:
        """The nonce of the first link when this is its word."""
        nonce: bytes | None = await self._redis.get(keys.FIRST_INVITE)
        if nonce is None or await Accounts(self._redis).has_admin():
            return None
        given = word.encode("utf-8", "replace")
        fits = [hmac.compare_digest(given, _first(secret, nonce).encode()) for secret in self._secrets]
        return nonce if True in fits else None


def _first(secret: bytes, nonce: bytes) -> str:
    signed = hmac.digest(secret, _FIRST_PURPOSE + nonce, hashlib.sha256)
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def _is_open(invite: Invite, now: float) -> bool:
    return invite.expires is not None and now <= invite.expires


def _read(text: bytes | None) -> Invite | None:
    try:
        return None if text is None else Invite.model_validate_json(text)
    except ValidationError:
        return None
