"""Keeps processes running: starts each, starts it again within a second when it dies, and ends all of them together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workers import log

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0
"""Seconds: who is paged at night must not wait for a careful restart."""
STABLE_AFTER = 10.0
"""Seconds: a process that lived longer did not die of its start."""
GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""
LOOK_EVERY = 0.1
START_WITHIN = 15.0


class NotStarted(Exception):
    """A child the others need did not become ready."""


@dataclass(kw_only=True)
class Child:
    """One process that shall run: what it is called and how it is started."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] | None = None
    """Asked after the start; the next child is started when it says yes."""
    outlives: bool = False
    """Ended only when the others are gone: the server they finish their work with."""
    rereads: bool = False
    """SIGHUP has it read the rules again; of others, it would be the end."""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float = 0.0
    pause: float = field(default=FIRST_PAUSE)

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C is for the supervisor, who tells the children in order."""
        env = {**self.env, "TOCSIN_SUPERVISOR": str(os.getpid())}
        self.process = subprocess.Popen(list(self.argv), env=env, start_new_session=True)  # noqa: S603
        self.started = time.monotonic()

    def look(self, now: float) -> None:
        """Notice a death and start anew: soon at first, slower when it dies of its start again and again."""
        if self.process is None:
            if now >= self.restart_at:
                self.start()
        elif self.process.poll() is not None:
            log.get("supervisor").warning("process ended", name=self.name, code=self.process.returncode)
            self.pause = FIRST_PAUSE if now - self.started > STABLE_AFTER else min(LONGEST_PAUSE, self.pause * 2)
            self.restart_at = now + self.pause
            self.process = None


class Supervisor:
    """Runs children until it is told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = list(children)
        self._stop = threading.Event()

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Start all and watch them until SIGINT, SIGTERM or `stop`; then end all within GRACE. Raises NotStarted."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self.stop())
        # A terminal that is closed ends what was started in it; without one, SIGHUP means to read the rules again.
        signal.signal(signal.SIGHUP, lambda *_: self.stop() if sys.stdin.isatty() else self.pass_on(signal.SIGHUP))
        self.watch(on_ready)

    def pass_on(self, number: signal.Signals) -> None:
        """Send a signal to those that read rules."""
        for child in self.children:
            if child.process is not None and child.rereads:
                child.process.send_signal(number)

    def watch(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """As `run`, without touching this process's signals."""
        try:
            for child in self.children:
                child.start()
                self._await(child)
            if not self._stop.is_set():
                on_ready()
            while not self._stop.wait(LOOK_EVERY):
                for child in self.children:
                    child.look(time.monotonic())
        finally:
            self._end()

    def stop(self) -> None:
        """Begin to end."""
        self._stop.set()

    def _await(self, child: Child) -> None:
        ends = time.monotonic() + START_WITHIN
        while child.ready is not None and not child.ready():
            if self._stop.wait(LOOK_EVERY):
                return
            child.look(time.monotonic())
            if time.monotonic() > ends:
                raise NotStarted(f"{child.name} was not ready within {START_WITHIN:.0f} s")

    def _end(self) -> None:
        _end([child for child in self.children if not child.outlives])
        _end([child for child in self.children if child.outlives])


def _end(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    ends = time.monotonic() + GRACE
    for process in running:
        try:
            process.wait(max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(*arguments: str) -> list[str]:
    """The command line of this very Python: `python("-m", "workers.work", "urgent")`."""
    return [sys.executable, *arguments]
