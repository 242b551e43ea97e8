"""Entries of the agenda that stand where no worker will look: found, and made due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from redis import Redis

from workers import keys
from workers.agenda import JOBS, LEASE
from workers.clock import Clock

# KEYS: what is parked. ARGV: now, until when no claim lasts, prefix of entry keys, prefix of desks, how many kinds
# there are, each kind and its job, then ids. What is promised in seconds was not promised in the future: Redis' clock
# has been put back since. A look at an incident is due when its step is. Returns how many were made due.
_MEND = """
local now, no_claim, mended = ARGV[1], tonumber(ARGV[2]), 0
local jobs, first = {}, 6 + 2 * tonumber(ARGV[5])
for i = 6, first - 1, 2 do jobs[ARGV[i]] = ARGV[i + 1] end
for i = first, #ARGV do
  local id = ARGV[i]
  local known = redis.call('HMGET', ARGV[3] .. id, 'lane', 'kind', 'by', 'created_at')
  local lane, kind = known[1], known[2]
  if lane and kind and jobs[kind] and not redis.call('ZSCORE', KEYS[1], id) then
    local desk = ARGV[4] .. lane .. ':' .. jobs[kind]
    local due = redis.call('ZSCORE', desk, id)
    local soon = kind == 'intake' or kind == 'notify'
    local wrong = known[3] or soon and tonumber(known[4] or '0') > no_claim
    if not due or wrong and tonumber(due) > no_claim then
      redis.call('ZADD', desk, now, id)
      mended = mended + 1
    end
  end
end
return mended
"""
_JOBS = [word for pair in JOBS.items() for word in pair]


def mend(redis: Redis, entry_ids: Sequence[str], clock: Clock) -> int:
    """Make those due now that stand at no desk though not parked, are claimed for too long, or are too far off.

    Returns how many that were. In one step within Redis: what a worker does meanwhile cannot come between.
    """
    if not entry_ids:
        return 0
    now = clock.now()
    prefixes = (keys.entry(""), keys.agenda("", "").removesuffix(":"))
    given: list[str | int] = [repr(now), repr(now + 2 * LEASE), *prefixes, len(JOBS), *_JOBS, *entry_ids]
    return cast("int", redis.eval(_MEND, 1, keys.PARKED, *given))
