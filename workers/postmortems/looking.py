"""The looks at a post-mortem that the agenda promises: its first draft is written, and whoever is late is reminded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis import Redis

from rules.incident import Incident
from rules.postmortem.draft import Known, draft
from rules.postmortem.record import Postmortem
from rules.postmortem.reminders import due, next_at
from rules.postmortem.rule import worst
from rules.reading.load import Ruleset
from rules.transitions import routing
from workers import agenda, keys
from workers.agenda import Entry, Kind
from workers.clock import Clock
from workers.ledger import Ledger
from workers.postmortems import shelf
from workers.postmortems.reaching import command, leads, zones
from workers.store import Store
from workers.writing.bundle import Bundle
from workers.writing.draft import Draft
from workers.writing.promised import look
from workers.writing.transactions import Transactions


@dataclass(slots=True)
class _Looked:
    """What one look has come to; None: there is nothing to look after."""

    record: Postmortem | None = None
    again_at: float | None = None


class Looks:
    """Keeps the promises of post-mortems."""

    def __init__(self, redis: Redis, clock: Clock, ledger: Ledger, base_url: str = "") -> None:
        self._ledger = ledger
        self._store = Store(redis)
        self._base_url = base_url
        self._transactions = Transactions(redis, clock)

    def look(self, entry: Entry) -> None:
        """The time of this look has come. What is due is told, and the next look promised, in one transaction."""
        looked = _Looked()

        def apply(draft: Draft, _: Sequence[Entry]) -> None:
            looked.record = looked.again_at = None
            draft.load((), (), [entry.incident or ""])
            incident = draft.incident(entry.incident)
            if incident is None or incident.is_open:
                return
            record = shelf.read(draft.read([keys.postmortem(incident.id)])[0])
            if record is None and not incident.response.postmortem.why:
                return
            ruleset = self._ledger.ruleset()
            if record is None:
                record = first(incident, ruleset, self._store, self._base_url)
            self._remind(draft, incident, ruleset, kept_up(record, incident), looked)

        def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
            if held and looked.record is None:
                shelf.forget(writes, entry.incident or "")
            elif held and looked.record is not None:
                shelf.put(writes, looked.record)
            if held and looked.again_at is not None:
                agenda.wait(writes, held, looked.again_at)
            else:
                agenda.finish(writes, *held)

        self._transactions.run(apply, [entry], conclude)

    def renew(self, incident_id: str) -> bool:
        """Promise a look at once, where one is owed and none is promised; was there none?"""
        promised: list[Entry] = []
        gone: list[bool] = []

        def apply(draft: Draft, _: Sequence[Entry]) -> None:
            draft.load((), (), [incident_id])
            incident = draft.incident(incident_id)
            lost = incident is not None and not draft.is_promised(f"{Kind.REVIEW}-{incident_id}")
            promised[:] = [look(incident, Kind.REVIEW, draft.now, draft.now)] if lost and incident is not None else []
            gone[:] = [incident is None]
            draft.desks |= {(entry.lane, entry.job) for entry in promised}

        def conclude(writes: Bundle, _: Sequence[Entry]) -> None:
            agenda.add(writes, *promised)
            if gone[0]:
                shelf.forget(writes, incident_id)

        self._transactions.run(apply, (), conclude)
        return bool(promised)

    def _remind(self, draft: Draft, incident: Incident, ruleset: Ruleset, record: Postmortem, looked: _Looked) -> None:
        plan, terms, zone_of = incident.policy.plans[record.severity], incident.policy.postmortem, zones(ruleset.config)
        record, reminders = due(record, plan, terms, zone_of, draft.now)
        roster, ways = self._ledger.roster(), self._ledger.ways()
        for one in reminders:
            incident = routing.change(draft, incident, command(one, record, incident, ruleset.config, roster, ways))
        looked.record, looked.again_at = record, next_at(record, plan, terms, zone_of)


def first(incident: Incident, ruleset: Ruleset, store: Store, base_url: str) -> Postmortem:
    """The record as Tocsin begins it, with everything it knows in the draft."""
    config, owed = ruleset.config, incident.response.postmortem
    author = leads(incident, config)

    def named(person: str) -> str:
        known = config.people.get(person)
        return (known.name if known is not None else None) or person

    lines = store.timeline(incident.id)
    link = f"{base_url}/incidents/{incident.id}" if base_url else None
    text = draft(Known(incident=incident, lines=lines, named=named, author=author, link=link))
    return Postmortem(
        incident=incident.id,
        title=incident.title,
        severity=worst(incident),
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at or incident.opened_at,
        why=owed.why,
        draft_due=owed.draft_due,
        review_due=owed.review_due,
        author=author,
        text=text,
    )


def kept_up(one: Postmortem, incident: Incident) -> Postmortem:
    """What was taken up again and resolved anew has other deadlines; what people wrote stays."""
    owed = incident.response.postmortem
    if not owed.why or owed.draft_due == one.draft_due:
        return one
    return replace(
        one,
        why=owed.why,
        severity=worst(incident),
        resolved_at=incident.resolved_at or one.resolved_at,
        draft_due=owed.draft_due,
        review_due=owed.review_due,
        reminded=0,
    )
