"""What a worker that was killed had in hand is due at once for its successor, and not only when its lease is over.

A claim names its worker. Only of a process on the same host can anybody know for certain that it is dead; elsewhere
the lease decides, for whoever only hangs may still send.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from typing import Any

from redis import Redis

from workers import keys, log
from workers.agenda import DESKS, LEASE, Job, Lane

AT_MOST = 1000
"""Entries looked at for each desk: a worker has far fewer in hand."""

# KEYS: the desk. ARGV: due, prefix of entry keys, then id and claimant of each. Claimed anew meanwhile: stays so.
_RELEASE = """
local released = 0
for i = 3, #ARGV, 2 do
  if redis.call('HGET', ARGV[2] .. ARGV[i], 'by') == ARGV[i + 1] then
    released = released + redis.call('ZADD', KEYS[1], 'XX', 'CH', ARGV[1], ARGV[i])
  end
end
return released
"""


_LIFE = secrets.token_hex(4)
"""Tells this process from one that had the same number before: in a container that starts anew, many do."""


def name_of(lane: Lane) -> str:
    """What this process is called in its claims and its beat, as no other ever was: `lane:host:pid.life`."""
    return f"{lane}:{socket.gethostname()}:{os.getpid()}.{_LIFE}"


def is_dead(worker: str) -> bool:
    """Is this worker (see `name_of`) certainly dead?"""
    _, host, process = worker.rsplit(":", 2) if worker.count(":") >= 2 else ("", "", "")
    pid, _, life = process.partition(".")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return life != _LIFE
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def inherit(redis: Redis, lane: Lane, now: float) -> None:
    """Make due what dead workers of this lane had claimed."""
    for desk in DESKS:
        if desk[0] is lane and (count := release(redis, *desk, now, is_dead)):
            log.get("work").warning("took over from a dead worker", lane=lane, job=desk[1], entries=count)


def release(redis: Redis, lane: Lane, job: Job, now: float, dead: Callable[[str], bool]) -> int:
    """Make due what the workers that are `dead` have claimed at one desk. Returns how much.

    It comes before what came since: the next crash must not find it waiting again.
    """
    ids: Any = redis.zrangebyscore(keys.agenda(lane, job), now, now + LEASE, start=0, num=AT_MOST)
    pipe = redis.pipeline(transaction=False)
    for name in ids:
        pipe.hget(keys.entry(name.decode()), "by")
    held = [(name, by) for name, by in zip(ids, pipe.execute(), strict=True) if by and dead(by.decode())]
    if not held:
        return 0
    arguments = [repr(now - LEASE), keys.entry(""), *(part for pair in held for part in pair)]
    released: Any = redis.eval(_RELEASE, 1, keys.agenda(lane, job), *arguments)
    return int(released)
