"""Write commands, packed one by one as they are asked for, and what the answers to their transaction mean.

redis-py's own pipelines spend about 12 µs on each command beside what they send, and a command here costs 2. Who sends
them: `bundle` on the blocking connection that watches, `wire` on one of the event loop's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import hiredis
from redis.exceptions import ExecAbortError, RedisError, ResponseError, WatchError

Word = str | bytes | int | float


class Commands:
    """Takes write commands as redis-py's pipeline does, in their order."""

    def __init__(self) -> None:
        self._commands: list[bytes] = []

    def __len__(self) -> int:
        return len(self._commands)

    def transaction(self) -> bytes:
        """All of them between MULTI and EXEC; the server answers each, and those two."""
        return b"".join([_MULTI, *self._commands, _EXEC])

    def _add(self, *words: Word) -> None:
        self._commands.append(_pack(*words))

    def set(self, name: str, value: Word, *, ex: int, nx: bool = False) -> None:
        """SET with an end; `nx` only where there is nothing."""
        self._add("SET", name, value, "EX", ex, *(("NX",) if nx else ()))

    def rewrite(self, name: str, value: Word) -> None:
        """SET, with the end it had."""
        self._add("SET", name, value, "KEEPTTL")

    def mset(self, values: Mapping[str, bytes]) -> None:
        """MSET."""
        pairs: Iterable[Iterable[Word]] = values.items()
        self._add("MSET", *chain.from_iterable(pairs))

    def delete(self, *names: str) -> None:
        """DEL."""
        self._add("DEL", *names)

    def expire(self, name: str, seconds: int) -> None:
        """EXPIRE."""
        self._add("EXPIRE", name, seconds)

    def persist(self, name: str) -> None:
        """PERSIST."""
        self._add("PERSIST", name)

    def rpush(self, name: str, *values: Word) -> None:
        """RPUSH."""
        self._add("RPUSH", name, *values)

    def ltrim(self, name: str, first: int, last: int) -> None:
        """LTRIM."""
        self._add("LTRIM", name, first, last)

    def xadd(self, name: str, fields: Mapping[str, Word], *, maxlen: int, approximate: bool) -> None:
        """XADD, cut to about (or exactly) `maxlen`."""
        self._add(
            "XADD", name, "MAXLEN", "~" if approximate else "=", maxlen, "*", *chain.from_iterable(fields.items())
        )

    def hset(self, name: str, *, mapping: Mapping[str, Word]) -> None:
        """HSET."""
        self._add("HSET", name, *chain.from_iterable(mapping.items()))

    def hdel(self, name: str, field: str) -> None:
        """HDEL."""
        self._add("HDEL", name, field)

    def incrby(self, name: str, by: int) -> None:
        """INCRBY."""
        self._add("INCRBY", name, by)

    def hincrby(self, name: str, field: str, by: int) -> None:
        """HINCRBY."""
        self._add("HINCRBY", name, field, by)

    def zadd(self, name: str, scores: Mapping[str, float], *, gt: bool = False) -> None:
        """ZADD; `gt` only raises scores."""
        flags = ("GT",) if gt else ()
        pairs = zip(map(repr, scores.values()), scores, strict=True)
        self._add("ZADD", name, *flags, *chain.from_iterable(pairs))

    def zrem(self, name: str, *members: str) -> None:
        """ZREM."""
        self._add("ZREM", name, *members)

    def zremrangebyscore(self, name: str, low: str, high: float) -> None:
        """ZREMRANGEBYSCORE."""
        self._add("ZREMRANGEBYSCORE", name, low, repr(high))


def _pack(*words: Word) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


_MULTI, _EXEC = _pack("MULTI"), _pack("EXEC")


def conclude(answers: Sequence[Any]) -> None:
    """Return when all was written; a refusal stands in its place among the answers, of which the last is EXEC's.

    Raises what was refused, and WatchError when what is watched has changed.
    """
    *queued, said = answers
    refusals = [one for one in queued if isinstance(one, ResponseError)]
    if isinstance(said, ExecAbortError) and refusals:
        raise refusals[0]
    if isinstance(said, ResponseError):
        raise said
    if said is None:
        raise WatchError("what is watched has changed")
    for one in said:
        if isinstance(one, RedisError):
            raise one
