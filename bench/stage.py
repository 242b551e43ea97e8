"""What every measurement stands on: a fresh Valkey with AOF always, and the processes that are measured beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis

from bench.load import SECRET
from workers import embedded
from workers.settings import child_environment

ROOT = Path(__file__).resolve().parent.parent
RULES = """
severities:
  P1: {means: Complete outage, respond_within: 15m, channels: [hook]}
  P2: {means: Major degradation, respond_within: 1h, channels: [room], first_responder: anybody}
  P3: {means: Minor issues, respond_within: 4h, channels: [room], first_responder: anybody}
  P4: {means: Low priority, respond_within: 24h, channels: [room], first_responder: anybody}
escalation:
  - {severity: P1, responder: anybody, after: 15m, escalate_to: lead}
roles: {anybody: {person: ana}, lead: {person: ana}}
people: {ana: {email: ana@example.com}}
channels:
  room: {type: slack, url: "${env:SINK}"}
  hook: {type: webhook, url: "${env:SINK}", secret: "${env:HOOK_SECRET}"}
sources:
  bench: {type: sentry, secret: "${env:BENCH_SECRET}"}
rules:
  - {name: the worst, when: {labels: {environment: outage}}, then: {severity: P1}}
  - {name: everything else, then: {severity: P3}}
"""
API = "bench-token-0000000000"


@dataclass
class Stage:
    """One fresh Valkey, a folder of rules, and what was started on it."""

    folder: Path
    env: dict[str, str]
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def redis(self) -> Redis:
        """The Valkey."""
        return Redis.from_url(self.env["REDIS_URL"])

    def start(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a Python module or script of this project."""
        argv = [sys.executable, *words]
        process = subprocess.Popen(argv, env={**self.env, **env}, cwd=ROOT, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def serve(self, processes: int = 1) -> subprocess.Popen[bytes]:
        """Tocsin's receiver."""
        started = self.start("-m", "router.cli", "serve", "--processes", str(processes))
        # Connections stay where they were made: those of a load that begins too early are all the first receiver's.
        until(lambda: _listening(self.port) == processes, 30)
        self.wait("/healthz")
        return started

    def work(self) -> subprocess.Popen[bytes]:
        """Tocsin's workers, a process for each lane."""
        started = self.start("-m", "router.cli", "work")
        self.wait("/readyz/paging")
        return started

    def contend(self, app: str) -> subprocess.Popen[bytes]:
        """Another app, on the same server and the same loop."""
        started = self.start(
            "-m", "uvicorn", f"bench.contenders:{app}", "--port", str(self.port), "--http", "httptools",
            "--loop", "uvloop", "--no-access-log", "--log-level", "error", "--lifespan", "off",
        )  # fmt: skip
        until(lambda: self._status("/") is not None, 30)
        return started

    def wait(self, path: str) -> None:
        """Until a receiver answers 200 there."""
        until(lambda: self._status(path) == 200, 30)

    def _status(self, path: str) -> int | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=1) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as wrong:
            return wrong.code
        except OSError:
            return None

    def load(
        self, how: str, *, number: int, connections: int, seconds: float, first: int = 0, path: str = "/hooks/bench"
    ) -> dict[str, Any]:
        """Run the load generator; returns its outcome."""
        words = [str(self.port), path, how, str(number), str(first), str(connections), str(seconds)]
        done = subprocess.run(
            [sys.executable, "-m", "bench.load", *words], env=self.env, cwd=ROOT, capture_output=True, check=True
        )
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome

    def end(self) -> None:
        """Stop everything that was started, the last first."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()


def until(what: Callable[[], bool], seconds: float) -> float:
    """Wait until it is so; returns how long that took. Raises TimeoutError."""
    began = time.perf_counter()
    while not what():
        if time.perf_counter() - began > seconds:
            raise TimeoutError
        time.sleep(0.005)
    return time.perf_counter() - began


@contextmanager
def a_stage(port: int, *, sink: int = 9) -> Iterator[Stage]:
    """A fresh Valkey in a folder of its own, gone at the end; people are told at the port `sink`."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    rules = folder / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES)
    data = folder / "d"
    env = child_environment(
        {
            "REDIS_URL": embedded.url(data),
            "TOCSIN_DATA": str(data),
            "PORT": str(port),
            "TOCSIN_CONFIG": str(rules),
            "TOCSIN_API_TOKEN": API,
            "TOCSIN_SECRET": "a-secret-for-links",
            "TOCSIN_ALLOW_NET": "127.0.0.0/8",
            "TOCSIN_INBOX_LIMIT": str(4 * 1024**3),
            "SINK": f"http://127.0.0.1:{sink}/",
            "BENCH_SECRET": SECRET.decode(),
            "HOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZg==",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        }
    )
    stage = Stage(folder, env, port)
    server = subprocess.Popen(embedded.command(data), stdout=subprocess.DEVNULL)
    stage.processes.append(server)
    try:
        until(lambda: embedded.answers(data), 15)
        yield stage
    finally:
        stage.end()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def a_valkey() -> Iterator[str]:
    """The address of a fresh Valkey alone, with AOF always."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        path = Path(folder)
        server = subprocess.Popen(embedded.command(path), stdout=subprocess.DEVNULL)
        try:
            until(lambda: embedded.answers(path), 15)
            yield embedded.url(path)
        finally:
            server.terminate()
            server.wait(10)


def memory(process: subprocess.Popen[bytes]) -> float:
    """MiB of a process and of its children that are resident now."""
    pids = [process.pid, *_children(process.pid)]
    return sum(_resident(pid) for pid in pids)


def spent(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time that a process and its children have used so far."""
    return sum(_ticks(pid) for pid in (process.pid, *_children(process.pid))) / os.sysconf("SC_CLK_TCK")


def _listening(port: int) -> int:
    """How many sockets of this host listen at the port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(fields[1].endswith(f":{port:04X}") and fields[3] == "0A" for fields in lines)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in listed] + [other for one in listed for other in _children(int(one))]


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
