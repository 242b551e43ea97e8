"""The network to Redis, dropped by a kernel: a namespace of its own, a pair of wires, and packets that never arrive."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path

from router.hooks.committer import PATIENCE
from tests.chaos.load import Load
from tests.chaos.oracle import Verdict, judge, until
from tests.chaos.redis_gone import always_answered, spooled
from tests.chaos.stage import Length, a_stage, strike
from tests.processes.tocsin import Running

PORT = 6379
HERE, THERE = "10.231.77.1", "10.231.77.2"
ESTABLISHED = "01"
GHOSTS_END = 30.0
"""Seconds after which no process of ours may still hold a connection that Redis does not know."""


class Untried(Exception):
    """Not on this machine; the message says what it takes."""


class Net:
    """Another network namespace, one wire away. Raises Untried."""

    def __init__(self) -> None:
        self.name = f"chaos-{os.getpid()}"
        self._wire = f"chaos{os.getpid() % 100_000}"
        if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("nft"):
            raise Untried("NOT TRIED: it needs root, `ip` (iproute2) and `nft` (nftables)")
        try:
            _run("ip", "netns", "add", self.name)
            _run("ip", "link", "add", self._wire, "type", "veth", "peer", "name", "far", "netns", self.name)
            _run("ip", "addr", "add", f"{HERE}/30", "dev", self._wire)
            _run("ip", "link", "set", self._wire, "up")
            self._inside("ip", "addr", "add", f"{THERE}/30", "dev", "far")
            self._inside("ip", "link", "set", "far", "up")
            self._inside("ip", "link", "set", "lo", "up")
            self.cut()
            self.mend()
        except subprocess.CalledProcessError as wrong:
            self.close()
            raise Untried(f"NOT TRIED: this machine allows no network of its own ({wrong.stderr.strip()})") from None

    @property
    def within(self) -> list[str]:
        """The command that starts another one there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """From now on the kernel drops every packet, in both directions, and tells nobody."""
        for hook in ("input", "output"):
            chain = f"{{ type filter hook {hook} priority 0 ; policy drop ; }}"
            self._inside("nft", "add", "table", "inet", "chaos")
            self._inside("nft", "add", "chain", "inet", "chaos", hook, chain)

    def mend(self) -> None:
        """Packets arrive again, those that are sent again too."""
        self._inside("nft", "delete", "table", "inet", "chaos")

    def close(self) -> None:
        """Take it away."""
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", self._wire], check=False, capture_output=True)

    def _inside(self, *words: str) -> None:
        _run(*self.within, *words)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


def dropped(length: Length) -> Verdict:
    """R14: the kernel drops every packet to and from Redis; then again, and Redis dies meanwhile and starts anew."""
    try:
        net = Net()
    except Untried as why:
        return Verdict(skipped=str(why))
    gap = length.seconds(8, 30)
    options = {"within": net.within, "also": ["--port", str(PORT), "--bind", THERE, "--protected-mode", "no"]}
    with closing(net), a_stage(env={"REDIS_URL": f"redis://{THERE}:{PORT}"}, **options) as tocsin:
        with Load(tocsin.port, rate=20) as load:
            load.run_for(3)
            unsure, waited = tocsin.sink.unsure(), 0
            for dies in (False, True):
                net.cut()
                if dies:
                    strike(tocsin, "valkey")
                load.run_for(0.5)
                # What had been looked up when the wire was cut is sent, and cannot be noted.
                unsure += tocsin.sink.unsure(0.8)
                load.run_for(gap)
                waited += spooled(tocsin)
                unsure += tocsin.sink.unsure()
                net.mend()
                mended = time.monotonic()
                load.run_for(5)
                unsure += tocsin.sink.unsure() if not dies else 0
        verdict = judge(tocsin, [load.book], allowed=unsure, within=gap + 30)
        ghosts = until(lambda: not _ghosts(tocsin), GHOSTS_END)
        gone = time.monotonic() - mended
    verdict.checks |= always_answered(load.book)
    slowest = load.book.slowest(0.999)
    verdict.checks |= {
        "the spool was used": waited > 0,
        f"99.9 % of answers within {PATIENCE} s": slowest <= PATIENCE,
        "no connection is held that Redis does not know": ghosts is not None,
    }
    verdict.notes.append(f"cut twice for {gap:.0f} s, {waited} waited, p99.9 {slowest * 1000:.0f} ms")
    verdict.notes.append(f"no half-open connection {gone:.0f} s after the second")
    return verdict


def _ghosts(tocsin: Running) -> set[int]:
    """Local ports of connections to Redis that it has never heard of, or has forgotten."""
    far = "".join(f"{int(part):02X}" for part in reversed(THERE.split("."))) + f":{PORT:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    held = {int(row[1].rpartition(":")[2], 16) for row in rows if row[2] == far and row[3] == ESTABLISHED}
    known = {int(one["addr"].rpartition(":")[2]) for one in tocsin.redis.client_list() if HERE in one["addr"]}
    return held - known
