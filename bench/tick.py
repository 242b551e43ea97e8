"""The tick with 100,000 promises pending: how late what is due is taken up, what it costs; and 10,000 due at once.

`python -m bench.tick [pending]`: a fresh Valkey, the workers of every lane, and looks at incidents that are not there,
which cost a job as much as any and change nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from bench.stage import Stage, a_stage, until
from workers import agenda, keys
from workers.agenda import Entry, Job, Kind, Lane

PORT = 18430
DESK = (Lane.CALM, Job.ESCALATE)


def promise(stage: Stage, number: int, first: int, due: float, spread: float) -> None:
    """Put so many looks on the agenda, due evenly over `spread` seconds from `due` on."""
    redis: Any = stage.redis
    for start in range(0, number, 1000):
        with redis.pipeline(transaction=False) as pipe:
            entries = [
                Entry(
                    id=f"settle-B{first + n}",
                    kind=Kind.SETTLE,
                    lane=Lane.CALM,
                    due_at=due + spread * n / number,
                    created_at=due,
                    incident=f"B{first + n}",
                )
                for n in range(start, min(number, start + 1000))
            ]
            agenda.add(pipe, *entries)
            pipe.execute()


def lateness(stage: Stage, number: int, first: int, seconds: float) -> list[float]:
    """How late each of `number` looks, due one after the other over so many seconds, was done with; in seconds."""
    redis: Any = stage.redis
    now = _now(redis)
    promise(stage, number, first, now + 2.0, seconds)
    late: list[float] = []
    left = {f"settle-B{first + n}": now + 2.0 + seconds * n / number for n in range(number)}
    while left and _now(redis) < now + seconds + 30:
        at = _now(redis)
        due = [name for name, when in left.items() if when <= at]
        there = redis.zmscore(keys.agenda(*DESK), due) if due else []
        for name, score in zip(due, there, strict=True):
            if score is None:
                late.append(at - left.pop(name))
        time.sleep(0.02)
    return late


def _now(redis: Any) -> float:
    seconds, micros = redis.time()
    return float(seconds + micros / 1e6)


def _busy(redis: Any) -> float:
    used = redis.info("cpu")
    return float(used["used_cpu_sys"] + used["used_cpu_user"])


def main() -> None:
    """Both measurements."""
    pending = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with a_stage(PORT) as stage:
        stage.serve()
        stage.work()
        redis: Any = stage.redis
        promise(stage, pending, 0, _now(redis) + 86_400, 3600)
        before, began = _busy(redis), time.perf_counter()
        late = sorted(lateness(stage, 300, 1_000_000, 15.0))
        busy = (_busy(redis) - before) / (time.perf_counter() - began)
        p99 = late[int(len(late) * 0.99)]
        middle = statistics.median(late)
        print(f"{pending:,} pending: {len(late)} due over 15 s, lateness p50 {middle:.2f} s, p99 {p99:.2f} s")
        print(f"Redis: {busy * 100:.1f} % of a core meanwhile")
        promise(stage, 10_000, 2_000_000, _now(redis), 0.0)
        took = until(lambda: int(redis.zcount(keys.agenda(*DESK), "-inf", _now(redis) + 60)) == 0, 120)
        print(f"10,000 due in the same second: all done with after {took:.1f} s")


if __name__ == "__main__":
    main()
