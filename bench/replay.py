"""What `tocsin replay` takes for 100,000 deliveries of one week, and whether it finds what it must.

`python -m bench.replay`. Into a week of all samples are put 84 troubles each of three sorts, one every two hours, that
the new rules see otherwise: what they must make different is counted by hand in `EXPECTED`.
"""

from __future__ import annotations

import heapq
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from redis import Redis

from bench.rehearse import WEEK, renamed, week
from bench.stage import ROOT
from router.hooks.hearing import hear
from router.in_force import Source
from router.sources import TYPES
from rules.reading.load import Ruleset
from workers import embedded
from workers.channels import OPTIONS
from workers.deliveries.intake import Received, mint, queue_commands
from workers.rulebook.configuration import packaged, read
from workers.settings import child_environment

DELIVERIES, EVERY, BATCH = 100_000, 7200.0, 500
OURS = "own-scripts"
SORTS = {"worse": 300.0, "longer": 1200.0, "noise": 300.0}
"""Which labels there are, and for how long each trouble lasts, in seconds."""
CHANGED = """\
  - {name: the batch host, when: {labels: {trouble: [worse, longer]}}, then: {severity: P1}}
  - {name: known noise, when: {labels: {trouble: noise}}, then: {suppress: known noise}}
"""
EXPECTED = {"severity": 168, "vanishes": 84, "appears": 0, "added": 84, "removed": 84, "moved": 168}
"""Before, each is a P3: one page, to whoever is on call, by slack and mail.

Now `worse` and `longer` are P1: that page goes by the pager too (168 moved); `longer` lasts past T+15m, and the
engineering lead is called (84 added). `noise` is suppressed (84 vanish, 84 removed)."""


Said = tuple[float, Source, dict[str, Any]]


def troubles(until: float) -> Iterator[tuple[float, bytes]]:
    """What our own scripts say: each trouble, and its end."""
    for number in range(int(WEEK / EVERY)):
        for nth, (sort, lasts) in enumerate(SORTS.items()):
            begins = until - WEEK + EVERY * number + 600 * nth + 60
            said = {"id": f"{sort}-{number}", "title": f"Batch {sort} {number}", "labels": {"trouble": sort}}
            yield begins, orjson.dumps(said)
            yield begins + lasts, orjson.dumps({**said, "status": "resolved"})


def deliveries(ruleset: Ruleset, until: float) -> Iterator[Said]:
    """The week: all samples evenly, and between them the troubles, by time."""
    one = ruleset.config.sources[OURS]
    ours = Source(name=OURS, type=TYPES[one.type], labels=one.labels)
    said = [(at, ours, {"headers": {"content-type": "application/json"}, "body": body}) for at, body in troubles(until)]
    others = DELIVERIES - len(said)

    def samples() -> Iterator[Said]:
        for number, (source, sample) in enumerate(week(ruleset)[:others]):
            at = until - WEEK + 1 + (WEEK - 1) * number / others
            more = {"method": sample.method, "query": sample.query, "headers": sample.headers}
            yield at, source, {**more, "body": renamed(sample, number)}

    yield from heapq.merge(sorted(said, key=_when), samples(), key=_when)


def _when(said: Said) -> float:
    return said[0]


def fill(redis: Redis, ruleset: Ruleset, until: float) -> None:
    """As the receiver keeps them."""
    batch: list[Received] = []
    for at, source, more in deliveries(ruleset, until):
        batch.append(hear(source.delivery(mint(at), at, **more), source, ruleset))
        if len(batch) == BATCH:
            _keep(redis, batch)
            batch = []
    _keep(redis, batch)


def _keep(redis: Redis, batch: list[Received]) -> None:
    with redis.pipeline(transaction=True) as pipe:
        queue_commands(pipe, batch, time.time())
        pipe.execute()


def changed(folder: Path) -> Path:
    """The packaged rules with two more."""
    shutil.copytree(packaged(), folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    rules = folder / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    assert text.count("\nrules:\n") == 1
    rules.write_text(text.replace("\nrules:\n", f"\nrules:\n{CHANGED}"), encoding="utf-8")
    return folder


def _peak(pid: int) -> int:
    """KiB of memory it has had at most: what is inherited from this process (`ru_maxrss`) does not count."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def main() -> None:
    """Fill an inbox, replay it in a process of its own, and print what it took and what it found."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name)
        server = subprocess.Popen([*embedded.command(folder / "redis"), "--appendfsync", "no"])
        try:
            while not embedded.answers(folder / "redis"):
                time.sleep(0.05)
            _measure(embedded.url(folder / "redis"), changed(folder / "new"))
        finally:
            server.terminate()
            server.wait()


def _measure(url: str, new: Path) -> None:
    fill(Redis.from_url(url), read(packaged(), channel_options=OPTIONS), time.time())
    command = [sys.executable, "-m", "router.cli", "replay", str(new), "--since", "8d", "-o", "json"]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as answer:
        running = subprocess.Popen(command, cwd=ROOT, env=child_environment({"REDIS_URL": url}), stdout=answer)
        most = 0
        while running.poll() is None:
            most = max(most, _peak(running.pid))
            time.sleep(0.1)
        took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        answer.seek(0)
        found = orjson.loads(answer.read())
    kinds = [one["kind"] for one in found["incident_changes"]]
    seen = {kind: kinds.count(kind) for kind in ("severity", "vanishes", "appears")}
    seen |= {kind: found["pages"][kind] for kind in ("added", "removed", "moved")}
    print(f"{found['deliveries']:,} deliveries: {took:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of the processor")
    print(f"at most {most / 1024:.0f} MiB; incidents {found['incidents']}, pages {found['pages']}")
    print(f"expected {EXPECTED}\nfound    {seen}")
    if seen != EXPECTED or running.returncode != 1:
        sys.exit("the difference is not the one that was counted by hand")


if __name__ == "__main__":
    main()
