"""What time it is: Redis' own `TIME`, so that all processes agree; tests hand in a driven one."""

from __future__ import annotations

from typing import Protocol

from redis import Redis


class Clock(Protocol):
    """Gives Unix seconds, UTC."""

    def now(self) -> float:
        """The present moment."""


class RedisClock:
    """The clock of the Redis server: skew between hosts moves no promise."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def now(self) -> float:
        """Unix seconds by Redis `TIME`."""
        seconds, micros = self._redis.time()
        return seconds + micros / 1_000_000


class DrivenClock:
    """A clock that stands still until it is told otherwise: for stories and for rules tried on a virtual clock."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        """Where it was put."""
        return self.at
