"""What lies below fails by itself: the receiver's disk, and Redis' own clock."""

from __future__ import annotations

import errno
import signal
import time
from contextlib import closing

from tests.chaos.load import Load
from tests.chaos.oracle import Verdict, first_heard, judge, until
from tests.chaos.power import a_disk
from tests.chaos.preload import Clock, Disk, uncompiled
from tests.chaos.redis_gone import always_answered, spooled
from tests.chaos.stage import Length, a_stage
from tests.processes.tocsin import Running, wait_for

TROUBLES = {
    "EIO": (errno.EIO, "wf"),
    "EIO of fsync": (errno.EIO, "f"),
    "read-only": (errno.EROFS, "w"),
    "hangs": (errno.EIO, "h"),
}
HOUR = 3600.0


def disk_fails(length: Length) -> Verdict:
    """R11: Redis hangs; the spool's disk gives EIO, or only fsync does, is read-only, or hangs: 503, and an alarm."""
    if (untried := uncompiled()) is not None:
        return untried
    verdict = Verdict()
    for name, (error, calls) in TROUBLES.items():
        with a_disk() as (folder, disk), a_stage(folder=folder, own={"receiver": disk.env}) as tocsin:
            receiver = tocsin.pid("receiver")
            tocsin.signal("valkey", signal.SIGSTOP)
            before = [tocsin.post(f"host {number}") for number in range(5)]
            statuses, alarm = _without_a_disk(tocsin, disk, error, calls)
            again = tocsin.post("well again")
            tocsin.signal("valkey", signal.SIGCONT)
            wait_for(lambda tocsin=tocsin: set(tocsin.posted) <= first_heard(tocsin).keys(), 40)
            verdict.acked += len(tocsin.posted)
            verdict.lost |= set(tocsin.posted) - first_heard(tocsin).keys()
            checks = {
                "202 before, 503 while it fails, 202 after": [*{*before}, *statuses, again] == [202, 503, 202],
                "the alarm is raised within 10 s": alarm is not None and alarm <= 10,
                "the spool drains": wait_for(lambda tocsin=tocsin: spooled(tocsin) == 0, 10),
                "the receiver lives": tocsin.pid("receiver") == receiver,
            }
            verdict.checks |= {f"{name}: {what}": held for what, held in checks.items()}
            verdict.notes.append(f"{name}: {'no alarm' if alarm is None else f'alarm after {alarm:.1f} s'}")
    return verdict


def _without_a_disk(tocsin: Running, disk: Disk, error: int, calls: str) -> tuple[set[int], float | None]:
    """What was answered while the disk failed, and after how many seconds somebody was told."""
    disk.fails(error, calls)
    statuses = {tocsin.post("nowhere to go 0")}
    told = until(lambda: any("can keep nothing" in page for page in first_heard(tocsin)), 20)
    statuses |= {tocsin.post(f"nowhere to go {number}") for number in range(1, 10)}
    disk.works()
    return statuses, told


def redis_clock_jumps(length: Length) -> Verdict:
    """R18: Redis' clock goes an hour forward, or back, under load: steps come by it, once, and none is hours early."""
    if (untried := uncompiled()) is not None:
        return untried
    verdict = Verdict()
    for jump in (HOUR, -HOUR):
        one, called = _jumped(length, jump)
        verdict.acked, verdict.latest = verdict.acked + one.acked, max(verdict.latest, one.latest)
        verdict.lost, verdict.duplicates = verdict.lost | one.lost, verdict.duplicates + one.duplicates
        verdict.allowed += one.allowed
        verdict.checks |= {f"{what} ({jump:+.0f} s)": held for what, held in one.checks.items()}
        verdict.notes.append(f"{jump:+.0f} s: the lead was called {called}; {len(one.lost)} lost")
    return verdict


def _jumped(length: Length, jump: float) -> tuple[Verdict, str]:
    """A jump, a second before a step is due; and another ladder behind it. When was whom called?"""
    with closing(Clock()) as clock, a_stage(lead="6s", ceo="3h", own={"valkey": clock.env}) as tocsin:
        with Load(tocsin.port, rate=20) as load:
            load.run_for(length.seconds(5))
            tocsin.post("ladder before")
            load.run_for(2)
            unsure = tocsin.sink.unsure()
            clock.ahead(jump)
            jumped = time.time()
            load.run_for(length.seconds(8, 60))
            after = time.time()
            tocsin.post("ladder after")
            load.run_for(8)
        verdict = judge(tocsin, [load.book], allowed=unsure, within=45)
        leads = _called(tocsin, "maria-key")
        ceos = _called(tocsin, "victor-key")
    soon = [at - jumped for at in leads if at < after]
    late = [at - after for at in leads if at >= after]
    verdict.checks |= {
        **always_answered(load.book),
        # An hour forward the step is due at once; an hour back it is due in an hour.
        "the step that waited came by Redis' clock": len(soon) == (jump > 0) and all(0 <= at <= 3 for at in soon),
        "a step promised after it came when it was due": len(late) == 1 and 5.5 <= late[0] <= 11,
        "nobody of a step that is hours away was called": not ceos,
    }
    return (
        verdict,
        f"{[round(at, 1) for at in soon]} s after it, and {[round(at, 1) for at in late]} s after a new alarm",
    )


def _called(tocsin: Running, whom: str) -> list[float]:
    """When somebody was called."""
    heard = list(tocsin.sink.heard)
    return [at for at, said in heard if (said["routing_key"], said["event_action"]) == (whom, "trigger")]
