"""What people do with a post-mortem: each change in one transaction with its promise and the incident's history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from redis import Redis

from rules.incident import Incident
from rules.postmortem.actions import NoItem, TooMany, added, by_rows, changed, recognised
from rules.postmortem.commands import AskForPostmortem, NotePostmortem
from rules.postmortem.reading import LONGEST, Document, blanks, document
from rules.postmortem.record import Postmortem, Said, Stage, Status
from rules.postmortem.reminders import next_at
from rules.postmortem.rule import why_none
from rules.postmortem.table import Flaw, replaced
from rules.transitions import routing
from workers import agenda, keys
from workers.agenda import Entry, Job, Kind, Lane
from workers.clock import Clock
from workers.ledger import Ledger, NoIncident, Refused
from workers.postmortems import shelf
from workers.postmortems.looking import first, kept_up
from workers.postmortems.reaching import zones
from workers.store import Store
from workers.writing.bundle import Bundle
from workers.writing.draft import Draft
from workers.writing.promised import look
from workers.writing.transactions import Transactions

__all__ = ["By", "Conflict", "NoItem", "Postmortems", "Saved", "TooMany", "Unreadable"]


class Unreadable(Exception):
    """The document cannot be kept as it is; each flaw says where and what was expected."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(map(str, flaws)))
        self.flaws = flaws


class Conflict(Exception):
    """Somebody has changed it since: nothing was kept, nothing is lost. `record` is what stands there now."""

    def __init__(self, record: Postmortem, made_from: int | None) -> None:
        super().__init__(f"revision {record.revision}")
        self.record, self.made_from = record, made_from


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and from where."""

    name: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The record as it is now. `strangers` are owners whom the rules do not know, so nobody can remind them."""

    record: Postmortem
    blanks: Sequence[str] = ()
    strangers: Sequence[str] = ()


@dataclass(slots=True)
class _Becomes:
    """What a change makes of a record, and what it says of that in the incident's history."""

    record: Postmortem
    lines: list[str] = field(default_factory=list)


Change = Callable[[Postmortem, float], _Becomes]


