"""A running `tocsin up --demo` that a test may look at, speak to, and break."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes.tocsin import wait_for
from workers.channels.contract import Undelivered
from workers.outward import call
from workers.settings import child_environment

_TOCSIN = [sys.executable, "-m", "router.cli"]


@dataclass(frozen=True)
class Demo:
    """A running demonstration, with the incidents it has made up and whatever was sent to it."""

    base: str
    env: dict[str, str]
    process: subprocess.Popen[bytes]

    def tocsin(self, *words: str) -> str:
        """One command against it; what it said."""
        return subprocess.run([*_TOCSIN, *words], env=self.env, check=True, capture_output=True, text=True).stdout

    def incident(self, title: str) -> str:
        """The id of the open incident that is called so."""
        found = json.loads(self.tocsin("incidents", "list", "-o", "json"))["incidents"]
        return str(next(one["id"] for one in found if title in one["title"]))

    def slack(self) -> list[bytes]:
        """Every message that Slack was sent, the newest first."""
        return call("GET", f"{self.base}/demo/outbox.json").body.split(b'"channel":"slack"')[1:]

    def ready(self) -> bool:
        """Would anybody be told now?"""
        try:
            return call("GET", f"{self.base}/readyz/paging", timeout=1).status == 200
        except Undelivered:
            return False

    def signal(self, word: str, number: signal.Signals) -> None:
        """Send a signal to the one of its processes that was started with this word, or calls itself so."""
        (pid,) = [pid for pid in self._children() if word in _words(pid)]
        os.kill(pid, number)

    def _children(self) -> list[int]:
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
        pairs = [line.split() for line in listed.splitlines()]
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]


def _words(pid: int) -> list[str]:
    said = Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    return re.split(r"[\0 :]", said.replace("--", ""))


@contextmanager
def demonstration(folder: Path, *options: str) -> Iterator[Demo]:
    """A running `tocsin up --demo`, for as long as it is looked at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    base = f"http://127.0.0.1:{port}"
    env = child_environment({"PORT": port, "TOCSIN_DATA": str(folder), "TOCSIN_URL": base})
    process = subprocess.Popen([*_TOCSIN, "up", "--demo", *options], env=env)
    demo = Demo(base, env, process)
    try:
        assert wait_for(demo.ready, 40)
        yield demo
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
