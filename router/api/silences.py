"""`/api/silences`: what nobody is told of, set and lifted by people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.accounts.caller import in_their_name
from router.api.asked import Line
from router.api.commands import read_body_as
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.commands import Lift
from rules.holds.quiet import SilenceConfig
from rules.holds.silence import Silence
from rules.holds.unheard import unheard
from rules.reading.problem import nearest
from workers.announcing import announced
from workers.deliveries.intake import mint_short
from workers.rulebook import silences

LONGEST = 366 * 86400.0
LOOKED = 1000
"""So many of the latest incidents know what senders name."""


class AskedToSilence(BaseModel):
    """A silence as the YAML has it, but that it begins now unless it says when, and needs no name."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    reason: Line
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$")] | None = None
    when: dict[str, Any] = {}
    severities: list[str] = []
    start: str | None = None
    end: str | None = None
    lasts: str | None = Field(default=None, alias="for")
    repeats: str | None = None
    timezone: str = "UTC"
    then: str = "pause"
    everything: bool = False
    """Without a condition everything is silenced: then this must be said."""


class AskedToLift(BaseModel):
    """Who ends it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line


class Silences:
    """The endpoints. Redis' errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, _request: Request) -> dict[str, Any]:
        """All of them: those of the rules and those of people, with their next time of silence."""
        return {"silences": await run_in_threadpool(self.all)}

    async def add(self, request: Request) -> dict[str, Any]:
        """Set one. Raises Problem 422 for one that makes no sense."""
        return await self.set(read_body_as(AskedToSilence, await self._body(request)))

    async def set(self, asked: AskedToSilence) -> dict[str, Any]:
        """Set one, as it is shown then; its `doubts` say what nobody has ever named. Raises Problem 409 and 422."""
        now = self._context.clock.now()
        said, silence = await run_in_threadpool(self.prepared, asked, now)
        try:
            await run_in_threadpool(silences.put, self._context.redis, said, now)
        except silences.TooMany:
            raise Problem(409, f"There are {silences.AT_MOST} silences already; lift some.") from None
        return {**_shown(silence, now, "people"), "doubts": await run_in_threadpool(self.doubts, silence)}

    def doubts(self, silence: SilenceConfig) -> list[str]:
        """What of its condition neither the rules nor the latest incidents have. Blocks on Redis."""
        latest = self._context.store.incidents(open_only=False, limit=LOOKED)
        return unheard(silence.when, self._context.in_force.ruleset.config, latest)

    def prepared(self, asked: AskedToSilence, now: float) -> tuple[dict[str, Any], SilenceConfig]:
        """One as the YAML would have it, and read. Raises Problem 409 and 422."""
        said = _said(asked, now)
        return said, self.checked(said, now)

    def checked(self, said: dict[str, Any], now: float) -> SilenceConfig:
        """One that may be set. Raises Problem 409 and 422."""
        silence = _silence(said, now)
        if silence.name in {one.name for one in self._written()}:
            raise Problem(409, f"The rules have a silence '{silence.name}' already; choose another name.")
        return silence

    async def lift(self, request: Request) -> dict[str, Any]:
        """End one before its time: what it held back goes on at once. Raises Problem 404."""
        asked = read_body_as(AskedToLift, await self._body(request))
        return await run_in_threadpool(self.end, request.path_params["name"], asked.by)

    async def _body(self, request: Request) -> bytes:
        limit = self._context.settings.body_limit
        return in_their_name(request, await read_body(headers_of(request.scope["headers"]), request.receive, limit))

    def end(self, name: str, by: str) -> dict[str, Any]:
        """End one; the incidents it held back go on. Blocks on Redis; raises Problem 404."""
        if not silences.lift(self._context.redis, name):
            raise Problem(404, self._why_not(name))
        redis, now = self._context.redis, self._context.clock.now()
        announced.hurry(redis, name, announced.words(redis, name), now)  # Of a maintenance: the world hears of its end.
        return {"lifted": name, "incidents": self.let_go(name, by)}

    def let_go(self, name: str, by: str) -> list[str]:
        """What a silence that is gone held back goes on; ids of these incidents. Blocks on Redis."""
        held = [
            one
            for one in self._context.store.incidents(limit=100_000)
            if one.hold is not None and one.hold.parent is None and one.hold.silence == name
        ]
        for one in held:
            self._context.ledger.answer(one.id, Lift(by=by, silence=name))
        return [one.id for one in held]

    def _why_not(self, name: str) -> str:
        if name in {one.name for one in self._written()}:
            return f"The silence '{name}' stands in the rules; take it out there, it is lifted within half a minute."
        names = [one.name for one in silences.every(self._context.redis)]
        return f"There is no silence '{name}'. {nearest(name, names) or ''}".strip()

    def _written(self) -> list[SilenceConfig]:
        return list(self._context.in_force.ruleset.config.silences)

    def all(self) -> list[dict[str, Any]]:
        """Those of the rules, then those of people. Blocks on Redis."""
        now = self._context.clock.now()
        written = [_shown(one, now, "rules") for one in self._written()]
        return written + [_shown(one, now, "people") for one in silences.every(self._context.redis)]


def _said(asked: AskedToSilence, now: float) -> dict[str, Any]:
    """The silence as the YAML would have it."""
    if not asked.when and not asked.severities and not asked.everything:
        raise Problem(422, "`when` or `severities` says what is silenced; to silence everything, say everything: true.")
    said = asked.model_dump(exclude_none=True, by_alias=True)
    said["name"] = asked.name or f"S-{mint_short()[:6]}"
    # Whole seconds, rounded down: a silence that begins now must not begin a moment later.
    said.setdefault("start", datetime.fromtimestamp(int(now), UTC).isoformat())
    return said


def _silence(said: dict[str, Any], now: float) -> SilenceConfig:
    try:
        silence = SilenceConfig.model_validate(said)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        why = str(first["msg"]).removeprefix("Value error, ")
        if not where:
            raise Problem(422, f"{why[:1].upper()}{why[1:]}.") from None
        raise Problem(422, f"{where}: {why}", errors=[{"field": where, "expected": why}]) from None
    window = Silence(silence).next_window(now)
    if window is None:
        raise Problem(422, "This silence is over already: its end lies in the past.")
    if window.end - window.start > LONGEST:
        raise Problem(422, "A silence lasts a year at most.")
    return silence


def _shown(silence: SilenceConfig, now: float, of: str) -> dict[str, Any]:
    window, nxt = Silence(silence).window(now), Silence(silence).next_window(now)
    return {
        **silence.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "of": of,
        "active": window is not None,
        "from": nxt.start if nxt else None,
        "until": nxt.end if nxt else None,
    }
