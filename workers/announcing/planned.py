"""Status pages say how planned work goes: what a page says is compared with how things stand, and it is told the rest.

An answer that was lost is looked for before anything is said again, as with incidents
(`workers.announcing.publishing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from redis.exceptions import RedisError, WatchError

from rules.announcing.planned import Announced, Phase, Saying, Standing, looks_at, saying, stands
from rules.announcing.status_pages import StatusPageConfig
from rules.holds.maintenance import Maintenance, Notice
from rules.turn import moment
from workers import agenda, keys, queue
from workers import log as logging
from workers.agenda import Entry
from workers.announcing import announced, trying
from workers.announcing.publishing import AGAIN, GIVEN_UP
from workers.channels.contract import Undelivered
from workers.house import House
from workers.maintenance import Announcer, one_of
from workers.status_pages.contract import Planned, StatusPageType
from workers.telling import masking
from workers.telling.sending import START_WITHIN
from workers.writing.transactions import TRIES, Busy

log = logging.get("planned")


@dataclass(frozen=True, slots=True)
class _Now:
    """How things stand for one page."""

    one: Maintenance | None
    words: Announced | None
    on: Standing

    def says(self, now: float) -> Saying | None:
        """What it is to say next."""
        return saying(self.one, self.words, self.on, now) if self.one is not None and self.words is not None else None

    def again(self, now: float) -> float | None:
        """When it is to be looked at next; None: never."""
        if self.one is None or self.words is None or self.on.phase is Phase.COMPLETED:
            return None
        return now if self.says(now) is not None else looks_at(self.one, now)


def see_to(house: House, entry: Entry, claimed_at: float) -> None:
    """Let one page say what it does not say yet of a maintenance, or see that it says everything."""
    now = house.clock.now()
    if now - claimed_at > START_WITHIN:
        house.ledger.wait([entry], now)
        return
    stood = _now(house, entry, now)
    if stood.one is None or stood.words is None or (stood.says(now) is None and stood.on.tried is None):
        _conclude(house, entry, stood.on)
        return
    on = stood.on
    try:
        kind, config = house.publishing.page(str(entry.body["page"]))
        on = _found(house, stood.one, stood.words, on, kind, config)
        says = replace(stood, on=on).says(now)
        if says is None or house.clock.now() - claimed_at > START_WITHIN:
            _conclude(house, entry, on)
            return
        on = replace(on, tried=says)
        announced.stands(house.redis, stood.one.name, str(entry.body["page"]), on)
        told = kind.told(house.perform(kind.plan(_planned(stood.one, stood.words, on, says, now), config)))
    except Undelivered as failure:
        _failed(house, entry, stood.one, on, failure)
    except RedisError:
        raise  # Not its fault: the lease brings it back.
    except Exception as wrong:
        log.exception("announcement could not be made", maintenance=stood.one.name, page=entry.body["page"])
        why = f"it could not be made ({type(wrong).__name__})"
        _failed(house, entry, stood.one, on, Undelivered(why, permanent=True))
    else:
        _conclude(house, entry, stands(on, says, told.id, told.url))


def given_up(house: House, entry: Entry, why: str) -> None:
    """Its promise is put away: that stands in the list. Whoever publishes, prolongs or ends it takes it up again."""
    name, page = str(entry.body["maintenance"]), str(entry.body["page"])
    on = announced.standing(house.redis, name, page)
    how = f"{why}; try it again: tocsin pending --retry {entry.id}"
    announced.stands(house.redis, name, page, replace(on, trouble=how))


def _now(house: House, entry: Entry, now: float) -> _Now:
    name, page = str(entry.body["maintenance"]), str(entry.body["page"])
    one, words = one_of(house.redis, name, now), announced.words(house.redis, name)
    return _Now(one, words, announced.standing(house.redis, name, page))


def _planned(one: Maintenance, words: Announced, on: Standing, says: Saying, now: float) -> Planned:
    return Planned(
        mark=f"{one.name}-{int(words.first)}",
        title=words.title,
        says=says,
        start=one.start,
        components=words.components,
        id=on.id,
        now=now,
    )


def _found(
    house: House, one: Maintenance, words: Announced, on: Standing, kind: StatusPageType, config: StatusPageConfig
) -> Standing:
    """What the page says, as far as an earlier try has got through although nobody heard so.

    What was to be said then is looked for, not what is to be said now: nothing is said twice with another end. A page
    that cannot be asked knows a repetition by itself.
    """
    if kind.look_planned is None or on.tried is None:
        return on
    tried = _planned(one, words, on, on.tried, house.clock.now())
    found = kind.found_planned(tried, house.perform(kind.look_planned(tried, config)))
    if found is None:
        return replace(on, tried=None)
    told, is_said = found
    return stands(on, on.tried, told.id, told.url) if is_said else replace(on, id=told.id, tried=None)


def _failed(house: House, entry: Entry, one: Maintenance, on: Standing, failure: Undelivered) -> None:
    """In passing: again later. What lasts is told once, stands in the list, and is still tried till a day after."""
    why, now = masking.said(failure.why, house.environment.revealed), house.clock.now()
    page = str(entry.body["page"])
    log.warning("page failed", maintenance=one.name, page=page, why=why, permanent=failure.permanent)
    lasts = trying.lasts(entry, failure)
    telling: list[Entry] = []
    if lasts and on.trouble != why:
        on = replace(on, trouble=why)
        announcer = Announcer(house.redis, house.store, house.ledger, house.settings.base_url)
        telling = announcer.entries(one, _refused(one, page, on), now)
    pause = trying.pause(entry, failure, AGAIN)
    again = now + pause if now < one.end + GIVEN_UP else None
    _conclude(house, entry, on, telling, (again, why))


def _refused(one: Maintenance, page: str, on: Standing) -> Notice:
    says = f"It still says “{on.phase.value.replace('_', ' ')}”." if on.phase else "It says nothing of it."
    return Notice(
        title=f"The status page {page} does not say how the maintenance of {one.service} goes",
        why=on.trouble,
        next=f"say it there by hand, or mend what is wrong: it is tried again until {moment(one.end + GIVEN_UP)}",
        note=says,
    )


def _conclude(
    house: House,
    entry: Entry,
    on: Standing,
    telling: list[Entry] | None = None,
    failed: tuple[float | None, str] | None = None,
) -> None:
    """Write down what the page says and when it is looked at next, in one MULTI, as things stand at that moment.

    What changes meanwhile is in it, or comes after it and brings the next look forward. Whoever's claim has run out
    changes nothing. Raises Busy.
    """
    name, page = str(entry.body["maintenance"]), str(entry.body["page"])
    for _ in range(TRIES):
        with house.redis.pipeline(transaction=True) as pipe:
            if not agenda.guard(pipe, [entry]):
                return
            pipe.watch(keys.MAINTENANCE, keys.SILENCES, keys.ANNOUNCED)  # type: ignore[no-untyped-call]
            now = house.clock.now()
            stood = replace(_now(house, entry, now), on=on)
            again = failed[0] if failed is not None else stood.again(now)
            pipe.multi()
            if stood.words is not None:
                announced.stands(pipe, name, page, on)
            if again is None or stood.words is None:
                agenda.finish(pipe, entry)
            else:
                agenda.postpone(pipe, entry, again, failed[1] if failed is not None else None)
                if failed is None and entry.failures:
                    pipe.hset(keys.entry(entry.id), mapping={"failures": 0})
            if telling:
                agenda.add(pipe, *telling)
            try:
                pipe.execute()
            except WatchError:
                continue
        for lane, job in {(one.lane, one.job) for one in telling or ()} | (
            {(entry.lane, entry.job)} if again else set()
        ):
            queue.ring(house.redis, lane, job)
        return
    raise Busy(f"gave way {TRIES} times")
