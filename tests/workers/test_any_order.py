"""Anything that can happen, in any order, with two workers and with crashes: the ledger comes to what a model says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from rules.commands import Escalate
from rules.event import Action, Event, Severity
from rules.incident import Incident, Reason, State
from tests.failing import Meddler, meddled
from tests.model import Case, Model
from tests.workers.answering import Answering, says
from tests.workers.losing import LOSSES
from tests.world import RULES, World, a_world
from workers import keys
from workers.agenda import DESKS, Entry, Job, Kind, Lane
from workers.deliveries.intake import judged_of, mint
from workers.watch import beats
from workers.watch.auditor import audit

ONLY_PAGER = re.sub(r"channels: \[.*?\](, fallback: \[.*?\])?", "channels: [pager]", RULES).replace(
    "rules:",
    "groups:\n  - {name: booth, by: labels.booth, within: 10m}\n"
    "rules:\n  - {name: a whisper, when: {labels: {how: quiet}}, then: {severity: P4}}\n" + LOSSES,
)
SURELY = 60.0
"""Seconds after which a page that is still owed has been sent, whatever crashed."""
HOWS = {Severity.P1: "outage", Severity.P2: "degraded", Severity.P3: "minor", Severity.P4: "quiet"}
INTAKE = (Lane.INTAKE, Job.DEDUPLICATE)
KEYS = st.sampled_from(["web", "api", "shop 1", "shop 2", "booth 1", "booth 2"])
"""Two that stand alone, two that one rule groups, and two of different senders and rules that are one group."""
LATE = st.sampled_from([0.0, 0.0, 0.0, 20.0, 400.0])


class AnyOrder(Answering):
    """One Tocsin, two hands at its intake, and the model beside it."""

    redis: Redis
    url: str

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.stack = ExitStack()
        self.world: World = self.stack.enter_context(a_world(self.redis, ONLY_PAGER))
        self.model = Model()
        self.known: list[Event] = []
        self.hanging: list[tuple[Job, list[Entry], float]] = []
        self.too_late: list[str] = []
        self.lines: dict[str, int] = {}  # of each history, when it was answered last
        self._overhear()
        self.meddler = Meddler()
        self.other = self.world.another(meddled(self.url, self.meddler))
        for house in (self.world.house, self.other):
            self._listen(house)
        for lane in Lane:
            beats.beat(self.redis, f"{lane}:somewhere:1")

    def _overhear(self) -> None:
        """At the moment of a page the incident must still wait for an answer."""
        perform = self.world.outside.perform

        def overheard(request: Any) -> Any:
            said = orjson.loads(request.body)
            incident = self.world.house.store.incident(said["dedup_key"].split("-")[1])
            called_in = said.get("payload", {}).get("custom_details", {}).get("what") == Reason.CALLED
            needed = incident is not None and (not incident.answered or (called_in and incident.acknowledged_by))
            if said["event_action"] == "trigger" and not needed:
                self.too_late.append(said["dedup_key"])
            return perform(request)

        self.world.outside.perform = overheard  # type: ignore[method-assign]
        self.world.restarts(self.redis)

    def _listen(self, house: Any) -> None:
        """The model hears of what was really dealt with, in that order."""
        deduplicate, keep = house.ledger.deduplicate, house.ledger.keep

        def deduplicated(entries: Sequence[Entry]) -> None:
            held = [one for one in entries if (there := house.agenda.entry(one.id)) and there.attempt == one.attempt]
            deduplicate(entries)
            judged = [one for entry in held for one in judged_of(entry)]
            for one in sorted(judged, key=lambda one: one.event.delivery):
                self.model.hears(one.event, one.decision, self.now)

        def kept(entries: Sequence[Entry], command: Any) -> None:
            keep(entries, command)
            for entry in entries:
                case = self._case(house.store.incident(entry.incident))
                if isinstance(command(entry), Escalate):
                    case.escalate(self.now)
                else:
                    self.model.settle(case, self.now)

        house.ledger.deduplicate, house.ledger.keep = deduplicated, kept

    def _case(self, incident: Incident | None) -> Case:
        return next(case for one, case in self.pairs() if incident is not None and one.id == incident.id)

    # --- what senders do ---

    @rule(key=KEYS, severity=st.sampled_from(Severity), late=LATE)
    def fires(self, key: str, severity: Severity, late: float) -> None:
        """Something is down, or was a while ago."""
        self.says(key, "grouped" if key.startswith("shop") else HOWS[severity], Action.TRIGGER, late)

    @rule(key=KEYS, late=LATE)
    def is_over(self, key: str, late: float) -> None:
        """Its sender says that it is over, or was a while ago."""
        self.says(key, "", Action.RESOLVE, late)

    def says(self, key: str, how: str, action: Action, late: float) -> None:
        event = self.world.hears(
            how,
            key=key,
            action=action,
            at=self.now - late,
            work=False,
            sender_id=f"said {len(self.known)}",
            labels={"service": "shop", **({"booth": "1"} if key.startswith("booth") else {})},
            source="sentry" if key == "booth 2" else "uptime",
        )
        self.known.append(event)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), anew=st.booleans())
    def is_told_twice(self, data: Any, anew: bool) -> None:
        """The same delivery is handed in again, or the sender sends its message once more."""
        event = data.draw(st.sampled_from(self.known))
        self.world.takes_in(replace(event, delivery=mint(self.now), received_at=self.now) if anew else event)

    # --- what workers do ---

    @rule()
    def works(self) -> None:
        """Whatever is due is dealt with."""
        self.world.works()

    @rule(shuffle=st.randoms(use_true_random=False), meddles=st.booleans())
    def two_work(self, shuffle: Any, meddles: bool) -> None:
        """Two workers share what came in, in any order; one may be overtaken in the middle of its transaction."""
        hands = [(house, house.agenda.claim(*INTAKE, self.now, at_most=2)) for house in (self.world.house, self.other)]
        (_, mine), (_, others) = hands
        if meddles and mine and others:
            self.meddler.act = lambda: self.world.house.ledger.deduplicate(mine)
            self.other.ledger.deduplicate(others)
            self.meddler.act = None
            return
        shuffle.shuffle(hands)
        for house, entries in hands:
            shuffle.shuffle(entries)
            for entry in entries:
                house.ledger.deduplicate([entry])

    @rule(desk=st.sampled_from(DESKS))
    def a_worker_dies(self, desk: tuple[Lane, Job]) -> None:
        """It has taken what is due, and is never heard of again."""
        if self._may_be_lost():
            self.world.house.agenda.claim(*desk, self.now)

    def _may_be_lost(self) -> bool:
        """What was lost three times is given up, which is not the subject here."""
        return all(one.attempt - one.returned < 2 for one in self.world.house.agenda.upcoming())

    @rule(job=st.sampled_from([Job.DEDUPLICATE, Job.NOTIFY]), lane=st.sampled_from([Lane.URGENT, Lane.CALM]))
    def a_worker_hangs(self, job: Job, lane: Lane) -> None:
        """It has taken what is due, and is heard of again when somebody else may long have taken it over."""
        if not self.hanging and self._may_be_lost():
            desk = Lane.INTAKE if job is Job.DEDUPLICATE else lane
            self.hanging.append((job, self.other.agenda.claim(desk, job, self.now), self.now))

    @precondition(lambda self: self.hanging)
    @rule()
    def it_goes_on(self) -> None:
        """What it holds no longer it can neither change nor conclude."""
        job, entries, claimed_at = self.hanging.pop()
        if job is Job.DEDUPLICATE:
            self.other.ledger.deduplicate(entries)
        for entry in entries if job is Job.NOTIFY else []:
            self.other.sender.send(entry, claimed_at)

    @rule(minutes=st.sampled_from([0.1, 1.0, 7.0, 16.0, 61.0, 300.0]))
    def time_goes_by(self, minutes: float) -> None:
        """Promise after promise comes due."""
        self.world.passes(minutes * 60)

    @rule()
    def an_audit(self) -> None:
        """The auditor finds nothing to mend."""
        self.world.works()
        assert not audit(self.world.house).mended

    # --- what must hold ---

    def pairs(self) -> Iterator[tuple[Incident, Case]]:
        """Each incident with what the model says of it; those of one group follow each other."""
        follows = {incident.previous or incident.group_key: incident for incident in self.world.incidents}
        assert len(follows) == len(self.world.incidents) == len(self.model.cases)
        last: dict[str, str] = {}
        for case in self.model.cases:
            incident = follows[last.get(case.group, case.group)]
            last[case.group] = incident.id
            yield incident, case

    @invariant()
    def the_model_agrees(self) -> None:
        """Which incidents are open, how bad they are, and who has them."""
        for incident, case in self.pairs():
            assert (incident.state, incident.severity) == (case.state, case.severity)
            assert {key for key, one in incident.signals.items() if one.firing} == case.firing
            assert incident.acknowledged_by == case.taken_by or case.state is State.RESOLVED

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """One look at the ladder stands on the agenda, at its time, while somebody may be called; nothing is parked."""
        assert not self.redis.zcard(keys.PARKED)
        for incident, case in self.pairs():
            desks = [self.redis.zscore(keys.agenda(lane, Job.ESCALATE), f"{Kind.STEP}-{incident.id}") for lane in Lane]
            promised = [due for due in desks if due is not None]
            assert len(promised) == (case.wake is not None)
            for due in promised:
                assert case.wake is not None
                assert case.wake <= due <= max(case.wake, self.now) + 12

    @invariant()
    def everybody_is_called_once(self) -> None:
        """Each page that was owed is sent, skipped or still promised, once; sent, if it was owed long enough."""
        assert not self.too_late
        sent_at_all = 0
        promised = [one for one in self.world.house.agenda.upcoming() if one.kind is Kind.NOTIFY]
        for incident, case in self.pairs():
            lines = [one for one in self.world.house.store.timeline(incident.id) if "way" in one.detail]
            for reason, person in [(reason, person) for reason in Reason if reason.pages for person in case.told]:
                owed = [page for page in case.pages if (page.reason, page.person) == (reason, person)]
                done = [one for one in lines if says(one, reason, person)]
                coming = [one for one in promised if one.incident == incident.id and _calls(one, reason, person)]
                assert len(done) + len(coming) == len(owed)
                sent = sum(one.kind == "sent" for one in done)
                assert sent >= sum((page.until or self.now) - page.at > SURELY for page in owed)
                sent_at_all += sent
        assert sum(one.reason == "trigger" for one in self.world.outside.heard) == sent_at_all

    def teardown(self) -> None:
        """Whatever arrived was looked at."""
        self.world.outside.heard.clear()
        self.stack.close()
        self.other.redis.close()


def _calls(entry: Entry, reason: Reason, person: str) -> bool:
    return (entry.body["reason"], entry.body["person"]) == (reason, person)


def test_any_order_comes_to_what_the_model_says(redis: Redis, valkey: str, long: bool) -> None:
    """Duplicates, late words, people, time, crashes, two workers: every incident, call and promise is as it must be."""
    AnyOrder.redis, AnyOrder.url = redis, valkey
    how = settings(deadline=None) if long else settings(max_examples=60, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(AnyOrder, settings=how)
