"""`/api/notifications`: what was tried to tell people, and what came of it; and the test of a channel."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.api.asked import Line
from router.api.commands import read_body_as, read_limit
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.record import as_data
from workers.agenda import Entry
from workers.telling import testing
from workers.telling.attempts import Attempt, Became
from workers.telling.tried import Attempts, Sought

LOOKS, BETWEEN_LOOKS = 50, 0.1
"""How often, and every how many seconds, a test looks for its result: five seconds at most."""
LEAST = 12
"""A limit that a test's own look keeps to: it is the newest, or nearly."""


class AskedToTest(BaseModel):
    """Who tests, and whom it reaches where the channel calls people one by one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    person: Line | None = None
    agreed: bool = False
    """Whoever's pager it is knows."""


class Notifications:
    """The endpoints; `router.api.routes` lists them and answers for Redis."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._attempts = Attempts(context.redis)

    async def find(self, request: Request) -> dict[str, Any]:
        """Those that were asked for, the newest first, and how each channel has been."""
        asked = request.query_params
        limit = read_limit(asked.get("limit", "50"))
        became = read_became(asked.get("outcome"))

        def read() -> dict[str, Any]:
            sought = Sought(
                channel=asked.get("channel"),
                became=became,
                incident=_whole(self._context, asked.get("incident")),
                person=asked.get("person"),
            )
            channels = list(self._context.in_force.ruleset.config.channels)
            health = self._attempts.health(channels, self._context.clock.now())
            found = [shown(one) for one in self._attempts.find(sought, limit)]
            return {"notifications": found, "channels": {name: as_data(one) for name, one in health.items()}}

        return await run_in_threadpool(read)

    async def show(self, request: Request) -> dict[str, Any]:
        """One of them, with what was sent and answered; secrets are masked, and were before they were kept."""

        def read() -> dict[str, Any]:
            one = self._attempts.one(request.path_params["id"])
            if one is None:
                raise Problem(404, "No attempt of this id is kept. GET /api/notifications lists the latest.")
            exchange = self._attempts.exchange(one)
            return {**shown(one), "exchange": as_data(exchange) if exchange is not None else None}

        return await run_in_threadpool(read)

    async def test(self, request: Request) -> dict[str, Any]:
        """Send a test through a channel, and say what came of it; null when that takes longer than five seconds."""
        body = await read_body(headers_of(request.scope["headers"]), request.receive, self._context.settings.body_limit)
        asked = read_body_as(AskedToTest, body)
        name = request.path_params["name"]
        entry = await run_in_threadpool(promise, self._context, name, asked)
        result = await result_of(self._context, entry)
        return {"entry": entry.id, "result": None if result is None else shown(result)}


def promise(context: Context, channel: str, asked: AskedToTest) -> Entry:
    """Put a test on the agenda. Raises Problem where it may not be. Blocks on Redis."""
    config, now = context.in_force.ruleset.config, context.clock.now()
    try:
        return testing.promise(
            context.redis, config, channel, by=asked.by, now=now, person=asked.person, agreed=asked.agreed
        )
    except testing.Refused as refused:
        headers = {"Retry-After": f"{testing.PAUSE:.0f}"} if refused.status == 429 else None
        raise Problem(refused.status, refused.why, headers=headers) from None


async def result_of(context: Context, entry: Entry) -> Attempt | None:
    """What came of a test; None while no worker has concluded it."""
    attempts, sought = Attempts(context.redis), Sought(entry=entry.id)
    for _ in range(LOOKS):
        found = await run_in_threadpool(attempts.find, sought, 1, most=LEAST)
        if found:
            return found[0]
        await asyncio.sleep(BETWEEN_LOOKS)
    return None


def read_became(text: str | None) -> Became | None:
    """`?outcome=`. Raises Problem 422."""
    if not text:
        return None
    if text not in list(Became):
        raise Problem(422, f"outcome: expected one of {', '.join(Became)}")
    return Became(text)


def shown(one: Attempt) -> dict[str, Any]:
    """For programs: `outcome` is what people call it."""
    data: dict[str, Any] = as_data(one)
    return {"id": one.id, "outcome": data.pop("became"), **data}


def _whole(context: Context, part: str | None) -> str | None:
    """An incident's whole id; what nobody knows is looked for as it is, for attempts may outlive what they told of."""
    return (context.store.full_id(part) or part) if part else None
