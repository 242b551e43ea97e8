"""Redis dies, hangs, is away, is full, forgets, or becomes a replica, each under load."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing

from tests.chaos.load import Book, Load
from tests.chaos.oracle import SETTLES, Verdict, judge, until
from tests.chaos.stage import Length, a_stage, strike
from tests.processes.tocsin import Running, wait_for

SWIFT = 0.25
"""Seconds that 99.9 % of answers may take while Redis hangs."""
DRAINED = 10.0


def spooled(tocsin: Running) -> int:
    """How many deliveries wait on the receiver's disk; read beside it, as an operator might."""
    path = tocsin.folder / "d" / "spool.db"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as file:
        return int(file.execute("SELECT count(*) FROM delivery").fetchone()[0])


def killed_always(length: Length) -> Verdict:
    """R6: kill -9 with `appendfsync always`."""
    return killed(length, "always")


def killed_everysec(length: Length) -> Verdict:
    """R6: kill -9 with `appendfsync everysec`: what the kernel has been given survives a crash of the process."""
    return killed(length, "everysec")


def killed(length: Length, fsync: str, *, settles: float = SETTLES, **options: object) -> Verdict:
    """Redis is killed again and again and started by its supervisor."""
    weaker = {"TOCSIN_ACCEPT_WEAKER_DURABILITY": "1"} if fsync != "always" else {}
    kills, unsure = 0, 0
    with a_stage(fsync=fsync, env=weaker, **options) as tocsin:
        with Load(tocsin.port, rate=20) as load:
            for _ in range(length.times(5, 10)):
                load.run_for(length.seconds(3))
                hit = strike(tocsin, "valkey")
                kills, unsure = kills + (hit >= 0), unsure + max(0, hit)
            load.run_for(2)
        verdict = judge(tocsin, [load.book], allowed=unsure, settles=settles)
    verdict.checks |= always_answered(load.book)
    verdict.notes.append(f"{kills} kills")
    return verdict


def hangs(length: Length) -> Verdict:
    """R8: SIGSTOP for 5 s (and 30 s): answers stay swift, nothing is lost."""
    with a_stage() as tocsin:
        allowed = 0
        with Load(tocsin.port, rate=20) as load:
            load.run_for(3)
            for seconds in (5, 30) if length.long else (5,):
                allowed += tocsin.sink.unsure()
                tocsin.signal("valkey", signal.SIGSTOP)
                load.run_for(seconds)
                tocsin.signal("valkey", signal.SIGCONT)
                allowed += tocsin.sink.unsure()
                load.run_for(3)
        verdict = judge(tocsin, [load.book], allowed=allowed, within=45)
    slowest = load.book.slowest(0.999)
    verdict.checks |= always_answered(load.book)
    verdict.checks[f"99.9 % of answers within {SWIFT} s"] = slowest <= SWIFT
    verdict.notes.append(f"p99.9 of the answers {slowest * 1000:.0f} ms")
    return verdict


def away(length: Length, *, kill_receiver: bool = False) -> Verdict:
    """R9: Redis is down 20 s (60): every answer is 202, the spool drains, steps due meanwhile are climbed at once."""
    gap = length.seconds(20, 60)
    with a_stage(lead=f"{max(4, gap / 2):.0f}s") as tocsin:
        with Load(tocsin.port, rate=20) as load:
            tocsin.post("ladder 1")
            wait_for(lambda: tocsin.sink.heard, 10)
            load.run_for(2)
            unsure = tocsin.sink.unsure()
            tocsin.hold("valkey")
            for _ in range(4):
                load.run_for(gap / 4)
                if kill_receiver:
                    tocsin.kill("receiver")
            waited = spooled(tocsin)
            back = time.time()
            tocsin.let_go("valkey")
            drained = until(lambda: spooled(tocsin) == 0, 60)
            wait_for(lambda: any(whom == "maria-key" for whom, _ in tocsin.sink.pages()), 30)
            load.run_for(2)
        verdict = judge(tocsin, [load.book], allowed=unsure, within=gap + 30)
        climbed = tocsin.sink.at("maria-key") - back
    if not kill_receiver:
        verdict.checks |= always_answered(load.book)
    verdict.checks["the spool was used"] = waited > 0
    verdict.checks[f"drained within {DRAINED:.0f} s"] = drained is not None and drained <= DRAINED
    verdict.checks["the step due meanwhile was climbed within 5 s"] = 0 <= climbed <= 5
    verdict.notes.append(
        f"away {gap:.0f} s, {waited} waited, drained {drained or 99:.1f} s and climbed {climbed:.1f} s after its return"
    )
    return verdict


def away_and_receiver_dies(length: Length) -> Verdict:
    """R10: as R9, and the receiver is killed four times meanwhile."""
    return away(length, kill_receiver=True)


def full(length: Length) -> Verdict:
    """R12: Redis' memory is at its limit: it refuses writes, and evicts nothing."""
    with a_stage() as tocsin:
        with Load(tocsin.port, rate=20) as load:
            load.run_for(2)
            unsure = tocsin.sink.unsure()
            tocsin.redis.config_set("maxmemory", 100_000)
            load.run_for(length.seconds(8))
            waited = spooled(tocsin)
            tocsin.redis.config_set("maxmemory", 0)
            unsure += tocsin.sink.unsure()
            drained = until(lambda: spooled(tocsin) == 0, 60)
            load.run_for(2)
        verdict = judge(tocsin, [load.book], allowed=unsure)
        evicted = tocsin.redis.info("stats")["evicted_keys"]
    verdict.checks |= always_answered(load.book)
    verdict.checks["nothing was evicted"] = evicted == 0
    verdict.checks[f"drained within {DRAINED:.0f} s"] = drained is not None and drained <= DRAINED
    verdict.notes.append(f"{waited} waited on disk")
    return verdict


def read_only(length: Length) -> Verdict:
    """R13: a failover has made our Redis a replica (READONLY), and its scripts are forgotten (NOSCRIPT)."""
    with a_stage() as tocsin:
        with Load(tocsin.port, rate=20) as load:
            load.run_for(2)
            unsure = tocsin.sink.unsure()
            tocsin.redis.replicaof("127.0.0.1", "9")
            load.run_for(length.seconds(8))
            waited = spooled(tocsin)
            tocsin.redis.replicaof("NO", "ONE")
            unsure += tocsin.sink.unsure()
            load.run_for(2)
            tocsin.redis.script_flush()
            load.run_for(3)
        verdict = judge(tocsin, [load.book], allowed=unsure)
    verdict.checks |= always_answered(load.book)
    verdict.checks["the spool was used"] = waited > 0
    verdict.notes.append(f"{waited} waited on disk")
    return verdict


def wiped(length: Length) -> Verdict:
    """R13: FLUSHALL. What was there is gone; what comes after it is kept and told as ever."""
    with a_stage() as tocsin:
        with Load(tocsin.port, rate=20, prefix="before") as before:
            before.run_for(3)
        judge(tocsin, [before.book])
        tocsin.redis.flushall()
        with Load(tocsin.port, rate=20, prefix="after") as after:
            after.run_for(length.seconds(5))
        verdict = judge(tocsin, [after.book])
    verdict.checks |= always_answered(after.book)
    verdict.notes.append("what stood in Redis before is lost, as it must be")
    return verdict


def always_answered(book: Book) -> dict[str, bool]:
    """The check that no sender was ever refused or left alone."""
    return {"every delivery was answered with 202": not book.broken and set(book.statuses) == {202}}
