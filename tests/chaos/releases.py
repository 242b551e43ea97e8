"""Another release: what the one before has stored lives on, and what a later one has written is left to it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from rules.upcast import VERSION
from tests.chaos.crashes import LANES
from tests.chaos.oracle import Verdict, first_heard, incidents, until
from tests.chaos.stage import RULES, Length, a_stage
from tests.processes.tocsin import Running, wait_for
from workers import keys
from workers.agenda import Kind

STORED = Path(__file__).parents[1] / "workers" / "stored"
BEFORE = max(folder.name for folder in STORED.iterdir())
"""The newest release of which records are kept."""
THEN = 1_772_442_000.0
"""When its incident opened; its lead is due after 900 s."""
_HAD = "".join(f'  {name}: {{{{type: slack, url: "${{{{env:SINK_ROOM}}}}"}}}}\n' for name in ("slack", "mail", "hook"))
AS_IT_HAD = RULES.replace("  room: ", f"{_HAD}  room: ")
"""With the channels that its incident names."""
REFUSES = f"Redis holds a record of version {VERSION + 1}; this release reads up to version {VERSION}"


def upgraded(length: Length) -> Verdict:
    """R24: incidents and promises as the release before left them, some overdue: each step is climbed once, in time."""
    number = length.times(20, 200)
    with a_stage(rules=AS_IT_HAD) as tocsin:
        for lane in LANES:
            tocsin.hold(lane)
        now = time.time()
        due = {f"host {n}": now + (5 if n % 2 else -600) for n in range(number)}
        left = {key: _left(tocsin, key, at - 900) for key, at in due.items()}
        for lane in LANES:
            tocsin.let_go(lane)
        all_called = wait_for(lambda: len(_leads(tocsin)) >= number, 40)
        time.sleep(2)  # A second page would follow at once.
        called = _leads(tocsin)
        late = [at - max(now, due[key]) for at, whose in called for key, one in left.items() if one == whose]
        statuses = {tocsin.post(key, status="resolved") for key in left}
        over = until(lambda: not any(_firing(tocsin, key) for key in left), 20)
    verdict = Verdict(acked=number, latest=max(late, default=99.0), duplicates=len(called) - number)
    verdict.lost = {key for key, one in left.items() if one not in {whose for _, whose in called}}
    verdict.checks = {
        "every step that was due, or came due, was climbed": all_called,
        "and none before": min(late, default=-99.0) >= 0,
        "the CEO, who is not due, was not called": not any(whom == "victor-key" for whom, _ in tocsin.sink.pages()),
        "their ends were heard": statuses == {202} and over is not None,
    }
    verdict.notes.append(f"{number} incidents of {BEFORE}, half of them overdue by 10 min")
    return verdict


def _left(tocsin: Running, key: str, opened: float) -> str:
    """Put an incident and its promise into Redis as that release stored them; returns its id."""
    name = "R" + f"{abs(hash(key)) % 32**9:09d}"[:9]
    was_called = orjson.loads((STORED / BEFORE / "incident.json").read_bytes())["id"]
    told = {was_called: name, "uptime/web": f"monitor/generic {key}", "web is down": f"{key} is down"}

    def stored(kind: str) -> Any:
        text = (STORED / BEFORE / f"{kind}.json").read_text()
        for was, now in told.items():
            text = text.replace(was, now)
        return orjson.loads(re.sub(r"\b17724\d{5}\.0", lambda at: str(float(at[0]) - THEN + opened), text))

    incident, entry = stored("incident"), stored("entry")
    with tocsin.redis.pipeline(transaction=True) as pipe:
        pipe.set(keys.incident(name), orjson.dumps(incident))
        pipe.zadd(keys.OPEN, {name: opened})
        pipe.zadd(keys.INCIDENTS, {name: opened})
        pipe.rpush(keys.timeline(name), *map(orjson.dumps, stored("timeline")))
        pipe.set(keys.signal(f"monitor/generic {key}"), orjson.dumps(stored("place")))
        pipe.hset(keys.entry(entry["id"]), mapping=entry["fields"])
        pipe.zadd(keys.agenda(entry["fields"]["lane"], entry["job"]), {entry["id"]: entry["due_at"]})
        pipe.execute()
    return name


def _leads(tocsin: Running) -> list[tuple[float, str]]:
    """When the lead was called, and for which incident."""
    heard = [(at, said) for at, said in list(tocsin.sink.heard) if said["routing_key"] == "maria-key"]
    return [(at, said["dedup_key"].split("-")[1]) for at, said in heard if said["event_action"] == "trigger"]


def _firing(tocsin: Running, key: str) -> bool:
    return any(signal.firing for one in incidents(tocsin).get(key, ()) for signal in one.signals.values())


def downgraded(length: Length) -> Verdict:
    """R24: a later release begins beside this one: this one leaves its promises due, and starts no more."""
    number = length.times(10, 100)
    verdict = Verdict()
    with a_stage() as tocsin:
        _becomes(tocsin, "intake", "later-release")
        wait_for(lambda: tocsin.redis.get(keys.VERSION) == b"%d" % (VERSION + 1), 20)
        wait_for(tocsin.ready, 30)
        statuses = {tocsin.post(f"host {n}") for n in range(number)}
        promised = wait_for(lambda: len(_pages(tocsin)) == number, 20)
        time.sleep(3)  # Six ticks of this release's worker, which is running.
        waiting = _pages(tocsin)
        verdict.checks = {
            "every delivery was answered with 202": statuses == {202},
            "the later release has promised the pages": promised,
            "this one leaves them due, untouched": len(waiting) == number and set(waiting.values()) == {b"0"},
            "and parks none": not tocsin.redis.zcard(keys.PARKED),
            "and sends none": not tocsin.sink.heard,
        }
        for words in (["serve"], ["work"], ["work", "--lane", "urgent"], ["doctor"]):
            code, said = _started(tocsin, words)
            verdict.checks[f"{' '.join(words)} refuses, with 1 and in words"] = (
                code == 1 and REFUSES in said and "docs/records.md" in said
            )
        for lane in ("urgent", "calm"):
            _becomes(tocsin, lane, "later-release")
        wait_for(lambda: set(tocsin.posted) <= first_heard(tocsin).keys(), 40)
        verdict.acked, verdict.lost = number, set(tocsin.posted) - first_heard(tocsin).keys()
        verdict.duplicates = len(tocsin.sink.pages()) - len(set(tocsin.sink.pages()))
    verdict.notes.append(f"version {VERSION + 1} beside {VERSION}")
    return verdict


def _becomes(tocsin: Running, name: str, mode: str) -> None:
    """Start a process anew, as another release of it."""
    child = tocsin.children[name]
    tocsin.hold(name)
    child.argv = [*child.argv[:2], mode, *child.argv[3:]]
    tocsin.let_go(name)


def _pages(tocsin: Running) -> dict[bytes, bytes]:
    """The pages that are promised, and how often each has been tried."""
    return {key: tocsin.redis.hget(key, "attempt") for key in _entries(tocsin)}


def _entries(tocsin: Running) -> Iterator[bytes]:
    for key in tocsin.redis.scan_iter(match=keys.entry("*")):
        if tocsin.redis.hmget(key, "kind", "v") == [Kind.NOTIFY.encode(), b"%d" % (VERSION + 1)]:
            yield key


def _started(tocsin: Running, words: list[str]) -> tuple[int, str]:
    """What becomes of a command of this release: its exit code, and what it says."""
    child = tocsin.children["receiver"]
    argv = [*child.argv[:2], "sound", *words]
    done = subprocess.run(argv, env={**child.env, "PORT": "0"}, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr
