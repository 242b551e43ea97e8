"""`/api/postmortems`, and each incident's own: read, handed in, reviewed, waived; and what was agreed to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.accounts.caller import in_their_name
from router.api.asked import Asked, Words
from router.api.commands import read_body_as, read_limit
from router.api.finding import incident_named
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.incident import Incident
from rules.plain import plain
from rules.postmortem.actions import NoItem, TooMany
from rules.postmortem.reading import blanks, marked
from rules.postmortem.record import Postmortem, Status
from rules.postmortem.reminders import overdue
from rules.postmortem.rule import why_none
from rules.postmortem.table import LONGEST_ITEM, LONGEST_NAME, is_day
from rules.record import as_data
from workers.plain import clock
from workers.postmortems import shelf
from workers.postmortems.changing import By, Conflict, Postmortems, Saved, Unreadable
from workers.postmortems.reaching import zones

ITEM_FORM = "text, owner, due (a day like 2026-12-01), status (open, done or dropped) or reason"


def _a_day(text: str) -> str:
    if text and not is_day(text):
        raise ValueError(f"expected a day like 2026-12-01, found '{text[:40]}'")
    return text


def _said(text: str) -> str:
    if not plain(text):
        raise ValueError("expected what shall be done, in words")
    return plain(text)


Day = Annotated[str, AfterValidator(_a_day)]
Item = Annotated[str, Field(max_length=LONGEST_ITEM), AfterValidator(_said)]
Owner = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(plain)]


class AskedToSave(Asked):
    """This is the document now; it was made from that revision, or its own last line says from which."""

    text: str
    revision: int | None = None
    submit: bool = False


class AskedForOne(Asked):
    """There shall be a post-mortem, whatever the rules say."""

    reason: Annotated[str, Field(max_length=LONGEST_ITEM), AfterValidator(plain)] = ""


class AskedToWaive(Asked):
    """There will be none, because of that."""

    reason: Words


class AskedToReview(Asked):
    """The team has reviewed it; `anyway`: though something is still to be filled in."""

    anyway: bool = False


class AskedToAdd(Asked):
    """Something shall be done."""

    text: Item
    owner: Owner = ""
    due: Day = ""


class AskedToChange(Asked):
    """An action item is done, dropped for a reason, or to be done otherwise."""

    text: Item | None = None
    owner: Owner | None = None
    due: Day | None = None
    status: Status | None = None
    reason: Annotated[str, Field(max_length=LONGEST_ITEM), AfterValidator(plain)] | None = None

    def changes(self) -> dict[str, Any]:
        """What is to be another. Raises Problem 422 for nothing at all, and for an item dropped without a word why."""
        said = {name: getattr(self, name) for name in ("text", "owner", "due", "status", "reason")}
        found = {
            name: value or None if name in ("owner", "due") else value
            for name, value in said.items()
            if value is not None
        }
        if not found:
            raise Problem(422, f"body: expected {ITEM_FORM}")
        if found.get("status") is Status.DROPPED and not found.get("reason"):
            raise Problem(422, "reason: expected why it is dropped")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One post-mortem as it stands. `late` says in words what is overdue."""

    incident: Incident
    record: Postmortem
    late: list[str]


def standings(context: Context, *, unfinished: bool = False, limit: int = 1000) -> list[Standing]:
    """All that are needed, the latest first; or those that are not done with. Blocks on Redis."""
    ids = shelf.ids(context.redis, unfinished=unfinished, limit=limit)
    writer, now = of(context), context.clock.now()
    zone_of = zones(context.in_force.ruleset.config)
    standing = []
    for one in shelf.kept(context.redis, context.store.legible(ids)):
        record = one.record or writer.read(one.incident)
        if record is not None:
            standing.append(Standing(incident=one.incident, record=record, late=overdue(record, zone_of, now)))
    return standing


def of(context: Context) -> Postmortems:
    """What reads and writes their records."""
    return Postmortems(context.redis, context.clock, context.ledger, context.settings.base_url)


B = TypeVar("B", bound=BaseModel)
Act = Callable[[Postmortems, str, Any, By], Saved | Postmortem | None]


