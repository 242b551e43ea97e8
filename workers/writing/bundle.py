"""The writes of one transaction, sent as MULTI … EXEC on the connection that watches.

redis-py's own pipeline spends about 12 µs on each command beside what it sends, and an opening has four that no other
incident's can be folded into (its history, its two entries, its sender's id). Here a command costs 2 µs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import hiredis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ExecAbortError, ResponseError, WatchError
from redis.exceptions import TimeoutError as RedisTimeoutError

Word = str | bytes | int | float


class Bundle:
    """Takes write commands as redis-py's pipeline does, in their order; `execute` sends them all."""

    def __init__(self, pipe: Pipeline) -> None:
        self._pipe = pipe
        self._commands: list[bytes] = []

    def execute(self) -> None:
        """All or nothing. Raises WatchError when what was read has changed or nobody knows, ResponseError when refused.

        What is written follows from what was read: a bundle on a pipeline that watches nothing is refused.
        """
        connection: Any = self._pipe.connection
        if not self._commands:
            return
        if connection is None or not self._pipe.watching:
            raise ValueError("a transaction that watches nothing")
        try:
            # Without redis-py's PING after a long pause: it may connect anew, and then nothing is watched any more.
            packed = b"".join([_pack("MULTI"), *self._commands, _pack("EXEC")])
            connection.send_packed_command([packed], check_health=False)
            answers = [_answer(connection) for _ in range(len(self._commands) + 2)]
        except (RedisConnectionError, RedisTimeoutError) as wrong:
            connection.disconnect()
            raise WatchError(f"{type(wrong).__name__} while it was sent") from wrong
        self._pipe.watching = False  # EXEC has ended that.
        _conclude(answers)

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


def _answer(connection: Any) -> Any:
    """One answer. A command that is refused still has others after it, whose answers must be read too."""
    try:
        return connection.read_response()
    except ResponseError as refused:
        return refused


def _conclude(answers: list[Any]) -> None:
    """The last answer is EXEC's: what each command said, or nothing when what is watched has changed."""
    *queued, said = answers
    refusals = [one for one in queued if isinstance(one, ResponseError)]
    if isinstance(said, ExecAbortError) and refusals:
        raise refusals[0]
    if isinstance(said, ResponseError):
        raise said
    if said is None:
        raise WatchError("what is watched has changed")
    for one in said:
        if isinstance(one, ResponseError):
            raise one
