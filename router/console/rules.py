"""`/rules`: what is in force and since when, in words; the matrix, who is who, silences, and what the linter doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.editions import Editions
from router.api.silences import AskedToSilence, Silences
from router.console.coming import name_of
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from rules.decide import NO_RULE
from rules.event import Severity
from rules.explained import inwords
from rules.explained.timetable import holder
from rules.reading.config import Config, Rule
from rules.reading.problem import Problem as Finding
from rules.reading.problem import Wrong
from workers.plain import clock
from workers.rulebook import edition, spoken


@dataclass(frozen=True, slots=True)
class Line:
    """One rule in words."""

    name: str
    when: Sequence[str]
    gate: str
    then: Rule
    """What it says is shown from here."""


class RulesPage:
    """The page, and its forms for silences."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._editions = Editions(context)
        self._silences = Silences(context)
        self._doubted: tuple[str, Sequence[Finding]] = ("", ())

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/rules", "GET", self.show),
            Page("/rules/silence", "POST", self.silence, needs=Role.RESPONDER),
            Page("/rules/lift", "POST", self.lift, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: everything that decides."""
        return await self._page(visit)

    async def silence(self, visit: Visit) -> Response:
        """POST: nobody is told of something for a while; what makes no sense is told beside the form."""
        try:
            made = await self._silences.set(_asked(visit))
        except Problem as wrong:
            return await self._page(visit, wrong.status, wrong.detail)
        until = clock(made["until"], visit.now)
        await visit.audited(What.SILENCED, f"{made['name']} until {until}: {made['reason']}")
        return visit.back("/rules#silences", f"Silent until {until}: {made['reason']}.")

    async def lift(self, visit: Visit) -> Response:
        """POST: end a silence of people's."""
        name = visit.form.get("name", "")
        found = await run_in_threadpool(self._silences.end, name, visit.visitor.name)
        await visit.audited(What.SILENCE_LIFTED, name)
        number = len(found["incidents"])
        held = f" {number} incident{'' if number == 1 else 's'} held back by it go on." if number else ""
        return visit.back("/rules#silences", f"The silence {name} is lifted.{held}")

    async def _page(self, visit: Visit, status: int = 200, wrong: str = "") -> Response:
        return visit.page("rules.html", status, wrong=wrong, **await run_in_threadpool(self._read, visit))

    def _read(self, visit: Visit) -> dict[str, Any]:
        config = self._context.ledger.ruleset().config
        return {
            "edition": self._editions.told(),
            "rules": [_line(rule) for rule in config.rules],
            "no_rule": NO_RULE,
            "spoken": spoken.lately(self._context.redis, visit.now),
            "within": spoken.WITHIN,
            "config": config,
            "severities": list(Severity),
            "roles": {name: _holder(config, name, visit.now) for name in config.roles},
            "silences": sorted(self._silences.all(), key=lambda one: (not one["active"], one["from"] or 0)),
            "doubts": self._doubts(),
            "tried": visit.form,
        }

    def _doubts(self) -> Sequence[Finding]:
        """Linting takes a moment, so it is done once for each edition."""
        found = edition.current(self._context.redis)
        reload = self._context.reload
        if found is None or reload is None:
            return ()
        if self._doubted[0] != found.version:
            try:
                self._doubted = (found.version, reload.doubts(found.written))
            except Wrong as wrong:
                self._doubted = (found.version, wrong.problems)
        return self._doubted[1]


def _line(rule: Rule) -> Line:
    gate = inwords.gate(rule.more_than) if rule.more_than is not None else ""
    return Line(rule.name, inwords.condition(rule.when), gate, rule)


def _holder(config: Config, role: str, now: float) -> str | None:
    found = holder(config, role, now)
    return None if found is None else name_of(config, found)


def _asked(visit: Visit) -> AskedToSilence:
    form = visit.form
    key, equals, value = form.get("label", "").partition("=")
    if form.get("label") and not (key.strip() and equals and value.strip()):
        raise Problem(422, "A label is written key=value, like service=api.")
    when: dict[str, Any] = {"source": form["source"]} if form.get("source") else {}
    if form.get("label"):
        when["labels"] = {key.strip(): value.strip()}
    said = {
        "by": visit.visitor.name,
        "reason": form.get("reason", ""),
        "for": form.get("for", ""),
        "when": when,
        "severities": [form["severity"]] if form.get("severity") else [],
        "everything": form.get("everything") == "yes",
    }
    try:
        return AskedToSilence.model_validate(said)
    except ValidationError as wrong:
        field = str(wrong.errors(include_url=False, include_input=False)[0]["loc"][0])
        raise Problem(422, f"Please fill in “{field}”; 200 characters at most.") from None
