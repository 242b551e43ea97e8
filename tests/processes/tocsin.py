"""A whole Tocsin of real processes: its own Valkey, a receiver, a worker per lane, and a PagerDuty that writes down.

Severity P1 escalates after seconds instead of minutes, so that a story can be lived in real time.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis

from tests.processes.sink import Sink
from workers import embedded
from workers.outward import call
from workers.settings import child_environment
from workers.watch.supervisor import Child, Supervisor

TOKEN = "a-token-of-the-monitor"
API = "an-api-token-of-the-tests"
LAUNCH = Path(__file__).parent / "launch.py"

RULES = """
severities:
  P1: {{means: Complete outage, respond_within: 15m, channels: [pager]}}
  P2: {{means: Major degradation, respond_within: 1h, channels: [pager]}}
  P3: {{means: Minor issues, respond_within: 4h, channels: [pager], first_responder: on-call engineer}}
  P4: {{means: Low priority, respond_within: 24h, channels: [pager], first_responder: on-call engineer}}
escalation:
  - {{severity: P1, responder: on-call engineer, after: {lead}, escalate_to: engineering lead}}
  - {{severity: P1, responder: engineering lead, after: {ceo}, escalate_to: ceo}}
  - {{severity: P2, responder: on-call engineer, after: 1h, escalate_to: engineering lead}}
roles:
  on-call engineer: {{person: ana}}
  engineering lead: {{person: maria}}
  ceo: {{person: victor}}
people:
  ana: {{pagerduty: "${{env:PD_ANA}}"}}
  maria: {{pagerduty: "${{env:PD_MARIA}}"}}
  victor: {{pagerduty: "${{env:PD_VICTOR}}"}}
channels:
  pager: {{type: pagerduty, url: "http://127.0.0.1:{sink}/v2/enqueue"}}
sources:
  monitor: {{type: generic, token: "${{env:MONITOR_TOKEN}}"}}
rules:
  - {{name: everything is a complete outage, then: {{severity: P1}}}}
