"""The auditor: every half minute one of the workers compares what is promised with what must be.

What can be mended is mended, everything is counted and told as an incident of Tocsin's own; an outside heartbeat is
pinged only while all is on time, so that somebody else notices when nobody here can.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from rules import own
from rules.commands import Escalate, Lift
from rules.decision import Judged
from rules.duration import show_duration
from rules.incident import Incident, State
from rules.oncall.roster import Roster
from workers import counters, keys, latch, log, maintenance, queue, release
from workers.agenda import DESKS, Kind, Lane
from workers.channels.contract import HttpRequest, Undelivered
from workers.deliveries import days
from workers.deliveries.inbox import keep_trimming
from workers.deliveries.intake import mint
from workers.house import House
from workers.postmortems import shelf
from workers.rulebook import spoken
from workers.triage import checking
from workers.watch import astray
from workers.writing.repair import promises_of

EVERY = 30.0
"""Seconds between two audits, whichever worker makes them."""
LOOK_EVERY = 5.0
"""Seconds between two questions of a worker whether it is its turn."""
OVERDUE = 60.0
"""Seconds after which a promise that nobody has taken up is told."""
PAGE = 500
"""Keys looked at in one round trip."""
TOGETHER = 100
"""Incidents read at a time: each takes 20 KiB while it is looked at, and a process keeps what it has once taken."""

_log = log.get("auditor")


@dataclass(slots=True)
class Findings:
    """What one audit found: in words by kind, and how much of it was mended."""

    words: dict[own.Finding, str] = field(default_factory=dict)
    mended: Counter[own.Finding] = field(default_factory=Counter)

    @property
    def on_time(self) -> bool:
        """Is every promise kept in its time, now that what was found is mended?"""
        return not self.words.keys() - self.mended.keys()


def audit(house: House) -> Findings:
    """Compare, mend, count and tell. Raises RedisError."""
    found = Findings()
    now = house.clock.now()
    days.begin(house.redis, now)
    spoken.begin(house.redis, now)
    _wiped(house, found)
    _entries(house, found)
    _incidents(house, found)
    _maintenance(house, found, now)
    _postmortems(house, found)
    checking.keep_schedules(house.redis, house.rules().config, now)
    _overdue(house, found, now)
    _idle(house, found)
    _tell(house, found, now)
    _ping(house, found)
    return found


def _wiped(house: House, found: Findings) -> None:
    """What every process finds or writes when it starts is gone: so is all the rest, and nobody is called for it."""
    if house.joined and not house.redis.exists(keys.VERSION):
        release.join(house.redis)
        lost = "open incidents, promises and deliveries are gone (FLUSHALL, another database, a lost volume?)"
        found.words[own.Finding.WIPED] = f"Redis has lost what it held: {lost}. Look at your monitors themselves"


def _entries(house: House, found: Findings) -> None:
    """An entry nobody would ever look at, or a claim that lasts longer than claims do: due now."""
    number = sum(astray.mend(house.redis, ids, house.clock) for ids in _pages(house.redis))
    if number:
        found.mended[own.Finding.ASTRAY] += number
        found.words[own.Finding.ASTRAY] = f"{number} promises stood where no worker looks; they are due now"


def _pages(redis: Redis) -> Iterator[list[str]]:
    page: list[str] = []
    beginning = len(keys.entry(""))
    for key in redis.scan_iter(match=keys.entry("*"), count=PAGE):
        page.append(key.decode()[beginning:])
        if len(page) >= PAGE:
            yield page
            page = []
    yield page


def _incidents(house: House, found: Findings) -> None:
    """An open incident that nothing would ever wake, or whose page is gone without a word: promised again."""
    names: Any = house.redis.zrange(keys.OPEN, 0, -1)
    forgotten: list[str] = []
    for start in range(0, len(names), TOGETHER):
        looked_at = house.store.legible(name.decode() for name in names[start : start + TOGETHER])
        _held(house, looked_at)
        _kept_quiet(house, looked_at)
        # A first look without a transaction; the ledger looks again inside one.
        there, now = house.agenda.waiting([entry for one in looked_at for entry in promises_of(one)]), house.clock.now()
        lacking = [one.id for one in looked_at if house.ledger.lacking(one, there, now)]
        forgotten += [incident_id for incident_id in lacking if house.ledger.repair(incident_id)]
    if forgotten:
        found.mended[own.Finding.FORGOTTEN] += len(forgotten)
        shown = ", ".join(forgotten[:5]) + (" and more" if len(forgotten) > 5 else "")
        found.words[own.Finding.FORGOTTEN] = f"{len(forgotten)} open incidents had no promise ({shown}); it is renewed"


def _maintenance(house: House, found: Findings, now: float) -> None:
    """A maintenance that nobody would ever be reminded of: promised again."""
    lacks = maintenance.lacking(house.redis, house.agenda, now)
    if lacks:
        maintenance.promise_again(house.redis, lacks, now)
        found.mended[own.Finding.FORGOTTEN] += len(lacks)
        names = ", ".join(one.name for one in lacks[:5])
        found.words.setdefault(own.Finding.FORGOTTEN, f"a maintenance had no promise ({names}); it is renewed")


def _postmortems(house: House, found: Findings) -> None:
    """One that is not done with, and that nothing would ever look at again: it is looked at now."""
    ids = shelf.ids(house.redis, unfinished=True)
    there = house.agenda.waiting([f"{Kind.REVIEW}-{name}" for name in ids])
    lost = [name for name in ids if f"{Kind.REVIEW}-{name}" not in there and house.looks.renew(name)]
    if lost:
        found.mended[own.Finding.FORGOTTEN] += len(lost)
        told = f"{len(lost)} post-mortems had no promise ({', '.join(lost[:5])}); it is renewed"
        found.words[own.Finding.FORGOTTEN] = "; ".join(filter(None, (found.words.get(own.Finding.FORGOTTEN), told)))


def _held(house: House, looked_at: Iterable[Incident]) -> None:
    """Held back by a silence that has since been shortened, or taken out of the rules: it goes on."""
    silenced = [one for one in looked_at if one.hold is not None and one.hold.parent is None]
    held = [(one, one.hold) for one in silenced if one.hold is not None and one.state is State.TRIGGERED]
    roster = house.ledger.roster() if held else Roster()
    for incident, hold in held:
        now = roster.silences.hold(incident, house.clock.now())
        if hold.until > house.clock.now() and (now is None or now.until < hold.until):
            text = f"it is no longer silenced as long as it was: {hold.why}"
            house.ledger.answer(incident.id, Lift(by="Tocsin", silence=hold.silence, text=text))


def _kept_quiet(house: House, looked_at: Iterable[Incident]) -> None:
    """Kept quiet by what new rules, or the time of day, do not let keep it quiet any more: it is looked at now."""
    children = [one for one in looked_at if one.parent is not None and one.state is State.TRIGGERED]
    if not children:
        return
    roster, now = house.ledger.roster(), house.clock.now()
    parents = {one.id: one for one in house.store.legible(dict.fromkeys(one.parent or "" for one in children))}
    for child in children:
        firing = [signal for signal in child.signals.values() if signal.firing]
        parent = parents.get(child.parent or "")
        keys_of = roster.inhibitions.may(firing, child.labels, now)
        above = dict.fromkeys(keys_of, () if parent is None else (parent,))
        if roster.inhibitions.hold(child, above, now) is None:
            house.ledger.answer(child.id, Escalate(roster=roster))


def _overdue(house: House, found: Findings, now: float) -> None:
    """Due for a minute and taken up by nobody: ring once more, and say so."""
    late = {desk: number for desk in DESKS if (number := house.agenda.due(*desk, now - OVERDUE))}
    for desk in late:
        queue.ring(house.redis, *desk)
    if late:
        behind = show_duration(now - (house.agenda.next_due() or now))
        desks = ", ".join(f"{number} in {lane}/{job}" for (lane, job), number in late.items())
        found.words[own.Finding.OVERDUE] = f"promises are overdue, the oldest by {behind}: {desks}"


def _idle(house: House, found: Findings) -> None:
    """A lane nobody works in, at two audits in a row: one that is just being restarted is no emergency."""
    beating = {name.partition(":")[0] for name in house.store.beating()}
    seen = [lane for lane in Lane if lane not in beating]
    for lane in set(Lane) - set(seen):
        house.redis.delete(keys.idle(lane))
    idle = [lane for lane in seen if not latch.take(house.redis, keys.idle(lane), int(3000 * EVERY))]
    if idle:
        found.words[own.Finding.IDLE] = f"no worker beats in {', '.join(idle)}: start one with `tocsin work`"


def _tell(house: House, found: Findings, now: float) -> None:
    """Each kind is an incident of Tocsin's own while it is found; it recovers with the first audit that finds none."""
    told: list[Judged] = []
    for kind in own.Finding:
        if kind in found.words:
            _log.error("audit", finding=kind, what=found.words[kind])
            event, decision = own.found(kind, found.words[kind], now, mint(now))
            told.append(Judged(event=event, decision=decision))
        elif house.store.holder(own.signal_of(kind)) is not None:
            told.append(Judged(event=own.over(kind, now, mint(now))))
    if told:
        house.ledger.take_in(told)
    pipe = house.redis.pipeline(transaction=False)
    for kind in found.words:
        counters.count(pipe, "audit", kind, by=max(1, found.mended[kind]))
    pipe.execute()


