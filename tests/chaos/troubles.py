"""Too much, the wrong thing, damage by hand, and a long time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.chaos.load import Load
from tests.chaos.oracle import Verdict, first_heard, incidents, judge, until
from tests.chaos.stage import Length, a_stage, strike
from tests.processes.tocsin import Running, wait_for
from workers import counters, keys
from workers.agenda import Agenda, Job, Kind, Lane
from workers.store import Store

ROOT = Path(__file__).parents[2]
MEMORY = 300
"""MiB a process may take."""


def storm_of_many(length: Length) -> Verdict:
    """R22: ten thousand different alarms in about ten seconds, all of P3, and P1s among them."""
    return _storm("distinct", 10_000)


def storm_of_one(length: Length) -> Verdict:
    """R22: one and the same alarm over and over for ten seconds, and P1s beside it."""
    return _storm("repeated", 1)


def _storm(how: str, number: int) -> Verdict:
    with a_stage() as tocsin:
        words = [str(tocsin.port), "/hooks/storm", how, str(number), "0", "50", "10" if how == "repeated" else "60"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        argv = [sys.executable, "-m", "bench.load", *words]
        with subprocess.Popen(argv, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sender:
            began = time.time()
            posted: dict[str, float] = {}
            while sender.poll() is None:
                key = f"ladder {len(posted)}"
                posted[key] = time.time()
                tocsin.post(key)
                time.sleep(1)
            outcome = json.loads(sender.stdout.read() if sender.stdout else "{}")
        verdict = Verdict(acked=outcome["answered"] + len(posted))
        wanted = outcome["answered"] if how == "distinct" else 1
        opened = until(lambda: _stormy(tocsin) >= wanted, 180)
        wait_for(lambda: posted.keys() <= first_heard(tocsin).keys(), 30)
        heard = first_heard(tocsin)
        verdict.lost = posted.keys() - heard.keys()
        verdict.latest = max(heard[key] - at for key, at in posted.items() if key in heard)
        time.sleep(5)
        told, took = len(tocsin.sink.rooms), time.time() - began
        sizes = {name: _resident(tocsin.pid(name)) for name in ("receiver", "intake", "urgent", "calm")}
    verdict.checks = {
        "every answer was 2xx": outcome["refused"] == 0,
        "every alarm is an incident": opened is not None,
        "P1s were paged within 5 s": verdict.latest <= 5,
        f"no process took {MEMORY} MiB": max(sizes.values()) < MEMORY,
        "messages are bounded": 0 < told <= 10 + took,
    }
    rate, largest = outcome["rate"], max(sizes.values())
    verdict.notes.append(
        f"{rate:.0f}/s, p99 {outcome['p99']:.0f} ms, {told} messages in {took:.0f} s, {largest:.0f} MiB"
    )
    return verdict


def _stormy(tocsin: Running) -> int:
    """How many incidents the storm has opened."""
    return int(tocsin.redis.zcard(keys.INCIDENTS)) - len(tocsin.posted)


def poison(length: Length) -> Verdict:
    """R25: an event that kills every worker that touches it: given up after a few, told, and no neighbour is lost."""
    with a_stage(modes={"intake": "poisoned"}) as tocsin:
        with Load(tocsin.port, rate=10) as load:
            load.run_for(1)
            tocsin.post("poison 1")
            load.run_for(length.seconds(10))
        parked = wait_for(lambda: tocsin.redis.zcard(keys.PARKED) == 1, 60)
        told = wait_for(lambda: any("gave up" in page for page in first_heard(tocsin)), 20)
        verdict = judge(tocsin, [load.book], within=45)
        deaths = len((tocsin.folder / "rules" / "deaths").read_bytes())
        shown = "intake" in json.dumps(tocsin.api("GET", "/agenda?state=parked")) if parked else False
    verdict.checks |= {
        "it was given up": parked,
        "somebody was told": told,
        "it is shown": shown,
        "it killed 4 workers at most": deaths <= 4,
    }
    verdict.notes.append(f"{deaths} workers died of it")
    return verdict


def damage(length: Length) -> Verdict:
    """R27: promises vanish from the agenda, and one is claimed until next year: the auditor mends, counts and tells."""
    with a_stage() as tocsin:
        for number in range(3):
            tocsin.post(f"ladder {number}")
        wait_for(lambda: len(tocsin.sink.pages()) == 3, 20)
        store, agenda = Store(tocsin.redis), Agenda(tocsin.redis)
        steps = [f"{Kind.STEP}-{one.id}" for one in store.incidents()]
        desk = keys.agenda(Lane.URGENT, Job.ESCALATE)
        wait_for(lambda: tocsin.redis.zcard(desk) == 3, 10)
        due = [tocsin.redis.zscore(desk, step) for step in steps]
        tocsin.redis.delete(keys.entry(steps[0]))
        tocsin.redis.zrem(desk, *steps[:2])
        began = time.monotonic()
        mended = wait_for(lambda: set(steps) <= {one.id for one in agenda.upcoming()}, 75)
        took = time.monotonic() - began
        told = wait_for(lambda: any("promise" in key for key in incidents(tocsin)), 10)
        # It is counted right after it is told.
        wait_for(lambda: sum(counters.read(tocsin.redis, "audit").values()) >= 2, 10)
        counted = counters.read(tocsin.redis, "audit")
        again = tocsin.redis.zscore(desk, steps[0])
        verdict = Verdict(acked=3, lost=set(tocsin.posted) - first_heard(tocsin).keys())
    verdict.checks = {
        "mended within 60 s": mended and took <= 60,
        "counted": sum(counted.values()) >= 2,
        "told": told,
        "at the time that was promised": abs((again or 0) - (due[0] or 0)) < 5,
    }
    verdict.notes.append(f"mended after {took:.0f} s, counted {dict(counted)}")
    return verdict


def soak(length: Length) -> Verdict:
    """R26: minutes of 5 deliveries a second, with a worker, the receiver or Redis killed now and then."""
    dice, ends = random.Random(9), time.monotonic() + 60 * length.minutes
    half = ends - 30 * length.minutes
    kills, struck = 0, 0
    with a_stage() as tocsin:
        with Load(tocsin.port, rate=5) as load:
            load.run_for(20)
            first = warm = _state(tocsin)
            while time.monotonic() < ends:
                if warm is first and time.monotonic() > half:
                    warm = _state(tocsin)
                load.run_for(min(15, max(1, ends - time.monotonic())))
                hit = strike(tocsin, dice.choice(["urgent", "receiver", "valkey"]))
                kills, struck = kills + (hit >= 0), struck + max(0, hit)
            load.run_for(5)
            last = _state(tocsin)
        verdict = judge(tocsin, [load.book], allowed=struck)
    # The slope of the second half: each worker's first audit takes 10 MiB that it keeps.
    hours = (last["at"] - warm["at"]) / 3600
    slopes = {name: (last[name] - warm[name]) / hours for name in ("intake", "calm")}
    verdict.checks["files stay as many"] = all(abs(last[f"{name} fds"] - first[f"{name} fds"]) <= 4 for name in slopes)
    if length.minutes >= 25:
        verdict.checks["memory grows less than 1 MiB an hour"] = max(slopes.values()) < 1
    grown = ", ".join(
        f"{name} {warm[name] - first[name]:+.1f} and {last[name] - warm[name]:+.1f} MiB in its halves"
        for name in slopes
    )
    verdict.notes.append(f"{length.minutes:.0f} min, {kills} kills, {grown}")
    return verdict


def _state(tocsin: Running) -> dict[str, float]:
    """Sizes of the two workers that nobody kills."""
    state = {"at": time.time()}
    for name in ("intake", "calm"):
        pid = tocsin.pid(name)
        state |= {name: _resident(pid), f"{name} fds": len(list(Path(f"/proc/{pid}/fd").iterdir()))}
    return state


def _resident(pid: int | None) -> float:
    """MiB in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
