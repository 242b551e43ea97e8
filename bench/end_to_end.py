"""From the webhook to the incident and to the first notification, with one worker a lane beside the receiver.

`python -m bench.end_to_end [rounds] [seconds]`: events a second until every incident is there, distinct and repeated,
how long the backlog outlasts the load, and what the processes weigh; then, idle, from the webhook to the first
notification's request.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.load import request, sentry
from bench.stage import Stage, a_stage, memory, spent, until
from workers import keys
from workers.agenda import Job, Lane

PORT = 18420
CONNECTIONS = 64


class Sink:
    """Takes what Tocsin sends, as Slack would, and writes down when it came."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.pages: list[float] = []
        """Those of them that a webhook's channel has sent: only a P1's here."""
        came, pages = self.came, self.pages

        class Receiver(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                came.append(time.perf_counter())
                if "webhook-id" in self.headers:
                    pages.append(came[-1])
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()


def flow(how: str, seconds: float) -> dict[str, float]:
    """A storm: events a second from the first request until the last event is in its incident."""
    sink = Sink()
    with a_stage(PORT, sink=sink.port) as stage:
        receiver, workers = stage.serve(), stage.work()
        rest = memory(receiver), memory(workers)
        servers = {"receiver": receiver, "workers": workers, "Valkey": stage.processes[0]}
        before = {name: spent(process) for name, process in servers.items()}
        number = 1 if how == "repeated" else int(15_000 * seconds)
        began = time.perf_counter()
        told = stage.load(how, number=number, connections=CONNECTIONS, seconds=seconds)
        ended = time.perf_counter()
        until(lambda: _done(stage, how, told["answered"]), 120)
        backlog = time.perf_counter() - ended
        found = {
            "accepted": told["rate"],
            "end to end": told["answered"] / (seconds + backlog),
            "backlog s": backlog,
            "messages": float(len(sink.came)),
            "receiver MiB at rest": rest[0],
            "workers MiB at rest": rest[1],
            "receiver MiB after": memory(receiver),
            "workers MiB after": memory(workers),
            "bytes per open incident": _bytes(stage, "tocsin:incident:*"),
            "bytes per delivery": _bytes(stage, "tocsin:delivery:*"),
            "took": time.perf_counter() - began,
        }
        for name, process in servers.items():
            found[f"µs of {name} for each"] = (spent(process) - before[name]) / told["answered"] * 1e6
    sink.close()
    return found


def _done(stage: Stage, how: str, answered: int) -> bool:
    redis: Any = stage.redis
    if redis.zcard(keys.agenda(Lane.INTAKE, Job.DEDUPLICATE)):
        return False
    return how == "repeated" or int(redis.zcard(keys.OPEN)) >= answered


def _bytes(stage: Stage, pattern: str) -> float:
    """What Redis spends on one key of this pattern, the median of fifty."""
    redis: Any = stage.redis
    found = []
    for key in redis.scan_iter(match=pattern, count=1000):
        found.append(redis.memory_usage(key))
        if len(found) >= 50:
            break
    return float(statistics.median(found)) if found else 0.0


def page(sink: Sink, connection: http.client.HTTPConnection, number: int) -> float:
    """Seconds from sending the webhook of one more outage until somebody is told. Raises TimeoutError after 10."""
    body = sentry(number).replace(b'"environment": "production"', b'"environment": "outage"')
    head, _, _ = request("/hooks/bench", body).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    before, began = len(sink.pages), time.perf_counter()
    connection.request("POST", "/hooks/bench", body, headers)
    connection.getresponse().read()
    until(lambda: len(sink.pages) > before, 10)
    return sink.pages[before] - began


def first_page(times: int) -> dict[str, float]:
    """Idle, one outage after the other: milliseconds from sending the webhook to the notification's request."""
    sink = Sink()
    waits: list[float] = []
    with a_stage(PORT, sink=sink.port) as stage:
        stage.serve()
        stage.work()
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        for number in range(times):
            with suppress(TimeoutError):
                waits.append(page(sink, connection, number) * 1000)
            time.sleep(0.05)
    sink.close()
    ordered = sorted(waits)
    return {
        "p50": statistics.median(ordered),
        "p99": ordered[int(len(ordered) * 0.99)],
        "worst": ordered[-1],
        "of": len(ordered),
    }


def start() -> dict[str, float]:
    """Seconds from starting a receiver, and a receiver with workers, until they say they are ready."""
    with a_stage(PORT) as stage:
        began = time.perf_counter()
        stage.serve()
        serving = time.perf_counter() - began
        began = time.perf_counter()
        stage.work()
        return {"receiver ready s": serving, "workers ready s": time.perf_counter() - began}


def main() -> None:
    """All of it, medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
    for how in ("distinct", "repeated"):
        seen = [flow(how, seconds) for _ in range(rounds)]
        print(f"| {how} | median |\n|---|---|")
        for name in seen[0]:
            print(f"| {name} | {statistics.median(one[name] for one in seen):,.2f} |")
    print("| webhook to first notification, ms |", {k: round(v, 2) for k, v in first_page(200).items()})
    print("| start |", {k: round(v, 2) for k, v in start().items()})


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as wrong:
        sys.exit(wrong.stderr.decode())
