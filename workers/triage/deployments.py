"""What was deployed lately, as pipelines and people say: the first question of an incident is what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import Redis

from rules.record import decode, encode
from rules.upcast import VERSION
from workers import keys

KEPT = 200
"""So many are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Something new is running since `at` (Unix seconds)."""

    at: float
    what: str
    """A version, a commit."""
    service: str = ""
    by: str = ""
    v: int = VERSION


def add(redis: Redis, deployment: Deployment) -> None:
    """Remember it."""
    pipe = redis.pipeline(transaction=True)
    pipe.lpush(keys.DEPLOYMENTS, encode(deployment))
    pipe.ltrim(keys.DEPLOYMENTS, 0, KEPT - 1)
    pipe.execute()


def lately(redis: Redis, at_most: int = KEPT) -> list[Deployment]:
    """The latest first, in the order in which they happened."""
    stored: Any = redis.lrange(keys.DEPLOYMENTS, 0, KEPT - 1)
    found = sorted((decode(Deployment, one) for one in stored), key=lambda one: one.at, reverse=True)
    return found[:at_most]


def last(redis: Redis, service: str | None = None) -> Deployment | None:
    """The last one, of any service or of this one."""
    return next((one for one in lately(redis) if service in (None, one.service)), None)
