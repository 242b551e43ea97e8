"""Tokens of the API that belong to somebody: shown once, kept as a digest, revoked one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from router.accounts.account import Account
from router.accounts.secret import digest, minted
from router.accounts.store import Accounts
from router.console.visitor import Role
from workers import keys
from workers.clock import Clock
from workers.plain import plain

PREFIX = "tocsin_"
"""So that people, and scanners of source code, see what it is."""
MOST = 1000
USED_EVERY = 60.0
"""Seconds; more often it is not written down that a token is used."""


class TooMany(Exception):
    """There are as many tokens as there may be."""


class Token(BaseModel):
    """As it stands in Redis."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    """Who speaks by it: it stands in timelines."""
    role: Role
    account: str | None = None
    """The key of the account it belongs to, and ends with; None: a machine's."""
    account_id: str | None = None
    label: str = ""
    """What it is for."""
    made_at: float
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A token as it is listed: never the word itself."""

    id: str
    token: Token
    used_at: float | None = None


class Tokens:
    """Redis' errors pass through."""

    def __init__(self, redis: Any, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._accounts = Accounts(redis)

    async def make(self, name: str, role: Role, by: str, account: Account | None = None, label: str = "") -> str:
        """A new one, which is never seen again. Raises TooMany."""
        if await self._redis.hlen(keys.TOKENS) >= MOST:
            raise TooMany
        word = minted(PREFIX)
        token = Token(
            name=account.speaks_as if account else name,
            role=role,
            account=account.key if account else None,
            account_id=account.id if account else None,
            label=plain(label, 80),
            made_at=self._clock.now(),
            made_by=by,
        )
        await self._redis.hset(keys.TOKENS, digest(word), token.model_dump_json())
        return word

    async def find(self, word: str) -> Token | None:
        """What this word entitles to now: never more than its account is entitled to."""
        id_ = digest(word)
        pipe = self._redis.pipeline(transaction=False)
        pipe.hget(keys.TOKENS, id_)
        pipe.hget(keys.TOKENS_USED, id_)
        text, used = await pipe.execute()
        token = _read(text)
        if token is None:
            return None
        now = self._clock.now()
        if used is None or now - float(used) > USED_EVERY:
            await self._redis.hset(keys.TOKENS_USED, id_, repr(now))
        return await self._as_it_stands(token)

    async def every(self, account: str | None = None) -> list[Listed]:
        """All of them, or those of one account, the newest first."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(keys.TOKENS)
        pipe.hgetall(keys.TOKENS_USED)
        texts, used = await pipe.execute()
        found = []
        for id_, text in texts.items():
            token = _read(text)
            if token is not None and account in (None, token.account):
                at = used.get(id_)
                found.append(Listed(id=id_.decode(), token=token, used_at=None if at is None else float(at)))
        return sorted(found, key=lambda one: -one.token.made_at)

    async def revoke(self, ids: list[str]) -> int:
        """Of now on these open nothing; returns how many there were."""
        if not ids:
            return 0
        pipe = self._redis.pipeline(transaction=True)
        pipe.hdel(keys.TOKENS, *ids)
        pipe.hdel(keys.TOKENS_USED, *ids)
        gone, _ = await pipe.execute()
        return int(gone)

    async def _as_it_stands(self, token: Token) -> Token | None:
        if token.account is None:
            return token
        account = await self._accounts.get(token.account)
        if account is None or account.id != token.account_id:
            return None
        role = token.role if account.role.may(token.role) else account.role
        return token.model_copy(update={"role": role, "name": account.speaks_as})


def _read(text: bytes | None) -> Token | None:
    try:
        return None if text is None else Token.model_validate_json(text)
    except ValidationError:
        return None
