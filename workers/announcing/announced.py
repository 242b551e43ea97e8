"""What the world is told of maintenances, in Redis: the words that were confirmed, and what each status page says.

A page has one promise for each maintenance, which stands until it is over: whatever changes brings it forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from rules.announcing.planned import Announced, Standing, again
from rules.holds.maintenance import Maintenance
from rules.record import decode, encode
from rules.upcast import NewerRecord
from workers import agenda, keys, log, queue
from workers.agenda import Agenda, Entry, Kind, Lane
from workers.writing.bundle import Bundle

LANE = Lane.CALM


def words(redis: Redis, name: str) -> Announced | None:
    """What the world is told of one; None: nothing."""
    text: Any = redis.hget(keys.ANNOUNCED, name)
    return _read(Announced, name, text) if text is not None else None


def standing(redis: Redis, name: str, page: str) -> Standing:
    """What a page says of it."""
    text: Any = redis.hget(keys.ANNOUNCED, _field(name, page))
    return (_read(Standing, name, text) if text is not None else None) or Standing()


def _read(shape: Any, name: str, text: bytes) -> Any:
    try:
        return decode(shape, text)
    except (NewerRecord, ValidationError):
        log.get("maintenance").error("what the world is told of it cannot be read", name=name)
        return None


def _field(name: str, page: str) -> str:
    return f"{name}/{page}"  # The name of a maintenance has no slash.


def stands(pipe: Redis | Pipeline | Bundle, name: str, page: str, on: Standing) -> None:
    """Write down what a page says."""
    pipe.hset(keys.ANNOUNCED, mapping={_field(name, page): encode(on)})


def begin(redis: Redis, pipe: Pipeline, one: Maintenance, announced: Announced | None, now: float) -> None:
    """Within the MULTI that begins it: what was said of an earlier one of its name is forgotten."""
    forget(redis, pipe, [one.name])
    for page in announced.pages if announced is not None else ():
        agenda.withdraw(pipe, entry_of(one.name, page), LANE, agenda.JOBS[Kind.PUBLISH])
    if announced is not None:
        pipe.hset(keys.ANNOUNCED, one.name, encode(announced))
        agenda.add(pipe, *(promise(one.name, page, now) for page in announced.pages))


def forget(redis: Redis, pipe: Pipeline, names: Sequence[str]) -> None:
    """Nothing was ever said of these, as far as anybody remembers."""
    fields: Any = redis.hkeys(keys.ANNOUNCED)
    gone = [field for field in fields if field.decode().partition("/")[0] in names]
    if gone:
        pipe.hdel(keys.ANNOUNCED, *gone)
        _withdraw(pipe, gone)


def _withdraw(pipe: Pipeline, fields: Sequence[bytes]) -> None:
    for name, slash, page in (field.decode().partition("/") for field in fields):
        if slash:
            agenda.withdraw(pipe, entry_of(name, page), LANE, agenda.JOBS[Kind.PUBLISH])


def publish(redis: Redis, name: str, said: Announced, now: float) -> Announced:
    """A person has confirmed these words: pages that have it are told next, the others get a promise of their own."""
    while True:
        with redis.pipeline(transaction=True) as pipe:
            pipe.watch(keys.ANNOUNCED)  # type: ignore[no-untyped-call]
            before = words(redis, name)
            whole = again(before, said) if before is not None else said
            new = [page for page in whole.pages if before is None or page not in before.pages]
            pipe.multi()
            pipe.hset(keys.ANNOUNCED, name, encode(whole))
            if new:
                agenda.add(pipe, *(promise(name, page, now) for page in new))
            try:
                pipe.execute()
            except WatchError:
                continue
        hurry(redis, name, whole, now)
        return whole


def promise(name: str, page: str, now: float) -> Entry:
    """That a page says what it should, due now."""
    return Entry(
        id=entry_of(name, page),
        kind=Kind.PUBLISH,
        lane=LANE,
        due_at=now,
        created_at=now,
        body={"maintenance": name, "page": page},
    )


def entry_of(name: str, page: str) -> str:
    """The id of that promise."""
    return f"{Kind.PUBLISH}-{name}-{page}"


def hurry(redis: Redis, name: str, announced: Announced | None, now: float) -> None:
    """Something has changed, and is written: every page is looked at now. One in hand looks again by itself."""
    desk = LANE, agenda.JOBS[Kind.PUBLISH]
    for page in announced.pages if announced is not None else ():
        entry = Agenda(redis).entry(entry_of(name, page))
        if entry is None or (entry.claimed_by is not None and entry.due_at > now):
            continue
        with redis.pipeline(transaction=True) as pipe:
            try:
                if agenda.guard(pipe, [entry]):
                    pipe.multi()
                    if entry.due_at:
                        pipe.zadd(keys.agenda(*desk), {entry.id: now}, xx=True)
                    else:  # It was given up; now there is something new to say.
                        agenda.take_up(pipe, entry, now)
                    pipe.execute()
            except WatchError:
                continue  # Taken in between: it sees what is written.
    queue.ring(redis, *desk)