class PostmortemsApi:
    """The endpoints; `router.api.routes` lists them and answers for Redis, the ledger and its refusals."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, request: Request) -> dict[str, Any]:
        """`?state=unfinished` (by default), `overdue` or `all`. Raises Problem 422."""
        state = request.query_params.get("state", "unfinished")
        if state not in ("unfinished", "overdue", "all"):
            raise Problem(422, "state: expected unfinished, overdue or all")
        limit = read_limit(request.query_params.get("limit", "200"))
        standing = await run_in_threadpool(standings, self._context, unfinished=state != "all", limit=limit)
        return {"postmortems": [summary(one) for one in standing if state != "overdue" or one.late]}

    async def show(self, request: Request) -> dict[str, Any]:
        """One, whole. Raises Problem 404 where an incident needs none."""
        return await run_in_threadpool(self._whole, request.path_params["id"])

    async def save(self, request: Request) -> dict[str, Any]:
        """A document handed in. Raises Problem 409 when somebody has changed it since, 422 for what cannot be read."""

        def act(writer: Postmortems, incident: str, asked: AskedToSave, by: By) -> Saved:
            return writer.save(incident, asked.text, asked.revision, by, submit=asked.submit)

        return await self._acted(request, AskedToSave, act)

    async def ask(self, request: Request) -> dict[str, Any]:
        """One is wanted."""

        def act(writer: Postmortems, incident: str, asked: AskedForOne, by: By) -> None:
            writer.ask(incident, by, asked.reason)

        return await self._acted(request, AskedForOne, act)

    async def waive(self, request: Request) -> dict[str, Any]:
        """There will be none."""

        def act(writer: Postmortems, incident: str, asked: AskedToWaive, by: By) -> Postmortem:
            return writer.waive(incident, by, plain(asked.reason))

        return await self._acted(request, AskedToWaive, act)

    async def review(self, request: Request) -> dict[str, Any]:
        """It has been reviewed."""

        def act(writer: Postmortems, incident: str, asked: AskedToReview, by: By) -> Postmortem:
            return writer.review(incident, by, anyway=asked.anyway)

        return await self._acted(request, AskedToReview, act)

    async def add(self, request: Request) -> dict[str, Any]:
        """One more action item."""

        def act(writer: Postmortems, incident: str, asked: AskedToAdd, by: By) -> Saved:
            return writer.add_item(incident, by, asked.text, asked.owner or None, asked.due or None)

        return await self._acted(request, AskedToAdd, act)

    async def change(self, request: Request) -> dict[str, Any]:
        """An action item is another. Raises Problem 404 where there is none of that number."""
        number = request.path_params["number"]
        if not (number.isascii() and number.isdigit() and len(number) < 6):
            raise Problem(404, f"An action item has a number, like 1; found '{number[:40]}'.")

        def act(writer: Postmortems, incident: str, asked: AskedToChange, by: By) -> Saved:
            return writer.change_item(incident, by, int(number), **asked.changes())

        return await self._acted(request, AskedToChange, act)

    async def _acted(self, request: Request, shape: type[Asked], act: Act) -> dict[str, Any]:
        limit = self._context.settings.body_limit
        body = await read_body(headers_of(request.scope["headers"]), request.receive, limit)
        asked = read_body_as(shape, in_their_name(request, body))

        def obey() -> dict[str, Any]:
            incident = incident_named(self._context.store, request.path_params["id"]).id
            done = acted(lambda: act(of(self._context), incident, asked, By(asked.by, asked.via)))
            said: dict[str, Any] = {"by": asked.by}
            if isinstance(done, Saved):
                said |= {"strangers": list(done.strangers)}
            return {**self._whole(incident, must=not isinstance(asked, AskedForOne)), **said}

        return await run_in_threadpool(obey)

    def _whole(self, part: str, *, must: bool = True) -> dict[str, Any]:
        incident = incident_named(self._context.store, part)
        record = of(self._context).read(incident)
        if record is None and must:
            raise Problem(404, none(incident), why=why_none(incident) if not incident.is_open else None)
        if record is None:
            return {"incident": incident.id, "stage": None}
        zone_of, now = zones(self._context.in_force.ruleset.config), self._context.clock.now()
        standing = Standing(incident=incident, record=record, late=overdue(record, zone_of, now))
        text = marked(record.text, incident.id, record.revision)
        return {**summary(standing), "blanks": blanks(record.text), "markdown": text}


T = TypeVar("T")


def acted(act: Callable[[], T]) -> T:
    """What a change came to; what kept it from being made as a Problem that says what to do next."""
    try:
        return act()
    except Unreadable as wrong:
        errors = [{"line": one.line, "column": one.column, "expected": one.message} for one in wrong.flaws]
        raise Problem(422, f"The document cannot be kept. {wrong}.", errors=errors) from None
    except Conflict as wrong:
        raise Problem(409, conflict(wrong), revision=wrong.record.revision, made_from=wrong.made_from) from None
    except NoItem as wrong:
        raise Problem(404, str(wrong)) from None
    except TooMany as wrong:
        raise Problem(409, str(wrong)) from None


def conflict(wrong: Conflict) -> str:
    """Who was faster, in a sentence for whoever was not."""
    record = wrong.record
    if wrong.made_from is None:
        return (
            f"The document does not say which revision it was made from; it is at revision {record.revision} now. "
            f"Compare, and say that you replace this one: revision {record.revision}."
        )
    who = f", by {record.edited.by} at {clock(record.edited.at, record.edited.at)}" if record.edited is not None else ""
    return (
        f"Nothing was kept: yours was made from revision {wrong.made_from}, and it is at revision {record.revision} "
        f"now{who}. Take theirs into yours, and hand it in as made from revision {record.revision}."
    )


def none(incident: Incident) -> str:
    """Why there is no post-mortem, in a sentence or two."""
    if incident.is_open:
        return "The incident is still open; its post-mortem begins once it is resolved."
    return f"This incident needs no post-mortem. {why_none(incident)} POST …/postmortem/ask asks for one all the same."


def summary(one: Standing) -> dict[str, Any]:
    """A post-mortem without its document."""
    data: dict[str, Any] = as_data(one.record)
    for internal in ("text", "v", "numbered", "reminded"):
        data.pop(internal)
    for item in data["actions"]:
        item.pop("reminded")
    return {**data, "stage": one.record.stage, "due_at": one.record.due_at, "overdue": one.late}
