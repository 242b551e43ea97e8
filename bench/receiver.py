"""What a delivery costs the receiver: its own code in this process, from the bytes of a request to those of the answer.

`python -m bench.receiver [deliveries] [rounds]`: microseconds of processor time, the best of the rounds, with no socket
but that to a real Valkey; first whole, by how many are committed together, beside the least that any receiver would do
(`bench.least`); then the parts alone. A part alone is cheaper than in the whole, where each finds the processor's
caches full of the others.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from bench.least import AtOnce, Least, Reading
from bench.load import SECRET, request, sentry
from bench.stage import RULES, a_valkey
from router.hooks import hearing
from router.hooks.committer import Committer
from router.hooks.crowd import Crowd
from router.hooks.edge import Edge
from router.hooks.errand import Hooks
from router.hooks.receiver import Receiver
from router.in_force import InForce, Source
from router.redis_time import Arrivals
from router.serve import fast_redis
from router.sources import TYPES
from router.sources.contract import Delivery
from rules.reading.load import Ruleset, load
from rules.record import encode
from workers import log
from workers.channels import OPTIONS
from workers.deliveries import intake
from workers.deliveries.packing import pack
from workers.garbage import spare_the_collector
from workers.writing.commands import Commands
from workers.writing.wire import Wire

TOGETHER = (1, 8, 32, 64)
"""Deliveries of one commit."""
FLOORS = 32
"""The same, of what they are compared with."""

Settle = Callable[[], Awaitable[None]]
"""Returns when nothing waits for its answer any more."""


class _Clock:
    def now(self) -> float:
        return time.time()


class _Socket:
    """Stands where a connection's transport stands, and sends nothing."""

    def get_extra_info(self, _name: str, default: object = None) -> object:
        return default

    def is_closing(self) -> bool:
        return False

    def write(self, _answer: bytes) -> None:
        """Nobody reads it."""

    def resume_reading(self) -> None:
        """It never stopped."""

    def close(self) -> None:
        """Nothing is open."""

    def pause_reading(self) -> None:
        """Nothing more comes before it is answered."""


class _Settings:
    body_limit = 1024 * 1024


class _Context:
    """What the receiver asks of its context to take a delivery."""

    settings = _Settings()
    clock = _Clock()
    refusals = None

    def __init__(self, in_force: InForce, wire: Wire) -> None:
        async def write(batch: Sequence[intake.Received], now: float) -> None:
            await intake.commit(wire, batch, now)

        self.in_force = in_force
        self.arrivals = Arrivals()
        self.committer = Committer(write, self.clock, lambda: None)


async def _nothing(*_: object) -> None:
    raise AssertionError("a delivery does not go this way")


def _edge(hooks: Hooks) -> Edge:
    config = uvicorn.Config(_nothing, http="httptools", ws="none", lifespan="off", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    state.default_headers = [(b"date", b"Fri, 27 Nov 2026 03:00:00 GMT")]
    one = Edge(config=config, server_state=state, app_state={}, crowd=Crowd(1000, 1000), hooks=hooks)
    one.connection_made(_Socket())
    return one


async def _answered(
    connections: Sequence[Any], requests: Sequence[bytes], settle: Callable[[], Awaitable[None]]
) -> float:
    """Microseconds of a request, when as many as there are connections come at the same moment."""
    together = len(connections)
    began = time.process_time()
    for first in range(0, len(requests), together):
        for connection, sent in zip(connections, requests[first : first + together], strict=False):
            connection.data_received(sent)
        await settle()
    return (time.process_time() - began) / len(requests) * 1e6


async def whole(in_force: InForce, wire: Wire, requests: Sequence[bytes], together: int) -> float:
    """Of a delivery."""
    context: Any = _Context(in_force, wire)
    connections = [_edge(Receiver(context)) for _ in range(together)]
    return await _answered(connections, requests, context.committer.settle)


async def _floors(wire: Wire, requests: Sequence[bytes], together: int) -> dict[str, float]:
    """Of the least that would be done."""
    plain, instant, least = Reading(_Socket, together), AtOnce(), Least(wire)
    return {
        "(a) only reads the body": await _answered(plain.connections, requests, plain.settle),
        "our edge, answered at once": await _answered([_edge(instant)] * together, requests, instant.settle),
        "the least that keeps it": await _answered([_edge(least) for _ in range(together)], requests, least.settle),
    }


def _parts(source: Source, ruleset: Ruleset, number: int) -> Iterator[tuple[str, Callable[[Any], object], list[Any]]]:
    """Each part, and what it is given."""
    now = time.time()
    deliveries = [_delivery(source, sentry(n), now) for n in range(number)]
    yield "prove it", lambda one: source.verify(one, now), deliveries
    yield "read it", lambda one: hearing.read(one, source), deliveries
    read = [(hearing.read(one, source), one) for one in deliveries]
    yield "judge it", lambda one: hearing.judge_read(one[0], one[1], source, ruleset), read
    heard = [hearing.hear(one, source, ruleset) for one in deliveries]
    yield "its events as JSON", lambda one: encode(one.judged), heard
    yield "its body made small", lambda one: pack(one.body), heard
    batches = [heard[first : first + 32] for first in range(0, number, 32)]
    yield "all commands that keep 32", lambda batch: intake.queue_commands(Commands(), batch, now), batches


def _delivery(source: Source, body: bytes, now: float) -> Delivery:
    headers = {"sentry-hook-resource": "event_alert", "content-type": "application/json"}
    if source.type.sign is not None:
        headers |= {name.lower(): value for name, value in source.type.sign(body, SECRET, now, source.options).items()}
    return source.delivery(intake.mint(now), now, headers=headers, body=body)


def _timed(what: Callable[[Any], object], given: list[Any], number: int) -> float:
    began = time.process_time()
    for one in given:
        what(one)
    return (time.process_time() - began) / number * 1e6


async def _measure(url: str, number: int, rounds: int) -> None:
    ruleset = load({"rules.yaml": RULES}, channel_options=OPTIONS)
    source = Source(name="bench", type=TYPES["sentry"], secrets=[SECRET])
    in_force = InForce(ruleset=ruleset, sources={"bench": source})
    redis = fast_redis(url)
    wire = Wire(redis)
    requests = [request("/hooks/bench", sentry(n)) for n in range(number)]

    spare_the_collector()
    for together in TOGETHER:
        seen = [await whole(in_force, wire, requests, together) for _ in range(rounds)]
        print(f"whole, {together:>2} at a time {'':<12} {min(seen):7.1f} µs")
    floors = [await _floors(wire, requests, FLOORS) for _ in range(rounds)]
    for name in floors[0]:
        print(f"{name:<32} {min(one[name] for one in floors):7.1f} µs")
    for name, part, given in _parts(source, ruleset, number):
        print(f"{name:<32} {min(_timed(part, given, number) for _ in range(rounds)):7.1f} µs")
    await wire.close()
    await redis.aclose()


def main() -> None:
    """The whole, then its parts."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    log.configure("json", logging.INFO)
    sys.stderr = Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115 the log is written, and read by nobody
    with a_valkey() as url:
        uvloop.run(_measure(url, number, rounds))


if __name__ == "__main__":
    main()
