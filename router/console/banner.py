"""What must be known on every page: nobody is paged, Redis is away, the rules on disk are refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError

from router.context import Context
from router.editions import complaints
from router.health import idle_lanes, spooled, stranded, unreachable

FRESH = 2.0
"""Seconds for which what was found is told again: pages are many, troubles few."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence; `grave` ones mean that people may not be told."""

    text: str
    grave: bool = False


class Banner:
    """Looks, at most every two seconds, however many pages ask."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lines: Sequence[Line] = ()
        self._looked = float("-inf")

    def lines(self) -> Sequence[Line]:
        """The troubles of now, the gravest first. Blocks on Redis."""
        if time.monotonic() - self._looked > FRESH:
            self._lines, self._looked = self._look(), time.monotonic()
        return self._lines

    def _look(self) -> Sequence[Line]:
        away = unreachable(self._context)
        if away:
            return [*(Line(one, grave=True) for one in away), Line(spooled(self._context))]
        idle = [Line(one, grave=True) for one in idle_lanes(self._context)]
        try:
            refused = [Line(one) for one in complaints(self._context)]
        except RedisError:
            refused = []
        lost = [Line(one) for one in stranded(self._context)]
        return [*idle, *refused, *lost, *(Line(one) for one in self._context.weaknesses)]
