"""What must be known on every page: nobody is paged, Redis is away, a channel fails, the rules on disk are refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from redis.exceptions import RedisError

from router.api.editions import complaints
from router.context import Context
from router.health import idle_lanes, spooled, stranded, unreachable
from workers.plain import clip, clock, plain
from workers.telling.attempts import Became
from workers.telling.tried import Attempts, Broken

WHY = 160
"""Characters of why a channel failed."""
FRESH = 2.0
"""Seconds for which what was found is told again: pages are many, troubles few."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence; `grave` ones mean that people may not be told."""

    text: str
    grave: bool = False
    to: str = ""
    """The address where something can be done about it."""
    act: str = ""
    """What is done there."""


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
        return [*idle, *self._broken(), *refused, *lost, *(Line(one) for one in self._context.weaknesses)]

    def _broken(self) -> Sequence[Line]:
        """The channels of the rules whose last attempt failed, until one succeeds."""
        channels, now = list(self._context.in_force.ruleset.config.channels), self._context.clock.now()
        try:
            return [_of_channel(one, now) for one in Attempts(self._context.redis).broken(channels)]
        except RedisError:
            return []


def _of_channel(one: Broken, now: float) -> Line:
    why = f": {clip(plain(one.why).rstrip('.'), WHY)}" if one.why else ""
    then = {
        Became.AGAIN: "What is still wanted is tried again by itself; send a test to see whether it works now.",
        Became.REFUSED: "Somebody was not told, and it is not tried again: mend the channel, then send a test.",
        Became.GIVEN_UP: "Somebody was not told: take up what was given up on the Queue page, then send a test.",
    }[one.became]
    return Line(
        f"The channel {one.channel} failed at {clock(one.at, now)}{why}. {then}",
        grave=one.became is not Became.AGAIN,
        to=f"/notifications?{urlencode({'channel': one.channel})}",
        act="Its attempts, and the test",
    )