"""


@dataclass
class Running:
    """What a test does with a running Tocsin."""

    port: int
    sink: Sink
    redis: Redis
    children: dict[str, Child]
    folder: Path
    posted: list[str] = field(default_factory=list)

    def post(self, key: str, **more: object) -> int:
        """A monitor reports; returns the status. Only what was answered 2xx counts as handed over."""
        url = f"http://127.0.0.1:{self.port}/hooks/monitor/{TOKEN}"
        reply = call("POST", url, json={"id": key, "title": f"{key} is down", "status": "firing", **more})
        if reply.status == 202:
            self.posted.append(key)
        return reply.status

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API as the command line does."""
        url = f"http://127.0.0.1:{self.port}/api{path}"
        reply = call(method, url, json=body, headers={"authorization": f"Bearer {API}"})
        assert reply.status < 400, reply.body
        return json.loads(reply.body)

    def pid(self, name: str) -> int | None:
        """The process of this name that is running now."""
        process = self.children[name].process
        return None if process is None or process.poll() is not None else process.pid

    def signal(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a process that is running now."""
        process = self.children[name].process
        if process is None or process.poll() is not None:
            return False
        process.send_signal(number)
        return True

    def kill(self, name: str) -> bool:
        """SIGKILL a process that is running now."""
        return self.signal(name, signal.SIGKILL)

    def hold(self, name: str) -> None:
        """SIGKILL a process and keep its supervisor from starting it again, until it is let go."""
        child = self.children[name]
        self.kill(name)
        assert wait_for(lambda: child.process is None, 10), f"{name} does not die"
        child.restart_at = float("inf")

    def let_go(self, name: str) -> None:
        """Start it again."""
        self.children[name].restart_at = 0.0

    @contextmanager
    def without_power(self) -> Iterator[None]:
        """SIGKILL everything at the same moment; it is started again at the end."""
        for child in self.children.values():
            child.start = lambda: None  # type: ignore[method-assign]
        for name in self.children:
            self.kill(name)
        assert wait_for(lambda: not any(child.process for child in self.children.values()), 10), "something lives"
        yield
        for child in self.children.values():
            del child.start  # type: ignore[method-assign]

    def ready(self) -> bool:
        """Would anybody be told now?"""
        return _ready(self.port)


def wait_for(what: Callable[[], object], seconds: float) -> bool:
    """Has it become true within so many seconds?"""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if what():
            return True
        time.sleep(0.02)
    return bool(what())


@contextmanager
def a_tocsin(
    folder: Path,
    *,
    lead: str = "2s",
    ceo: str = "4s",
    modes: Mapping[str, str] | None = None,
    rules: str = RULES,
    fsync: str = "always",
    receivers: int = 1,
    lanes: bool = True,
    env: Mapping[str, str] | None = None,
    own: Mapping[str, Mapping[str, str]] | None = None,
    within: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Iterator[Running]:
    """Start everything; `modes` launches a process with a fault of `launch.py`, `own` gives one variables of its own.

    `within` is the command that Valkey is started with, and `also` its further options.

    Further receivers are called `receiver 2` and so on. Without `lanes` one `work` supervises the workers itself.
    """
    sink, port = Sink(), free_port()
    where = folder / "rules"
    where.mkdir()
    (where / "rules.yaml").write_text(rules.format(lead=lead, ceo=ceo, sink=sink.port))
    data = folder / "d"
    whole = child_environment(_variables(port, data, where, sink.port) | dict(env or {}))
    shared = ["--share-port"] if receivers > 1 else []
    names = {f"receiver {number + 1}" if number else "receiver": ["serve", *shared] for number in range(receivers)}
    workers = {lane: ["work", "--lane", lane] for lane in ("intake", "urgent", "calm")} if lanes else {"work": ["work"]}
    children = [_valkey(data, whole, fsync), *_launched(names | workers, whole, modes or {})]
    children[0].argv = [*within, *children[0].argv, *also]
    for child in children:
        child.env = {**child.env, **(own or {}).get(child.name, {})}
    supervisor = Supervisor(children)
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    try:
        named = {child.name: child for child in children}
        assert wait_for(lambda: _ready(port), 60), "the Tocsin of the test did not become ready"
        yield Running(port, sink, Redis.from_url(embedded.url(data)), named, folder)
    finally:
        supervisor.stop()
        # How a process ends when it is told to is for tests/processes/test_ending.py; here nobody waits for it.
        for child in children:
            if (process := child.process) is not None:
                process.kill()
        thread.join()
        sink.close()


def _variables(port: int, data: Path, rules: Path, sink: int) -> dict[str, str]:
    return {
        "SINK_ROOM": f"http://127.0.0.1:{sink}/room",
        "REDIS_URL": embedded.url(data),
        "TOCSIN_DATA": str(data),
        "PORT": str(port),
        "TOCSIN_CONFIG": str(rules),
        "TOCSIN_API_TOKEN": API,
        "TOCSIN_SECRET": "a-secret-for-links",
        "TOCSIN_ALLOW_NET": "127.0.0.0/8",
        "MONITOR_TOKEN": TOKEN,
        "PD_ANA": "ana-key",
        "PD_MARIA": "maria-key",
        "PD_VICTOR": "victor-key",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def _valkey(data: Path, env: Mapping[str, str], fsync: str) -> Child:
    argv = [*embedded.command(data), "--appendfsync", fsync]
    return Child(name="valkey", argv=argv, env=env, ready=lambda: embedded.answers(data), outlives=True)


def _launched(words: Mapping[str, list[str]], env: Mapping[str, str], modes: Mapping[str, str]) -> list[Child]:
    return [
        Child(name=name, argv=[sys.executable, str(LAUNCH), modes.get(name, "sound"), *arguments], env=env)
        for name, arguments in words.items()
    ]


def _ready(port: int) -> bool:
    try:
        return call("GET", f"http://127.0.0.1:{port}/readyz/paging", timeout=1).status == 200
    except Exception:  # noqa: BLE001 - not there yet
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
