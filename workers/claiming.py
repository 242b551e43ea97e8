"""The scripts by which a worker takes what is due at a desk, in one step, and sees which of its claims still hold."""

from __future__ import annotations

FIELDS = tuple(b"kind lane created_at incident body attempt returned failures last_error v".split())
"""What is stored of an entry, in the order in which a claim answers it."""

# KEYS: the desk, and its bell where that is answered: whatever is promised from now on rings anew.
# ARGV: now, lease, at most, prefix of entry keys, who claims, newest version that can be read, bytes of bodies at which
# it is enough, then FIELDS.
# Who claims again what it had claimed has not died of it: only the answer to its claim was lost. Nor has anybody died
# of a notification that stood in line and was not begun.
# Returns what was taken as [id, due, [value …]], the ids a later release must deal with, which stay due for it, and
# whether it was as much as may be taken at once.
# An id without a record is swept away. The values come without their names: most of its time goes into handing over.
CLAIM = """
if KEYS[2] then redis.call('DEL', KEYS[2]) end
local now, most, newest, enough = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[6]), tonumber(ARGV[7])
local claimed, newer, weight = {}, {}, 0
while #claimed < most and #newer < 1000 and weight < enough do
  local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', #newer, most - #claimed)
  if #due == 0 then break end
  for i = 1, #due, 2 do
    if weight >= enough then break end
    local key = ARGV[4] .. due[i]
    local known = redis.call('HMGET', key, 'by', 'begun', unpack(ARGV, 8))
    local by, begun = table.remove(known, 1), table.remove(known, 1)
    if not known[1] then
      redis.call('ZREM', KEYS[1], due[i])
    elseif tonumber(known[10] or '1') > newest then
      newer[#newer + 1] = due[i]
    else
      local harmless = by and known[1] == 'notify' and begun ~= known[6]
      known[6] = tonumber(known[6] or '0') + 1
      known[7] = tonumber(known[7] or '0')
      if ARGV[5] ~= '' and by == ARGV[5] or harmless then known[7] = known[7] + 1 end
      redis.call('HSET', key, 'attempt', known[6], 'returned', known[7], 'by', ARGV[5])
      redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), due[i])
      claimed[#claimed + 1] = {due[i], due[i + 1], known}
      weight = weight + #(known[5] or '')
    end
  end
end
return {claimed, newer, (#claimed >= most or weight >= enough) and 1 or 0}
"""

# KEYS: entries. ARGV: the attempts by which they are held.
BEGIN = """
for i, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'attempt') == ARGV[i] then redis.call('HSET', key, 'begun', ARGV[i]) end
end
"""

# KEYS: entries. Returns how often each has been claimed, as text; false for one that is gone.
ATTEMPTS = """
local attempts = {}
for i, key in ipairs(KEYS) do attempts[i] = redis.call('HGET', key, 'attempt') end
return attempts
"""

# KEYS: entries. Returns for each 1 when it is there, else 0.
THERE = """
local there = {}
for i, key in ipairs(KEYS) do there[i] = redis.call('EXISTS', key) end
return there
"""
