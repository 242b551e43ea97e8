"""What one of many does and the others leave for a while: a key that ends in time, though Redis' clock be put back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import Redis

# KEYS: the latch. ARGV: who takes it, milliseconds, then commands, each after the number of its words. A key lasts
# until a time of Redis' clock: one that has longer to go than anybody ever gave it was written before the clock was put
# back, and would hold for as long as that.
_TAKE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
local next = 3
while ARGV[next] do
  local last = next + tonumber(ARGV[next])
  redis.call(unpack(ARGV, next + 1, last))
  next = last + 1
end
return 1
"""


def take(redis: Redis, name: str, milliseconds: int, by: str = "1", then: Sequence[Sequence[Any]] = ()) -> bool:
    """Take it for so long; False while somebody has it. `then`: commands that are carried out in the same step."""
    words = [word for command in then for word in (len(command), *command)]
    return bool(redis.eval(_TAKE, 1, name, by, milliseconds, *words))
