"""Sending what has gathered for one destination as a digest; and finding the one for which it is refused."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import RedisError

from rules.incident import Incident, Reason
from rules.telling import Verdict
from workers import log as logging
from workers.agenda import Agenda, Entry
from workers.channels.contract import ChannelType, HttpRequest, MailRequest, Undelivered
from workers.clock import Clock
from workers.ledger import Ledger
from workers.store import Store
from workers.telling.attempting import Going, Perform
from workers.telling.attempts import Became
from workers.telling.digest import fold, mention, urgency
from workers.telling.sending import Sender
from workers.writing.promised import way_of, what

REFUSALS = 7
"""So many digests in a row may be refused for good before it is the channel that refuses, and not one message."""

Wanted = list[tuple[Entry, Incident]]
log = logging.get("sending")


class Together:
    """Sends entries of one destination in as few messages as it takes. Thread-safe: it holds nothing that changes."""

    def __init__(
        self, *, sender: Sender, ledger: Ledger, store: Store, agenda: Agenda, clock: Clock, perform: Perform
    ) -> None:
        self._sender = sender
        self._ledger = ledger
        self._store = store
        self._agenda = agenda
        self._clock = clock
        self._perform = perform

    def send(self, entries: Sequence[Entry], claimed_at: float) -> None:
        """Deal with claimed entries; every way out of here writes to the ledger."""
        if self._sender.is_late(claimed_at):
            self._ledger.wait(entries, self._clock.now())
            return
        self._agenda.begin(entries)
        parts, refused, through = [self._wanted(entries)], 0, False
        while parts:
            part = parts.pop(0)
            if len(part) < 2:
                self._alone(part, claimed_at)
                continue
            if self._sender.is_late(claimed_at):
                self._ledger.wait([entry for entry, _ in part], self._clock.now())
                continue
            failure, going = self._try(part)
            if failure is None:
                through = True
            elif failure.permanent and (through or refused < REFUSALS):
                # Perhaps one of them cannot be said, or not there: the others must not share its fate.
                refused += 1
                middle = len(part) // 2
                parts[:0] = [part[:middle], part[middle:]]
            else:
                for entry, incident in part:
                    self._sender.failed(entry, incident, failure, going)

    def _alone(self, part: Wanted, claimed_at: float) -> None:
        """The only one that is left, if any is, goes as itself."""
        for entry, incident in part:
            if self._sender.is_late(claimed_at):
                self._ledger.wait([entry], self._clock.now())
            else:
                self._sender.try_one(entry, incident)

    def _wanted(self, entries: Sequence[Entry]) -> Wanted:
        """Those still to be sent, each after the one before it on its way; of the others it is written down why not."""
        incidents = {one.id: one for one in self._store.each({entry.incident or "" for entry in entries})}
        befores = [before for entry in entries if (before := entry.body.get("after"))]
        waiting, now = self._agenda.waiting(befores), self._clock.now()
        wanted: Wanted = []
        ways: set[tuple[str | None, str]] = set()
        for entry in sorted(entries, key=_in_order):
            incident, way = incidents.get(entry.incident or ""), (entry.incident, way_of(entry.body))
            if incident is None:
                self._sender.gone(entry)
                continue
            waits = entry.body.get("after") in waiting
            verdict = self._sender.judge(entry, incident, now, waits=waits, told_here=way in ways)
            if verdict is Verdict.SEND:
                wanted.append((entry, incident))
                ways.add(way)
            elif verdict is Verdict.SKIPPED:
                waiting.discard(entry.id)
        return wanted

    def _try(self, part: Wanted) -> tuple[Undelivered | None, Going]:
        """One message for all of them, and why it was not delivered; None when it was, and that is written down."""
        # All of one destination, so all on one channel; and one look at the clock, which Redis keeps.
        going = self._sender.going(part[0][0], self._clock.now(), len(part))
        try:
            request, channel = self._folded(part, going.at)
            channel.read(going.perform(request, self._perform))
        except Undelivered as failure:
            return failure, going
        except RedisError:
            raise
        except Exception as wrong:
            log.exception("digest could not be made", entries=[entry.id for entry, _ in part])
            return Undelivered(f"could not be made ({type(wrong).__name__})", permanent=True), going
        how, now = f", in a digest of {len(part)}", self._clock.now()
        lines = {entry.id: self._sender.line("sent", what(entry, "told") + how, entry, now) for entry, _ in part}
        kept = going.ended(part[0][0], Became.DELIVERED)
        self._ledger.delivered_together(lines, [entry for entry, _ in part], kept)
        return None, going

    def _folded(self, part: Wanted, now: float) -> tuple[HttpRequest | MailRequest, ChannelType]:
        options, channel = way = self._sender.way(part[0][0])
        mentions = [mention(Reason(entry.body["reason"]), incident) for entry, incident in part]
        order = sorted(range(len(part)), key=lambda number: urgency(mentions[number]))
        # Whom one calls is settled by its person and its team: of thousands, few are put into words.
        calls: dict[tuple[str | None, str | None], tuple[Entry, Incident]] = {}
        for entry, incident in (part[number] for number in order):
            calls.setdefault((entry.body["person"], incident.team), (entry, incident))
        told = [self._sender.told(entry, incident, way, now) for entry, incident in calls.values()]
        folded = fold([mentions[number] for number in order], told, f"{part[0][0].id}-and-{len(part) - 1}")
        request = channel.post(folded, options)
        if request is None:
            raise Undelivered(f"{channel.name} has no words for a digest", permanent=True)
        return request, channel


def _in_order(entry: Entry) -> tuple[str, int]:
    """By incident and by the number each notification of it has (`n-<incident>-<number>`)."""
    number = entry.id.rpartition("-")[2]
    return entry.incident or "", int(number) if number.isdigit() else 0
