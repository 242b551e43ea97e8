"""`/api/schedules`: who is on call now and next, four weeks ahead, and overrides made and lifted by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.api.asked import Line
from router.api.commands import read_body_as
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.oncall import override
from rules.oncall.override import MadeOverride, applied
from rules.oncall.schedule import Shift, edges, shifts
from rules.reading.config import Config
from rules.reading.problem import nearest
from rules.record import as_data
from workers.deliveries.intake import mint_short
from workers.rulebook import overrides

AHEAD = 28 * 86400.0
"""Seconds that are shown."""


class AskedToOverride(BaseModel):
    """Who is on call instead, from when (now by default) until when; times without an offset are the schedule's."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    by: Line
    person: Line
    reason: Line
    start: str | None = Field(default=None, alias="from")
    end: str = Field(alias="until")


class AskedToLift(BaseModel):
    """Who ends it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One schedule as it stands: whose turn it is from now on, and every override that is not over."""

    name: str
    timezone: str
    shifts: Sequence[Shift]
    """From now, four weeks ahead, without gaps between them."""
    made: Sequence[MadeOverride]
    written: Sequence[Shift]
    """Those of the YAML."""

    @property
    def now(self) -> Shift:
        """Who has it."""
        return self.shifts[0]

    @property
    def next(self) -> Shift | None:
        """Who is after that; None: nobody else within four weeks."""
        return self.shifts[1] if len(self.shifts) > 1 else None


def standings(config: Config, made: Sequence[MadeOverride], now: float) -> list[Standing]:
    """Every schedule of the rules, in their order. `config` is that of the YAML. Pure."""
    laid = applied(config, made)
    found = []
    for name, schedule in config.schedules.items():
        written = (Shift(*edges(schedule, one), one.person) for one in schedule.overrides)
        found.append(
            Standing(
                name=name,
                timezone=schedule.timezone,
                shifts=shifts(laid.schedules[name], now, now + AHEAD),
                made=[one for one in made if one.schedule == name and one.end > now],
                written=sorted((one for one in written if one.end > now), key=lambda one: one.start),
            )
        )
    return found


def make(context: Context, schedule: str, asked: AskedToOverride) -> MadeOverride:
    """Lay an override over a schedule. Blocks on Redis; raises Problem with what is wrong, and Redis' errors."""
    config, now = context.in_force.ruleset.config, context.clock.now()
    if schedule not in config.schedules:
        raise Problem(404, f"There is no schedule '{schedule}'. {nearest(schedule, config.schedules) or ''}".strip())
    timezone = config.schedules[schedule].timezone
    new = MadeOverride(
        id=f"O-{mint_short()[:6]}",
        schedule=schedule,
        person=asked.person,
        start=now if asked.start is None else _instant("from", timezone, asked.start),
        end=_instant("until", timezone, asked.end),
        by=asked.by,
        reason=asked.reason,
        made_at=now,
    )

    def check(known: Sequence[MadeOverride]) -> None:
        override.check(config, new, known, now)

    try:
        overrides.put(context.redis, new, now, check)
    except ValueError as wrong:
        raise Problem(422, str(wrong)) from None
    except overrides.TooMany:
        raise Problem(409, f"There are {overrides.AT_MOST} overrides already; lift some.") from None
    except overrides.Crowded:
        raise Problem(503, "Others make overrides in this moment. Please try again.") from None
    return new


def lift(context: Context, schedule: str, override_id: str, by: str) -> MadeOverride:
    """End an override: the rota holds again at once. Blocks on Redis. Raises Problem 404, and Redis' errors."""
    known = {one.id: one for one in overrides.every(context.redis) if one.schedule == schedule}
    found = overrides.lift(context.redis, override_id, by) if override_id in known else None
    if found is None:
        near = nearest(override_id, known) or "Those of the YAML are taken out there."
        raise Problem(404, f"Schedule {schedule} has no override '{override_id[:40]}'. {near}")
    return found


class Schedules:
    """The endpoints. Redis' errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, _request: Request) -> dict[str, Any]:
        """Every schedule: who has it, who is next, and four weeks of turns."""
        return await run_in_threadpool(self._all)

    async def override(self, request: Request) -> dict[str, Any]:
        """Make one. Raises Problem 404 for no such schedule and 422 for one that makes no sense."""
        asked = read_body_as(AskedToOverride, await self._body(request))
        return _shown(await run_in_threadpool(make, self._context, request.path_params["name"], asked))

    async def lift(self, request: Request) -> dict[str, Any]:
        """End one before its time. Raises Problem 404."""
        asked = read_body_as(AskedToLift, await self._body(request))
        path = request.path_params
        found = await run_in_threadpool(lift, self._context, path["name"], path["id"], asked.by)
        return {"lifted": _shown(found)}

    async def _body(self, request: Request) -> bytes:
        return await read_body(headers_of(request.scope["headers"]), request.receive, self._context.settings.body_limit)

    def _all(self) -> dict[str, Any]:
        context, now = self._context, self._context.clock.now()
        made, config = overrides.every(context.redis), context.in_force.ruleset.config
        return {
            "now": now,
            "schedules": [_standing(one) for one in standings(config, made, now)],
            "stranded": override.stranded(config, made, now),
        }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "name": one.name,
        "timezone": one.timezone,
        "now": _turn(one.now),
        "next": one.next and _turn(one.next),
        "turns": [_turn(each) for each in one.shifts],
        "overrides": [
            *({**_shown(each), "of": "people"} for each in one.made),
            *({**_turn(each), "of": "rules"} for each in one.written),
        ],
    }


def _turn(shift: Shift) -> dict[str, Any]:
    return {"person": shift.person, "from": shift.start, "until": shift.end}


def _shown(one: MadeOverride) -> dict[str, Any]:
    said: dict[str, Any] = as_data(one)
    said.pop("v")
    return {"from": said.pop("start"), "until": said.pop("end"), **said}


def _instant(field: str, timezone: str, text: str) -> float:
    try:
        return override.instant(timezone, text)
    except ValueError as wrong:
        raise Problem(422, f"{field}: {wrong}.") from None
