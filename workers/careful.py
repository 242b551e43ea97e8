"""Acting on entries so that one at fault is found, put off or given up, and takes none of the others with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from redis.exceptions import RedisError

from rules import own
from rules.commands import Command
from rules.decision import Judged
from rules.upcast import NewerRecord
from workers import log as logging
from workers.agenda import Entry, Kind
from workers.announcing import planned
from workers.deliveries.intake import mint
from workers.house import House

FOR_ANOTHER = 5.0
"""Seconds after which an entry whose incident only a later release can read is offered again."""
FAILED_TOO_OFTEN = 5
"""After so many failures an entry that raises is given up and told."""

log = logging.get("jobs")


def apart(entries: Sequence[Entry]) -> tuple[list[Entry], list[list[Entry]]]:
    """What was lost once is tried alone: it must not take its neighbours with it a second time."""
    return [entry for entry in entries if not entry.lost], [[entry] for entry in entries if entry.lost]


def together(house: House, batches: Iterable[Sequence[Entry]], act: Callable[[Sequence[Entry]], None]) -> None:
    """Act on each batch; on its entries one by one where that fails, so that the one at fault is found."""
    for batch in batches:
        if batch and not carefully(house, batch, act):
            for entry in batch:
                carefully(house, [entry], act, last=True)


def carefully(house: House, batch: Sequence[Entry], act: Callable[[Sequence[Entry]], None], last: bool = False) -> bool:
    """Act on a batch; was it done? A fault of ours is written down; with `last` the entry is put off or given up."""
    try:
        act(batch)
    except RedisError:
        raise
    except NewerRecord as newer:
        if last:
            leave(house, batch[0], newer)
        return False
    except Exception as wrong:
        log.exception("entries failed", entries=[entry.id for entry in batch])
        if last:
            _put_off(house, batch[0], wrong)
        return False
    return True


def leave(house: House, entry: Entry, newer: NewerRecord) -> None:
    """A later release has written the incident: the promise stays for a worker of that release. No failure of ours."""
    log.error("left to a later release", entry=entry.id, incident=entry.incident, version=newer.version)
    house.ledger.wait([entry], house.clock.now() + FOR_ANOTHER)


def _put_off(house: House, entry: Entry, wrong: Exception) -> None:
    why = f"{type(wrong).__name__}"
    if entry.failures + 1 >= FAILED_TOO_OFTEN:
        give_up(house, entry, why)
    else:
        house.ledger.put_off(entry, house.clock.now() + 2.0**entry.failures, why)


def give_up(house: House, entry: Entry, why: str) -> None:
    """Put an entry away that must not be tried again, and have it told."""
    log.error("entry given up", entry=entry.id, kind=entry.kind, incident=entry.incident, why=why)
    if entry.kind is Kind.NOTIFY:
        house.sender.give_up(entry, why)
        return
    # Told first: a crash between the two tells it twice, the other way round it would be told never.
    now = house.clock.now()
    event, decision = own.given_up(entry.id, entry.kind, why, now, delivery=mint(now))
    house.ledger.take_in([Judged(event=event, decision=decision)])
    house.ledger.park(entry, why, command=_told(house, entry, why))


def _told(house: House, entry: Entry, why: str) -> Command | None:
    """What an incident hears of a promise that is given up, where somebody waits for it."""
    if entry.body.get("maintenance"):
        planned.given_up(house, entry, why)
    if entry.incident is None or entry.kind not in (Kind.ROOM, Kind.PUBLISH):
        return None
    return (house.rooms if entry.kind is Kind.ROOM else house.publishing).given_up(entry, why)
