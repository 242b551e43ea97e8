"""`/agenda`: every promise still to be kept, what fires in the next hour, what was given up, and RQ's queues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api import promises
from router.console.axis import AHEAD, Axis, axis
from router.console.board import Board
from router.console.coming import coming
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from rules.duration import parse_duration
from rules.event import Severity
from rules.explained.timetable import holder
from rules.incident import Incident, State
from workers import failed
from workers.agenda import Agenda, Kind, Lane
from workers.by_hand import By, ByHand, NoEntry
from workers.ledger import Refused
from workers.outlook import After, Outlook, Sheet, Sought

ROWS = 30
"""Promises on one page."""
DRAWN = 300
"""Promises of the next hour that are drawn."""
PARKED = 20
MOVABLE = {Kind.NOTIFY, Kind.STEP, Kind.REMIND}
TOLD_AS = {"run": What.RUN, "postpone": What.PUT_OFF, "drop": What.DROPPED, "take up": What.RETRIED}
"""What the audit log calls what each button does."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page is made of."""

    sought: Sought
    further: str | None
    """The address of what comes later."""
    sheet: Sheet
    items: list[dict[str, Any]]
    parked: list[dict[str, Any]]
    ahead: Axis
    queues: list[failed.Standing]
    failed: list[failed.Failed]
    people: list[str]


class Queue:
    """The page and its buttons."""

    def __init__(self, context: Context, board: Board) -> None:
        self._context = context
        self._board = board
        self._outlook = Outlook(context.redis)
        self._hand = ByHand(context.redis, context.clock, context.ledger)

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/agenda", "GET", self.show),
            Page("/agenda/move", "POST", self.move, needs=Role.RESPONDER),
            Page("/agenda/failed", "POST", self.of_failed, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: what fits the filters of the address, the soonest first."""
        shown = await run_in_threadpool(self._shown, visit)
        kinds, movable = list(Kind), {str(one) for one in MOVABLE}
        return visit.page(
            "queue.html", shown=shown, kinds=kinds, lanes=list(Lane), severities=list(Severity), movable=movable
        )

    def _shown(self, visit: Visit) -> Shown:
        sought, after = self._sought(visit), _after(visit.asked)
        sheet = self._outlook.sheet(sought, after, ROWS)
        further = sheet.further
        worst = {name: row.severity for name, row in self._board.rows().items()}
        total, hour = self._outlook.until(visit.now + AHEAD, DRAWN, worst.get)
        redis, config = self._context.redis, self._context.in_force.ruleset.config
        return Shown(
            sought=sought,
            further=None if further is None else visit.here(after=repr(further.due), shown=str(further.shown)),
            sheet=sheet,
            items=self._aloud([one.entry for one in sheet.glances], visit.now),
            parked=self._aloud(Agenda(redis).parked(PARKED), visit.now),
            ahead=axis(hour, visit.now, total),
            queues=failed.standings(redis),
            failed=failed.failed(redis, PARKED),
            people=[*config.people, *config.roles],
        )

    def _sought(self, visit: Visit) -> Sought:
        """By the address; what is no kind, lane or severity of ours seeks all."""
        asked, config = visit.asked, self._context.in_force.ruleset.config
        who = asked.get("who", "")
        roles = [role for role in config.roles if who and holder(config, role, visit.now) == who]
        return Sought(
            lane=_one(Lane, asked.get("lane", "")),
            kind=_one(Kind, asked.get("kind", "")),
            severity=_one(Severity, asked.get("severity", "")),
            who=frozenset([who, *roles] if who else ()),
        )

    def _aloud(self, entries: list[Any], now: float) -> list[dict[str, Any]]:
        concerned = dict.fromkeys(entry.incident for entry in entries if entry.incident)
        known = {one.id: one for one in self._context.store.legible(concerned)}
        items = promises.read_aloud(entries, known, now)
        for item in items:
            incident = known.get(item["incident"] or "")
            item["severity"] = None if incident is None else incident.severity
            item["title"] = "" if incident is None else incident.title
            if item["kind"] == Kind.STEP and incident is not None and incident.state is State.TRIGGERED:
                item |= self._called(incident, item["step"])
        return items

    def _called(self, incident: Incident, step: int | None) -> dict[str, Any]:
        """Whom a step calls, by name, as the list of incidents says it; nothing else while nobody is to be called."""
        comes = coming(incident, self._context.in_force.ruleset.config)
        if not comes.pages:
            return {}
        begins, (who, _, rest) = "" if step is None else f"step {step + 1}: ", comes.what.partition(": ")
        what = f"{begins}call {who}, unless somebody acknowledges first"
        return {"what": f"{what}; {rest} there" if rest else what, "to": None}

    async def move(self, visit: Visit) -> Response:
        """POST: run one now, put it off, drop it, or take it up again."""
        form, back = visit.form, visit.form.get("back", "/agenda")
        entry, step = form.get("entry", ""), form.get("step", "")
        by = By(visit.visitor.name, "console")
        at = int(step) if step.isdecimal() and len(step) < 4 else None
        reason = form.get("reason", "").strip()[:4000]
        acts: dict[str, Callable[[], str]] = {
            "run": lambda: self._hand.run(entry, by, at),
            "postpone": lambda: self._hand.postpone(entry, _seconds(form.get("for", "")), by, at),
            "drop": lambda: self._hand.drop(entry, reason, by, at),
            "take up": lambda: self._take_up(entry),
        }
        act = acts.get(form.get("do", ""))
        if act is None:
            raise Problem(422, "No button of ours says that. Please go back.")
        if form["do"] == "drop" and not reason:
            return visit.back(back, "Nothing was dropped: say why, for the timeline.", wrong=True)
        try:
            said = await run_in_threadpool(act)
        except NoEntry:
            return visit.back(back, "This is promised no more: it has been done, or dropped.", wrong=True)
        except Refused as why:
            return visit.back(back, str(why), wrong=True)
        await visit.audited(TOLD_AS[form["do"]], f"{entry}: {reason}" if reason else entry)
        return visit.back(back, said)

    def _take_up(self, entry_id: str) -> str:
        entry = Agenda(self._context.redis).given_up(entry_id)
        if entry is None:
            raise NoEntry(entry_id)
        self._context.ledger.take_up(entry)
        return "It is tried once more, now."

    async def of_failed(self, visit: Visit) -> Response:
        """POST: queue a failed job of RQ's again, or forget it."""
        job, again = visit.form.get("job", ""), visit.form.get("do") == "requeue"
        done = await run_in_threadpool(failed.requeue if again else failed.remove, self._context.redis, job)
        if done:
            await visit.audited(What.REQUEUED if again else What.FORGOT_JOB, job)
        said = "It is queued again." if again else "It is forgotten; no promise went with it."
        gone = "This job stands there no more."
        return visit.back(visit.form.get("back", "/agenda"), said if done else gone, wrong=not done)


def _one(kind: Callable[[str], T], text: str) -> T | None:
    try:
        return kind(text)
    except ValueError:
        return None


def _after(asked: dict[str, str]) -> After:
    """Where the page begins; from the soonest on when the address says nothing that makes sense."""
    due, shown = asked.get("after", ""), asked.get("shown", "")
    try:
        at = float(due)
    except ValueError:
        return After()
    skipped = int(shown) if shown.isdecimal() and shown.isascii() and len(shown) < 6 else 0
    return After(at, skipped) if isfinite(at) else After()


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as wrong:
        raise Problem(422, f"How long? {wrong}. Please go back.") from None
