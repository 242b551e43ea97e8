"""A light steady stream of deliveries over kept-alive connections, and what became of each: the sender's own book."""

from __future__ import annotations

import heapq
import http.client
import json
import random
import select
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.processes.tocsin import TOKEN

CONNECTIONS = 8
REPEATED, RESOLVED = 0.05, 0.2
"""Shares of the stream: deliveries said twice, and alarms that are taken back."""
RESOLVE_AFTER = (1.5, 4.0)
"""Seconds after its acknowledgement until an alarm is taken back."""
STUBBORN = 30.0
"""Seconds a sender tries a delivery again that was not answered with 2xx."""


@dataclass
class Book:
    """Written down on 2xx only; times are Unix seconds."""

    acked: dict[str, float] = field(default_factory=dict)
    """Alarms, and when they were first acknowledged."""
    resolved: dict[str, float] = field(default_factory=dict)
    """Alarms whose end was acknowledged too."""
    given_up: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    """Connections nobody took: the sender knows that nothing was delivered."""
    broken: list[str] = field(default_factory=list)
    """Deliveries that were sent and not answered."""
    seconds: list[float] = field(default_factory=list)
    """How long each answer took."""
    number: int = 0

    def slowest(self, share: float) -> float:
        """The answer time that so many (0.999) of all answers keep."""
        ordered = sorted(self.seconds) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(order=True)
class _Task:
    at: float
    key: str
    action: str = "firing"


class Load:
    """`with Load(port, rate):` delivers until the end of the block, and then what is still owed."""

    def __init__(self, port: int, rate: float, *, prefix: str = "host", repeated: float = REPEATED) -> None:
        self.book = Book()
        self._port = port
        self._rate = rate
        self._prefix = prefix
        self._repeated = repeated
        self._random = random.Random(20)
        self._lock = threading.Lock()
        self._tasks: list[_Task] = []
        self._next = time.monotonic()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CONNECTIONS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def run_for(self, seconds: float) -> None:
        """Let it flow."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while (task := self._take()) is not None:
            time.sleep(max(0.0, task.at - time.monotonic()))
            self._deliver(connection, task)
        connection.close()

    def _take(self) -> _Task | None:
        """The next thing to say; None at the end."""
        with self._lock:
            if self._stopping.is_set() and not self._tasks:
                return None
            if self._tasks and (self._stopping.is_set() or self._tasks[0].at <= self._next):
                return heapq.heappop(self._tasks)
            at, self._next = self._next, self._next + 1 / self._rate
            number, self.book.number = self.book.number, self.book.number + 1
            if number and not _ends(number - 1) and self._random.random() < self._repeated:
                return _Task(at, f"{self._prefix} {number - 1}")
            return _Task(at, f"{self._prefix} {number}")

    def _deliver(self, connection: http.client.HTTPConnection, task: _Task) -> None:
        body = json.dumps({"id": task.key, "title": f"{task.key} is down", "status": task.action})
        ends = time.monotonic() + STUBBORN
        while time.monotonic() < ends:
            if self._try(connection, body) in range(200, 300):
                self._acknowledged(task)
                return
            time.sleep(0.2)
        self.book.given_up.append(task.key)

    def _try(self, connection: http.client.HTTPConnection, body: str) -> int:
        """One attempt; 0 when there was no answer."""
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # It was ended while nothing was on it.
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            self.book.refused += 1
            return 0
        began = time.monotonic()
        try:
            connection.request("POST", f"/hooks/monitor/{TOKEN}", body)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as wrong:
            self.book.broken.append(repr(wrong))
            connection.close()
            return 0
        with self._lock:
            self.book.seconds.append(time.monotonic() - began)
            self.book.statuses[answer.status] += 1
        return answer.status

    def _acknowledged(self, task: _Task) -> None:
        with self._lock:
            if task.action == "resolved":
                self.book.resolved[task.key] = time.time()
                return
            first = task.key not in self.book.acked
            self.book.acked.setdefault(task.key, time.time())
            if first and _ends(int(task.key.rpartition(" ")[2])):
                later = time.monotonic() + self._random.uniform(*RESOLVE_AFTER)
                heapq.heappush(self._tasks, _Task(later, task.key, "resolved"))


def _ends(number: int) -> bool:
    """Is this alarm one of those that are taken back? A repetition of such a one would be a new alarm."""
    return number % round(1 / RESOLVED) == 3
