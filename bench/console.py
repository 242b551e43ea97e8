"""The console: its pages with 2,000 open incidents and 100,000 deliveries, and 200 watchers beside ingest.

`python -m bench.console [pages] [deliveries]` and `python -m bench.console watchers [rounds] [seconds]`: the latter
alternates with and without watchers on the same Tocsin, so that a noisy neighbour disturbs both alike.
"""

from __future__ import annotations

import asyncio
import http.client
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvloop

from bench.stage import ROOT, Stage, a_stage, spent, until
from workers import keys

PORT = 18470
OPEN, WATCHERS, OF_ONE = 2000, 200, 5
WHO = "X-Forwarded-User"
ARMS = ("nobody watches", "200 watch", "200 watch, 5 changes a second")
CHANGES = 5
"""Incidents that change in each second, as every watcher is told."""


def _console(stage: Stage) -> subprocess.Popen[bytes]:
    """Whoever asks from this machine is who they say: a proxy lets them in."""
    stage.env |= {"TOCSIN_TRUSTED_PROXIES": "127.0.0.1/32", "TOCSIN_PROXY_USER_HEADER": WHO}
    return stage.serve()


def _fill(stage: Stage, deliveries: int) -> list[str]:
    """So many open incidents, and so many deliveries in all; the incidents' ids."""
    stage.work()
    stage.load("distinct", number=OPEN, connections=32, seconds=60)
    left = deliveries - OPEN
    if left > 0:
        stage.load("repeated", number=1, connections=32, seconds=left / 4000)
    until(lambda: stage.redis.zcard(keys.OPEN) >= OPEN and not _waiting(stage), 300)
    found: Any = stage.redis.zrange(keys.OPEN, 0, -1)
    return [one.decode() for one in found]


def _waiting(stage: Stage) -> int:
    return sum(int(stage.redis.zcard(name)) for name in stage.redis.scan_iter(match=keys.agenda("intake", "*")))


def pages(deliveries: int) -> None:
    """Thirty looks at each page; prints the processor's time and the clock's."""
    with a_stage(PORT) as stage:
        receiver = _console(stage)
        incident = _fill(stage, deliveries)[0]
        print(f"{stage.redis.zcard(keys.OPEN)} open incidents, {stage.redis.zcard(keys.DELIVERIES)} deliveries")
        print("| page | ms of the receiver | by the clock, median | worst | KiB |\n|---|---|---|---|---|")
        for path in (
            "/", "/?page=7", "/?q=4711&severity=P3", f"/incidents/{incident}", "/agenda", "/deliveries",
            "/deliveries?q=nothing", "/notifications", "/rules", "/schedules", "/sources", "/numbers",
        ):  # fmt: skip
            times, before = list[float](), spent(receiver)
            for _ in range(30):
                began = time.perf_counter()
                size = len(_get(path))
                times.append(1000 * (time.perf_counter() - began))
            median, name = statistics.median(times), path.replace(incident, "ID")
            own = 1000 * (spent(receiver) - before) / len(times)
            print(f"| `{name}` | {own:.0f} | {median:.0f} | {max(times):.0f} | {size / 1024:.0f} |")


def _get(path: str) -> bytes:
    asked = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    asked.request("GET", path, headers={WHO: "ana"})
    answer = asked.getresponse()
    body = answer.read()
    asked.close()
    assert answer.status == 200, (path, answer.status)
    return body


def watchers(rounds: int, seconds: float) -> None:
    """Ingest without watchers, with them, and with them while incidents change; prints the ratios."""
    with a_stage(PORT) as stage:
        receiver = _console(stage)
        ids = _fill(stage, OPEN)
        worker = stage.processes.pop()
        worker.terminate()
        worker.wait(15)
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ARMS}
        for number in range(rounds * len(ARMS)):
            name = ARMS[number % len(ARMS)]
            watching, changing = WATCHERS if "200" in name else 0, ids if "changes" in name else []
            with _watching(stage, watching), _changing(stage, changing):
                before, wanted = spent(receiver), int(20_000 * seconds)
                first = 1_000_000 * (number + 1)
                outcome = stage.load("distinct", number=wanted, connections=64, seconds=seconds, first=first)
                own = 1e6 * (spent(receiver) - before) / outcome["answered"]
            seen[name].append((outcome["rate"], own))
            print(f"{name:32} {own:.0f} µs {outcome}", file=sys.stderr, flush=True)
        print("| | deliveries a second, median | of the same round without | µs of the receiver for each |")
        print("|---|---|---|---|")
        for name, told in seen.items():
            rate, own = (statistics.median(values) for values in zip(*told, strict=True))
            ratio = statistics.median(one[0] / other[0] for one, other in zip(told, seen[ARMS[0]], strict=True))
            print(f"| {name} | {rate:,.0f} | {ratio:.2f} | {own:.0f} |")


@contextmanager
def _watching(stage: Stage, number: int) -> Iterator[None]:
    """So many open pages, in a process of their own."""
    if not number:
        yield
        return
    words = [sys.executable, "-m", "bench.console", "watch", str(number)]
    process = subprocess.Popen(words, cwd=ROOT, env=stage.env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == f"{number} watch\n"
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _changing(stage: Stage, ids: list[str]) -> Iterator[None]:
    """Some of these are said to have changed, over and over."""
    ended = threading.Event()

    def change() -> None:
        for number in range(10**9):
            if ended.wait(1 / CHANGES) or not ids:
                return
            stage.redis.xadd(keys.CHANGES, {"incidents": ids[number % len(ids)]})

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def _watch(number: int) -> None:
    async def one(which: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        head = f"GET /live?on=now HTTP/1.1\r\nHost: bench\r\n{WHO}: person{which // OF_ONE}\r\n\r\n"
        writer.write(head.encode())
        first = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in first.splitlines()[0], first
        connected.append(which)
        while await reader.read(65536):
            pass

    connected: list[int] = []
    watching = [asyncio.create_task(one(which)) for which in range(number)]
    while len(connected) < number and not any(task.done() for task in watching):  # noqa: ASYNC110 nobody tells
        await asyncio.sleep(0.05)
    print(f"{len(connected)} watch", flush=True)
    await asyncio.gather(*watching)


def main() -> None:
    """`pages`, `watchers`, or one process of those that watch."""
    what, *numbers = sys.argv[1:] or ["pages"]
    if what == "watch":
        uvloop.run(_watch(int(numbers[0])))
    elif what == "watchers":
        watchers(int(numbers[0]) if numbers else 5, float(numbers[1]) if numbers[1:] else 4.0)
    else:
        pages(int(numbers[0]) if numbers else 100_000)


if __name__ == "__main__":
    main()
