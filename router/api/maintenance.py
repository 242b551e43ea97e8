"""`/api/maintenance`: planned work as one thing: a silence by scope, the words for everybody else, and reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.accounts.caller import in_their_name
from router.api.commands import read_body_as
from router.api.maintenance_commands import AskedToEnd, AskedToMaintain, AskedToProlong, seconds_of, silence_of
from router.api.planned import AskedToAnnounce, Planning
from router.api.shown import shown
from router.api.silences import Silences
from router.context import Context
from router.prepared import PACKAGED, Unfit, filled
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.announcing.planned import Announced
from rules.holds.maintenance import Maintenance, over, prolonged
from rules.holds.quiet import SilenceConfig
from rules.holds.silence import Silence
from rules.reading.problem import nearest
from workers import maintenance
from workers.agenda import Entry
from workers.maintenance import Announcer
from workers.plain import plain
from workers.rulebook import silences

TEMPLATE = Path("words") / "maintenance.md"


class Maintenances:
    """The endpoints, and the same for the console. Redis' errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._silences = Silences(context)
        self.planning = Planning(context)

    async def find(self, _request: Request) -> dict[str, Any]:
        """What is on, what is to come, and what was over within a week."""
        return {"maintenance": await run_in_threadpool(self.all)}

    async def begin(self, request: Request) -> dict[str, Any]:
        """Begin one, now or later. Raises Problem 409 and 422."""
        asked = await self._read(AskedToMaintain, request)
        return await run_in_threadpool(self.start, asked)

    async def prolong(self, request: Request) -> dict[str, Any]:
        """Give one more time. Raises Problem 404, 409 and 422."""
        asked = await self._read(AskedToProlong, request)
        return await run_in_threadpool(self.longer, request.path_params["name"], asked.lasts, asked.by, asked.say)

    async def end(self, request: Request) -> dict[str, Any]:
        """End one: what it held back goes on at once, and is listed. Raises Problem 404 and 409."""
        asked = await self._read(AskedToEnd, request)
        return await run_in_threadpool(self.stop, request.path_params["name"], asked.by, asked.say)

    async def publish(self, request: Request) -> dict[str, Any]:
        """Tell the world of one, in these words. Raises Problem 404, 409 and 422."""
        asked = await self._read(AskedToAnnounce, request)
        return await run_in_threadpool(self.announce, request.path_params["name"], asked)

    async def _read(self, shape: Any, request: Request) -> Any:
        limit = self._context.settings.body_limit
        body = await read_body(headers_of(request.scope["headers"]), request.receive, limit)
        return read_body_as(shape, in_their_name(request, body))

    # --- the same, for whoever has no request; all of it blocks on Redis ---

    def all(self) -> list[dict[str, Any]]:
        """Each with what it holds back, and its words."""
        now = self._context.clock.now()
        return [self._told(one, now) for one in maintenance.every(self._context.redis, now)]

    def start(self, asked: AskedToMaintain) -> dict[str, Any]:
        """Begin one; its `doubts` say what of its scope nobody has ever named."""
        now = self._context.clock.now()
        said, silence = self._silences.prepared(silence_of(asked), now)
        window = Silence(silence).next_window(now)
        if window is None:  # `prepared` has seen to that.
            raise Problem(422, "This maintenance is over already: its end lies in the past.")
        one = Maintenance(
            name=silence.name,
            service=plain(asked.service),
            reason=plain(asked.reason),
            by=asked.by,
            severity=asked.severity,
            start=window.start,
            end=window.end,
        )
        self._put(one, said, now, public=self.planning.itself(one, now))
        return {**self._told(one, now), "doubts": self._silences.doubts(silence)}

    def announce(self, name: str, asked: AskedToAnnounce) -> dict[str, Any]:
        """Tell the world of one."""
        now = self._context.clock.now()
        one = self.found(name, now)
        self.planning.publish(one, asked, now)
        return self._told(one, now)

    def longer(self, name: str, lasts: str, by: str, say: str | None = None) -> dict[str, Any]:
        """Give one more time, from the end it has; whoever hears its reminders hears that."""
        now, more = self._context.clock.now(), seconds_of(lasts)
        was = self.found(name, now)
        if was.end <= now:
            raise Problem(409, f"The maintenance {name} has been over since {_clock(was.end)}; start a new one.")
        one = replace(was, end=was.end + more, told=True, prolonged=was.prolonged + 1)
        announcer = self._announcer()
        silence = announcer.silence(name)
        if silence is None:
            raise Problem(409, f"The silence of {name} was lifted; start a new maintenance.")
        said = _until(silence, one)
        self._silences.checked(said, now)
        public = self.planning.longer(name, say, by, now)
        self._put(one, said, now, announcer.entries(one, prolonged(one, by), now), public)
        return self._told(one, now)

    def stop(self, name: str, by: str, say: str | None = None) -> dict[str, Any]:
        """End one; says what still burns, and whether that has `changed` anything: it may have been over before.

        Raises Problem 404, and 409 where there is something to `say` and it is too late for that.
        """
        now = self._context.clock.now()
        one, announcer = self.found(name, now), self._announcer()
        burning = announcer.held(name, now) if one.start <= now else []
        telling = announcer.entries(one, over(one, burning, by), now) if one.told else []
        public = self.planning.over(name, say)
        changed = one.end > now and maintenance.close(self._context.redis, one, telling, now, public)
        ended = self.found(name, now)
        if changed:
            self._silences.let_go(name, by)
        elif say is not None:
            raise Problem(
                409, f"The maintenance {name} has been over since {_clock(ended.end)}: that is not said any more."
            )
        return {
            "ended": name,
            "changed": changed,
            "until": ended.end,
            "burning": [shown(each, now) for each in burning] if changed else [],
            "public": self.planning.shown(ended),
        }

    def _put(
        self,
        one: Maintenance,
        said: dict[str, Any],
        now: float,
        telling: Sequence[Entry] = (),
        public: Announced | None = None,
    ) -> None:
        try:
            maintenance.put(self._context.redis, one, said, now, telling, public)
        except maintenance.Overtaken:
            why = f"Nothing was done: somebody else is just changing maintenance. Look at {one.name}, and try again."
            raise Problem(409, why) from None
        except silences.TooMany:
            raise Problem(409, f"There are {silences.AT_MOST} silences already; lift some.") from None

    def found(self, name: str, now: float) -> Maintenance:
        """The one of this name. Raises Problem 404."""
        known = maintenance.every(self._context.redis, now)
        for one in known:
            if one.name == name:
                return one
        near = nearest(name, [one.name for one in known])
        raise Problem(404, f"There is no maintenance '{name}'. {near or ''}".strip())

    def _announcer(self) -> Announcer:
        context = self._context
        return Announcer(context.redis, context.store, context.ledger, context.settings.base_url)

    def _told(self, one: Maintenance, now: float) -> dict[str, Any]:
        on = one.start <= now < one.end
        return {
            "name": one.name,
            "service": one.service,
            "reason": one.reason,
            "by": one.by,
            "from": one.start,
            "until": one.end,
            "active": on,
            "over": one.end <= now,
            "remind_at": one.remind_at if one.remind_at > now else None,
            "severity": one.severity,
            "prolonged": one.prolonged,
            "what": self._scope(one.name),
            "holds": [shown(each, now) for each in self._announcer().held(one.name, now)] if on else [],
            "words": self._words(one),
            "public": self.planning.shown(one),
        }

    def _scope(self, name: str) -> dict[str, Any]:
        silence = self._announcer().silence(name)
        return silence.when.model_dump(mode="json", exclude_defaults=True, by_alias=True) if silence else {}

    def _words(self, one: Maintenance) -> dict[str, str]:
        """From `words/maintenance.md` of this receiver's folder, else the packaged ones."""
        own = (self._context.settings.config or PACKAGED) / TEMPLATE
        values = {
            "service": one.service,
            "reason": one.reason,
            "start": _clock(one.start),
            "end": _clock(one.end),
            "minutes": round((one.end - one.start) / 60),
        }
        try:
            return filled(own if own.is_file() else PACKAGED / TEMPLATE, values)
        except (Unfit, OSError) as wrong:
            # The silence is set: what is wrong with the words must not hide that.
            return {"No words": f"the template cannot be used: {wrong}"}


def _until(silence: SilenceConfig, one: Maintenance) -> dict[str, Any]:
    """The silence as the YAML would have it, with the end that this maintenance has now."""
    said = silence.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    said.pop("for", None)
    return {**said, "start": _iso(one.start), "end": _iso(one.end)}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %H:%M UTC")
