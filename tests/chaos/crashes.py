"""Our own processes are killed: while they send, all at once, without their supervisor, under load."""

from __future__ import annotations

import os
import random
import signal
import time
from functools import partial
from pathlib import Path

from tests.chaos.load import Load
from tests.chaos.oracle import Verdict, judge, key_of
from tests.chaos.stage import Length, a_stage, strike
from tests.processes.tocsin import Running, wait_for

LANES = ("intake", "urgent", "calm")


def worker_dies_sending(length: Length) -> Verdict:
    """R1: the sink takes 0.1 to 2 s over each page; the sending worker is killed after each 1.5 s of work."""
    kills, struck, times = 0, 0, random.Random(1)
    with a_stage() as tocsin:
        tocsin.sink.pause = lambda: times.uniform(0.1, 2.0)
        with Load(tocsin.port, rate=1.0, repeated=0) as load:
            for _ in range(length.times(12, 40)):
                # It has 1.5 s to work, however long it takes to start on a busy machine.
                wait_for(lambda: tocsin.sink.in_flight, 10)
                load.run_for(1.5)
                wait_for(lambda: tocsin.sink.in_flight, 10)
                hit = strike(tocsin, "urgent")
                kills, struck = kills + (hit >= 0), struck + max(0, hit)
        # No single crash: it starts for longer than it works, and sends hardly more than comes in.
        verdict = judge(tocsin, [load.book], allowed=struck, within=60)
    verdict.notes.append(f"{kills} kills, {struck} sends struck")
    verdict.checks["it was killed in the middle of sends"] = struck > 0
    return verdict


def supervisor_dies(length: Length) -> Verdict:
    """R2: `tocsin work` itself is killed: its workers notice and end, a new one goes on, no ghost waits in Redis."""
    checks: dict[str, bool] = {}
    struck = 0
    with a_stage(lanes=False) as tocsin:
        with Load(tocsin.port, rate=10) as load:
            for number in range(1, 1 + length.times(2, 5)):
                # Those that died a second ago still count as alive: ready is not yet that the new ones are there.
                there = wait_for(lambda: tocsin.ready() and len(_children(tocsin.pid("work"))) == len(LANES), 30)
                checks[f"three workers were there before death {number}"] = there
                workers = _children(tocsin.pid("work"))
                struck += max(0, strike(tocsin, "work"))
                gone = wait_for(partial(_gone, workers), 5)
                checks[f"no orphan 5 s after death {number}"] = gone
                load.run_for(1)
            wait_for(tocsin.ready, 30)
            load.run_for(5)
            blocked = sum("blpop" in one["cmd"] or "blmove" in one["cmd"] for one in tocsin.redis.client_list())
            checks["no ghost waits in Redis"] = blocked <= len(LANES)
        verdict = judge(tocsin, [load.book], allowed=struck)
    verdict.checks |= checks
    return verdict


def all_workers_die(length: Length) -> Verdict:
    """R3: every worker is killed at once and none runs for 5 s: a step due meanwhile is hardly later than that."""
    gap = length.seconds(5)
    with a_stage(lead="3s") as tocsin:
        with Load(tocsin.port, rate=10) as load:
            load.run_for(2)
            tocsin.post("ladder 1")
            wait_for(lambda: tocsin.sink.in_flight == 0 and "ana-key" in _people(tocsin), 10)
            due = tocsin.sink.at("ana-key") + 3
            struck = tocsin.sink.unsure()
            for lane in LANES:
                tocsin.hold(lane)
            load.run_for(gap)
            for lane in LANES:
                tocsin.let_go(lane)
            load.run_for(5)
        verdict = judge(tocsin, [load.book], allowed=struck)
        told = wait_for(lambda: "maria-key" in _people(tocsin), 20)
        late = tocsin.sink.at("maria-key") - due if told else 99.0
    verdict.checks["the step due meanwhile is late by the gap and 8 s at most"] = late <= gap + 8
    verdict.notes.append(f"its step {late:.1f} s late after a gap of {gap:.0f} s")
    return verdict


def receiver_dies(length: Length) -> Verdict:
    """R4: two receivers share a port and are killed in turn under load; senders try again what had no answer."""
    with a_stage(receivers=2) as tocsin:
        with Load(tocsin.port, rate=length.seconds(30) if length.scale == 1 else 20) as load:
            kills = 0
            for number in range(length.times(6, 12)):
                load.run_for(length.seconds(3, 5))
                kills += tocsin.kill("receiver 2" if number % 2 else "receiver")
            load.run_for(1)
        verdict = judge(tocsin, [load.book])
    verdict.notes.append(f"{kills} kills, {len(load.book.broken)} without an answer, {load.book.refused} refused")
    verdict.checks["senders got rid of everything"] = not load.book.given_up
    return verdict


def rolling_restart(length: Length) -> Verdict:
    """R5: every process is told to stop, one after the other, under load: no delivery is left without an answer."""
    slowest = 0.0
    with a_stage(receivers=2) as tocsin:
        with Load(tocsin.port, rate=20) as load:
            for name in ("receiver", "receiver 2", *LANES) * length.times(1, 3):
                load.run_for(1)
                slowest = max(slowest, _ended(tocsin, name))
                wait_for(tocsin.ready, 30)
        verdict = judge(tocsin, [load.book])
    verdict.checks["each ended within 10 s"] = slowest <= 10
    verdict.checks["every delivery was answered with 202"] = not load.book.broken and set(load.book.statuses) == {202}
    verdict.notes.append(f"the slowest ended after {slowest:.1f} s; {load.book.refused} connections refused")
    verdict.notes += load.book.broken[:2]
    return verdict


def dies_after_the_provider_said_yes(length: Length) -> Verdict:
    """R17: PagerDuty has taken the page, the worker dies before it notes that: once more, with the same key."""
    deaths = length.times(5, 10)
    with a_stage(modes={"urgent": "dies-after-send"}, env={"DEATHS": str(deaths)}) as tocsin:
        with Load(tocsin.port, rate=1.0, repeated=0) as load:
            load.run_for(10)
        verdict = judge(tocsin, [load.book], allowed=deaths * 4)
        told: dict[str, set[str]] = {}
        for _, said in tocsin.sink.heard:
            if said["event_action"] == "trigger":
                told.setdefault(key_of(said["payload"]["summary"]), set()).add(said["dedup_key"])
        died = len((tocsin.folder / "rules" / "deaths").read_bytes())
    verdict.checks["one key for each alarm"] = all(len(pages) == 1 for pages in told.values())
    verdict.checks["it died"] = died == deaths
    verdict.notes.append(f"{died} deaths between the answer and the commit")
    return verdict


def _people(tocsin: Running) -> set[str]:
    return {said["routing_key"] for _, said in list(tocsin.sink.heard)}


def _ended(tocsin: Running, name: str) -> float:
    """Tell a process to stop; seconds until it has ended."""
    process = tocsin.children[name].process
    began = time.monotonic()
    if process is None:
        return 0.0
    process.send_signal(signal.SIGTERM)
    wait_for(lambda: process.poll() is not None, 20)
    return time.monotonic() - began


def _children(pid: int | None) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _gone(pids: list[int]) -> bool:
    return not any(map(_lives, pids))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
