"""What a person does with promises: run one now, put one off, drop one. In one MULTI, never under a worker's hands.

Looks at an incident's ladder follow from the incident: to move one is a command to that, or the auditor would renew it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis import Redis

from rules.commands import Command, DropStep, EscalateNow, Postpone
from rules.incident import Incident, TimelineEntry
from rules.record import encode
from rules.responding.response_commands import DropReminder, PutOffReminder, Remind
from rules.responding.updates import next_reminder
from rules.transitions.answering import next_to_call
from workers import agenda, keys
from workers.agenda import LEASE, Agenda, Entry, Kind
from workers.clock import Clock
from workers.ledger import Ledger, Refused
from workers.plain import clock as shown
from workers.telling.compose import what_next
from workers.writing.bundle import Bundle
from workers.writing.draft import Draft
from workers.writing.promised import way_of, what
from workers.writing.transactions import Transactions

LATEST = 86400.0
"""Seconds a step may be put off at once."""
LATEST_PAGE = 1800.0
"""Seconds a notification may be put off at once: an hour after it was promised it is given up."""
_STAYS = {
    Kind.INTAKE: "what was heard and is not yet in its incident: nobody would ever know of it",
    Kind.SETTLE: "a look whether an incident has stayed quiet: it would stay open for ever",
    Kind.RELEASE: "a look at what an incident kept quiet: it would stay quiet for ever",
    Kind.MAINTENANCE: "the word that a maintenance is still on: prolong that, or end it",
    Kind.CHECK: "a check, which the rules ask for: change its `every`, or take it out of them",
    Kind.ROOM: "the next thing to do about an incident's own channel, which nobody is called by",
    Kind.PUBLISH: "what somebody wants the world to be told; publish something else instead",
    Kind.REVIEW: "a look at a post-mortem: waive that instead, and nobody is reminded of it",
}


_DONE = {
    Kind.INTAKE: "events put into their incidents",
    Kind.RELEASE: "what was kept quiet is looked at",
    Kind.CHECK: "checks are run",
    Kind.REVIEW: "the post-mortem is looked at",
    Kind.ROOM: "the incident's own channel is seen to",
    Kind.PUBLISH: "a status page is told what was published",
}


class NoEntry(Exception):
    """Nothing of this id is promised."""


@dataclass(frozen=True, slots=True)
class By:
    """Who wants it, and from where."""

    name: str
    via: str


class ByHand:
    """Operations on single entries. Every one returns a sentence about what was done and what that means."""

    def __init__(self, redis: Redis, clock: Clock, ledger: Ledger) -> None:
        self._agenda = Agenda(redis)
        self._clock = clock
        self._ledger = ledger
        self._transactions = Transactions(redis, clock)

    def run(self, entry_id: str, by: By, step: int | None = None) -> str:
        """Now, before its time; of a ladder only if this is still its next step. Raises NoEntry and Refused."""
        entry = self._free(entry_id)
        if entry.kind is Kind.SETTLE:
            raise Refused("It resolves by itself once it has stayed quiet. If it is over now, resolve it.")
        if entry.kind is Kind.MAINTENANCE:
            raise Refused("People are reminded in time. If the maintenance is over now, end it; else prolong it.")
        if entry.kind is Kind.STEP:
            roster = self._ledger.roster()
            incident = self._asked(entry, step, EscalateNow(by=by.name, via=by.via, roster=roster))
            return f"The next step is told now. Then: {what_next(incident, self._clock.now())}."
        if entry.kind is Kind.REMIND:
            command = Remind(roster=self._ledger.roster(), by=by.name, via=by.via)
            return f"They are reminded now. {self._then(self._asked(entry, None, command))}"
        self._moved(entry, self._clock.now(), by, f"{by.name} wants it done now: {_said(entry)}")
        return f"It is done now: {_said(entry)}."

    def postpone(self, entry_id: str, seconds: float, by: By, step: int | None = None) -> str:
        """So many seconds later than it was due, or than now. Raises NoEntry and Refused."""
        entry, now = self._free(entry_id), self._clock.now()
        if entry.kind is Kind.STEP:
            _at_most(seconds, LATEST)
            incident = self._asked(entry, step, Postpone(by=by.name, via=by.via, seconds=seconds))
            return f"Put off. Then: {what_next(incident, now)}."
        if entry.kind is Kind.REMIND:
            _at_most(seconds, LATEST)
            later = PutOffReminder(by=by.name, via=by.via, seconds=seconds)
            return f"Put off. {self._then(self._asked(entry, None, later))}"
        if entry.kind is not Kind.NOTIFY:
            raise Refused(f"This cannot be put off: it is {_STAYS[entry.kind]}.")
        _at_most(seconds, LATEST_PAGE)
        until = max(now, entry.due_at) + seconds
        self._moved(entry, until, by, f"{by.name} put off until {shown(until, now)}: {_said(entry)}")
        return f"Put off until {shown(until, now)}: {_said(entry)}."

    def drop(self, entry_id: str, reason: str, by: By, step: int | None = None) -> str:
        """Not at all, for that reason. Raises NoEntry and Refused."""
        entry, now = self._free(entry_id, parked=True), self._clock.now()
        if entry.kind is Kind.STEP:
            incident = self._asked(entry, step, DropStep(by=by.name, via=by.via, reason=reason))
            return f"Dropped. The incident stays open, and nobody has it. Then: {what_next(incident, now)}."
        if entry.kind is Kind.REMIND:
            self._asked(entry, None, DropReminder(by=by.name, via=by.via, reason=reason))
            return "Dropped: nobody is reminded of this. The next thing that is due is reminded of again."
        if entry.kind is not Kind.NOTIFY:
            raise Refused(f"This cannot be dropped: it is {_STAYS[entry.kind]}.")
        detail = {"entry": entry.id, "way": way_of(entry.body)}
        text = f"{by.name} dropped {_said(entry)}: {reason}"
        line = TimelineEntry(at=now, kind="dropped", text=text, by=by.name, via=by.via, detail=detail)

        def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
            agenda.finish(writes, *held)
            for one in held:
                writes.zrem(keys.PARKED, one.id)
                if one.incident is not None:  # A test, or a notice, has no history.
                    writes.rpush(keys.timeline(one.incident), encode(line))

        of = self._transact(entry, conclude)
        return f"Dropped: {_said(entry)}." + (f" Then: {what_next(of, now)}." if of is not None else "")

    def _then(self, incident: Incident) -> str:
        at = next_reminder(incident)
        return f"Next reminder: {shown(at, self._clock.now())}." if at is not None else "No further reminder follows."

    def _free(self, entry_id: str, *, parked: bool = False) -> Entry:
        entry = self._agenda.entry(entry_id)
        if entry is None:
            raise NoEntry(entry_id)
        if entry.due_at == 0 and not parked:
            raise Refused("It was given up and is tried no more: take it up again, or drop it.")
        if entry.claimed_by is not None and entry.due_at > self._clock.now():
            raise _in_hand()
        return entry

    def _asked(self, entry: Entry, step: int | None, command: Command) -> Incident:
        """A command to its incident; `step` is the one the person meant, where they saw it."""

        def unless(incident: Incident) -> str:
            coming = next_to_call(incident, self._clock.now())
            gone = step is not None and step != (None if coming is None else coming.number)
            return "Nothing was changed: that step has come due in the meantime. Look again." if gone else ""

        return self._ledger.answer(entry.incident or "", command, unless)

    def _moved(self, entry: Entry, until: float, by: By, text: str) -> None:
        line = TimelineEntry(at=self._clock.now(), kind="moved", text=text, by=by.name, via=by.via)

        def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
            for one in held:
                writes.zadd(keys.agenda(one.lane, one.job), {one.id: until})
                if one.incident is not None:
                    writes.rpush(keys.timeline(one.incident), encode(line))

        self._transact(entry, conclude)
        if until <= self._clock.now():
            self._transactions.ring([(entry.lane, entry.job)])

    def _transact(self, entry: Entry, conclude: Callable[[Bundle, Sequence[Entry]], None]) -> Incident | None:
        """Write it, if the entry is still as it was looked at: a claim made in between counts its attempt up."""
        found: list[Incident | None] = []

        def apply(draft: Draft, held: Sequence[Entry]) -> None:
            draft.load((), (), [entry.incident] if entry.incident else [])
            found[:] = [draft.incident(entry.incident)] if held else []

        self._transactions.run(apply, [entry], conclude)
        if not found:
            raise _in_hand()
        return found[0]


def _in_hand() -> Refused:
    return Refused(f"A worker has this in hand right now. If it is still there in {LEASE:.0f}s, try again.")


def _at_most(seconds: float, most: float) -> None:
    if not 60 <= seconds <= most:
        raise Refused(f"This can be put off by 1m to {most / 60:.0f}m at once.")


def _said(entry: Entry) -> str:
    """What it is, in a few words."""
    if entry.kind is Kind.NOTIFY:
        return what(entry)
    return _DONE.get(entry.kind, "it is looked at")
