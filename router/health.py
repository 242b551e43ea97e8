"""Is this process alive, can it hear, and would anybody be told?"""

from __future__ import annotations

import orjson
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from router.api.editions import complaints
from router.context import Context
from rules.oncall import override
from workers.agenda import Lane
from workers.counters import count
from workers.rulebook import overrides


def routes(context: Context) -> list[Route]:
    """`/healthz`, `/readyz` and `/readyz/paging`: they need no token and say nothing a stranger may not know."""

    async def alive(_request: Request) -> Response:
        return _say(200, {"status": "ok"})

    async def ready(_request: Request) -> Response:
        wrong = await run_in_threadpool(unreachable, context)
        if wrong and not await run_in_threadpool(context.spooling.writable):
            return _say(503, {"status": "unavailable", "reasons": [*wrong, "the spool cannot be written either"]})
        if wrong:
            return _say(200, {"status": "ok", "degraded": [*wrong, await run_in_threadpool(spooled, context)]})
        idle = await run_in_threadpool(idle_lanes, context)
        refused = await run_in_threadpool(_complaints, context)
        lost = await run_in_threadpool(stranded, context)
        # Who is in the rota is not for strangers.
        lost = lost and [f"overrides that do not hold: {len(lost)}; `tocsin oncall` says why"]
        return _say(200, {"status": "ok", "degraded": [*context.weaknesses, *idle, *refused, *lost]})

    async def paging(_request: Request) -> Response:
        wrong = await run_in_threadpool(unreachable, context) or await run_in_threadpool(idle_lanes, context)
        return _say(503 if wrong else 200, {"status": "unavailable" if wrong else "ok", "reasons": wrong})

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/readyz/paging", paging)]


def unreachable(context: Context) -> list[str]:
    """Why Redis takes no writes now; empty when it does. It is tried: a full one and a replica still answer."""
    try:
        with context.redis.pipeline(transaction=False) as pipe:
            count(pipe, "deliveries", "unknown", "unknown", by=0)
            pipe.execute()
    except RedisError as wrong:
        return [f"Redis takes no writes ({type(wrong).__name__}): deliveries go to the spool"]
    return []


def spooled(context: Context) -> str:
    """How much waits on this host's disk."""
    waiting = context.spooling.waiting()
    return "spooling" if waiting is None else f"spooling: {waiting} deliveries wait for Redis on this host's disk"


def idle_lanes(context: Context) -> list[str]:
    """A line for each lane without a beating worker."""
    try:
        beating = {name.partition(":")[0] for name in context.store.beating()}
    except RedisError as wrong:
        return [f"Redis does not answer ({type(wrong).__name__})"]
    return [f"no worker beats in lane {lane}: start one with `tocsin work`" for lane in Lane if lane not in beating]


def stranded(context: Context) -> list[str]:
    """A line for each override that does not hold, because the rules have lost whom it names."""
    try:
        made = overrides.every(context.redis)
    except RedisError:
        return []  # That Redis is away is said by itself.
    return override.stranded(context.in_force.ruleset.config, made, context.clock.now())


def _complaints(context: Context) -> list[str]:
    try:
        return complaints(context)
    except RedisError:
        return []


def _say(status: int, said: dict[str, object]) -> Response:
    return Response(orjson.dumps(said), status, media_type="application/json")
