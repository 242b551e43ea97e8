"""What the demonstration's fake receivers got, in memory: the last 200 messages of this process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One message as its receiver read it; `shown` is what the page needs to draw it."""

    channel: str
    """`slack`, `pagerduty` or `mail`."""
    at: float
    to: str
    text: str
    """The one line a lock screen would show."""
    shown: dict[str, Any] = field(default_factory=dict)


class Outbox:
    """Newest first, never more than `kept`."""

    def __init__(self, kept: int = 200) -> None:
        self._arrived: deque[Arrived] = deque(maxlen=kept)

    def add(self, message: Arrived) -> None:
        """Keep one more and forget the oldest when there are too many."""
        self._arrived.appendleft(message)

    def replace(self, before: Arrived, after: Arrived) -> None:
        """A message has been changed over there; one that is forgotten stays so."""
        if before in self._arrived:
            self._arrived[self._arrived.index(before)] = after

    @property
    def messages(self) -> list[Arrived]:
        """What arrived, newest first."""
        return list(self._arrived)
