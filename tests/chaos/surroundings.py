"""What surrounds Tocsin fails: its disk, its network, its clock, and those it tells."""

from __future__ import annotations

import resource
import signal
import time
from contextlib import closing
from functools import partial

from tests.chaos.load import Load
from tests.chaos.oracle import Verdict, first_heard, judge
from tests.chaos.redis_gone import always_answered, spooled
from tests.chaos.stage import RULES, Length, a_stage
from tests.chaos.wire import Wire
from tests.processes.tocsin import Running, wait_for
from workers import keys
from workers.agenda import Job, Lane

SMALL = 200 * 1024
"""Bytes a file may have while the disk is full."""


def disk_full(length: Length) -> Verdict:
    """R11: Redis hangs and the receiver's disk is full: 503 and an alarm, and all is well when there is room again."""
    verdict = Verdict()
    with a_stage() as tocsin:
        receiver = tocsin.pid("receiver") or 0
        soft, hard = resource.prlimit(receiver, resource.RLIMIT_FSIZE)
        resource.prlimit(receiver, resource.RLIMIT_FSIZE, (SMALL, hard))
        tocsin.signal("valkey", signal.SIGSTOP)
        began = time.time()
        statuses: list[int] = []
        while 503 not in statuses and len(statuses) < 2000:
            statuses.append(tocsin.post(f"host {len(statuses)}"))
        full = time.time()
        cried = wait_for(lambda: any("can keep nothing" in page for page in first_heard(tocsin)), 20)
        alarm = time.time() - full
        statuses += [tocsin.post(f"more {number}") for number in range(10)]
        resource.prlimit(receiver, resource.RLIMIT_FSIZE, (soft, hard))
        again = tocsin.post("room again")
        tocsin.signal("valkey", signal.SIGCONT)
        wait_for(lambda: set(tocsin.posted) <= first_heard(tocsin).keys(), 40)
        verdict.acked, verdict.lost = len(tocsin.posted), set(tocsin.posted) - first_heard(tocsin).keys()
        verdict.checks = {
            "202 while there is room, 503 when there is none": set(statuses) == {202, 503},
            "the alarm is raised within 10 s": cried and alarm <= 10,
            "202 again when there is room": again == 202,
            "the spool drains": wait_for(lambda: spooled(tocsin) == 0, 10),
            "the receiver lives": tocsin.pid("receiver") == receiver,
        }
        verdict.notes.append(f"full after {full - began:.1f} s, alarm {alarm:.1f} s later, {statuses.count(503)} × 503")
    return verdict


def half_open(length: Length) -> Verdict:
    """R14: the network to Redis is cut without a word, connections never end: nothing is lost, or late for long."""
    gap = length.seconds(8, 30)
    with closing(Wire()) as wire, a_stage(wire=wire) as tocsin:
        with Load(tocsin.port, rate=20) as load:
            load.run_for(3)
            unsure = tocsin.sink.unsure()
            wire.cut()
            load.run_for(gap)
            waited = spooled(tocsin)
            unsure += tocsin.sink.unsure()
            wire.mend()
            load.run_for(5)
        verdict = judge(tocsin, [load.book], allowed=unsure, within=gap + 30)
    verdict.checks |= always_answered(load.book)
    verdict.checks["the spool was used"] = waited > 0
    verdict.notes.append(f"cut for {gap:.0f} s, {waited} waited, p99.9 {load.book.slowest(0.999) * 1000:.0f} ms")
    return verdict


def others_fail(length: Length) -> Verdict:
    """R16: Slack hangs, fails, asks to wait, resets or leads elsewhere: P1 pages on PagerDuty do not notice."""
    rules = RULES.replace(
        "Complete outage, respond_within: 15m, channels: [pager]", "x, respond_within: 15m, channels: [room, pager]"
    )
    verdict, sent = Verdict(), 8
    with a_stage(rules=rules) as tocsin:
        for mode in ("hang", "500", "429", "reset", "301"):
            tocsin.sink.modes["/room"] = mode
            before, began = len(tocsin.posted), time.time()
            for number in range(sent):
                tocsin.post(f"ladder {mode} {number}")
            posted = tocsin.posted[before:]
            wait_for(partial(_paged, tocsin, posted), 10)
            verdict.lost |= set(posted) - first_heard(tocsin).keys()
            slowest = max(first_heard(tocsin).get(key, began + 99) for key in posted) - began
            verdict.latest = max(verdict.latest, slowest)
            verdict.checks[f"{mode}: PagerDuty within 2 s"] = slowest <= 2
            tries = [at for at, path in list(tocsin.sink.tried) if path == "/room" and at >= began]
            if mode == "429":
                time.sleep(5)
                tries = [at for at, path in list(tocsin.sink.tried) if path == "/room" and at >= began]
                # The eight are told in a few messages at most, each tried once in ten seconds.
                verdict.checks["429: nobody asks again before it is time"] = 0 < len(tries) <= sent
            verdict.checks[f"{mode}: Slack was tried"] = wait_for(partial(_tried, tocsin, began), 10)
            verdict.notes.append(f"{mode} {slowest:.1f} s")
        tocsin.sink.modes.clear()
        quiet = wait_for(lambda: not tocsin.redis.zcard(keys.agenda(Lane.URGENT, Job.NOTIFY)), 90)
        verdict.checks["what waited is told when Slack is well again"] = quiet and bool(tocsin.sink.rooms)
        verdict.acked = len(tocsin.posted)
    return verdict


def _paged(tocsin: Running, alarms: list[str]) -> bool:
    return set(alarms) <= first_heard(tocsin).keys()


def _tried(tocsin: Running, since: float) -> bool:
    return any(path == "/room" and at >= since for at, path in list(tocsin.sink.tried))


def clocks_differ(length: Length) -> Verdict:
    """R18: the hosts' clocks are an hour ahead of Redis', or a day behind: steps come when they are due, by Redis."""
    verdict = Verdict()
    for skew in (3600, -86400):
        modes = dict.fromkeys(("receiver", "intake", "urgent", "calm"), "another-clock")
        with a_stage(lead="3s", modes=modes, env={"SKEW": str(skew)}) as tocsin:
            with Load(tocsin.port, rate=10) as load:
                tocsin.post("ladder 1")
                told = wait_for(lambda: any(whom == "maria-key" for whom, _ in tocsin.sink.pages()), 20)
                load.run_for(length.seconds(3))
            one = judge(tocsin, [load.book])
            after = tocsin.sink.at("maria-key") - tocsin.sink.at("ana-key") if told else 99.0
        verdict.acked, verdict.latest = verdict.acked + one.acked, max(verdict.latest, one.latest)
        verdict.lost, verdict.duplicates = verdict.lost | one.lost, verdict.duplicates + one.duplicates
        verdict.checks |= {f"{name} ({skew:+} s)": held for name, held in one.checks.items()}
        verdict.checks[f"the step came when it was due ({skew:+} s)"] = 2.5 <= after <= 8
        verdict.notes.append(f"{skew:+} s: step after {after:.1f} s of 3")
    return verdict
