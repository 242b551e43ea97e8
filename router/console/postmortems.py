"""`/postmortems`: what is due and overdue; and each one: its document, its action items, and what people do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from router.accounts.audit import What
from router.api.finding import incident_named
from router.api.postmortems import AskedToAdd, AskedToChange, Standing, acted, of, standings
from router.console.coming import Coming, name_of
from router.console.document import parts
from router.console.routes import Page, Refused
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.problems import Problem
from rules.incident import Incident
from rules.plain import plain
from rules.postmortem.reading import LONGEST, blanks, marked
from rules.postmortem.record import ActionItem, Postmortem, Stage
from rules.postmortem.reminders import item_due, overdue
from rules.postmortem.rule import why, why_none
from workers.ledger import Refused as NotDone
from workers.postmortems.changing import By, Conflict, Saved, Unreadable
from workers.postmortems.reaching import zones

LONGEST_FORM = 4 * LONGEST
"""Bytes: a form writes most characters that are no letters as three."""
VIA = "console"
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An open action item; `due_at` is Unix seconds, `late` says that its day is over."""

    of: Standing
    item: ActionItem
    due_at: float | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What an incident's own page says of its post-mortem."""

    record: Postmortem | None
    why: tuple[str, ...]
    none: str
    """Why it needs none; empty where it needs one, or will."""
    late: list[str]

    @property
    def coming(self) -> Coming | None:
        """What is due next of it; None: nothing is."""
        if self.record is None or self.record.due_at is None:
            return None
        what = "the review of its post-mortem" if self.record.stage is Stage.DRAFTED else "the draft of its post-mortem"
        return Coming(what, self.record.due_at)


def afterwards(context: Context, incident: Incident) -> After:
    """How it stands with its post-mortem, also while it is open. Blocks on Redis."""
    if incident.is_open:
        reasons = why(incident)
        return After(record=None, why=reasons, none="", late=[])
    record = of(context).read(incident)
    if record is None:
        return After(record=None, why=(), none=why_none(incident), late=[])
    zone_of = zones(context.in_force.ruleset.config)
    return After(record=record, why=record.why, none="", late=overdue(record, zone_of, context.clock.now()))


class PostmortemPages:
    """The list, and the page of each with its forms."""

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/postmortems", "GET", self.list),
            Page("/postmortems/{id}.md", "GET", self.write),
            Page("/postmortems/{id}", "GET", self.show),
            Page("/postmortems/{id}/save", "POST", self.save, Role.RESPONDER, LONGEST_FORM),
            Page("/postmortems/{id}/act", "POST", self.act, Role.RESPONDER),
            Page("/postmortems/{id}/actions", "POST", self.item, Role.RESPONDER),
        ]

    async def list(self, visit: Visit) -> Response:
        """GET: what is overdue first, then what is due; `?show=all` also what is done with."""
        everything = visit.asked.get("show") == "all"
        standing = await run_in_threadpool(standings, visit.context, unfinished=not everything)
        ordered = sorted(
            standing, key=lambda one: (not one.late, one.record.due_at or float("inf"), -one.record.resolved_at)
        )
        return visit.page(
            "postmortems.html", standing=ordered, everything=everything, tasks=_tasks(visit, standing), **_words(visit)
        )

    async def show(self, visit: Visit) -> Response:
        """GET: one of them. An incident that needs none says so, with the button that asks for one."""
        incident = await run_in_threadpool(_incident, visit)
        if incident.id != visit.request.path_params["id"]:
            return RedirectResponse(f"/postmortems/{incident.id}", 303)
        return await run_in_threadpool(_drawn, visit, incident)

    async def write(self, visit: Visit) -> Response:
        """GET: its document, to edit elsewhere and hand in again."""

        def written() -> Response:
            incident = _incident(visit)
            record = of(visit.context).read(incident)
            if record is None:
                raise Refused(404, "There is no post-mortem", _no_record(incident))
            headers = {"Content-Disposition": f'attachment; filename="post-mortem-{incident.id}.md"'}
            text = marked(record.text, incident.id, record.revision)
            return Response(text, media_type="text/markdown", headers=headers)

        return await run_in_threadpool(written)

    async def save(self, visit: Visit) -> Response:
        """POST: the document as it was edited. Who was slower keeps what they wrote, and sees what stands there now."""
        incident = await run_in_threadpool(_incident, visit)
        text, revision = visit.form.get("text", ""), _number(visit.form.get("revision", ""))
        submit = visit.form.get("do") == "submit"

        def act() -> Saved:
            return of(visit.context).save(incident.id, text, revision, _by(visit), submit=submit)

        try:
            saved = await run_in_threadpool(act)
        except Unreadable as wrong:
            return await run_in_threadpool(_drawn, visit, incident, 422, text, [str(one) for one in wrong.flaws])
        except Conflict as wrong:
            return await run_in_threadpool(_drawn, visit, incident, 409, text, [_faster(visit, wrong)])
        except NotDone as refused:
            return await run_in_threadpool(_drawn, visit, incident, 409, text, [str(refused)])
        await visit.audited(What.POSTMORTEM_WRITTEN, incident.id)
        return visit.back(f"/postmortems/{incident.id}", _kept(saved, submit=submit))

    async def act(self, visit: Visit) -> Response:
        """POST: ask for one, waive it, or say that it was reviewed."""
        incident = await run_in_threadpool(_incident, visit)
        what, reason = visit.form.get("do", ""), plain(visit.form.get("reason", ""))[:300]
        writer, by = of(visit.context), _by(visit)
        done: dict[str, tuple[str, Callable[[], object]]] = {
            "ask": ("A post-mortem is wanted.", lambda: writer.ask(incident.id, by, reason)),
            "waive": ("Waived, with your reason.", lambda: writer.waive(incident.id, by, reason)),
            "review": ("Reviewed.", lambda: writer.review(incident.id, by, anyway=bool(visit.form.get("anyway")))),
        }
        if what not in done or (what == "waive" and not reason):
            raise Problem(422, "Please say why it is waived." if what == "waive" else "There is no such button.")
        said, act = done[what]
        return await self._done(visit, incident, said, act)

    async def item(self, visit: Visit) -> Response:
        """POST: one more action item, or one of them done, dropped, opened again or written otherwise."""
        incident = await run_in_threadpool(_incident, visit)
        form = {
            name: value for name, value in visit.form.items() if name in ("text", "owner", "due", "status", "reason")
        }
        number = _number(visit.form.get("number", ""))
        writer, by = of(visit.context), _by(visit)
        if number is None:
            new = _read(AskedToAdd, visit, form)
            said, act = (
                "Written down.",
                lambda: writer.add_item(incident.id, by, new.text, new.owner or None, new.due or None),
            )
            return await self._done(visit, incident, said, act)
        changes = _read(AskedToChange, visit, form).changes()
        return await self._done(
            visit,
            incident,
            f"Action item {number} is changed.",
            lambda: writer.change_item(incident.id, by, number, **changes),
        )

    async def _done(self, visit: Visit, incident: Incident, said: str, act: Callable[[], object]) -> Response:
        to = f"/postmortems/{incident.id}"
        try:
            done = await run_in_threadpool(acted, act)
        except NotDone as refused:
            return visit.back(to, str(refused), wrong=True)
        await visit.audited(What.POSTMORTEM_CHANGED, f"{incident.id}: {said}")
        strangers = done.strangers if isinstance(done, Saved) else ()
        return visit.back(to, said + _unknown(strangers))


