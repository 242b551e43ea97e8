"""A load generator that costs little: raw HTTP/1.1 over kept-alive connections, each with one request at a time.

`python -m bench.load` is a process of its own, so that it does not share an interpreter with what is measured.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import uvloop

SECRET = b"bench-secret-000000000000000000"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run saw. Latencies in milliseconds, rate per second."""

    answered: int
    refused: int
    rate: float
    p50: float
    p99: float
    worst: float


def _template() -> tuple[bytes, bytes, bytes]:
    event = {
        "event_id": "0" * 32,
        "issue_id": "NUMBER",
        "title": "TimeoutError: payment provider did not answer (NUMBER)",
        "level": "error",
        "environment": "production",
        "platform": "python",
        "project": 4501,
        "web_url": "https://corner-shop.sentry.io/issues/4711/",
        "received": 1795166039.25,
        "culprit": "checkout.pay in charge_card",
        "tags": [["environment", "production"], ["level", "error"], ["server_name", "shop-web-3"]],
        "exception": {"values": [{"type": "TimeoutError", "stacktrace": {"frames": [
            {"filename": f"shop/module_{n}.py", "function": f"step_{n}", "lineno": 10 + n, "in_app": True}
            for n in range(18)
        ]}}]},
    }  # fmt: skip
    whole = json.dumps({"action": "triggered", "data": {"event": event, "triggered_rule": "payments"}}).encode()
    before, between, after = whole.split(b"NUMBER")
    return before, between, after


_BEFORE, _BETWEEN, _AFTER = _template()


def sentry(number: int) -> bytes:
    """A `event_alert` of about 2.5 KB in Sentry's shape; each number is another issue."""
    digits = b"%d" % (1_000_000 + number)
    return digits.join((_BEFORE, _BETWEEN, _AFTER))


def request(path: str, body: bytes, **headers: str) -> bytes:
    """The bytes of one signed request."""
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    lines = {
        "Host": "bench",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Sentry-Hook-Resource": "event_alert",
        "Sentry-Hook-Signature": signature,
        **headers,
    }
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body


def requests(path: str, how: str, number: int, first: int = 0) -> list[bytes]:
    """`distinct`: so many different ones; `repeated`: one and the same; `alertmanager`: its own API's body."""
    if how == "alertmanager":
        return [request(path, _alert(first + n)) for n in range(number)]
    if how == "repeated":
        return [request(path, sentry(first))]
    return [request(path, sentry(first + n)) for n in range(number)]


def _alert(number: int) -> bytes:
    """One alert of about 2.5 KB for Alertmanager's `POST /api/v2/alerts`."""
    labels = {"alertname": "PaymentTimeout", "instance": f"shop-web-{number}", "severity": "critical"}
    notes = {"summary": f"payment provider did not answer ({number})", "description": "x" * 2150}
    return json.dumps(
        [{"labels": labels, "annotations": notes, "generatorURL": "http://prometheus.example/g"}]
    ).encode()


async def _talk(port: int, source: Iterator[bytes], ends: float, times: list[float], refused: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for sent in source:
            began = time.perf_counter()
            if began >= ends:
                return
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().find(b"content-length:")
            if length >= 0:
                await reader.readexactly(int(head[length + 15 : head.index(b"\r\n", length)]))
            times.append(time.perf_counter() - began)
            if head[9:10] != b"2":
                refused.append(int(head[9:12]))
    finally:
        writer.close()


async def _run(port: int, prepared: list[bytes], connections: int, seconds: float, repeated: bool) -> Outcome:
    times: list[float] = []
    refused: list[int] = []
    source = itertools.cycle(prepared) if repeated else iter(prepared)
    began = time.perf_counter()
    await asyncio.gather(*(_talk(port, source, began + seconds, times, refused) for _ in range(connections)))
    took = time.perf_counter() - began
    ordered = sorted(times)
    return Outcome(
        answered=len(times) - len(refused),
        refused=len(refused),
        rate=(len(times) - len(refused)) / took,
        p50=statistics.median(ordered) * 1000,
        p99=ordered[int(len(ordered) * 0.99)] * 1000,
        worst=ordered[-1] * 1000,
    )


def main() -> None:
    """`port path how number first connections seconds`; prints the outcome as JSON."""
    port, path, how, number, first, connections, seconds = sys.argv[1:]
    prepared = requests(path, how, int(number), int(first))
    outcome = uvloop.run(_run(int(port), prepared, int(connections), float(seconds), how == "repeated"))
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