def _ping(house: House, found: Findings) -> None:
    """Tell the watcher outside that all is well; its alarm is our silence."""
    url = house.settings.heartbeat_url
    if url is None or not found.on_time:
        return
    try:
        house.perform(HttpRequest(url=url.get_secret_value(), method="GET"))
    except Undelivered as wrong:
        _log.warning("heartbeat was not heard", why=wrong.why)


class Auditor(threading.Thread):
    """In every worker process; a key in Redis lets one audit at a time.

    The calm lane's do it: of thousands of open incidents an audit takes half a second, for which no storm should wait.
    """

    def __init__(self, house: House, lane: Lane) -> None:
        super().__init__(name="auditor", daemon=True)
        self._house = house
        self._steps_in = lane is not Lane.CALM
        """Audits only where those of the calm lane leave it undone."""
        self._undone = False
        """Was it so at the last look?"""
        self._ended = threading.Event()

    def run(self) -> None:
        """Audit until stopped; a Redis that is away is waited for."""
        while not self._ended.wait(LOOK_EVERY):
            try:
                self._trim()
                if self.my_turn():
                    audit(self._house)
            except RedisError as wrong:
                _log.warning("redis is away", error=type(wrong).__name__)
            except Exception:  # noqa: BLE001 whatever one audit stumbles over, the next must be made
                _log.exception("audit failed")

    def my_turn(self) -> bool:
        """Take the turn, unless another worker has had it within half a minute, or is there to take it first."""
        undone, self._undone = self._undone, not self._house.redis.exists(keys.AUDIT)
        if self._steps_in and not (undone and self._undone):
            return False
        return latch.take(self._house.redis, keys.AUDIT, int((EVERY - 1) * 1000), self._house.name)

    def _trim(self) -> None:
        settings, clock = self._house.settings, self._house.clock
        keep_trimming(self._house.redis, clock.now, settings.inbox_days * keys.DAY, settings.inbox_limit)

    def stop(self) -> None:
        """No further audit."""
        self._ended.set()
