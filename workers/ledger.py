"""The one writer of incidents. Every change is one transaction: read under WATCH, worked out purely, one MULTI.

The incident, its history, the agenda entries it promises and the removal of the entry that asked for it become true
together or not at all. Whoever loses the race reads again and works it out anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from redis import Redis

from rules.commands import Command, Escalate, Undeliverable
from rules.decision import Judged
from rules.incident import Incident, Reason, TimelineEntry
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.reading.load import Ruleset
from rules.transition import Outcome
from rules.transitions import routing
from rules.transitions.answering import miss
from workers import agenda, stepping
from workers.agenda import Entry
from workers.clock import Clock
from workers.deliveries.intake import judged_of
from workers.rulebook import overrides, silences
from workers.store import AT_ONCE, Store
from workers.telling.attempts import Kept
from workers.writing.beneath import RELEASED_AT_ONCE
from workers.writing.bundle import Bundle
from workers.writing.conclusion import conclude, given_up, put_back
from workers.writing.draft import Draft
from workers.writing.promised import missed
from workers.writing.repair import Lacking, lacking, repaired
from workers.writing.transactions import Apply, Busy, Conclude, Transactions, kept

__all__ = ["Busy", "Ledger", "NoIncident", "Refused"]


class NoIncident(Exception):
    """No incident has this id."""


class Refused(Exception):
    """What was asked of an incident cannot be done; the sentence says why, and how it stands."""


class Ledger:
    """Applies events, answers and due steps to incidents."""

    def __init__(
        self, redis: Redis, rules: Callable[[], Ruleset], clock: Clock, ways: Callable[[], Mapping[str, Way]]
    ) -> None:
        self._redis = redis
        self._rules = rules
        self._clock = clock
        self._ways = ways
        self._store = Store(redis)
        self._transactions = Transactions(redis, clock)
        self._transact = self._transactions.run

    def ruleset(self) -> Ruleset:
        """The rules in force, with the overrides that people have made laid over their schedules."""
        return self._rules().overridden(overrides.every(self._redis))

    def roster(self) -> Roster:
        """Who every role is now, and what is silenced: by the rules, and by people since."""
        roster = self.ruleset().roster(self._clock.now(), self._ways())
        said = silences.every(self._redis)
        return replace(roster, silences=roster.silences.beside(said)) if said else roster

    def ways(self) -> Mapping[str, Way]:
        """What each channel reaches."""
        return self._ways()

    def deduplicate(self, entries: Sequence[Entry]) -> None:
        """Put the events these intake entries promised into their incidents."""

        def apply(draft: Draft, held: Sequence[Entry]) -> None:
            judged = [one for entry in held for one in judged_of(entry)]
            routing.apply(draft, judged, self._rules().policy, self.roster())

        self._transact(apply, entries)

    def take_in(self, judged: Sequence[Judged], held: Sequence[Entry] = (), conclude: Conclude = kept) -> None:
        """Apply events that need no promise of their own: those Tocsin says of itself, and those of its checks."""
        self._transact(
            lambda draft, _: routing.apply(draft, judged, self._rules().policy, self.roster()), held, conclude
        )

    def answer(self, incident_id: str, command: Command, unless: Callable[[Incident], str] = lambda _: "") -> Incident:
        """What a person asks of an incident. Returns it as it is afterwards, changed or not.

        `unless` may refuse it with a sentence, within the transaction. Raises NoIncident, and Refused for what cannot
        be done and must not look done.
        """
        found: list[Incident] = []

        def apply(draft: Draft, _: Sequence[Entry]) -> None:
            draft.load((), (), [incident_id])
            incident = draft.incident(incident_id)
            if incident is None:
                raise NoIncident(incident_id)
            if why := unless(incident) or routing.refusal(draft, incident, command):
                raise Refused(why)
            found.append(routing.change(draft, incident, command))

        self._transact(apply)
        return found[-1]

    def keep(self, entries: Sequence[Entry], command: Callable[[Entry], Command]) -> None:
        """The time of these entries has come: apply the command of each, and the promises are kept."""

        def apply(draft: Draft, held: Sequence[Entry]) -> None:
            draft.load((), (), [one.incident for one in held if one.incident])
            for one in held:
                _changed(draft, one.incident, command(one))

        self._transact(apply, entries)

    def release(self, entry: Entry) -> None:
        """An incident keeps its children quiet no longer: each is looked at, and told when it still burns.

        Those that are told are no children any more, so whoever is cut short goes on where it stood.
        """
        below = [one.id for one in self._store.children(entry.incident or "") if one.parent == entry.incident]
        now, further, at = below[:RELEASED_AT_ONCE], below[RELEASED_AT_ONCE:], self._clock.now()

        def apply(draft: Draft, _: Sequence[Entry]) -> None:
            draft.load((), (), now)
            roster = self.roster()
            for child in now:
                one = draft.incident(child)
                if one is not None and one.parent == entry.incident:
                    routing.change(draft, one, Escalate(roster=roster))

        self._transact(
            apply, [entry], lambda writes, held: agenda.wait(writes, held, at) if further else kept(writes, held)
        )

    def delivered(self, entry: Entry, line: TimelineEntry, outcome: str, attempt: Kept | None = None) -> None:
        """A notification is done with."""
        self._finish(entry, line, outcome, attempt)

    def skipped(
        self, entry: Entry, line: TimelineEntry, skips: Callable[[Incident], bool], attempt: Kept | None = None
    ) -> None:
        """A notification that nobody needs any more: the incident is asked once more, within the transaction.

        What was answered and taken back in between must not cost a page; what is taken back later makes up for it.
        """
        wanted: list[Entry] = []

        def apply(draft: Draft, held: Sequence[Entry]) -> None:
            draft.load((), (), [entry.incident or ""])
            incident = draft.incident(entry.incident)
            wanted[:] = held if incident is not None and not skips(incident) else []
            if incident is None or wanted or not Reason(entry.body["reason"]).pages:
                return
            missing = miss(incident, missed(entry), draft.now)
            if missing is not incident:
                draft.changed(Outcome(missing))

        def ended(writes: Bundle, held: Sequence[Entry]) -> None:
            if wanted:
                agenda.wait(writes, held, self._clock.now())
            else:
                conclude(writes, held, {entry.id: line}, "skipped", attempt)

        self._transact(apply, [entry], ended)

    def delivered_together(
        self, lines: Mapping[str, TimelineEntry], entries: Sequence[Entry], attempt: Kept | None = None
    ) -> None:
        """Notifications that went out as one digest; `lines` has one for each entry's id."""
        self._each(entries, lambda writes, held: conclude(writes, held, lines, "sent", attempt))

    def wait(self, entries: Sequence[Entry], until: float) -> None:
        """These are not for now: nothing has failed, they come again at `until`."""
        self._each(entries, lambda writes, held: agenda.wait(writes, held, until))

    def refused(
        self, entry: Entry, line: TimelineEntry, command: Undeliverable | None, attempt: Kept | None = None
    ) -> None:
        """A notification will not be delivered: the incident is told, so that the fallback or the next step is."""
        self._finish(entry, line, "refused", attempt, _telling(entry, command))

    def retry(
        self,
        entry: Entry,
        until: float,
        error: str | None,
        command: Undeliverable | None = None,
        attempt: Kept | None = None,
    ) -> None:
        """A notification is to be tried again at `until`; with `command` the incident waits for it no longer."""
        self._transact(
            _telling(entry, command),
            [entry],
            lambda writes, held: put_back(writes, held, until, error, command is not None, attempt),
        )

    def stepped(self, entry: Entry, command: Command | None, again: stepping.Again, error: str | None = None) -> None:
        """One step of a promise that takes several (`workers.stepping`)."""
        stepping.stepped(self._transactions, entry, command, again, error)

    def put_off(self, entry: Entry, until: float, error: str) -> None:
        """An entry could not be dealt with through a fault of ours; it is tried again at `until`."""

        def postpone(writes: Bundle, held: Sequence[Entry]) -> None:
            for one in held:
                agenda.postpone(writes, one, until, error)

        self._transact(_nothing, [entry], postpone)

    def park(
        self,
        entry: Entry,
        why: str,
        line: TimelineEntry | None = None,
        command: Command | None = None,
        attempt: Kept | None = None,
    ) -> None:
        """Give an entry up: it is kept for a person to look at, and tried no more. A page's incident is told."""
        self._transact(
            _telling(entry, command),
            [entry],
            lambda writes, held: given_up(writes, held, self._clock.now(), why, line, attempt),
        )

    def lacking(self, incident: Incident, there: Collection[str], now: float) -> Lacking:
        """A look, without a transaction, whether an open incident has its promises; `there` are ids of the agenda."""
        return lacking(incident, now, there.__contains__, self._store)

    def repair(self, incident_id: str) -> bool:
        """Make the promises an open incident lacks; was there any?"""
        mended: list[bool] = []

        def apply(draft: Draft, _: Sequence[Entry]) -> None:
            draft.load((), (), [incident_id])
            incident = draft.incident(incident_id)
            mended.append(False)
            if incident is None or not incident.is_open:
                return
            lacks = lacking(incident, draft.now, draft.is_promised, self._store)
            if lacks:
                draft.changed(repaired(incident, lacks, draft.now))
                mended[-1] = True

        self._transact(apply)
        return mended[-1]

    def take_up(self, entry: Entry) -> None:
        """Try an entry that was given up once more, now."""
        with self._redis.pipeline(transaction=True) as pipe:
            agenda.take_up(pipe, entry, self._clock.now())
            pipe.execute()
        self._transactions.ring([(entry.lane, entry.job)])

    def _finish(
        self,
        entry: Entry,
        line: TimelineEntry,
        outcome: str,
        attempt: Kept | None,
        apply: Apply | None = None,
    ) -> None:
        lines = {entry.id: line}
        self._transact(apply or _nothing, [entry], lambda writes, held: conclude(writes, held, lines, outcome, attempt))

    def _each(self, entries: Sequence[Entry], conclude: Conclude) -> None:
        """Conclude thousands: each by itself is whole, so that Redis need not do all of them in one piece."""
        for begin in range(0, len(entries), AT_ONCE):
            self._transact(_nothing, entries[begin : begin + AT_ONCE], conclude)


def _telling(entry: Entry, command: Command | None) -> Apply:
    """The incident hears that it need not wait for this one."""

    def apply(draft: Draft, held: Sequence[Entry]) -> None:
        if held and command is not None:
            _changed(draft, entry.incident, command)

    return apply


def _changed(draft: Draft, incident_id: str | None, command: Command) -> Incident | None:
    if incident_id is None:
        return None
    draft.load((), (), [incident_id])
    incident = draft.incident(incident_id)
    if incident is None:
        return None
    return routing.change(draft, incident, command)


def _nothing(_draft: Draft, _held: Sequence[Entry]) -> None:
    """The entry alone changes, no incident does."""
