"""One end for a whole attempt, however slowly the other side drips."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """Cuts every connection made under it when the time is over.

    Timeouts of sockets begin anew with each byte; a receiver that drips would be waited for as long as it likes.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lines: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds left, never zero: zero would make a socket non-blocking."""
        return max(0.001, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Is the time over?"""
        return time.monotonic() >= self._end

    def watch(self, line: socket.socket) -> None:
        """Cut `line` too. A duplicate is kept, because wrapping in TLS takes the original's file descriptor away."""
        self._lines.append(line.dup())
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for line in self._lines:
            line.close()
