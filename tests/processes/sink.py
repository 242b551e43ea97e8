"""The outside world of real processes: one HTTP server that plays PagerDuty, Slack and a webhook, and writes down.

Each path can be told to misbehave: `sink.modes["/slack"] = "hang"`.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import LOOKS_EVERY

PAGER = "/v2/enqueue"
HANGS = 30.0
"""Seconds a sink that hangs keeps its client waiting."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class Sink:
    """Takes `delay` seconds over each message and writes down what it took and when."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.pause: Callable[[], float] | None = None
        """Asked for the delay of each message, instead of `delay`."""
        self.modes: dict[str, str] = {}
        """How a path answers: `hang`, `reset`, `429` (Retry-After 10), another status; as it should, if not named."""
        self.heard: list[tuple[float, dict[str, Any]]] = []
        """What PagerDuty took, in the order of its answers."""
        self.rooms: list[tuple[float, str, dict[str, Any]]] = []
        """What the other paths took."""
        self.tried: list[tuple[float, str]] = []
        """Every request, when it arrived and where, whatever was answered."""
        self.begun: set[str] = set()
        """Summaries of the pages that somebody has begun to send."""
        self.in_flight = 0
        """Requests that have arrived and are not answered yet."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._receiver())
        threading.Thread(target=self._server.serve_forever, args=(LOOKS_EVERY,), daemon=True).start()

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

    def unsure(self, within: float = 0.3) -> int:
        """How many sends a crash now may double: those on their way, and those just answered and not yet noted."""
        with self._lock:
            since = time.time() - within
            return self.in_flight + sum(at >= since for at, _ in self.heard[-50:])

    def _receiver(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                sink.take(self, json.loads(body))

            def do_GET(self) -> None:
                sink.tried.append((time.time(), "GET " + self.path))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Receiver

    def take(self, request: BaseHTTPRequestHandler, said: dict[str, Any]) -> None:
        """One message."""
        self.begun.add(said.get("payload", {}).get("summary", ""))
        mode = self.modes.get(request.path)
        with self._lock:
            self.in_flight += 1
            self.tried.append((time.time(), request.path))
        time.sleep(HANGS if mode == "hang" else self.pause() if self.pause else self.delay)
        with self._lock:
            self.in_flight -= 1
            if mode is None and request.path == PAGER:
                self.heard.append((time.time(), said))
            elif mode is None:
                self.rooms.append((time.time(), request.path, said))
        _answer(request, mode)


def _answer(request: BaseHTTPRequestHandler, mode: str | None) -> None:
    if mode == "reset":
        # SO_LINGER of no seconds: the connection ends with RST.
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.close_connection = True
        request.connection.close()
        return
    status = int(mode) if mode and mode.isdigit() else 202 if request.path == PAGER else 200
    try:
        request.send_response(status)
        if status == 429:
            request.send_header("Retry-After", "10")
        if status == 301:
            request.send_header("Location", "http://127.0.0.1:9/elsewhere")
        request.end_headers()
        request.wfile.write(b'{"status":"success"}' if request.path == PAGER else b"ok")
    except OSError:
        """Who asked has died."""
