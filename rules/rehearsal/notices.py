"""How a rehearsal tells people: judged, paced and gathered as the workers do, and then written down instead of sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rules.commands import Undeliverable
from rules.effects import Notify
from rules.event import Severity
from rules.incident import Incident, Reason
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.pace import TOGETHER, Destination, destination, take
from rules.reading.config import Config
from rules.rehearsal.promises import Desk, Promise, Promises
from rules.telling import AGAIN, Verdict, judge
from rules.transitions.last_answer import Missed

BROKEN = "it refuses everything, as this rehearsal wants it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notification and what became of it. `at` in Unix seconds; people and roles are names of the YAML."""

    at: float
    incident: str
    reason: Reason
    channel: str
    role: str
    person: str | None
    room: bool
    step: int | None
    severity: Severity
    outcome: str
    """`sent`, `silent` (this channel has no words for it), `skipped` or `failed`."""
    why: str = ""
    """Why it was skipped, or has failed."""
    together: int = 1
    """How many went out in this message: more than one is a digest."""


class Concludes(Protocol):
    """Who hears of the outcome."""

    def incident(self, incident_id: str) -> Incident:
        """The incident as it is now."""

    def concluded(self, promise: Promise, notify: Notify, notice: Notice) -> None:
        """That promise is kept, or not owed any more, or has failed for good."""


