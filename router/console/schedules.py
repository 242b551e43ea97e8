"""`/schedules`: who is on call now and next, four weeks ahead, and somebody else for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.schedules import AskedToOverride, Standing, lift, make, standings
from router.console.coming import name_of
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.console.weeks import Week, weeks
from router.problems import Problem
from rules.clock import zone
from rules.oncall import override
from rules.oncall.override import applied, told
from rules.reading.config import Config
from workers.rulebook import overrides

HUES = 8
"""Colours that everybody can tell from one another; names stand beside them all the same."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One schedule with its calendar."""

    standing: Standing
    weeks: Sequence[Week]


class Schedules:
    """The page and its two forms."""

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/schedules", "GET", self.show),
            Page("/schedules/override", "POST", self.override, needs=Role.RESPONDER),
            Page("/schedules/lift", "POST", self.lift, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: every schedule."""
        return await self._page(visit)

    async def override(self, visit: Visit) -> Response:
        """POST: somebody else, for a while; what makes no sense is told beside the form, which keeps what was said."""
        try:
            asked = _asked(visit)
            new = await run_in_threadpool(make, visit.context, visit.form.get("schedule", ""), asked)
        except Problem as wrong:
            return await self._page(visit, wrong.status, visit.form, wrong.detail)
        config = visit.context.in_force.ruleset.config
        until = told(config, new.schedule, new.end)
        await visit.audited(What.OVERRIDDEN, f"{new.person} for {new.schedule} until {until}: {new.reason}")
        begins = "from now" if new.start <= visit.now else f"from {told(config, new.schedule, new.start)}"
        return visit.back("/schedules", f"{name_of(config, new.person)} has {new.schedule} {begins} until {until}.")

    async def lift(self, visit: Visit) -> Response:
        """POST: the rota holds again."""
        schedule, one = visit.form.get("schedule", ""), visit.form.get("id", "")
        found = await run_in_threadpool(lift, visit.context, schedule, one, visit.visitor.name)
        await visit.audited(What.OVERRIDE_LIFTED, f"{found.person} for {schedule}")
        return visit.back("/schedules", f"Lifted: {found.person} no longer has {schedule}; the rota holds again.")

    async def _page(
        self, visit: Visit, status: int = 200, tried: Mapping[str, str] | None = None, wrong: str = ""
    ) -> Response:
        config = visit.context.in_force.ruleset.config
        made = await run_in_threadpool(overrides.every, visit.context.redis)
        laid = applied(config, made).schedules
        drawn = [Drawn(one, weeks(laid[one.name], visit.now)) for one in standings(config, made, visit.now)]
        return visit.page(
            "schedules.html",
            status,
            schedules=drawn,
            stranded=override.stranded(config, made, visit.now),
            tried=tried or {},
            wrong=wrong,
            **_words(config, visit.now),
        )


def _asked(visit: Visit) -> AskedToOverride:
    form = visit.form
    said = {name: form.get(name, "") for name in ("person", "reason", "until")} | {"by": visit.visitor.name}
    if form.get("from"):
        said["from"] = form["from"]
    try:
        return AskedToOverride.model_validate(said)
    except ValidationError as wrong:
        field = str(wrong.errors(include_url=False, include_input=False)[0]["loc"][0])
        raise Problem(422, f"Please fill in “{field}”; 200 characters at most.") from None


def _words(config: Config, now: float) -> dict[str, Any]:
    """What the template calls to name people and times."""
    order = {name: number for number, name in enumerate(config.people)}

    def field(schedule: str, at: float) -> str:
        """A moment as `datetime-local` has it, by the wall clock of the schedule."""
        return f"{datetime.fromtimestamp(at, zone(config.schedules[schedule].timezone)):%Y-%m-%dT%H:%M}"

    return {
        "people": {name: name_of(config, name) for name in config.people},
        "name": lambda person: name_of(config, person) if person else "Nobody",
        "hue": lambda person: f"hue{order.get(person, 0) % HUES}" if person else "gap",
        "initials": lambda person: initials(name_of(config, person)) if person else "–",
        "roles": {
            name: [role for role, one in config.roles.items() if one.schedule == name] for name in config.schedules
        },
        "local": lambda schedule, at: told(config, schedule, at),
        "field": field,
        "zone_now": lambda schedule: (
            f"{datetime.fromtimestamp(now, zone(config.schedules[schedule].timezone)):%H:%M %Z}"
        ),
    }


def initials(name: str) -> str:
    """One or two letters: `AP` of Ana Popescu.

    >>> initials("dan")
    'DA'
    """
    words = name.split()
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else name[:2]
    return letters.upper()
