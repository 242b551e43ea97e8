"""The short way of a delivery: from the parsed request to the receiver and back, past uvicorn's cycle and ASGI.

A task, an event, a scope and two messages cost a third of what a delivery costs, and a delivery needs none of them:
its body is short and read whole, and its answer is one write. Whatever is unusual about a request goes the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from router.hooks.receiver import Answer, Asked
from router.hooks.reply import Reply

_PREFIX = b"/hooks/"


class Hooks(Protocol):
    """What takes deliveries (`router.hooks.receiver.Receiver`)."""

    @property
    def limit(self) -> int:
        """Bytes a body may have."""

    def take(self, asked: Asked, body: bytes, answer: Answer) -> None:
        """Answer once, now or later."""


class _Nobody:
    """uvicorn wakes whoever waits for a part of the body. Here nobody does."""

    def set(self) -> None:
        """Wake nobody."""


class Errand:
    """Stands where uvicorn has a RequestResponseCycle, with the names by which a protocol knows one."""

    __slots__ = (
        "_answered",
        "_asked",
        "_hooks",
        "_parts",
        "disconnected",
        "keep_alive",
        "response_complete",
        "response_started",
    )
    message_event = _Nobody()
    more_body = False

    def __init__(self, hooks: Hooks, asked: Asked, keep_alive: bool, answered: Callable[[Errand, Reply], None]) -> None:
        self._hooks = hooks
        self._asked = asked
        self._answered = answered
        self._parts: list[bytes] = []
        self.keep_alive = keep_alive
        self.disconnected = self.response_started = self.response_complete = False

    def feed(self, part: bytes) -> None:
        """A part of the body; the parser gives no more than the head has announced."""
        self._parts.append(part)

    def run(self) -> None:
        """The request is whole."""
        parts = self._parts
        self._hooks.take(self._asked, parts[0] if len(parts) == 1 else b"".join(parts), self._reply)

    def _reply(self, reply: Reply) -> None:
        self.response_started = self.response_complete = True
        if not self.disconnected:
            self._answered(self, reply)


def asked_of(method: bytes, url: bytes, headers: dict[str, str], limit: int) -> Asked | None:
    """The head of a delivery that can go the short way, else None: a plain path, and a body that will come whole."""
    path, _, query = url.partition(b"?")
    # An answer to HEAD has no body, which uvicorn sees to.
    if not path.startswith(_PREFIX) or b"%" in path or b"#" in url or method == b"HEAD":
        return None
    length = headers.get("content-length", "")
    if not length or "expect" in headers or "upgrade" in headers or len(length) > 9 or int(length) > limit:
        return None
    return Asked(method.decode("latin-1"), path.decode("latin-1"), query.decode("latin-1"), headers)
