"""The real thing as a stage for trials: a Valkey, the agenda, the ledger, the jobs and real channels' requests.

What came of a life there and in a rehearsal can be compared word for word: `came_to`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from redis import Redis

from rules.commands import Command, Lift
from rules.decision import Judged
from rules.incident import Incident, TimelineEntry
from rules.oncall.roster import Roster
from rules.postmortem.terms import Terms
from rules.reading.load import Ruleset
from rules.record import as_data
from rules.rehearsal.engine import Rehearsal
from rules.transitions.routing import KEEP_HEARD
from tests.outside import Outside, Receiver
from tests.world import World, settings
from workers.agenda import Entry, Lane
from workers.clock import DrivenClock
from workers.deliveries.intake import Received, queue_commands
from workers.rulebook import silences
from workers.watch import beats
from workers.watch.auditor import EVERY, audit
from workers.writing import draft

NEVER_ENDS = 100_000
SAID = ("channel", "role", "person", "reason", "room", "step", "severity")
"""What is compared of a notification, beside when and how it went."""


class Staged:
    """One Tocsin on Redis, played like a rehearsal."""

    def __init__(self, redis: Redis, ruleset: Ruleset, start: float) -> None:
        redis.flushall()
        self.clock = DrivenClock(start)
        self.outside = Outside(self.clock.now)
        self.ruleset = ruleset
        self.world = World(redis, self.outside, self.clock, ruleset, settings())
        self.notices: list[tuple[Entry, float, str, int]] = []
        self._heard: dict[bytes, float] = {}
        """Every notification that was concluded: when, how, and how many went out together."""
        self._listen()
        numbers = itertools.count(1)
        # By chance, incidents of one moment would be told in another order each time.
        draft.mint_short = lambda: f"I{next(numbers)}"

    def _listen(self) -> None:
        ledger = self.world.house.ledger
        delivered, together, refused = ledger.delivered, ledger.delivered_together, ledger.refused
        skipped = ledger.skipped

        def heard_one(entry: Entry, line: TimelineEntry, outcome: str, attempt: Any) -> None:
            self.notices.append((entry, self.now, outcome, 1))
            delivered(entry, line, outcome, attempt)

        def heard_none(entry: Entry, line: TimelineEntry, skips: Any, attempt: Any) -> None:
            self.notices.append((entry, self.now, "skipped", 1))
            skipped(entry, line, skips, attempt)

        def heard_together(lines: Any, entries: Any, attempt: Any) -> None:
            self.notices += [(entry, self.now, "sent", len(entries)) for entry in entries]
            together(lines, entries, attempt)

        def heard_refusal(entry: Entry, line: TimelineEntry, command: Any, attempt: Any) -> None:
            self.notices.append((entry, self.now, "failed", 1))
            refused(entry, line, command, attempt)

        ledger.delivered, ledger.delivered_together = heard_one, heard_together  # type: ignore[method-assign]
        ledger.refused = heard_refusal  # type: ignore[method-assign]
        ledger.skipped = heard_none  # type: ignore[method-assign]

    # --- a stage ---

    @property
    def now(self) -> float:
        """The driven clock."""
        return self.clock.at

    @property
    def incidents(self) -> list[Incident]:
        """In the order in which they opened."""
        found = self.world.house.store.incidents(open_only=False, limit=NEVER_ENDS)
        return sorted(found, key=lambda one: int(one.id[1:]))

    def takes_in(self, judged: Iterable[Judged]) -> None:
        """Kept as the receiver keeps it: with its promise, in one MULTI."""
        events = tuple(judged)
        if not events:
            return
        first = events[0].event
        received = Received(
            id=first.delivery,
            source=first.source,
            source_type=first.source_type,
            received_at=self.now,
            judged=events,
        )
        with self.world.redis.pipeline(transaction=True) as pipe:
            queue_commands(pipe, [received], self.now)
            pipe.execute()

    def asks(self, incident_id: str, command: Callable[[Roster], Command]) -> Incident:
        """Through the ledger, as the API asks."""
        self.works()
        ledger = self.world.house.ledger
        answered = ledger.answer(incident_id, command(ledger.roster()))
        self.works()
        return answered

    def breaks(self, channels: Iterable[str]) -> None:
        """Their receivers answer that they never will."""
        self.works()
        by_type = {
            "slack": (self.outside.slack, 403),
            "pagerduty": (self.outside.pagerduty, 403),
            "mail": (self.outside.mail, 550),
            "webhook": (self.outside.webhook, 403),
        }
        broken = {self.ruleset.config.channels[name].type for name in channels}
        for name, (receiver, status) in by_type.items():
            receiver.heals()
            if name in broken:
                _refuse(receiver, status)

    def silences(self, said: Mapping[str, Any]) -> None:
        """Kept in Redis, as the API does."""
        self.works()
        silences.put(self.world.redis, said, self.now)

    def lifts(self, name: str, by: str) -> None:
        """Taken away, and what it held back is told so."""
        self.works()
        if not silences.lift(self.world.redis, name):
            return
        for incident in self.world.house.store.incidents(limit=NEVER_ENDS):
            if incident.hold is not None and incident.hold.silence == name:
                self.world.house.ledger.answer(incident.id, Lift(by=by, silence=name))
        self.works()

    def works(self) -> None:
        """Every desk deals with what is due, until nothing is."""
        self.world.works()

    def passes_to(self, moment: float) -> None:
        """The clock stops at every promise that comes due, and the work is done there."""
        self.works()
        self._remembers()
        while (due := self.world.house.agenda.next_due()) is not None and due <= moment:
            self.clock.at = max(self.clock.at, due)
            self.works()
        self.clock.at = max(self.clock.at, moment)
        self._forgets()

    def _remembers(self) -> None:
        for key in self.world.redis.keys("tocsin:heard:*"):
            self._heard.setdefault(key, self.now)

    def _forgets(self) -> None:
        """Redis' own clock is not driven: what it would have forgotten meanwhile is taken away."""
        for key in [key for key, at in self._heard.items() if at + KEEP_HEARD <= self.now]:
            del self._heard[key]
            self.world.redis.delete(key)

    def ends(self, at_latest: float) -> None:
        """Until nothing is promised any more."""
        self.works()
        while (due := self.world.house.agenda.next_due()) is not None and due <= at_latest:
            self.passes_to(due)


