"""An acknowledgement races the next step of the matrix: real threads, a real Redis, and the moments of both."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from rules.commands import Acknowledge
from rules.decision import Judged
from rules.event import Action, Event
from rules.incident import Incident, Reason
from rules.reading.load import load
from tests.chaos.oracle import Verdict
from tests.chaos.stage import Length
from tests.processes.tocsin import wait_for
from tests.world import RULES, SECRETS, settings
from workers import embedded, jobs, keys
from workers.agenda import Agenda, Claimed, Entry, Job, Kind, Lane
from workers.channels import OPTIONS
from workers.channels.contract import Reply
from workers.clock import RedisClock
from workers.deliveries.intake import mint
from workers.house import House
from workers.settings import Environment
from workers.store import connect
from workers.telling import sending
from workers.watch.supervisor import Child, Supervisor

AT_ONCE = 50
LEAD = 1
"""Seconds until the lead is called; the answers come around that moment."""
AROUND = (-0.05, 0.4)
"""Seconds around it: fifty steps at one moment take a while to be climbed, and the race is with the last one, too."""


@dataclass
class _Moments:
    """By the clock of this process: when an answer was certainly committed, and when a page was claimed and sent."""

    answered: dict[str, float] = field(default_factory=dict)
    claimed: dict[str, float] = field(default_factory=dict)
    """Entries that page the lead, by the moment before their last claim."""
    paged: dict[str, str] = field(default_factory=dict)
    """Those of them that were sent, and their incidents."""


class _Watched(Agenda):
    """The agenda, and a note of when a page for the lead was taken from it."""

    moments: _Moments

    def claim(self, lane: Lane, job: Job, now: float, at_most: int = AT_ONCE, *, answering: bool = False) -> Claimed:
        """As ever."""
        before = time.monotonic()
        entries = super().claim(lane, job, now, at_most, answering=answering)
        for entry in entries:
            if _calls_the_lead(entry):
                self.moments.claimed[entry.id] = before
        return entries


def _calls_the_lead(entry: Entry) -> bool:
    return entry.kind is Kind.NOTIFY and Reason(entry.body["reason"]).pages and entry.body["person"] == "maria"


def answered_at_the_last_moment(length: Length, *, deaf: bool = False) -> Verdict:
    """R21: a thousand answers within a moment of the next step: no page is sent that was claimed after the answer.

    `deaf`: the sender does not look whether somebody has answered; the check must see it.
    """
    trials = length.times(1000)
    with _a_valkey() as redis:
        house, moments = _house(redis)
        if deaf:
            house.sender.judge = lambda *_, **__: sending.Verdict.SEND  # type: ignore[method-assign]
        stop = threading.Event()
        workers = [threading.Thread(target=_work, args=(house, stop, n)) for n in range(2)]
        for worker in workers:
            worker.start()
        incidents = [one for n in range(max(1, trials // AT_ONCE)) for one in _round(house, moments, n)]
        wait_for(lambda: not house.redis.zcard(keys.agenda(Lane.URGENT, Job.NOTIFY)), 10)
        stop.set()
        for worker in workers:
            worker.join()
        house.pools.close()
    late = {one for one, of in moments.paged.items() if moments.claimed[one] > moments.answered[of]}
    verdict = Verdict(acked=len(moments.answered), lost=set(incidents) - moments.answered.keys())
    verdict.checks = {
        "no page was claimed after the answer and sent": not late,
        "both outcomes occurred": 0 < len(moments.paged) < len(incidents),
    }
    verdict.notes.append(
        f"{len(incidents)} trials, the lead was called in {len(moments.paged)}, too late in {len(late)}"
    )
    return verdict


def _house(redis: Redis) -> tuple[House, _Moments]:
    moments = _Moments()

    rules = RULES.replace("after: 15m, escalate_to: eng", f"after: {LEAD}s, escalate_to: eng")
    rules = rules.replace("channels: [pager, slack, mail], fallback: [hook]", "channels: [pager]")
    ruleset = load({"rules.yaml": rules}, channel_options=OPTIONS)
    house = House(
        redis=redis,
        rules=lambda: ruleset,
        settings=settings(),
        environment=Environment(SECRETS),
        perform=lambda _: Reply(status=202, body=b"{}"),
        clock=RedisClock(redis),
        name="urgent:chaos:1",
    )
    house.agenda = _Watched(redis)
    house.agenda.moments = moments
    sends = house.sender.try_one

    def noted(entry: Entry, incident: Incident) -> None:
        sends(entry, incident)
        if _calls_the_lead(entry):
            moments.paged[entry.id] = incident.id

    house.sender.try_one = noted  # type: ignore[method-assign]
    return house, moments


def _work(house: House, stop: threading.Event, seed: int) -> None:
    """A worker that pauses now and then, as processes do: that is where an answer slips in."""
    dice = random.Random(seed)
    while not stop.is_set():
        for job in (Job.ESCALATE, Job.NOTIFY):
            jobs.drain(house, Lane.URGENT, job)
            stop.wait(dice.uniform(0, 0.2))


def _round(house: House, moments: _Moments, number: int) -> list[str]:
    """Fifty incidents whose next step comes at one moment, each answered around it by somebody."""
    now = house.clock.now()
    house.ledger.take_in([_down(house, f"host {number} {one}", now) for one in range(AT_ONCE)])
    due = time.monotonic() + LEAD
    opened = [one.id for one in house.store.incidents(limit=AT_ONCE)]
    dice = random.Random(number)

    def answer(incident: str, at: float) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        house.ledger.answer(incident, Acknowledge(by="ana", via="chaos"))
        moments.answered[incident] = time.monotonic()

    with ThreadPoolExecutor(16) as people:
        when = sorted(due + dice.uniform(*AROUND) for _ in opened)
        for _ in people.map(answer, opened, when):
            pass
    # Rounds must not mix: the list above is of the newest.
    return opened


def _down(house: House, key: str, now: float) -> Judged:
    event = Event(
        kind="test.event",
        action=Action.TRIGGER,
        dedup_key=key,
        summary=f"{key} is down",
        labels={"how": "outage"},
        source="uptime",
        source_type="generic",
        delivery=mint(now),
        received_at=now,
    )
    return Judged(event=event, decision=house.rules().decide(event, now))


@contextmanager
def _a_valkey() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        data = Path(name)
        supervisor = Supervisor([Child(name="valkey", argv=embedded.command(data), env={})])
        thread = threading.Thread(target=supervisor.watch)
        thread.start()
        try:
            assert wait_for(lambda: embedded.answers(data), 20)
            yield connect(embedded.url(data), timeout=5)
        finally:
            supervisor.stop()
            thread.join()
