"""`/api/checks` and `/api/deployments`: what Tocsin looks at by itself, what it found, a run asked for; what is new."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.accounts.caller import in_their_name
from router.api.asked import Line
from router.api.commands import read_body_as, read_limit
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.reading.config import Config
from rules.reading.problem import nearest
from rules.record import as_data
from rules.responding.response import Finding
from rules.responding.triage import CheckConfig, Found
from rules.responding.watching import Watched
from workers.agenda import Entry
from workers.triage import checked, deployments
from workers.triage.deployments import Deployment

LOOKS, BETWEEN_LOOKS = 100, 0.1
"""How often, and every how many seconds, a run that was asked for looks for its result: ten seconds at most."""
AHEAD = 3600.0
"""Seconds that the clock of whoever deploys may be ahead of ours."""


class AskedToRun(BaseModel):
    """Who asks."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line


class Deployed(BaseModel):
    """What is running now that was not before; `at` in Unix seconds, now by default."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    what: Line
    service: str = Field(default="", max_length=200)
    by: str = Field(default="", max_length=200)
    at: float | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One check of the rules, as it stands. Times are Unix seconds."""

    name: str
    config: CheckConfig
    used_by: tuple[str, ...]
    """Severities and rules that ask for it."""
    last: Finding | None
    watched: Watched
    next_at: float | None

    @property
    def state(self) -> str:
        """`ok`, `failed`, `unknown`, or `never run`."""
        return self.last.outcome if self.last is not None else "never run"

    @property
    def bad(self) -> bool:
        """Is there something to look at?"""
        return self.last is not None and self.last.outcome != Found.OK


def standings(context: Context) -> list[Standing]:
    """Every check of the rules in force, by name. Blocks on Redis."""
    config, redis = context.in_force.ruleset.config, context.redis
    last, watched = checked.last(redis), checked.every_watched(redis)
    return [
        Standing(
            name=name,
            config=check,
            used_by=used_by(config, name),
            last=last.get(name),
            watched=watched.get(name, Watched()),
            next_at=checked.next_at(redis, name) if check.every is not None else None,
        )
        for name, check in sorted(config.checks.items())
    ]


def used_by(config: Config, name: str) -> tuple[str, ...]:
    """`P1`, `the rule «payments are failing»`: who asks for a check."""
    severities = [severity.value for severity, plan in config.severities.items() if name in plan.triage]
    rules = [f"the rule «{rule.name}»" for rule in config.rules if name in (rule.then.triage or ())]
    return (*severities, *rules)


def ask(context: Context, name: str, by: str) -> Entry:
    """Put a run on the agenda, due now. Raises Problem 404 with the nearest name. Blocks on Redis."""
    checks = context.in_force.ruleset.config.checks
    if name not in checks:
        hint = nearest(name, checks) or "GET /api/checks lists them."
        raise Problem(404, f"The rules in force have no check {name!r}. {hint}")
    return checked.ask(context.redis, name, by, context.clock.now())


async def result_of(context: Context, name: str, entry: Entry) -> Finding | None:
    """What a run that was asked for has found; None when no worker has made it within ten seconds."""
    for _ in range(LOOKS):
        if not await run_in_threadpool(checked.is_asked, context.redis, entry):
            return (await run_in_threadpool(checked.last, context.redis)).get(name)
        await asyncio.sleep(BETWEEN_LOOKS)
    return None


class Checks:
    """The endpoints; `router.api.routes` lists them and answers for Redis."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, _request: Request) -> dict[str, Any]:
        """GET /api/checks."""
        found = await run_in_threadpool(standings, self._context)
        return {"checks": [shown(one) for one in found]}

    async def run(self, request: Request) -> dict[str, Any]:
        """POST /api/checks/{name}/run: `finding` is null when that takes longer than ten seconds."""
        asked: AskedToRun = await self._read(AskedToRun, request)
        name = request.path_params["name"]
        entry = await run_in_threadpool(ask, self._context, name, asked.by)
        finding = await result_of(self._context, name, entry)
        return {"check": name, "entry": entry.id, "finding": None if finding is None else as_data(finding)}

    async def deployments(self, request: Request) -> dict[str, Any]:
        """GET /api/deployments: the latest first."""
        limit = read_limit(request.query_params.get("limit", "20"), deployments.KEPT)
        found = await run_in_threadpool(deployments.lately, self._context.redis, limit)
        return {"deployments": [as_data(one) for one in found]}

    async def deployed(self, request: Request) -> dict[str, Any]:
        """POST /api/deployments."""
        said: Deployed = await self._read(Deployed, request)
        now = self._context.clock.now()
        if said.at is not None and said.at > now + AHEAD:
            detail = "at: expected a time in Unix seconds that has been, or none for now"
            raise Problem(422, detail, errors=[{"field": "at", "expected": "a time that has been"}])
        at = now if said.at is None else min(said.at, now)
        new = Deployment(at=at, what=said.what, service=said.service, by=said.by)
        await run_in_threadpool(deployments.add, self._context.redis, new)
        told: dict[str, Any] = as_data(new)
        return told

    async def _read(self, shape: Any, request: Request) -> Any:
        headers = headers_of(request.scope["headers"])
        body = await read_body(headers, request.receive, self._context.settings.body_limit)
        return read_body_as(shape, in_their_name(request, body))


def shown(one: Standing) -> dict[str, Any]:
    """For programs."""
    return {
        "name": one.name,
        "type": one.config.type,
        "every": one.config.every,
        "failures": one.config.failures,
        "used_by": list(one.used_by),
        "state": one.state,
        "last": None if one.last is None else as_data(one.last),
        "failing": one.watched.failing,
        "failing_since": one.watched.since,
        "next_at": one.next_at,
    }
