"""`/api/agenda/{id}/…` and `/api/queues`: what a person does with promises, and with jobs of RQ's that failed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.accounts.caller import in_their_name
from router.api.asked import Line, Words
from router.api.commands import read_body_as
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.duration import parse_duration
from workers import failed
from workers.by_hand import By, ByHand, NoEntry


class AskedOfEntry(BaseModel):
    """Who asks; of a ladder, which step they mean (as `/api/agenda` numbers it), so that no later one is hit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    via: Literal["api", "command line"] = "api"
    step: Annotated[int, Field(ge=0)] | None = None


class AskedToPostpone(AskedOfEntry):
    """For how long."""

    lasts: str = Field(alias="for")


class AskedToDrop(AskedOfEntry):
    """Why."""

    reason: Words


class Promising:
    """The API's part of it. Every answer says what was done, and what that means."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._hand = ByHand(context.redis, context.clock, context.ledger)

    async def run(self, request: Request) -> dict[str, Any]:
        """POST /api/agenda/{id}/run."""
        asked = await self._read(AskedOfEntry, request)
        by = By(asked.by, asked.via)
        return await self._done(lambda entry: self._hand.run(entry, by, asked.step), request)

    async def postpone(self, request: Request) -> dict[str, Any]:
        """POST /api/agenda/{id}/postpone."""
        asked = await self._read(AskedToPostpone, request)
        by, seconds = By(asked.by, asked.via), _seconds(asked.lasts)
        return await self._done(lambda entry: self._hand.postpone(entry, seconds, by, asked.step), request)

    async def drop(self, request: Request) -> dict[str, Any]:
        """POST /api/agenda/{id}/drop."""
        asked = await self._read(AskedToDrop, request)
        by = By(asked.by, asked.via)
        return await self._done(lambda entry: self._hand.drop(entry, asked.reason, by, asked.step), request)

    async def queues(self, _: Request) -> dict[str, Any]:
        """GET /api/queues."""
        redis = self._context.redis

        def read() -> dict[str, Any]:
            return {
                "queues": [asdict(one) for one in failed.standings(redis)],
                "failed": [asdict(one) for one in failed.failed(redis)],
            }

        return await run_in_threadpool(read)

    async def requeue(self, request: Request) -> dict[str, Any]:
        """POST /api/queues/failed/{id}/requeue."""
        return await self._of_failed(request, failed.requeue, "It is queued again.")

    async def remove(self, request: Request) -> dict[str, Any]:
        """POST /api/queues/failed/{id}/remove."""
        return await self._of_failed(request, failed.remove, "It is forgotten; no promise went with it.")

    async def _of_failed(self, request: Request, act: Any, said: str) -> dict[str, Any]:
        job = request.path_params["id"]
        if not await run_in_threadpool(act, self._context.redis, job):
            raise Problem(404, "No job of this id has failed. GET /api/queues lists them.")
        return {"id": job, "said": said}

    async def _done(self, act: Any, request: Request) -> dict[str, Any]:
        entry = request.path_params["id"]
        try:
            return {"id": entry, "said": await run_in_threadpool(act, entry)}
        except NoEntry:
            raise Problem(404, "Nothing of this id is promised. GET /api/agenda lists what is.") from None

    async def _read(self, shape: Any, request: Request) -> Any:
        headers = headers_of(request.scope["headers"])
        body = await read_body(headers, request.receive, self._context.settings.body_limit)
        return read_body_as(shape, in_their_name(request, body))


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as wrong:
        detail = str(wrong)
        raise Problem(422, f"for: {detail}", errors=[{"field": "for", "expected": detail}]) from None
