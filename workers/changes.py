"""Which incidents have just changed: a short stream that whoever shows them follows. It promises nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redis import Redis

from workers import keys

NOTHING = "0-0"
"""The mark of a stream in which nothing has been said yet."""
KEPT = 2000
"""Transactions the stream remembers, about; whoever is further behind looks at everything anew."""


def tell(writes: Any, incident_ids: Iterable[str]) -> None:
    """Say with the transaction that changes them that these incidents have changed."""
    ids = " ".join(dict.fromkeys(incident_ids))
    if ids:
        writes.xadd(keys.CHANGES, {"incidents": ids}, maxlen=KEPT, approximate=True)


def latest(redis: Redis) -> str:
    """The mark of the last change; NOTHING before the first."""
    found: Any = redis.xrevrange(keys.CHANGES, count=1)
    return found[0][0].decode() if found else NOTHING


def since(redis: Redis, mark: str) -> tuple[str, list[str]] | None:
    """The latest mark and the ids changed after `mark`, each once; None when so much happened that nobody can say."""
    first: Any = redis.xrange(keys.CHANGES, count=1)
    if not first:
        return (mark, []) if mark == NOTHING else None
    if mark != NOTHING and _order(first[0][0].decode()) > _order(mark):
        return None  # The stream was cut, or begun anew, after what this mark stands for.
    found: Any = redis.xrange(keys.CHANGES, min=f"({mark}")
    if mark == NOTHING and len(found) >= KEPT:
        return None  # Nobody knows whether it has been cut since it was empty.
    ids = dict.fromkeys(one for _, said in found for one in _ids(said))
    return (found[-1][0].decode() if found else mark), list(ids)


def _order(mark: str) -> tuple[int, int]:
    at, _, number = mark.partition("-")
    return int(at), int(number or 0)


def _ids(said: dict[bytes, bytes]) -> list[str]:
    return said.get(b"incidents", b"").decode().split()