class Audited(Staged):
    """As production: one of the workers audits every half minute."""

    def passes_to(self, moment: float) -> None:
        """The clock stops at every audit too."""
        while (at := min(moment, (self.now // EVERY + 1) * EVERY)) < moment:
            super().passes_to(at)
            for lane in Lane:
                beats.beat(self.world.redis, f"{lane}:somewhere:1")
            audit(self.world.house)
        super().passes_to(moment)


def _refuse(receiver: Receiver, status: int) -> None:
    receiver.fails(status=status, times=NEVER_ENDS)


def came_to_really(stage: Staged) -> dict[str, Any]:
    """Everything that can be seen of a life on Redis."""
    agenda, store = stage.world.house.agenda, stage.world.house.store
    return _seen(
        stage.incidents,
        store.timeline,
        [
            (at, one.incident, *(one.body[name] for name in SAID), outcome, together)
            for one, at, outcome, together in stage.notices
        ],
        len(stage.outside.heard),
        [(one.id, one.due_at) for one in agenda.upcoming(NEVER_ENDS)],
    )


def came_to_in_rehearsal(stage: Rehearsal) -> dict[str, Any]:
    """The same of a rehearsal."""
    return _seen(
        stage.incidents,
        stage.timeline,
        [
            (one.at, one.incident, *(getattr(one, name) for name in SAID), one.outcome, one.together)
            for one in stage.notices
        ],
        stage.messages,
        [(one.id, one.due_at) for one in stage.promised],
    )


def _seen(
    incidents: list[Incident],
    timeline: Callable[[str], list[TimelineEntry]],
    notices: list[tuple[Any, ...]],
    messages: int,
    promised: list[tuple[str, float]],
) -> dict[str, Any]:
    """Times to the millisecond. What happens at one moment in any order: which channel is first is nobody's promise."""
    seen = {
        "incidents": [{**as_data(one), "told": sorted(as_data(one.told), key=str)} for one in incidents],
        "timelines": [
            sorted(([line.at, line.kind, line.text, line.by, line.via] for line in timeline(one.id)), key=str)
            for one in incidents
        ],
        "notices": sorted(as_data(notices), key=str),
        "messages": messages,
        "promised": sorted(promised),
    }
    rounded: dict[str, Any] = _rounded(as_data(seen))
    return rounded


def _rounded(seen: Any) -> Any:
    if isinstance(seen, dict):
        return {key: _rounded(value) for key, value in seen.items()}
    if isinstance(seen, list):
        return [_rounded(value) for value in seen]
    return round(seen, 3) if isinstance(seen, float) else seen


def without_postmortems(ruleset: Ruleset) -> Ruleset:
    """Those come days after, of no event, and are not rehearsed."""
    return replace(ruleset, policy=replace(ruleset.policy, postmortem=Terms(always=(), impact={}, touching={})))
