"""Streams without end: `python -m bench.streams [asked]` asks `/live` for 5,000 at once and reads none of them.

Printed: how many were served and refused, the receiver's memory before, during and after, and how deliveries and pages
were answered meanwhile. S25 of the hostile table: memory bounded, honest requests answered.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import uvloop

from bench import console
from bench.console import OF_ONE, PORT, WHO, _console, _get
from bench.stage import Stage, a_stage, spent

ASKED = 5000
HONEST = 50
"""Pages looked at, and deliveries' rounds, while the streams stand."""


def _memory(process: subprocess.Popen[bytes]) -> float:
    """Resident MiB of the receiver."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def _ask(number: int, heads: Counter[bytes], kept: list[asyncio.StreamWriter]) -> None:
    """One stream: its first line is read, and then nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(f"GET /live?on=now HTTP/1.1\r\nHost: bench\r\n{WHO}: person{number // OF_ONE}\r\n\r\n".encode())
    line = await reader.readline()
    heads[line.split(b" ")[1] if line else b"closed"] += 1
    kept.append(writer)


async def _storm(asked: int, stage: Stage, receiver: subprocess.Popen[bytes]) -> None:
    heads, kept, before = Counter[bytes](), list[asyncio.StreamWriter](), spent(receiver)
    began = time.perf_counter()
    for first in range(0, asked, 250):
        some = [_ask(number, heads, kept) for number in range(first, min(asked, first + 250))]
        await asyncio.gather(*some, return_exceptions=True)
    took, own = time.perf_counter() - began, spent(receiver) - before
    print(f"asked {asked} in {took:.1f} s: {dict(heads)}; {1e6 * own / asked:.0f} µs of the receiver for each")
    print(f"receiver MiB with all of them open: {_memory(receiver):.0f}", flush=True)
    looked = list[float]()
    for _ in range(HONEST):
        start = time.perf_counter()
        await asyncio.to_thread(_get, "/agenda")
        looked.append(1000 * (time.perf_counter() - start))
    print(f"/agenda meanwhile: median {statistics.median(looked):.0f} ms, worst {max(looked):.0f}")
    said = await asyncio.to_thread(stage.load, "distinct", number=2000, connections=8, seconds=4.0, first=10**7)
    print(f"deliveries meanwhile: {said}", flush=True)
    for writer in kept:
        writer.close()


def main() -> None:
    """Ask, look, and tell."""
    asked = int(sys.argv[1]) if sys.argv[1:] else ASKED
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with a_stage(PORT) as stage:
        receiver = _console(stage)
        console._fill(stage, 100)
        print(f"receiver MiB before: {_memory(receiver):.0f}", flush=True)
        uvloop.run(_storm(asked, stage, receiver))
        time.sleep(2)
        print(f"receiver MiB after: {_memory(receiver):.0f}")


if __name__ == "__main__":
    main()
