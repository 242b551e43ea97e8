"""Who is signed in, and from where: a random word in a cookie, its digest in Redis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from router.accounts.account import Account
from router.accounts.secret import digest, minted
from workers import keys
from workers.clock import Clock
from workers.plain import plain

IDLE = 7 * 86400.0
"""Seconds without a page after which one has to sign in anew: whoever is on call opens one in their week."""
LONGEST = 30 * 86400.0
"""Seconds after which one has to, whatever was opened meanwhile."""
TOUCHED_EVERY = 60.0
"""Seconds; more often it is not written down that a session lives."""
MOST = 50
"""Sessions of one account; beyond, the oldest end."""


class Session(BaseModel):
    """As it stands in Redis."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    account: str
    account_id: str
    via: str
    began: float
    seen: float
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A session as its owner sees it; `id` is the digest."""

    id: str
    session: Session


class Sessions:
    """Redis' errors pass through: nobody is signed out because Redis is away."""

    def __init__(self, redis: Any, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    async def begin(self, account: Account, *, via: str, address: str, agent: str) -> str:
        """A new one: always a fresh word, so that nobody can have known it before. Returns the word for the cookie."""
        word, now = minted(), self._clock.now()
        session = Session(
            account=account.key,
            account_id=account.id,
            via=via,
            began=now,
            seen=now,
            address=address,
            agent=plain(agent, 200),
        )
        index = keys.sessions(account.key)
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(keys.session(digest(word)), session.model_dump_json(), ex=int(IDLE))
        pipe.zadd(index, {digest(word): now})
        pipe.expire(index, int(LONGEST))
        pipe.zrange(index, 0, -MOST - 1)
        *_, beyond = await pipe.execute()
        await self._end(account.key, [one.decode() for one in beyond])
        return word

    async def find(self, word: str) -> Listed | None:
        """The session of this cookie, if it still is one."""
        id_ = digest(word)
        session = _read(await self._redis.get(keys.session(id_)))
        now = self._clock.now()
        if session is None or now - session.seen > IDLE or now - session.began > LONGEST:
            return None
        if now - session.seen > TOUCHED_EVERY:
            lives = max(1, int(min(IDLE, session.began + LONGEST - now)))
            text = session.model_copy(update={"seen": now}).model_dump_json()
            # Only where it still stands: one that was ended in this moment must not come back.
            await self._redis.set(keys.session(id_), text, ex=lives, xx=True)
        return Listed(id=id_, session=session)

    async def of(self, account: str) -> list[Listed]:
        """All of an account, the one seen last first; those that have run out are forgotten."""
        ids = [one.decode() for one in await self._redis.zrange(keys.sessions(account), 0, -1)]
        texts = await self._redis.mget([keys.session(one) for one in ids]) if ids else []
        known = {one: _read(text) for one, text in zip(ids, texts, strict=True)}
        await self._end(account, [one for one, session in known.items() if session is None])
        found = [Listed(id=one, session=session) for one, session in known.items() if session is not None]
        return sorted(found, key=lambda one: -one.session.seen)

    async def end(self, account: str, id_: str) -> bool:
        """Sign one out; False when it is none of this account."""
        if await self._redis.zscore(keys.sessions(account), id_) is None:
            return False
        await self._end(account, [id_])
        return True

    async def end_all(self, account: str, but: str = "") -> int:
        """Sign all of an account out, but one; returns how many."""
        ids = [one.decode() for one in await self._redis.zrange(keys.sessions(account), 0, -1)]
        return await self._end(account, [one for one in ids if one != but])

    async def _end(self, account: str, ids: list[str]) -> int:
        if not ids:
            return 0
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(*(keys.session(one) for one in ids))
        pipe.zrem(keys.sessions(account), *ids)
        ended, _ = await pipe.execute()
        return int(ended)


def _read(text: bytes | None) -> Session | None:
    try:
        return None if text is None else Session.model_validate_json(text)
    except ValidationError:
        return None
