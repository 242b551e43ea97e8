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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from redis import Redis

from workers import embedded
from workers.outward import call
from workers.settings import child_environment
from workers.supervisor import Child, Supervisor

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


class Sink:
    """A PagerDuty on loopback: takes `delay` seconds over each event and writes down what it took and when."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self.begun: set[str] = set()
        """Summaries of the pages that somebody has begun to send."""
        self.in_flight = 0
        """Requests that have arrived and are not answered yet."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._receiver())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_address[1]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def pages(self) -> list[tuple[str, str]]:
        """(whom, which page) of every trigger, in order of arrival."""
        return [(said["routing_key"], said["dedup_key"]) for _, said in self.heard if said["event_action"] == "trigger"]

    def at(self, routing_key: str) -> float:
        """When somebody was first paged."""
        return next(at for at, said in self.heard if said["routing_key"] == routing_key)

    def _receiver(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                sink.begun.add(said.get("payload", {}).get("summary", ""))
                sink.in_flight += 1
                time.sleep(sink.delay)
                sink.in_flight -= 1
                sink.heard.append((time.time(), said))
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b'{"status":"success"}')

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Receiver


@dataclass
class Running:
    """What a test does with a running Tocsin."""

    port: int
    sink: Sink
    redis: Redis
    children: dict[str, Child]
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

    def kill(self, name: str) -> bool:
        """SIGKILL a process that is running now."""
        process = self.children[name].process
        if process is None or process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        return True


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
    folder: Path, *, lead: str = "2s", ceo: str = "4s", modes: dict[str, str] | None = None
) -> Iterator[Running]:
    """Start everything; `modes` launches a process with a fault of `launch.py`."""
    sink, port = Sink(), free_port()
    rules = folder / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES.format(lead=lead, ceo=ceo, sink=sink.port))
    data = folder / "d"
    env = child_environment(_variables(port, data, rules))
    children = _children(port, data, env, modes or {})
    supervisor = Supervisor(children)
    thread = threading.Thread(target=supervisor.watch)
    thread.start()
    try:
        named = {child.name: child for child in children}
        assert wait_for(lambda: _ready(port), 30), "the Tocsin of the test did not become ready"
        yield Running(port, sink, Redis.from_url(embedded.url(data)), named)
    finally:
        supervisor.stop()
        thread.join()
        sink.close()


def _variables(port: int, data: Path, rules: Path) -> dict[str, str]:
    return {
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


def _children(port: int, data: Path, env: dict[str, str], modes: dict[str, str]) -> list[Child]:
    def launched(name: str, *arguments: str) -> Child:
        return Child(name=name, argv=[sys.executable, str(LAUNCH), modes.get(name, "sound"), *arguments], env=env)

    valkey = Child(
        name="valkey",
        argv=embedded.command(data),
        env=env,
        ready=lambda: embedded.answers(data),
        outlives=True,
    )
    lanes = [launched(lane, "work", "--lane", lane) for lane in ("intake", "urgent", "calm")]
    return [valkey, launched("receiver", "serve"), *lanes]


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
