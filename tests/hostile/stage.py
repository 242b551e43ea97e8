"""A receiver in a process of its own, to be attacked; its memory and its log are looked at from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from tests.processes.tocsin import free_port, wait_for
from workers import embedded
from workers.outward import call
from workers.settings import child_environment
from workers.store import connect

TOKEN, API, SECRET, HOOK = "canary-of-the-token", "canary-of-the-api", "canary-of-the-links", "canary-of-the-hook"
CANARIES = (TOKEN, API, SECRET, HOOK)
PATH = f"/hooks/monitor/{TOKEN}"
RULES = """
severities:
  P1: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
  P2: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
  P3: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
  P4: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
roles: {on-call: {person: ana}}
people: {ana: {email: ana@example.com}}
channels: {hook: {type: webhook, url: "${env:HOOK_URL}", secret: "${env:HOOK_SECRET}"}}
sources:
  monitor: {type: generic, token: "${env:MONITOR_TOKEN}"}
  packed: {type: generic, token: "${env:MONITOR_TOKEN}", gzip: true}
rules: [{name: everything, then: {severity: P3}}]
"""


@dataclass
class Stage:
    """A running receiver."""

    port: int
    pid: int
    redis: Redis
    log: Path
    opened: list[socket.socket] = field(default_factory=list)

    def rss(self) -> float:
        """MiB that it has in memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A new connection from one of this machine's addresses."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0))
        self.opened.append(made)
        return made

    def hang_up(self) -> None:
        """Close every connection of ours."""
        for one in self.opened:
            one.close()
        self.opened.clear()

    def honest(self) -> float:
        """Seconds one honest delivery takes. Raises when it is not kept."""
        body = b'{"id":"x","status":"down"}'
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request(body, f"Content-Length: {len(body)}", "Connection: close"))
            said = status(line)
        assert said == 202, said
        return time.monotonic() - began


class Honest(threading.Thread):
    """Somebody who goes on delivering while the others attack; from an address of their own."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(daemon=True)
        self._stage, self._ended = stage, threading.Event()
        self.took: list[float] = []
        self.failed: list[str] = []

    def run(self) -> None:
        """Twenty a second."""
        while not self._ended.wait(0.05):
            try:
                self.took.append(self._stage.honest())
            except Exception as wrong:  # noqa: BLE001
                self.failed.append(f"an honest delivery failed: {type(wrong).__name__} {wrong}")

    def ends(self) -> tuple[float, list[str]]:
        """The 99th percentile in seconds, and what failed."""
        self._ended.set()
        self.join(15)
        took = sorted(self.took) or [0.0]
        return took[int(len(took) * 0.99)], self.failed


@contextmanager
def a_stage() -> Iterator[Stage]:
    """Start it, and end it."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder, port = Path(name), free_port()
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        with embedded.borrowed(folder / "d") as url, connect(url, 10) as redis, (folder / "log").open("wb") as log:
            given = {
                "REDIS_URL": url, "TOCSIN_DATA": str(folder / "d"), "PORT": str(port), "TOCSIN_CONFIG": str(folder),
                "TOCSIN_API_TOKEN": API, "TOCSIN_SECRET": SECRET, "MONITOR_TOKEN": TOKEN, "HOOK_SECRET": HOOK,
                "HOOK_URL": "https://hooks.example.com/x", "PYTHONPATH": os.pathsep.join(sys.path), "PUBLIC_URL": "https://tocsin.example.com",
            }  # fmt: skip
            process = subprocess.Popen(
                [sys.executable, "-m", "router.cli", "serve"], env=child_environment(given), stderr=log, stdout=log
            )
            stage = Stage(port, process.pid, redis, folder / "log")
            try:
                assert wait_for(lambda: _answers(port), 30), (folder / "log").read_text()
                yield stage
            finally:
                stage.hang_up()
                process.terminate()
                process.wait(15)


def _answers(port: int) -> bool:
    try:
        return call("GET", f"http://127.0.0.1:{port}/healthz", timeout=1).status == 200
    except Exception:  # noqa: BLE001 - not there yet
        return False


def request(body: bytes, *headers: str, path: str = PATH) -> bytes:
    """A request as bytes."""
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode() + body


def status(connection: socket.socket) -> int:
    """What was answered; 0 when it was closed without a word."""
    said = b""
    try:
        while b"\r\n" not in said and (part := connection.recv(4096)):
            said += part
    except OSError:
        pass
    return int(said.split(b" ", 2)[1]) if said.count(b" ") > 1 else 0


def leaks(stage: Stage) -> list[str]:
    """Canaries that stand in the log or in Redis."""
    found = [f"{one} in the log" for one in CANARIES if one.encode() in stage.log.read_bytes()]
    for key in stage.redis.scan_iter(count=1000):
        dumped = json.dumps(repr(_value(stage.redis, key)))
        found += [f"{one} in {key!r}" for one in CANARIES if one in dumped]
    return found


def _value(redis: Redis, key: bytes) -> object:
    reads = {
        "string": redis.get,
        "hash": redis.hgetall,
        "list": lambda k: redis.lrange(k, 0, -1),
        "set": redis.smembers,
    }
    kind = redis.type(key).decode()  # type: ignore[union-attr]
    return reads[kind](key) if kind in reads else redis.zrange(key, 0, -1)  # type: ignore[operator]
