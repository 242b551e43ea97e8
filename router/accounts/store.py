"""The accounts in Redis: one hash, small enough to be read whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from router.accounts.account import Account, folded
from router.console.visitor import Role
from workers import keys, log


class NoAccount(Exception):
    """There is no such account, or no longer."""


class LastAdmin(Exception):
    """Without this one nobody could change accounts any more."""


class Accounts:
    """Redis' errors pass through."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis

    async def every(self) -> list[Account]:
        """All of them by name; what cannot be read is left out and logged."""
        return sorted(self._read(await self._redis.hgetall(keys.ACCOUNTS)).values(), key=lambda one: one.name)

    async def has_admin(self) -> bool:
        """Is there somebody who can invite the others?"""
        return any(one.role is Role.ADMIN for one in await self.every())

    async def get(self, key: str) -> Account | None:
        """The one that is kept under this key."""
        text = await self._redis.hget(keys.ACCOUNTS, key)
        return None if text is None else self._read({key.encode(): text}).get(key)

    async def named(self, name: str) -> Account:
        """The one that people call so. Raises NoAccount."""
        wanted = folded(name)
        for one in await self.every():
            if wanted in (one.key, folded(one.name)):
                return one
        raise NoAccount

    async def put(self, account: Account) -> None:
        """Keep it, in place of one of the same key."""
        await self._redis.hset(keys.ACCOUNTS, account.key, account.model_dump_json())

    async def change(self, key: str, changed: Callable[[Account], Account | None]) -> Account:
        """Replace one by what `changed` makes of it, None: remove it. Returns it as it was.

        Raises NoAccount, and LastAdmin when no admin would be left.
        """
        found: list[Account] = []

        async def write(pipe: Any) -> None:
            accounts = self._read(await pipe.hgetall(keys.ACCOUNTS))
            before = accounts.get(key)
            if before is None:
                raise NoAccount
            after = changed(before)
            _keep_an_admin(accounts, before, after)
            found.append(before)
            pipe.multi()
            if after is None:
                pipe.hdel(keys.ACCOUNTS, key)
            else:
                pipe.hset(keys.ACCOUNTS, key, after.model_dump_json())

        await self._redis.transaction(write, keys.ACCOUNTS)
        return found[-1]

    def _read(self, texts: dict[bytes, bytes]) -> dict[str, Account]:
        accounts = {}
        for key, text in texts.items():
            try:
                accounts[key.decode()] = Account.model_validate_json(text)
            except ValidationError:
                log.get("accounts").error("an account cannot be read", account=key.decode("utf-8", "replace"))
        return accounts


def _keep_an_admin(accounts: dict[str, Account], before: Account, after: Account | None) -> None:
    loses = before.role is Role.ADMIN and (after is None or after.role is not Role.ADMIN)
    if loses and not any(one.role is Role.ADMIN for key, one in accounts.items() if key != before.key):
        raise LastAdmin
