"""The RQ jobs, `deduplicate` to `announce`: each answers a bell and does what is due of its lane.

A job carries no more than its lane's name. It ends when nothing is due any more, or when its time is nearly up:
what is left is still on the agenda, and the next tick rings again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from rules.commands import Command, Escalate, Settle
from rules.event import Severity
from rules.pace import TOGETHER, Destination
from rules.responding.response_commands import Remind
from rules.upcast import NewerRecord
from workers import log as logging
from workers import maintenance, queue
from workers.agenda import CLAIM_AT_MOST, Claimed, Entry, Job, Kind, Lane
from workers.announcing import planned
from workers.careful import apart, carefully, give_up, leave, together
from workers.house import QUEUED, House
from workers.triage import checking

BUSY_AT_MOST = 7.0
"""Seconds one job goes on taking work: well within RQ's 10."""
STAYS = 0.8
"""Seconds a job stays where much comes in. A job of RQ's costs as much as fifty events."""
MUCH = 2
"""Commits of receivers since the last look that count as much; who comes alone is not kept waiting by a look less."""
GATHERS = 0.02
"""Seconds between two looks of a job that stays."""
SETTLES = 0.05
"""Seconds the job of urgent pages waits for them to leave: RQ's books at its end take as long as a page."""
EVENTS_AT_ONCE = 250
"""Events put into their incidents in one transaction; a spool that is handed over brings thousands."""
IN_LINE = 1.0
"""Seconds after which a notification is offered again that found too many waiting for its channel's threads."""
log = logging.get("jobs")
_house: list[House] = []


def install(house: House) -> None:
    """Give this process's jobs what they work with."""
    _house[:] = [house]


def deduplicate(lane: str) -> None:
    """Put the events that were taken in into their incidents, and in a storm stay for more of them."""
    house, desk = _house[0], (Lane(lane), Job.DEDUPLICATE)
    began, stays = time.monotonic(), False
    # More than one claim can hold is more than one worker should keep to itself: then the bell rings for others too.
    while MUCH <= (taken := drain(house, *desk, answering=not stays)) < CLAIM_AT_MOST:
        if time.monotonic() > began + STAYS:
            break
        stays = True
        queue.hold(house.redis, *desk)
        time.sleep(GATHERS)
    if stays or taken >= CLAIM_AT_MOST:
        _answer(house, *desk, ends=began + BUSY_AT_MOST)


def notify(lane: str) -> None:
    """Start sending the notifications that are due; while somebody has had their share, the calm ones gather."""
    house, desk = _house[0], (Lane(lane), Job.NOTIFY)
    ends, again, more = time.monotonic() + BUSY_AT_MOST, False, True
    while more and time.monotonic() < ends:
        taken = drain(house, *desk, answering=not again)
        again, more = True, taken >= CLAIM_AT_MOST
        if desk[0] is Lane.URGENT:
            house.pools.settle(SETTLES)
        # What is taken up only to be put off costs as much as what is sent, so it gathers; but not where others wait
        # that nobody paces. In the urgent lane a P1 may come meanwhile.
        gathers = desk[0] is Lane.CALM and (not more or taken >= TOGETHER)
        if gathers and (rest := house.pace.rest(house.clock.now())) > 0:
            queue.hold(house.redis, *desk, max(1, math.ceil(rest * 1000)))
            more = False


def escalate(lane: str) -> None:
    """Climb the matrix where its steps are due, and look at what may have become quiet."""
    _answer(_house[0], Lane(lane), Job.ESCALATE)


def check(lane: str) -> None:
    """Start running the checks that are due."""
    _answer(_house[0], Lane(lane), Job.CHECK)


def announce(lane: str) -> None:
    """See to the channels of incidents, and to what else is told without calling anybody."""
    _answer(_house[0], Lane(lane), Job.ANNOUNCE)


def _answer(house: House, lane: Lane, job: Job, ends: float | None = None) -> None:
    """Answer the desk's bell and do all that is due there."""
    ends = ends or time.monotonic() + BUSY_AT_MOST
    taken = drain(house, lane, job, answering=True)
    # A claim that is not full has left nothing that was due; whatever came since has rung.
    while taken >= CLAIM_AT_MOST and time.monotonic() < ends:
        taken = drain(house, lane, job)


def drain(house: House, lane: Lane, job: Job, *, answering: bool = False) -> int:
    """Take what is due at one desk, once, and answer its bell with that; returns how much it was.

    `CLAIM_AT_MOST` or more where more may be due.
    """
    # From here on the lease runs, also of what is gathered first in several claims.
    now = house.clock.now()
    if job is Job.NOTIFY:
        entries = _gathered(house, lane, now, answering)
    else:
        entries = house.agenda.claim(lane, job, now, answering=answering)
    alive = [entry for entry in entries if not _parked(house, entry)]
    if alive:
        _DUTIES[job](house, alive, now)
    return max(len(entries), CLAIM_AT_MOST if entries.more else 0)


def _gathered(house: House, lane: Lane, now: float, answering: bool) -> Claimed:
    """What is due of a lane's notifications: many, for those of one destination may become one digest."""
    entries = Claimed()
    alone = 0
    while len(entries) < TOGETHER and alone < QUEUED:
        claimed = house.agenda.claim(lane, Job.NOTIFY, now, answering=answering and not entries)
        entries += claimed
        entries.more = claimed.more
        alone += sum(not house.pace.spares(one) for one in claimed)
        if not claimed.more:
            break
    return entries