def _incident(visit: Visit) -> Incident:
    try:
        return incident_named(visit.context.store, visit.request.path_params["id"])
    except Problem as wrong:
        if wrong.status != 404:
            raise
        text = "It was resolved more than 400 days ago and is forgotten, or its id is misspelt."
        raise Refused(404, "There is no such incident", text) from None


def _drawn(
    visit: Visit, incident: Incident, status: int = 200, tried: str | None = None, wrong: list[str] | None = None
) -> Response:
    record = of(visit.context).read(incident)
    zone_of = zones(visit.context.in_force.ruleset.config)
    return visit.page(
        "postmortem.html",
        status,
        incident=incident,
        record=record,
        why_none="" if record is not None else _no_record(incident),
        late=[] if record is None else overdue(record, zone_of, visit.now),
        blanks=[] if record is None else blanks(record.text),
        document=[] if record is None else list(parts(record.text)),
        tried=tried,
        wrong=wrong or [],
        due_at=lambda item: item_due(item, zone_of) if item.due else None,
        people={
            name: name_of(visit.context.in_force.ruleset.config, name)
            for name in visit.context.in_force.ruleset.config.people
        },
        **_words(visit),
    )


def _no_record(incident: Incident) -> str:
    if incident.is_open:
        return "The incident is still open: its post-mortem begins once it is resolved."
    return why_none(incident)


def _words(visit: Visit) -> dict[str, Any]:
    config = visit.context.in_force.ruleset.config
    return {"name": lambda person: name_of(config, person) if person else "nobody yet", "Stage": Stage}


def _tasks(visit: Visit, standing: list[Standing]) -> list[Task]:
    zone_of = zones(visit.context.in_force.ruleset.config)
    found = []
    for one in standing:
        for item in one.record.open_actions:
            at = item_due(item, zone_of) if item.due else None
            found.append(Task(of=one, item=item, due_at=at, late=at is not None and at + 86400 <= visit.now))
    return sorted(found, key=lambda task: (task.due_at or float("inf"), -task.of.record.resolved_at, task.item.number))


def _faster(visit: Visit, wrong: Conflict) -> str:
    edited = wrong.record.edited
    who = name_of(visit.context.in_force.ruleset.config, edited.by) if edited is not None else "Tocsin"
    return (
        f"{who} has changed it while you were writing: it is at revision {wrong.record.revision} now. Yours is kept "
        "here, in the box; theirs stands below. Take theirs into yours, then save again."
    )


def _kept(saved: Saved, *, submit: bool) -> str:
    said = "Saved." if not submit else "The draft is submitted; the team can review it."
    left = f" {len(saved.blanks)} still to be filled in: {', '.join(saved.blanks[:3])}." if saved.blanks else ""
    return said + left + _unknown(saved.strangers)


def _unknown(strangers: object) -> str:
    names = list(strangers) if isinstance(strangers, list | tuple) else []
    return f" The rules know nobody called {', '.join(names)}: Tocsin cannot remind them." if names else ""


def _by(visit: Visit) -> By:
    return By(visit.visitor.name, VIA)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _read(shape: type[T], visit: Visit, form: dict[str, str]) -> T:
    said = {
        "by": visit.visitor.name,
        "via": VIA,
        **{name: value for name, value in form.items() if value or name != "status"},
    }
    try:
        return shape.model_validate(said)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Problem(422, f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}.") from None
