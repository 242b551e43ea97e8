"""What the intake worker alone costs: prepared deliveries, taken in by its own code in this process, on a real Valkey.

`python -m bench.worker [deliveries] [rounds]`: microseconds of processor time for each event, which a busy machine
disturbs less than the events a second beside them. `--profile` prints instead where the time goes.
"""

from __future__ import annotations

import cProfile
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.load import sentry
from bench.stage import API, RULES, a_valkey
from router.hooks.hearing import hear
from router.in_force import Source
from router.sources import TYPES
from router.sources.contract import Delivery
from rules.reading.load import Ruleset, load
from workers import jobs
from workers.agenda import Job, Lane
from workers.channels import OPTIONS
from workers.deliveries.intake import mint, queue_commands
from workers.garbage import spare_the_collector
from workers.house import House, build
from workers.settings import Environment, read_settings
from workers.store import connect

TOGETHER = 32
"""Deliveries in one commit of the receiver, as it makes them under load."""

Bodies = Callable[[int], bytes]
ROWS: dict[str, Bodies] = {
    "openings": sentry,
    "one body repeated": lambda _: sentry(0),
    "one signal, new bodies": lambda n: sentry(0).replace(b"1795166039.25", b"%d" % (1_795_166_039 + n)),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one event, in microseconds: our processor time, Valkey's; and events a second by the clock on the wall."""

    ours: float
    valkeys: float
    rate: float


@contextmanager
def a_house() -> Iterator[House]:
    """A worker's house on a fresh Valkey."""
    with a_valkey() as url:
        ruleset = load({"rules.yaml": RULES}, channel_options=OPTIONS)
        settings = read_settings({"secret": "a-secret-for-links", "api_token": API})
        yield build(connect(url), lambda: ruleset, settings, Environment({}), _nowhere, "bench")


def _nowhere(_request: object) -> Any:
    raise AssertionError("this worker sends nothing")


def prepare(house: House, bodies: Bodies, number: int) -> None:
    """Commit so many deliveries as the receiver does: read, judged, promised."""
    source, ruleset = Source(name="bench", type=TYPES["sentry"]), house.rules()
    for first in range(0, number, TOGETHER):
        batch = [_received(source, ruleset, bodies(n)) for n in range(first, min(number, first + TOGETHER))]
        with house.redis.pipeline(transaction=True) as pipe:
            queue_commands(pipe, batch, time.time())
            pipe.execute()


def _received(source: Source, ruleset: Ruleset, body: bytes) -> Any:
    now = time.time()
    headers = {"sentry-hook-resource": "event_alert", "content-type": "application/json"}
    return hear(Delivery(id=mint(now), source="bench", received_at=now, headers=headers, body=body), source, ruleset)


def take_in(house: House) -> None:
    """What the job `deduplicate` does, until nothing is due."""
    while jobs.drain(house, Lane.INTAKE, Job.DEDUPLICATE):
        pass


def measure(bodies: Bodies, number: int) -> Cost:
    """One round."""
    with a_house() as house:
        prepare(house, bodies, number)
        spare_the_collector()
        valkey, ours, began = _busy(house), time.process_time(), time.perf_counter()
        take_in(house)
        took = time.perf_counter() - began
        spent = time.process_time() - ours
        return Cost(spent / number * 1e6, (_busy(house) - valkey) / number * 1e6, number / took)


def _busy(house: House) -> float:
    used: Any = house.redis.info("cpu")
    return float(used["used_cpu_sys"] + used["used_cpu_user"])


def profile(bodies: Bodies, number: int) -> None:
    """Print the functions that take the most time of their own."""
    with a_house() as house:
        prepare(house, bodies, number)
        spare_the_collector()
        watching = cProfile.Profile()
        watching.runcall(take_in, house)
        pstats.Stats(watching).sort_stats("tottime").print_stats(45)


def main() -> None:
    """A row for each kind of load."""
    words = [word for word in sys.argv[1:] if word != "--profile"]
    number = int(words[0]) if words else 12_000
    rounds = int(words[1]) if len(words) > 1 else 3
    for name, bodies in ROWS.items():
        if "--profile" in sys.argv:
            profile(bodies, number)
            continue
        seen = [measure(bodies, number) for _ in range(rounds)]
        ours, valkeys, rate = (statistics.median(getattr(one, f) for one in seen) for f in Cost.__slots__)
        print(f"{name:<24} {ours:6.1f} µs ours, {valkeys:5.1f} µs Valkey's, {rate:8,.0f} a second")


if __name__ == "__main__":
    main()