class Postmortems:
    """Every method raises NoIncident, Refused (with a sentence), ledger's Busy, and Redis' errors."""

    def __init__(self, redis: Redis, clock: Clock, ledger: Ledger, base_url: str = "") -> None:
        self._redis = redis
        self._ledger = ledger
        self._store = Store(redis)
        self._base_url = base_url
        self._transactions = Transactions(redis, clock)

    def read(self, incident: Incident) -> Postmortem | None:
        """The record as it is; where Tocsin has not yet written it, as it will be. None: the incident owes none."""
        record = shelf.one(self._redis, incident.id)
        if record is not None:
            return kept_up(record, incident)
        if incident.is_open or not incident.response.postmortem.why:
            return None
        return first(incident, self._ledger.ruleset(), self._store, self._base_url)

    def ask(self, incident_id: str, by: By, reason: str = "") -> None:
        """There shall be one, whatever the rules say; of one that was waived too."""
        record = shelf.one(self._redis, incident_id)
        if record is not None and record.waived is not None:
            text = f"{by.name} wants the post-mortem after all" + (f": {reason}" if reason else "")
            self._change(incident_id, by, lambda one, _: _Becomes(replace(one, waived=None, reminded=0), [text]))
            return
        self._ledger.answer(incident_id, AskForPostmortem(by=by.name, via=by.via, reason=reason), _asked_already)

    def save(self, incident_id: str, text: str, revision: int | None, by: By, *, submit: bool = False) -> Saved:
        """Keep an edited document, made from that revision; None: its own last line says from which.

        `submit`: it is a draft that people stand by. Raises Unreadable and Conflict: then nothing was kept.
        """
        read = document(text)
        if read.flaws:
            raise Unreadable(read.flaws)
        if read.of is not None and read.of != incident_id:
            raise Refused(f"This document is the post-mortem of incident {read.of}, not of {incident_id}.")
        made_from = revision if revision is not None else read.revision
        people = self._people()

        def change(one: Postmortem, now: float) -> _Becomes:
            if one.waived is not None:
                raise Refused(f"{one.waived.by} has waived it: {one.waived.reason}. Ask for one first.")
            if made_from != one.revision:
                raise Conflict(one, made_from)
            saved = _edited(one, read, people, by, now)
            return _submitted(saved, read, by, now) if submit else _Becomes(saved)

        record = self._change(incident_id, by, change)
        return Saved(record=record, blanks=read.blanks, strangers=_strangers(record, people))

    def review(self, incident_id: str, by: By, *, anyway: bool = False) -> Postmortem:
        """The team has reviewed it. Not while something in it is still to be filled in, unless they say so."""

        def change(one: Postmortem, now: float) -> _Becomes:
            if one.stage is not Stage.DRAFTED:
                raise Refused(_NOT_REVIEWED[one.stage])
            left = blanks(one.text)
            if left and not anyway:
                raise Refused(f"{_number(len(left), 'blank')} to be filled in: {', '.join(left[:5])}.")
            reviewed = replace(one, reviewed=Said(by=by.name, at=now))
            return _Becomes(reviewed, [f"the post-mortem is reviewed, says {by.name}"])

        return self._change(incident_id, by, change)

    def waive(self, incident_id: str, by: By, reason: str) -> Postmortem:
        """There will be none, and why."""

        def change(one: Postmortem, now: float) -> _Becomes:
            if one.reviewed is not None:
                raise Refused("It has been reviewed: there is nothing left to waive.")
            text = f"{by.name} waived the post-mortem: {reason}"
            return _Becomes(replace(one, waived=Said(by=by.name, at=now, reason=reason)), [text])

        return self._change(incident_id, by, change)

    def add_item(self, incident_id: str, by: By, text: str, owner: str | None, due: str | None) -> Saved:
        """One more action item, also in the document."""

        def change(one: Postmortem, _: float) -> _Becomes:
            new = added(one, text, recognised(owner, people), due)
            return _Becomes(new, [f"{by.name} added action item {new.numbered}: {text}"])

        people = self._people()
        return _item_saved(self._change(incident_id, by, change), people, -1)

    def change_item(self, incident_id: str, by: By, number: int, **said: Any) -> Saved:
        """Another text, owner, due date or status of one; of a dropped one the reason. Raises NoItem."""
        people = self._people()
        if said.get("owner"):
            said["owner"] = recognised(said["owner"], people)

        def change(one: Postmortem, now: float) -> _Becomes:
            new = changed(one, number, now, **said)
            item = next(each for each in new.actions if each.number == number)
            why = f": {item.reason}" if item.reason else ""
            what = {Status.DONE: "is done", Status.DROPPED: f"is dropped{why}", Status.OPEN: "is open again"}[
                item.status
            ]
            text = f"action item {number} {what if 'status' in said else 'was changed'}, says {by.name}: {item.text}"
            return _Becomes(new, [text])

        record = self._change(incident_id, by, change)
        place = next(place for place, item in enumerate(record.actions) if item.number == number)
        return _item_saved(record, people, place)

    def _people(self) -> dict[str, str]:
        return {name: one.name or name for name, one in self._ledger.ruleset().config.people.items()}

    def _change(self, incident_id: str, by: By, change: Change) -> Postmortem:
        made: list[tuple[Postmortem, list[Entry]]] = []

        def apply(draft: Draft, _: Sequence[Entry]) -> None:
            draft.load((), (), [incident_id])
            incident = draft.incident(incident_id)
            if incident is None:
                raise NoIncident(incident_id)
            becomes = change(self._standing(draft, incident), draft.now)
            if len(becomes.record.text.encode()) > LONGEST:
                raise Refused(f"The document would be longer than {LONGEST // 1000} kB. Shorten it first.")
            for text in becomes.lines:
                routing.change(draft, incident, NotePostmortem(by=by.name, via=by.via, text=text))
                incident = draft.incident(incident_id) or incident
            made[:] = [(becomes.record, self._promised(draft, incident, becomes.record))]

        def conclude(writes: Bundle, _: Sequence[Entry]) -> None:
            record, promised = made[0]
            shelf.put(writes, record)
            for lane in (Lane.URGENT, Lane.CALM):
                agenda.withdraw(writes, f"{Kind.REVIEW}-{incident_id}", lane, Job.ESCALATE)
            agenda.add(writes, *promised)

        self._transactions.run(apply, (), conclude)
        return made[0][0]

    def _standing(self, draft: Draft, incident: Incident) -> Postmortem:
        record = shelf.read(draft.read([keys.postmortem(incident.id)])[0])
        if incident.is_open:
            raise Refused("It is still open. Its post-mortem begins once it is resolved.")
        if record is not None:
            return kept_up(record, incident)
        if not incident.response.postmortem.why:
            raise Refused(
                f"This incident needs no post-mortem: {why_none(incident)} Ask for one first, if you want one."
            )
        return first(incident, self._ledger.ruleset(), self._store, self._base_url)

    def _promised(self, draft: Draft, incident: Incident, record: Postmortem) -> list[Entry]:
        plan, terms = incident.policy.plans[record.severity], incident.policy.postmortem
        at = next_at(record, plan, terms, zones(self._ledger.ruleset().config))
        if at is None:
            return []
        entry = look(incident, Kind.REVIEW, at, draft.now)
        if at <= draft.now:
            draft.desks.add((entry.lane, entry.job))
        return [entry]


_NOT_REVIEWED = {
    Stage.DRAFT_DUE: "Its draft has not been submitted. Submit it first: then the team has something to review.",
    Stage.REVIEWED: "It has been reviewed already.",
    Stage.WAIVED: "It was waived. Ask for one first.",
}


def _asked_already(incident: Incident) -> str:
    owed = incident.response.postmortem
    if owed.why:
        return f"It owes one already: {'; '.join(owed.why)}."
    return f"{owed.asked_by} has asked for one already." if owed.asked_by is not None else ""


def _edited(one: Postmortem, read: Document, people: dict[str, str], by: By, now: float) -> Postmortem:
    """With this text, and with the items of its table; where it has none, the items stay and the table comes back."""
    if read.rows is not None:
        rows = [replace(row, owner=recognised(row.owner, people)) for row in read.rows]
        one = by_rows(one, rows, by.name, now)
    text = replaced(read.text, one.actions) if read.rows or one.actions else read.text
    author = recognised(read.author, people)
    if text == one.text:
        return one
    said = Said(by=by.name, at=now)
    return replace(one, text=text, author=author, revision=one.revision + 1, edited=said)


def _submitted(one: Postmortem, read: Document, by: By, now: float) -> _Becomes:
    if one.drafted is not None:
        return _Becomes(one)
    left = f", with {_number(len(read.blanks), 'blank')} left" if read.blanks else ""
    text = f"{by.name} submitted the draft of the post-mortem{left}"
    return _Becomes(replace(one, drafted=Said(by=by.name, at=now), reminded=0), [text])


def _item_saved(record: Postmortem, people: dict[str, str], place: int) -> Saved:
    """Of one item only its own owner is news."""
    owner = record.actions[place].owner
    strangers = [owner] if owner in _strangers(record, people) and owner is not None else []
    return Saved(record=record, blanks=blanks(record.text), strangers=strangers)


def _strangers(one: Postmortem, people: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(item.owner for item in one.open_actions if item.owner and item.owner not in people))


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
