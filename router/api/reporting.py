"""A person's report: kept as a delivery of the manual source, and the incident it becomes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from router.api.commands import Report
from router.context import Context
from router.hooks.receiver import keep
from router.sources import TYPES
from workers.deliveries.intake import Received, mint

LOOKS, BETWEEN_LOOKS = 40, 0.05
"""How often, and every how many seconds, a report looks whether it has become an incident: two seconds at most."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What has become of a report so far."""

    received: Received
    incident: str | None
    """None: no worker was quick enough, or nobody is told of it."""

    @property
    def suppressed(self) -> str | None:
        """Why nobody is told of it, by the rules; None where somebody is."""
        decisions = [one.decision for one in self.received.judged if one.decision is not None]
        return next((one.suppress for one in decisions if one.suppress), None)


async def report(context: Context, said: Report) -> Reported:
    """Keep it, and wait a moment for its incident. Raises Problem 503 when it cannot be kept."""
    in_force, now = context.in_force, context.clock.now()
    source = in_force.reporting(TYPES)
    delivery = source.delivery(mint(now), now, headers={"content-type": "application/json"}, body=said.delivered)
    received = await keep(context, in_force, source, delivery)
    return Reported(received, await _opened(context, received))


async def _opened(context: Context, received: Received) -> str | None:
    """The incident a report has come to, as a person wants to know; None when no worker was quick enough."""
    keys = [one.event.signal_key for one in received.judged if one.decision and not one.decision.suppress]
    for _ in range(LOOKS if keys else 0):
        await asyncio.sleep(BETWEEN_LOOKS)
        try:
            found = await run_in_threadpool(context.store.holder, keys[0])
        except RedisError:
            return None  # It is kept all the same, in the spool.
        if found is not None:
            return found
    return None


def signal_of(context: Context, delivery: str) -> str:
    """The signal of a report by the id of its delivery, where its reporter named no other key."""
    return f"{context.in_force.reporting(TYPES).name}/manual {delivery}"
