"""The job `check`: the checks of incidents, of schedules, and those that somebody asks for, each in its own threads.

A run is promised like everything else: it is made at least once, and written down once, with what comes of it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from redis import Redis
from redis.exceptions import WatchError

from rules.decision import Judged
from rules.event import Action
from rules.reading.config import Config
from rules.record import encode
from rules.responding import watching
from rules.responding.response import Finding
from rules.responding.response_commands import Assess
from rules.responding.triage import Becomes, CheckConfig
from rules.responding.watching import Watched
from rules.transitions.on_triage import checks_to_run
from rules.upcast import NewerRecord
from workers import agenda, keys
from workers import log as logging
from workers.agenda import JOBS, LEASE, Entry, Kind, Lane
from workers.deliveries.intake import mint
from workers.house import House
from workers.triage.checked import scheduled_id, watched
from workers.writing.bundle import Bundle

log = logging.get("checks")
AGAIN = 1.0
"""Seconds after which a run is offered again for which no thread was free in time."""
FOR_ANOTHER = 5.0
"""Seconds after which a run is offered again whose incident only a later release can read."""


def begin(house: House, entries: Sequence[Entry], now: float) -> None:
    """Run what was claimed `now`, beside the job: no page, and no other check, waits for one that hangs."""
    for entry in entries:
        pool = f"checks {entry.lane}" + ("" if entry.incident else " alone")
        if not house.pools.begin(pool, partial(_see_to, house, entry, now)):
            house.ledger.wait([entry], now + AGAIN)


def _see_to(house: House, entry: Entry, claimed_at: float) -> None:
    """One entry in its thread; when even its failure cannot be written, the lease brings it back."""
    try:
        if house.sender.is_late(claimed_at):
            house.ledger.wait([entry], house.clock.now())
            return
        house.agenda.begin([entry])
        if entry.incident is not None:
            _of_incident(house, entry)
        elif "by" in entry.body:
            _asked(house, entry)
        else:
            _scheduled(house, entry)
    except NewerRecord:
        house.ledger.wait([entry], house.clock.now() + FOR_ANOTHER)
    except Exception:
        log.exception("checks were not concluded", entry=entry.id)


def _of_incident(house: House, entry: Entry) -> None:
    """Triage: what they find goes to the incident as one command. Of one that is over nobody asks any more."""
    incident = house.store.incident(entry.incident or "")
    names = checks_to_run(incident) if incident is not None and incident.is_open else ()
    findings = tuple(house.examiner.examine(names))
    becomes = meant(house.rules().config.checks, findings)

    def command(_: Entry) -> Assess:
        return Assess(findings=findings, becomes=becomes, roster=house.ledger.roster())

    house.ledger.keep([entry], command)
    if findings:
        house.redis.hset(keys.CHECKS, mapping={one.check: encode(one) for one in findings})


def meant(checks: Mapping[str, CheckConfig], findings: Sequence[Finding]) -> dict[str, Becomes]:
    """What the YAML makes of each of these, where it says so."""
    known = {one.check: checks[one.check].becomes(one.outcome) for one in findings if one.check in checks}
    return {name: one for name, one in known.items() if one is not None}


def _asked(house: House, entry: Entry) -> None:
    (finding,) = house.examiner.examine([str(entry.body["check"])], fresh=True)

    def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
        agenda.finish(writes, *held)
        if held:
            writes.hset(keys.CHECKS, mapping={finding.check: encode(finding)})

    house.ledger.take_in((), [entry], conclude)


def _scheduled(house: House, entry: Entry) -> None:
    """One run of a schedule: what it found, whether that is an event, and when the next is, in one transaction.

    The next counts from now: after an outage there is one run, and not all that were missed.
    """
    name = str(entry.body["check"])
    config = house.rules().config.checks.get(name)
    if config is None or config.every is None:
        house.ledger.take_in((), [entry], _ended)
        return
    (finding,) = house.examiner.examine([name], fresh=True)
    before = watched(house.redis, name)
    after, action = watching.after(before, finding, config.failures)
    judged = () if action is None else (_judged(house, config, finding, action, before),)
    until = house.clock.now() + config.every

    def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
        agenda.wait(writes, held, until)
        if held:
            writes.hset(keys.CHECKS, mapping={name: encode(finding)})
            writes.hset(keys.WATCHED, mapping={name: encode(after)})

    house.ledger.take_in(judged, [entry], conclude)


def _ended(writes: Bundle, held: Sequence[Entry]) -> None:
    """It is in the rules no more, or has no schedule any more."""
    agenda.finish(writes, *held)
    for entry in held:
        writes.hdel(keys.WATCHED, str(entry.body["check"]))


def _judged(house: House, config: CheckConfig, finding: Finding, action: Action, before: Watched) -> Judged:
    """Judged like what a sender says: the operator's rules decide."""
    now = house.clock.now()
    event = watching.event(config, finding, action, before, now=now, delivery=mint(now))
    return Judged(event=event, decision=house.rules().decide(event, now) if action is Action.TRIGGER else None)


def keep_schedules(redis: Redis, config: Config, now: float) -> None:
    """Promise every scheduled check that is not promised, and bring forward what has to come sooner now.

    Called at every audit. Many may do so at once: an entry that is there stays as it is. Raises RedisError.
    """
    for name, check in config.checks.items():
        if check.every is not None:
            _promise(redis, name, now, now + check.every + 2 * LEASE)
    _forget(redis, keys.CHECKS, config.checks)
    _forget(redis, keys.WATCHED, {name for name, check in config.checks.items() if check.every is not None})


def _forget(redis: Redis, key: str, known: Container[str]) -> None:
    """What is known of checks that the rules have no more."""
    names: Any = redis.hkeys(key)
    gone = [name for name in names if name.decode() not in known]
    if gone:
        redis.hdel(key, *gone)


def _promise(redis: Redis, name: str, now: float, latest: float) -> None:
    entry = Entry(
        id=scheduled_id(name), kind=Kind.CHECK, lane=Lane.CALM, due_at=now, created_at=now, body={"check": name}
    )
    with redis.pipeline(transaction=True) as pipe, suppress(WatchError):  # Whoever was quicker has done it.
        pipe.watch(keys.entry(entry.id))  # type: ignore[no-untyped-call]
        there = pipe.exists(keys.entry(entry.id))
        pipe.multi()
        if there:
            pipe.zadd(keys.agenda(entry.lane, JOBS[entry.kind]), {entry.id: latest}, xx=True, lt=True)
        else:
            agenda.add(pipe, entry)
        pipe.execute()
