"""A rehearsal: production in memory, on a clock that is driven.

    rehearsal = Rehearsal(ruleset, ways, start)
    rehearsal.hears(events)              something comes in
    rehearsal.passes_to(start + 900)     time goes by, promise after promise
    rehearsal.notices                    who was told what, when

Events are decided, applied, escalated and told by the functions that decide, apply, escalate and tell in production.
What can fail in between (Redis, processes, receivers) does not fail here, and a message takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rules.commands import Command, Escalate, Lift, Settle
from rules.decision import Judged
from rules.effects import Effect, Notify, Release, RemindAt, SettleAt, WakeAt
from rules.event import Action, Event
from rules.holds.quiet import SilenceConfig
from rules.incident import Incident, TimelineEntry
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way, holds_until
from rules.reading.load import Ruleset
from rules.rehearsal.books import MemoryBooks
from rules.rehearsal.notices import Notice, Telling, missed, undeliverable
from rules.rehearsal.promises import AT_MOST, DESKS, NOTICES, Desk, Promise, Promises
from rules.responding.response_commands import Remind
from rules.telling import needs_help, what
from rules.transitions import routing
from rules.transitions.answering import miss

_LOOKS: Mapping[type[Effect], str] = {WakeAt: "step", SettleAt: "settle", RemindAt: "remind", Release: "release"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One event and what became of it: `opened`, `changed`, `repeated`, `below the gate`, `suppressed` …; "" nothing.

    `incident` is the one it went to.
    """

    at: float
    judged: Judged
    fate: str
    incident: str | None


