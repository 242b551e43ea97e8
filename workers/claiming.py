"""The scripts by which a worker takes what is due at a desk, in one step, and sees which of its claims still hold."""

from __future__ import annotations

# KEYS: the desk. ARGV: now, lease, at most, prefix of entry keys, who claims, newest version that can be read.
# Who claims again what it had claimed has not died of it: only the answer to its claim was lost.
# Returns what was taken as [id, due, [field, value …]], and the ids a later release must deal with, which
# stay due for it. An id without a record is swept away.
CLAIM = """
local now, most, newest = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[6])
local claimed, newer = {}, {}
while #claimed < most and #newer < 1000 do
  local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', #newer, most - #claimed)
  if #due == 0 then break end
  for i = 1, #due, 2 do
    local key = ARGV[4] .. due[i]
    local known = redis.call('HMGET', key, 'kind', 'by', 'v', 'attempt', 'returned')
    if not known[1] then
      redis.call('ZREM', KEYS[1], due[i])
    elseif tonumber(known[3] or '1') > newest then
      newer[#newer + 1] = due[i]
    else
      local returned = tonumber(known[5] or '0')
      if ARGV[5] ~= '' and known[2] == ARGV[5] then returned = returned + 1 end
      redis.call('HSET', key, 'attempt', tonumber(known[4] or '0') + 1, 'returned', returned, 'by', ARGV[5])
      redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), due[i])
      claimed[#claimed + 1] = {due[i], due[i + 1], redis.call('HGETALL', key)}
    end
  end
end
return {claimed, newer}
"""

# KEYS: entries. Returns how often each has been claimed, as text; false for one that is gone.
ATTEMPTS = """
local attempts = {}
for i, key in ipairs(KEYS) do attempts[i] = redis.call('HGET', key, 'attempt') end
return attempts
"""
