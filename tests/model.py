"""What Tocsin's incidents must come to, said once more and as simply as it goes: no Redis, no agenda, no transactions.

The model hears of everything in the order in which it was really dealt with. Times are Unix seconds.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rules.decision import Decision, Gate
from rules.event import Event, Moment, Severity
from rules.incident import Reason, State

MINUTE, HOUR = 60.0, 3600.0
P1, P2, P3, P4 = Severity
LADDERS: dict[Severity, list[tuple[float, str]]] = {
    P1: [(0, "ana"), (15 * MINUTE, "maria"), (30 * MINUTE, "victor")],
    P2: [(0, "ana"), (60 * MINUTE, "maria")],
    P3: [(0, "ana"), (240 * MINUTE, "dan")],
    P4: [(0, "ana")],
}
ENDS = {P1: 45 * MINUTE, P2: 120 * MINUTE, P3: 480 * MINUTE, P4: 1440 * MINUTE}
HALF_A_MINUTE = 30.0  # in which an answer may be taken back
QUIET = 15 * MINUTE  # how long a recovered incident stays open


@dataclass(slots=True)
class Sounding:
    firing: bool
    last: Moment
    severity: Severity
    quiet_at: float | None = None


@dataclass(slots=True)
class Page:
    """One call to one person, owed until then."""

    reason: Reason
    person: str
    at: float
    until: float | None = None


@dataclass(slots=True)
class Slip:
    """An answer that may be taken back: by whom, until when, how it stood before, and which pages were still owed."""

    by: str
    until: float
    stood: dict[str, Any]
    owed: list[Page]


@dataclass(slots=True)
class Case:
    group: str
    severity: Severity
    state: State = State.TRIGGERED
    signals: dict[str, Sounding] = field(default_factory=dict)
    taken_by: str | None = None
    recovered_at: float = 0.0
    waiting: list[tuple[float, str]] = field(default_factory=list)
    called: list[str] = field(default_factory=list)  # of the present ladder
    told: list[str] = field(default_factory=list)
    ends: float = 0.0
    exhausted: bool = False
    pages: list[Page] = field(default_factory=list)
    first: float | None = None  # trigger of its group across sources, and the last
    last: float | None = None
    slip: Slip | None = None

    def standing(self) -> dict[str, Any]:
        """What an answer may change."""
        names = ("severity", "state", "taken_by", "waiting", "called", "ends", "exhausted")
        return {name: copy(getattr(self, name)) for name in names}

    def near(self, at: float, within: float | None) -> bool:
        """Is a trigger of that time of the same trouble?"""
        if within is None or self.first is None or self.last is None:
            return True
        return self.first - within <= at <= self.last + within

    def triggered(self, at: float, within: float | None) -> None:
        if within is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)

    @property
    def is_open(self) -> bool:
        return self.state is not State.RESOLVED

    @property
    def firing(self) -> set[str]:
        return {key for key, signal in self.signals.items() if signal.firing}

    @property
    def wake(self) -> float | None:
        """When somebody must look at the ladder again."""
        if self.state is not State.TRIGGERED:
            return None
        return self.waiting[0][0] if self.waiting else None if self.exhausted else self.ends

    def page(self, reason: Reason, person: str, now: float) -> None:
        self.pages.append(Page(reason, person, now))
        if person not in self.told:
            self.told.append(person)

    def nothing_owed(self, now: float) -> None:
        for page in self.pages:
            page.until = now if page.until is None else page.until

    def climb(self, reason: Reason, now: float) -> None:
        self.nothing_owed(now)
        (_, first), *further = LADDERS[self.severity]
        self.state, self.called, self.exhausted = State.TRIGGERED, [first], False
        self.slip = None
        self.waiting = [(now + after, person) for after, person in further]
        self.ends = now + ENDS[self.severity]
        self.page(reason, first, now)

    def answered(self, state: State, now: float) -> None:
        self.state, self.slip = state, None
        self.nothing_owed(now)

    def escalate(self, now: float) -> None:
        """Call whoever is due; at the end say to everybody that nobody has answered."""
        if self.state is not State.TRIGGERED:
            return
        while self.waiting and self.waiting[0][0] <= now:
            _, person = self.waiting.pop(0)
            self.called.append(person)
            self.slip = None
            self.page(Reason.ESCALATED, person, now)
            rungs = [after for after, _ in LADDERS[self.severity]]
            self.ends = max(self.ends, now + ENDS[self.severity] - rungs[-1])
        if not self.waiting and not self.exhausted and self.ends <= now:
            self.exhausted, self.slip = True, None
            for person in dict.fromkeys(self.called):
                self.page(Reason.EXHAUSTED, person, now)


class Model:
    def __init__(self) -> None:
        self.cases: list[Case] = []
        self._leads: dict[str, Case | Moment] = {}
        self._said: dict[str, str] = {}
        self._lost: dict[str, tuple[float, Decimal]] = {}

    def case_of(self, group: str) -> Case | None:
        return next((case for case in reversed(self.cases) if case.group == group), None)

    def may_be_taken_back(self, case: Case, by: str, now: float) -> bool:
        """Is it their slip, still in time, and has what was over not gone on since?"""
        slip = case.slip
        if slip is None or slip.by != by or now > slip.until:
            return False
        led = [self._leads.get(key, case) for key in case.signals]
        return case.is_open or (self.case_of(case.group) is case and all(one is case for one in led))

    def hears(self, event: Event, decision: Decision | None, now: float) -> None:
        if self._said.setdefault(event.sender_id or event.delivery, event.delivery) != event.delivery:
            return
        if decision is None:
            self._clears(event, now)
        elif decision.gate is not None:
            self._adds(event, decision.gate, decision.severity, now)
        else:
            self._fires(event, decision.group_key, decision.severity, now, decision.within)

    def _fires(self, event: Event, group: str, severity: Severity, now: float, within: float | None) -> None:
        key, led = event.signal_key, self._leads.get(event.signal_key)
        if isinstance(led, Moment) and not event.moment.is_after(led):
            return
        case = led if isinstance(led, Case) else None
        known = case.signals.get(key) if case else None
        over = known is not None and not (known.firing and case is not None and case.is_open)
        if over and known is not None and not event.moment.is_after(known.last):
            return
        at = min(event.occurred_at or event.received_at, event.received_at)
        if case is None or not case.is_open:
            case = self.case_of(group)
            case = case if case is not None and case.near(at, within) else None
        if case is None or not case.is_open:
            case = Case(group, severity)
            case.climb(Reason.OPENED, now)
            case.signals[key] = Sounding(True, event.moment, severity)
            self.cases.append(case)
            case.triggered(at, within)
        elif _joins(case, key, event.moment, severity, now):
            case.triggered(at, within)
        self._leads[key] = case

    def _adds(self, event: Event, gate: Gate, severity: Severity, now: float) -> None:
        """Of lost money: once each, remembered for an hour, over when some window that holds it holds too much."""
        at = min(event.occurred_at or now, event.received_at)
        if event.sender_id is None or event.sender_id in self._lost:
            return
        self._lost[event.sender_id] = (at, Decimal(event.labels["amount"]))
        ends = [end for end, _ in self._lost.values() if at <= end < at + gate.within]
        sums = [sum(much for when, much in self._lost.values() if end - gate.within < when <= end) for end in ends]
        self._lost = {name: one for name, one in self._lost.items() if one[0] > event.received_at - HOUR}
        case = self.case_of(gate.key)
        sounding = case is not None and case.is_open and case.signals[gate.key].firing
        if not sounding and not max(sums) > Decimal(gate.over or 0):
            return
        quiet_at = event.received_at + gate.quiet_for
        if case is None or not case.is_open:
            case = Case(gate.key, severity)
            case.climb(Reason.OPENED, now)
            case.signals[gate.key] = Sounding(True, event.moment, severity)
            self.cases.append(case)
        else:
            quiet_at = max(quiet_at, case.signals[gate.key].quiet_at or 0)
            _joins(case, gate.key, event.moment, severity, now, ordered=False)
        case.signals[gate.key].quiet_at = quiet_at

    def _clears(self, event: Event, now: float) -> None:
        key, led = event.signal_key, self._leads.get(event.signal_key)
        case = led if isinstance(led, Case) else None
        signal = case.signals.get(key) if case else None
        last = led if isinstance(led, Moment) else signal.last if signal else None
        if last is not None and not event.moment.is_after(last):
            return
        if case is None or not case.is_open:
            self._leads[key] = event.moment
        elif signal is not None:
            fired, signal.firing, signal.last = signal.firing, False, event.moment
            if fired and not case.firing:
                case.answered(State.RECOVERED, now)
                case.recovered_at = now

    def settle(self, case: Case, now: float) -> None:
        if case.state is State.RECOVERED and case.recovered_at + QUIET <= now:
            case.answered(State.RESOLVED, now)
        quiet = [one for one in case.signals.values() if one.firing and one.quiet_at and one.quiet_at <= now]
        for signal in quiet if case.is_open else ():
            signal.firing = False
        if quiet and case.is_open and not case.firing:
            case.answered(State.RECOVERED, now)
            case.recovered_at = now


def _joins(case: Case, key: str, moment: Moment, severity: Severity, now: float, *, ordered: bool = True) -> bool:
    before = case.signals.get(key)
    if before is not None and ordered and not moment.is_after(before.last):
        return False
    known = before.severity if before is not None and before.firing else None
    case.signals[key] = Sounding(True, moment, severity)
    if severity.worse_than(case.severity) and (known is None or severity.worse_than(known)):
        case.severity, case.taken_by = severity, None
        case.climb(Reason.SEVERITY_RAISED, now)
    elif case.state is State.RECOVERED:
        if case.taken_by is None:
            case.climb(Reason.RETRIGGERED, now)
        else:
            case.state, case.slip = State.ACKNOWLEDGED, None
    elif before is not None and not before.firing and case.state is State.TRIGGERED:
        for person in case.told:
            case.page(Reason.RETRIGGERED, person, now)
    return True
