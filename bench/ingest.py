"""Ingest of signed 2.5 KB Sentry bodies, durable, workers stopped: Tocsin against what it is compared with.

`python -m bench.ingest [rounds] [seconds]`: every row of a round has its own fresh Valkey; rounds are interleaved, so
that a noisy neighbour disturbs all rows alike. Prints the median of each row and its ratio to the first.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.stage import Stage, a_stage, until

Outcome = dict[str, Any]
PORT = 18400
CONNECTIONS = 64


def tocsin(how: str, connections: int = CONNECTIONS, processes: int = 1) -> Callable[[float], Outcome]:
    """Tocsin's receiver."""

    def run(seconds: float) -> Outcome:
        with a_stage(PORT) as stage:
            stage.serve(processes)
            return _loaded(stage, how, connections, seconds)

    return run


def contender(app: str) -> Callable[[float], Outcome]:
    """One of the plain apps."""

    def run(seconds: float) -> Outcome:
        with a_stage(PORT) as stage:
            stage.contend(app)
            return _loaded(stage, "distinct", CONNECTIONS, seconds)

    return run


def alertmanager(seconds: float) -> Outcome:
    """Debian's prometheus-alertmanager, where it is installed."""
    folder = tempfile.mkdtemp(prefix="tocsin-bench-am-")
    config = Path(folder) / "am.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    with a_stage(PORT) as stage:
        words = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder}/data"]
        words += [f"--web.listen-address=127.0.0.1:{PORT}", "--cluster.listen-address=", "--log.level=error"]
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        stage.processes.append(process)
        until(lambda: stage._status("/-/ready") == 200, 30)
        return _loaded(stage, "alertmanager", CONNECTIONS, seconds, "/api/v2/alerts")


def _loaded(stage: Stage, how: str, connections: int, seconds: float, path: str = "/hooks/bench") -> Outcome:
    stage.load(how, number=500, connections=connections, seconds=1.0, first=10_000_000, path=path)
    number = 1 if how == "repeated" else int(30_000 * seconds)
    return stage.load(how, number=number, connections=connections, seconds=seconds, path=path)


ROWS: dict[str, Callable[[float], Outcome]] = {
    "(a) only reads the body": contender("reading"),
    "(b) plain: verify, json, enqueue": contender("plain"),
    "tocsin, distinct": tocsin("distinct"),
    "tocsin, one body repeated": tocsin("repeated"),
    "tocsin, distinct, 2 processes": tocsin("distinct", processes=2),
    "tocsin, one connection": tocsin("distinct", connections=1),
}
if shutil.which("prometheus-alertmanager"):
    ROWS["(c) Alertmanager /api/v2/alerts"] = alertmanager


def main() -> None:
    """Interleaved rounds, then the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    rows = {name: row for name, row in ROWS.items() if wanted in name}
    seen: dict[str, list[Outcome]] = {name: [] for name in rows}
    for number in range(rounds):
        for name, row in rows.items():
            seen[name].append(row(seconds))
            print(f"round {number + 1}  {name:36} {seen[name][-1]}", file=sys.stderr, flush=True)
    first = statistics.median(one["rate"] for one in next(iter(seen.values())))
    print("| row | per second | of (a) | p50 ms | p99 ms | refused |\n|---|---|---|---|---|---|")
    for name, outcomes in seen.items():
        rate, p50, p99 = (statistics.median(one[key] for one in outcomes) for key in ("rate", "p50", "p99"))
        refused = sum(one["refused"] for one in outcomes)
        print(f"| {name} | {rate:,.0f} | {rate / first:.2f} | {p50:.2f} | {p99:.2f} | {refused} |")


if __name__ == "__main__":
    main()
