"""How often somebody may try to sign in: of one address, and for one account, over all receivers together."""

from __future__ import annotations

import secrets
from typing import Any

from workers import keys
from workers.clock import Clock

WINDOW = 60.0
"""Seconds."""
OF_ONE_ADDRESS = 5
FOR_ONE_ACCOUNT = 20

# KEYS: the tries of the address, those for the account. ARGV: now, window, this try, most of each.
# A try that is refused is not counted: one address cannot use up an account's tries, and waiting helps.
_TRY = """
local now, window, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  redis.call('ZREMRANGEBYSCORE', key, now + window, '+inf')
  if redis.call('ZCARD', key) >= tonumber(ARGV[3 + i]) then
    wait = math.max(wait, tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]) + window - now)
  end
end
if wait > 0 then return string.format('%.3f', wait) end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[3])
  redis.call('PEXPIRE', key, math.ceil(window * 1000))
end
return '0'
"""


class Limited(Exception):
    """Too many tries; `wait` seconds later there may be one more."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"{wait:.0f} s")
        self.wait = wait


class Tries:
    """Redis' errors pass through: without Redis nobody signs in."""

    def __init__(self, redis: Any, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    async def count(self, address: str, account: str) -> str:
        """One more try, counted before the password is looked at. Returns its id. Raises Limited."""
        one = secrets.token_hex(8)
        arguments: list[Any] = [repr(self._clock.now()), WINDOW, one, OF_ONE_ADDRESS, FOR_ONE_ACCOUNT]
        answer = await self._redis.register_script(_TRY)(keys=self._keys(address, account), args=arguments)
        wait = float(answer)
        if wait > 0:
            raise Limited(wait)
        return one

    async def forgive(self, address: str, account: str, one: str) -> None:
        """It was right: a whole office may sign in from one address."""
        pipe = self._redis.pipeline(transaction=False)
        for key in self._keys(address, account):
            pipe.zrem(key, one)
        await pipe.execute()

    def _keys(self, address: str, account: str) -> list[str]:
        return [keys.tries("address", address), keys.tries("account", account)]
