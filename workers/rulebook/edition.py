"""The rules in force, as texts in Redis: one edition for all processes, and why the last one was refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import orjson
from redis import Redis

from workers import keys
from workers.deliveries.packing import pack, unpack
from workers.rulebook.configuration import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version of the rules, and when (Unix seconds) and by what it came into force."""

    version: str
    at: float
    by: str
    written: Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The last edition that was not put into force. `why` has a line for each reason."""

    at: float
    by: str
    why: tuple[str, ...]


def version(redis: Redis) -> str | None:
    """Of the rules in force; None where none were ever published, or where Redis was wiped."""
    found = cast("bytes | None", redis.hget(keys.RULES, "version"))
    return None if found is None else found.decode()


def current(redis: Redis) -> Edition | None:
    """The edition in force."""
    found: Any = redis.hgetall(keys.RULES)
    if not found:
        return None
    return Edition(
        version=found[b"version"].decode(),
        at=float(found[b"at"]),
        by=found[b"by"].decode(),
        written=Written(**orjson.loads(unpack(found[b"written"]))),
    )


def publish(redis: Redis, edition: Edition) -> None:
    """Put it into force: every process takes it up within a second. A refusal is forgotten."""
    texts = orjson.dumps({"texts": edition.written.texts, "runbooks": edition.written.runbooks})
    pipe = redis.pipeline(transaction=True)
    pipe.hset(
        keys.RULES,
        mapping={"version": edition.version, "at": repr(edition.at), "by": edition.by, "written": pack(texts)},
    )
    pipe.delete(keys.RULES_REFUSED)
    pipe.execute()


def refuse(redis: Redis, refusal: Refusal) -> None:
    """Let everybody know why the rules on a disk are not in force."""
    redis.set(keys.RULES_REFUSED, orjson.dumps(asdict(refusal)))


def relent(redis: Redis) -> None:
    """What was refused is no longer on the disk."""
    redis.delete(keys.RULES_REFUSED)


def refusal(redis: Redis) -> Refusal | None:
    """Why the last edition was refused; None when it was not."""
    found = cast("bytes | None", redis.get(keys.RULES_REFUSED))
    if found is None:
        return None
    told = orjson.loads(found)
    return Refusal(at=told["at"], by=told["by"], why=tuple(told["why"]))