class Rehearsal:
    """One Tocsin in memory. Times are Unix seconds; `ways` is what the configured channels reach."""

    def __init__(self, ruleset: Ruleset, ways: Mapping[str, Way], start: float) -> None:
        self.now = start
        self.arrivals: list[Arrival] = []
        self.notices: list[Notice] = []
        """Every notification with what became of it, oldest first."""
        self._ruleset = ruleset
        self._ways = ways
        self._books = MemoryBooks(start)
        self._promises = Promises()
        self._telling = Telling(promises=self._promises, config=ruleset.config, ways=ways, concludes=self)
        self._waiting: list[tuple[Judged, ...]] = []
        self._silenced: dict[str, SilenceConfig] = {}
        self._roster = Roster()
        self._roster_until = float("-inf")

    # --- what happens ---

    def hears(self, events: Iterable[Event]) -> None:
        """One delivery comes in now, stamped as the receiver stamps it, and is judged by these rules."""
        decide = self._ruleset.decide
        self.takes_in(
            Judged(event=one, decision=decide(one, self.now) if one.action is Action.TRIGGER else None)
            for one in events
        )

    def takes_in(self, judged: Iterable[Judged]) -> None:
        """One delivery that has been judged; it is worked on before time goes by."""
        self._waiting.append(tuple(judged))

    def asks(self, incident_id: str, command: Callable[[Roster], Command]) -> Incident:
        """What a person asks of an incident, given who has which role now. Returns it as it is afterwards."""
        self.works()
        self._change(incident_id, command(self.roster()))
        self.works()
        return self._books.incidents[incident_id]

    def breaks(self, channels: Iterable[str]) -> None:
        """From now on these channels, and only these, refuse everything for good."""
        self.works()
        self._telling.broken = frozenset(channels)

    def silences(self, said: Mapping[str, Any]) -> None:
        """A person sets a silence, as the YAML would have it. Raises pydantic's ValidationError."""
        self.works()
        silence = SilenceConfig.model_validate(said)
        self._silenced[silence.name] = silence
        self._roster_until = float("-inf")

    def lifts(self, name: str, by: str) -> None:
        """A person ends a silence before its time: what it held back goes on."""
        self.works()
        if self._silenced.pop(name, None) is None:
            return
        self._roster_until = float("-inf")
        for incident in self.incidents:
            if incident.is_open and incident.hold is not None and incident.hold.silence == name:
                self._change(incident.id, Lift(by=by, silence=name))
        self.works()

    def passes_to(self, moment: float) -> None:
        """Time goes by until then: the clock stops at every promise that comes due, and it is kept."""
        self.works()
        while (due := self._promises.next_due()) is not None and due <= moment:
            self.now = max(self.now, due)
            self.works()
        self.now = max(self.now, moment)

    def ends(self, at_latest: float) -> None:
        """Time goes by until nothing is promised any more, or until then."""
        self.works()
        while (due := self._promises.next_due()) is not None and due <= at_latest:
            self.passes_to(due)

    def works(self) -> None:
        """Everything that is due now is dealt with."""
        while self._waiting or self._promises.is_due(self.now):
            self._take_in()
            for desk in DESKS:
                self._serve(desk)

    # --- what can be seen ---

    @property
    def incidents(self) -> list[Incident]:
        """Every incident there has been, in the order in which they opened."""
        return list(self._books.incidents.values())

    @property
    def promised(self) -> list[Promise]:
        """What is still to be kept, the soonest first."""
        return list(self._promises)

    @property
    def messages(self) -> int:
        """How many messages have left the house; a digest is one."""
        return self._telling.messages

    def incident(self, incident_id: str) -> Incident:
        """One incident as it is now."""
        return self._books.incidents[incident_id]

    def timeline(self, incident_id: str) -> list[TimelineEntry]:
        """An incident's history, the oldest first."""
        return self._books.timelines.get(incident_id, [])

    def holding(self, signal_keys: Iterable[str], group_key: str) -> list[str]:
        """Ids of the open incidents that these signals go to, and of the group's."""
        self.works()
        self._books.now = self.now
        return self._books.holding(signal_keys, group_key)

    def lets_go(self) -> tuple[list[Arrival], list[Notice]]:
        """What has happened since this was asked last. It is not kept here: a long time shall not take more memory."""
        arrivals, self.arrivals = self.arrivals, []
        notices, self.notices = self.notices, []
        return arrivals, notices

    def forgets(self) -> list[Incident]:
        """Let go of histories, and of the incidents that nothing can come to any more: these are returned."""
        self._books.now = self.now
        return self._books.forget()

    def roster(self) -> Roster:
        """Who every role is now; worked out anew only when somebody takes over."""
        if self.now >= self._roster_until:
            roster = self._ruleset.roster(self.now, self._ways)
            self._roster = replace(roster, silences=roster.silences.beside(self._silenced.values()))
            self._roster_until = holds_until(self._ruleset.config, self.now)
        return self._roster

    # --- how it works ---

    def _take_in(self) -> None:
        """Put what came in into its incidents, so much at a time as a worker does."""
        batch, self._waiting = self._waiting[:AT_MOST], self._waiting[AT_MOST:]
        if not batch:
            return
        books, policy, roster = self._books, self._ruleset.policy, self.roster()
        books.now = self.now
        for one in sorted((one for each in batch for one in each), key=lambda one: one.event.delivery):
            books.fate, books.holder = "", None
            routing.apply(books, (one,), policy, roster)
            self.arrivals.append(Arrival(at=self.now, judged=one, fate=books.fate, incident=books.holder))
        self._promise(books.close())

    def _serve(self, desk: Desk) -> None:
        if desk in NOTICES:
            self._telling.serve(desk, self.now)
            return
        for promise in self._promises.take(desk, self.now):
            if self._promises.holds(promise):
                self._promises.withdraw(promise.id)
                self._look_at(promise)

    def _look_at(self, promise: Promise) -> None:
        if promise.id == _look(Release, promise.incident):
            for child in self._books.children(promise.incident):
                if self._books.incidents[child].parent == promise.incident:
                    self._change(child, Escalate(roster=self.roster()))
        elif promise.id == _look(SettleAt, promise.incident):
            self._change(promise.incident, Settle())
        elif promise.id == _look(RemindAt, promise.incident):
            self._change(promise.incident, Remind(roster=self.roster()))
        else:
            self._change(promise.incident, Escalate(roster=self.roster()))

    def _change(self, incident_id: str, command: Command) -> None:
        books = self._books
        books.now = self.now
        routing.change(books, books.incidents[incident_id], command)
        self._promise(books.close())

    def _promise(self, asked: list[tuple[str, Effect]]) -> None:
        """What the effects ask for. Of the looks at one incident the last that was asked for counts."""
        looks: dict[str, tuple[Incident, float | None]] = {}
        for incident_id, effect in asked:
            incident = self._books.incidents[incident_id]
            if isinstance(effect, Notify):
                self._add(effect.entry, incident, self.now, effect)
            elif isinstance(effect, WakeAt | SettleAt | RemindAt | Release):  # What else must be done is not rehearsed.
                at = self.now if isinstance(effect, Release) else effect.at
                looks[_look(type(effect), incident_id)] = (incident, at)
        for promise_id, (incident, at) in looks.items():
            self._promises.withdraw(promise_id)
            if at is not None:
                self._add(promise_id, incident, at)

    def _add(self, promise_id: str, incident: Incident, due_at: float, notify: Notify | None = None) -> None:
        self._promises.add(
            Promise(
                id=promise_id,
                desk=Desk.of(incident.severity, notice=notify is not None),
                due_at=due_at,
                made_at=self.now,
                incident=incident.id,
                notify=notify,
                severity=incident.severity,
                team=incident.team,
            )
        )

    def concluded(self, promise: Promise, notify: Notify, notice: Notice) -> None:
        """A notification is done with: it stands in the history, and a page that failed is told to its incident."""
        self.notices.append(notice)
        line = TimelineEntry(at=self.now, kind=notice.outcome, text=_text(notify, notice), via=notify.channel)
        self._books.timelines.setdefault(promise.incident, []).append(line)
        if notice.outcome == "skipped" and notify.reason.pages:
            incidents = self._books.incidents
            incidents[promise.incident] = miss(incidents[promise.incident], missed(notify), self.now)
        if notice.outcome == "failed" and needs_help(notify.reason, notify.step):
            self._change(promise.incident, undeliverable(notify, notice.why, self.roster()))


def _look(effect: type[Effect], incident_id: str) -> str:
    """The id of the look at an incident's ladder, its children, or whether it is quiet: one of each at a time."""
    return f"{_LOOKS[effect]}-{incident_id}"


def _text(notify: Notify, notice: Notice) -> str:
    """What stands in the history, in the words of production."""
    to = what(notify.channel, notify.role, notify.person, notify.reason)
    if notice.outcome == "sent":
        told = what(notify.channel, notify.role, notify.person, notify.reason, "told")
        return told + (f", in a digest of {notice.together}" if notice.together > 1 else "")
    if notice.outcome == "silent":
        return f"nothing to say on {notify.channel}: {notify.reason}"
    return f"not sent, {notice.why}: {to}" if notice.outcome == "skipped" else f"{to} failed for good: {notice.why}"