@dataclass(slots=True, kw_only=True)
class Telling:
    """The sender of a rehearsal."""

    promises: Promises
    config: Config
    ways: Mapping[str, Way]
    concludes: Concludes
    broken: frozenset[str] = frozenset()
    """Channels that refuse everything for good."""
    messages: int = 0
    """How many have left the house; a digest is one."""
    _ahead: dict[str, float] = field(default_factory=dict)
    _heard: set[tuple[object, ...]] = field(default_factory=set)
    """Incident and way of everything that was sent."""

    def serve(self, desk: Desk, now: float) -> None:
        """Deal with what is due at a desk of notifications."""
        due: list[Promise] = []
        while len(due) < TOGETHER and (more := self.promises.take(desk, now)):
            due += more
        paced: dict[Destination, list[Promise]] = {}
        for promise in due:
            where = self._destination(promise, _notify(promise))
            if where is None:
                self._send(promise, now)
            else:
                paced.setdefault(where, []).append(promise)
        for where, gathered in paced.items():
            self._at_pace(where, gathered, now)

    def _destination(self, promise: Promise, notify: Notify) -> Destination | None:
        """Where it goes, if anybody must be spared there."""
        way = self.ways.get(notify.channel)
        if way is None or way.gap is None:
            return None
        team = self.config.teams.get(promise.team or "")
        whom = (team.slack if team else None) if notify.room else notify.person
        return destination(notify.channel, way.gap, whom, promise.severity)

    def _at_pace(self, where: Destination, gathered: Sequence[Promise], now: float) -> None:
        """Each by itself as long as the destination takes it, else all in one; or none, while it has had its share."""
        grant = take(self._ahead.get(where.name, 0.0), where.gap, len(gathered), now)
        self._ahead[where.name] = grant.ahead
        if grant.granted == len(gathered):
            for promise in gathered:
                self._send(promise, now)
        elif grant.granted:
            self._together(gathered, now)
        else:
            for promise in gathered:
                self.promises.postpone(promise, now + grant.wait)

    def _send(self, promise: Promise, now: float) -> None:
        notify = _notify(promise)
        if self._wanted(promise, now, waits=notify.after in self.promises):
            self._try(promise, now)

    def _together(self, gathered: Sequence[Promise], now: float) -> None:
        """One message for those still to be sent, each after the one before it on its way."""
        waiting = {one.notify.after for one in gathered if one.notify and one.notify.after in self.promises}
        wanted: list[Promise] = []
        ways: set[tuple[object, ...]] = set()
        for promise in sorted(gathered, key=_in_order):
            notify, way = _notify(promise), _way(promise)
            if self._wanted(promise, now, waits=notify.after in waiting, told_here=way in ways):
                wanted.append(promise)
                ways.add(way)
            elif promise.id not in self.promises:
                waiting.discard(promise.id)
        if all(self._fault(promise) is None for promise in wanted):
            self.messages += bool(wanted)
            for promise in wanted:
                self._conclude(promise, now, "sent", together=len(wanted))
        else:
            for promise in wanted:
                self._try(promise, now)

    def _wanted(self, promise: Promise, now: float, *, waits: bool, told_here: bool = False) -> bool:
        """Is it to be sent now? Else it is put off, or written down why not."""
        notify = _notify(promise)
        verdict, why = judge(
            notify.reason,
            notify.ladder,
            self.concludes.incident(promise.incident),
            age=now - promise.made_at,
            waits=waits,
            told_here=told_here,
            never_told=lambda: _way(promise) not in self._heard,
        )
        if verdict is Verdict.LATER:
            self.promises.postpone(promise, now + AGAIN)
        elif verdict is Verdict.SKIPPED:
            self._conclude(promise, now, "skipped", why)
        return verdict is Verdict.SEND

    def _try(self, promise: Promise, now: float) -> None:
        notify = _notify(promise)
        fault = self._fault(promise)
        if fault is not None:
            self._conclude(promise, now, "failed", fault)
        elif notify.reason in self.ways[notify.channel].silent:
            self._conclude(promise, now, "silent")
        else:
            self.messages += 1
            self._conclude(promise, now, "sent")

    def _fault(self, promise: Promise) -> str | None:
        """Why it cannot be said at all."""
        notify = _notify(promise)
        way = self.ways.get(notify.channel)
        if way is None:
            return f"the rules have no channel {notify.channel} any more"
        if not way.reaches(self.config.people.get(notify.person or "")):
            return f"{notify.person or 'nobody'} has no {way.address}"
        return BROKEN if notify.channel in self.broken and notify.reason not in way.silent else None

    def _conclude(self, promise: Promise, now: float, outcome: str, why: str = "", together: int = 1) -> None:
        notify = _notify(promise)
        if outcome == "sent":
            self._heard.add(_way(promise))
        self.promises.withdraw(promise.id)
        notice = Notice(
            at=now,
            incident=promise.incident,
            reason=notify.reason,
            channel=notify.channel,
            role=notify.role,
            person=notify.person,
            room=notify.room,
            step=notify.step,
            severity=promise.severity,
            outcome=outcome,
            why=why,
            together=together,
        )
        self.concludes.concluded(promise, notify, notice)


def _notify(promise: Promise) -> Notify:
    assert promise.notify is not None  # noqa: S101 - a desk of notifications holds nothing else
    return promise.notify


def _way(promise: Promise) -> tuple[object, ...]:
    """A room is one way; a personal channel is one for each role and person."""
    notify = _notify(promise)
    whom = (None, None) if notify.room else (notify.role, notify.person)
    return (promise.incident, notify.channel, *whom)


def _in_order(promise: Promise) -> tuple[str, int]:
    """By incident and by the number each notification of it has (`n-<incident>-<number>`)."""
    return promise.incident, int(promise.id.rpartition("-")[2])


def missed(notify: Notify) -> Missed:
    """A page that was left out, as its incident remembers it while the answer behind that may be taken back."""
    return Missed(
        channel=notify.channel,
        role=notify.role,
        person=notify.person,
        room=notify.room,
        step=notify.step,
        ladder=notify.ladder,
        reason=notify.reason,
        note=notify.note,
    )


def undeliverable(notify: Notify, why: str, roster: Roster) -> Undeliverable:
    """A page that failed, as its incident is told."""
    return Undeliverable(
        channel=notify.channel,
        role=notify.role,
        person=notify.person,
        step=notify.step or 0,
        ladder=notify.ladder,
        why=why,
        roster=roster,
    )
