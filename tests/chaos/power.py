"""The power goes: everything dies at the same moment, and of every file only what was fsynced is left."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chaos.load import Book, Load
from tests.chaos.oracle import Verdict, judge
from tests.chaos.preload import Disk, uncompiled
from tests.chaos.redis_gone import spooled
from tests.chaos.stage import Length, a_stage
from tests.processes.tocsin import Running, wait_for

OF_REDIS = 2.0
"""Seconds of what Redis was given that `everysec` may lose."""
MOMENT = 0.3
"""Seconds by which the sender's book may be behind."""


def cut_always(length: Length) -> Verdict:
    """R7: with `appendfsync always` nothing that was answered 2xx is lost, from Redis or from the spool."""
    return uncompiled() or cut(length, "always")


def cut_everysec(length: Length) -> Verdict:
    """R7: with `everysec` at most what Redis was given in the last 2 s; and with `no` the same cut loses more."""
    if (untried := uncompiled()) is not None:
        return untried
    verdict = cut(length, "everysec", settles=20)
    worse = cut(length, "no", settles=10)
    verdict.checks["the same with appendfsync no is seen to lose more"] = len(worse.lost) > 0
    verdict.notes.append(f"appendfsync no: lost {len(worse.lost)} of {worse.acked}")
    return verdict


def cut(length: Length, fsync: str, *, settles: float = 40.0, **options: Any) -> Verdict:
    """Cut the power twice under load: while Redis is well, and while it hangs and the spool is used."""
    weaker = {"TOCSIN_ACCEPT_WEAKER_DURABILITY": "1"} if fsync != "always" else {}
    forgiven = OF_REDIS if fsync == "everysec" else 0.0
    ends: list[float] = []
    allowed, taken_back = 0, 0
    with a_disk() as (folder, disk), a_stage(folder=folder, fsync=fsync, env=weaker | disk.env, **options) as tocsin:
        with Load(tocsin.port, rate=20) as load:
            load.run_for(length.seconds(4, 20))
            allowed += tocsin.sink.unsure(forgiven + MOMENT)
            ends.append(time.time())
            taken_back += _cut(tocsin, disk)
            load.run_for(length.seconds(3, 10))
            allowed += tocsin.sink.unsure(forgiven + MOMENT)
            tocsin.signal("valkey", signal.SIGSTOP)
            ends.append(time.time())
            load.run_for(length.seconds(4, 20))
            waited = spooled(tocsin)
            allowed += tocsin.sink.unsure(MOMENT)
            taken_back += _cut(tocsin, disk)
            load.run_for(2)
        verdict = judge(tocsin, [load.book], allowed=allowed, within=45, settles=settles)
    late = {key for key in verdict.lost if any(end - forgiven <= _said(load.book, key) <= end + MOMENT for end in ends)}
    if forgiven:
        verdict.lost -= late
        verdict.notes.append(f"{len(late)} lost that were answered in the last {forgiven:.0f} s of Redis")
    verdict.checks["the spool was used"] = waited > 0
    verdict.notes.append(f"{waited} waited on disk; {taken_back} bytes taken back")
    return verdict


@contextmanager
def a_disk() -> Iterator[tuple[Path, Disk]]:
    """A folder for a stage, and the disk below its data. Raises NoCompiler."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        disk = Disk(folder / "d")
        try:
            yield folder, disk
        finally:
            disk.close()


def _cut(tocsin: Running, disk: Disk) -> int:
    """Off and on again; returns how many bytes that took."""
    with tocsin.without_power():
        taken_back = disk.lose_power()
    assert wait_for(tocsin.ready, 40), "it does not come back after a power cut"
    return taken_back


def _said(book: Book, lost: str) -> float:
    """When that was answered 2xx which is lost: an alarm, or its end."""
    return book.resolved[lost.removeprefix("the end of ")] if lost.startswith("the end of ") else book.acked[lost]
