"""Which release may work on what Redis holds: no process starts on records that a later release has written."""

from __future__ import annotations

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from rules.upcast import VERSION, NewerRecord
from workers import keys, log
from workers.store import connect

ADVICE = "start the later release, or restore a backup that was made before it: docs/records.md"
"""What to do when this release may not work here."""

# KEYS: the version. ARGV: ours.
_RAISE = (
    "if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end"
)


def examine(redis: Redis) -> None:
    """Raises NewerRecord where a later release has been at work."""
    stored = int(redis.get(keys.VERSION) or 1)
    if stored > VERSION:
        raise NewerRecord(stored)


def examine_at(url: str) -> None:
    """The same, where no connection is open yet; a Redis that is away will be asked again. Raises NewerRecord."""
    try:
        with connect(url) as redis:
            examine(redis)
    except RedisError as wrong:
        log.get("release").warning("version not examined", why=type(wrong).__name__)


def join(redis: Redis) -> None:
    """Begin to work here: from now on no earlier release starts. Raises NewerRecord."""
    examine(redis)
    try:
        redis.eval(_RAISE, 1, keys.VERSION, VERSION)
    except ResponseError as wrong:
        # A Redis that takes no writes now must not keep a receiver with a spool from starting.
        log.get("release").warning("version not written", why=type(wrong).__name__)