def _parked(house: House, entry: Entry) -> bool:
    """Has this entry already killed its workers? Then it is put away and somebody is told."""
    if not entry.deadly:
        return False
    give_up(house, entry, f"{entry.lost} workers died over it")
    return True


def _deduplicate(house: House, entries: Sequence[Entry], _claimed_at: float) -> None:
    unsuspected, suspects = apart(entries)
    together(house, [*_bounded(unsuspected), *suspects], house.ledger.deduplicate)


def _bounded(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """In their order, so many at a time that nobody's page waits long for what came before it."""
    batch: list[Entry] = []
    events = 0
    for entry in entries:
        more = len(entry.body["judged"])
        if batch and events + more > EVENTS_AT_ONCE:
            yield batch
            batch, events = [], 0
        batch.append(entry)
        events += more
    if batch:
        yield batch


def _escalate(house: House, entries: Sequence[Entry], _claimed_at: float) -> None:
    roster = house.ledger.roster()

    def command(entry: Entry) -> Command:
        if entry.kind is Kind.REMIND:
            return Remind(roster=roster)
        return Escalate(roster=roster) if entry.kind is Kind.STEP else Settle()

    alone: dict[Kind, Callable[[Entry], None]] = {
        Kind.RELEASE: house.ledger.release,
        Kind.REVIEW: house.looks.look,
        Kind.MAINTENANCE: lambda entry: maintenance.look(house, entry),
    }
    unsuspected, suspects = apart([entry for entry in entries if entry.kind not in alone])
    together(house, [unsuspected, *suspects], lambda batch: house.ledger.keep(batch, command))
    others = [[entry] for entry in entries if entry.kind in alone]
    together(house, others, lambda batch: alone[batch[0].kind](batch[0]))


def _notify(house: House, entries: Sequence[Entry], now: float) -> None:
    paced: dict[Destination, list[Entry]] = {}
    too_many: list[Entry] = []
    for entry in entries:
        destination = house.pace.destination(entry)
        if destination is not None:
            paced.setdefault(destination, []).append(entry)
        elif not _submit(house, [entry], now):
            too_many.append(entry)
    for destination, gathered in paced.items():
        too_many += _send_at_pace(house, destination, gathered, now)
    if too_many:
        house.ledger.wait(too_many, now + IN_LINE)


def _send_at_pace(house: House, destination: Destination, entries: Sequence[Entry], now: float) -> list[Entry]:
    """Each by itself as long as the destination takes it, else all in one; or none, while it has had its share.

    Returns those for which no thread would be free in time.
    """
    granted, wait = house.pace.take(destination, len(entries), now)
    if granted == len(entries):
        return [entry for entry in entries if not _submit(house, [entry], now)]
    if granted:
        return [] if _submit(house, entries, now) else list(entries)
    house.ledger.wait(entries, now + wait)
    return []


def _announce(house: House, entries: Sequence[Entry], now: float) -> None:
    """In threads of their own: no page ever waits for them."""
    waits = [one for one in entries if not house.pools.begin(str(one.kind), partial(_step, house, one, now))]
    if waits:
        house.ledger.wait(waits, now + IN_LINE)


def _step(house: House, entry: Entry, claimed_at: float) -> None:
    see_to = house.rooms.see_to if entry.kind is Kind.ROOM else house.publishing.see_to
    if entry.body.get("maintenance"):
        see_to = partial(planned.see_to, house)
    carefully(house, [entry], lambda _: see_to(entry, claimed_at), last=True)


def _submit(house: House, entries: Sequence[Entry], now: float) -> bool:
    """Into the channel's threads, unless too many wait; a P1 has threads of its own and waits behind nothing milder."""
    body = entries[0].body
    pool = f"{body['channel']} P1" if body["severity"] == Severity.P1 else str(body["channel"])
    return house.pools.begin(pool, partial(_send, house, entries, now))


def _send(house: House, entries: Sequence[Entry], claimed_at: float) -> None:
    """One send in its channel's thread; when even its failure cannot be written, the lease brings it back."""
    try:
        if len(entries) == 1:
            house.sender.send(entries[0], claimed_at)
        else:
            house.together.send(entries, claimed_at)
    except NewerRecord as newer:
        if len(entries) == 1:
            leave(house, entries[0], newer)
        else:
            _send_apart(house, entries, claimed_at)
    except Exception:
        log.exception("send was not concluded", entries=[entry.id for entry in entries])


def _send_apart(house: House, entries: Sequence[Entry], claimed_at: float) -> None:
    """The others go together all the same: one record of a later release must not make a message of each."""
    there = {one.id for one in house.store.legible([entry.incident or "" for entry in entries])}
    legible = [entry for entry in entries if entry.incident in there]
    if legible:
        _send(house, legible, claimed_at)
    for entry in entries:
        if entry.incident not in there:
            _send(house, [entry], claimed_at)


_DUTIES: dict[Job, Callable[[House, Sequence[Entry], float], None]] = {
    Job.DEDUPLICATE: _deduplicate,
    Job.NOTIFY: _notify,
    Job.ESCALATE: _escalate,
    Job.CHECK: checking.begin,
    Job.ANNOUNCE: _announce,
}
