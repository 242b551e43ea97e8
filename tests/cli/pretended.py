"""A running Tocsin as the command line sees it: a small server of our own with two open incidents and one promise."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from router.cli import main
from tests.serving import serving

NOW = time.time()
INCIDENT: dict[str, Any] = {
    "id": "20260301-7f3a",
    "title": "\x1b[31mShop is down\x1b[0m\nreally",
    "severity": "P1",
    "state": "triggered",
    "opened_at": NOW - 840,
    "rule": "the site is down",
    "runbook": "site-down",
    "labels": {"area": "shop"},
    "url": "https://status.example.com/1",
    "steps": [
        {
            "number": 0,
            "role": "on-call engineer",
            "person": "ana",
            "due_at": NOW - 840,
            "state": "sent",
            "sent_at": NOW,
        },
        {"number": 1, "role": "engineering lead", "person": None, "due_at": NOW + 300, "state": "waiting"},
    ],
    "timeline": [{"at": 1772359200.0, "kind": "opened", "text": "opened by uptime", "by": None, "via": None}],
}
OTHER = {**INCIDENT, "id": "20260301-9c00", "severity": "P3", "title": "A slow page", "state": "acknowledged"}
ITEM = {
    "id": "n1", "kind": "notification", "lane": "urgent", "incident": INCIDENT["id"], "due_at": NOW + 300,
    "in_seconds": 300.4, "what": "escalate", "to": "engineering lead", "attempt": 1, "last_error": "pager: 503",
}  # fmt: skip


@dataclass
class Tocsin:
    """The server's address and what it was asked."""

    url: str
    asked: list[tuple[str, str, Any, str | None]] = field(default_factory=list)
    says: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """What it answers at a path instead of the usual: status and body."""


@contextmanager
def pretending(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tocsin]:
    """A Tocsin with two open incidents and one promise, that believes the token `right`."""

    class Api(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            token = self.headers.get("authorization")
            seen.asked.append((self.command, self.path, json.loads(body) if body else None, token))
            usual = (200, _answer(self.path)) if token == "Bearer right" else (401, {"error": "no"})
            status, said = seen.says.get(self.path, usual)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    seen = Tocsin(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("router.cli.showing.time", SimpleNamespace(time=lambda: NOW))
    monkeypatch.setenv("TOCSIN_URL", seen.url)
    monkeypatch.setenv("TOCSIN_API_TOKEN", "right")
    with serving(server):
        yield seen


def _answer(path: str) -> object:
    if path.startswith("/api/agenda"):
        return {"items": [ITEM]}
    return {"incidents": [OTHER, INCIDENT]} if "?" in path else INCIDENT


def tell(*words: str) -> Result:
    """`tocsin …`, as typed."""
    return CliRunner().invoke(main, list(words))
