"""What one of many does and the others leave for a while: a key that ends in time, though Redis' clock be put back."""

from __future__ import annotations

from redis import Redis

# KEYS: the latch. ARGV: who takes it, milliseconds. A key lasts until a time of Redis' clock: one that has longer to
# go than anybody ever gave it was written before the clock was put back, and would hold for as long as that.
_TAKE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


def take(redis: Redis, name: str, milliseconds: int, by: str = "1") -> bool:
    """Take it for so long; False while somebody has it."""
    return bool(redis.eval(_TAKE, 1, name, by, milliseconds))
