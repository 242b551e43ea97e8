"""Any life an incident can have: random commands and time, and what must hold after every one of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rules.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangeSeverity,
    Command,
    Escalate,
    FalsePositive,
    Mitigate,
    Resolve,
    Settle,
    Undeliverable,
)
from rules.event import Severity
from rules.incident import Incident, Reason, State, StepState
from rules.record import decode, encode
from tests.rules.lives import CEO, LEAD, ON_CALL, TEAM_LEAD, Life, a_policy, a_roster

SEVERITIES = st.sampled_from(Severity)
KEYS = st.sampled_from(["web", "api"])
ABSENT = st.sets(st.sampled_from([ON_CALL, LEAD, CEO, TEAM_LEAD]))


class AnyLife(RuleBasedStateMachine):
    """One incident and everything that may be asked of it, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ladder = 0
        """Which ladder is running: a raise, a lowering or a return begins another."""
        self.stepped: Counter[tuple[object, ...]] = Counter()
        self.looked_at = 0

    @initialize(severity=SEVERITIES, repeat=st.integers(0, 2), absent=ABSENT)
    def begins(self, severity: Severity, repeat: int, absent: set[str]) -> None:
        """An incident opens."""
        self.life = Life(a_policy(repeat=repeat), a_roster(*absent)).opens(severity)
        self._check((), hurried=False)

    def ask(self, command: Command, *, hurried: bool = False) -> None:
        """Ask and compare before with after."""
        before, lines = self.life.incident, tuple(self.life.timeline)
        self.life.asks(command)
        if self.life.incident.severity_since != before.severity_since or self.life.incident.severity != before.severity:
            self.ladder += 1
        if before.state is not State.TRIGGERED and self.life.incident.state is State.TRIGGERED:
            self.ladder += 1
        self._check(lines, hurried=hurried)

    def _check(self, lines: tuple[object, ...], *, hurried: bool) -> None:
        life = self.life
        assert tuple(life.timeline[: len(lines)]) == lines
        new, self.looked_at = life.notified[self.looked_at :], len(life.notified)
        if life.incident.answered:
            assert not [one for one in new if one.reason.pages]
        nobody = any(step.state is StepState.NOBODY for step in life.incident.steps)
        for one in new:
            if one.reason is Reason.ESCALATED and not hurried:
                assert one.step is not None
                self.stepped[self.ladder, one.ladder, one.step, one.channel, one.person] += 1
                if one.ladder == life.incident.ladders:  # a late wake may end one round and begin the next
                    assert nobody or life.incident.steps[one.step].due_at <= life.now
        assert max(self.stepped.values(), default=1) == 1

    @rule(severity=SEVERITIES, key=KEYS)
    def fires(self, severity: Severity, key: str) -> None:
        """A signal fires, again or anew, perhaps worse."""
        self.ask(self.life.trigger(severity, key))

    @rule(key=KEYS)
    def clears(self, key: str) -> None:
        """A sender says it is over."""
        before = self.life.incident
        self.life.clears(key)
        assert before.state is not State.RESOLVED or self.life.incident is before
        self._check((), hurried=False)

    @rule(
        command=st.sampled_from(
            [
                Acknowledge(by="ana", via="cli"),
                Mitigate(by="dan", via="cli"),
                Assign(by="ana", via="cli", to="dan"),
                AddNote(by="ana", via="cli", text="hm"),
            ]
        )
    )
    def is_answered(self, command: Command) -> None:
        """Somebody takes it, or says something."""
        self.ask(command)

    @rule(command=st.sampled_from([Resolve(by="ana", via="cli"), FalsePositive(by="ana", via="cli", reason="no")]))
    def ends(self, command: Command) -> None:
        """Somebody ends it."""
        self.ask(command)
        assert not self.life.incident.is_open
        assert (self.life.wake_at, self.life.settle_at) == (None, None)

    @rule(severity=SEVERITIES)
    def is_changed(self, severity: Severity) -> None:
        """A person says how bad it is."""
        self.ask(ChangeSeverity(by="ana", via="cli", to=severity, roster=self.life.roster))

    @rule(channel=st.sampled_from(["pager", "slack", "mail", "sms"]), step=st.integers(0, 3), nth=st.integers(0, 2))
    def fails(self, channel: str, step: int, nth: int) -> None:
        """A page is given up; perhaps one of an earlier ladder."""
        failed = Undeliverable(
            channel=channel, role=ON_CALL, person="ana", step=step, ladder=nth, why="gone", roster=self.life.roster
        )
        self.ask(failed, hurried=True)

    @rule(minutes=st.integers(1, 300))
    def time_goes_by(self, minutes: int) -> None:
        """Time passes, then what is due is done, late by up to hours."""
        life = self.life
        life.now += minutes * 60.0
        if life.wake_at is not None and life.wake_at <= life.now:
            life.wake_at = None
            self.ask(Escalate(roster=life.roster))
        if life.settle_at is not None and life.settle_at <= life.now:
            life.settle_at = None
            self.ask(Settle())

    @rule(absent=ABSENT)
    def people_come_and_go(self, absent: set[str]) -> None:
        """The rotation turns."""
        self.life.roster = a_roster(*absent)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """While nobody has answered there is a promise to look again, until the matrix is exhausted."""
        life = self.life
        if life.incident.state is State.TRIGGERED:
            assert life.incident.exhausted == (life.wake_at is None)
        else:
            assert life.wake_at is None

    @invariant()
    def it_has_recovered_exactly_when_nothing_fires(self) -> None:
        """Of an open incident; and a recovered one is promised its end."""
        life = self.life
        if life.incident.is_open:
            assert (life.incident.state is State.RECOVERED) == (not life.incident.firing)
        if life.incident.state is State.RECOVERED:
            assert life.settle_at is not None

    @invariant()
    def notifications_are_themselves(self) -> None:
        """No id twice; each waits only for one that was written before it."""
        entries = [one.entry for one in self.life.notified]
        assert len(set(entries)) == len(entries) == self.life.incident.sent
        assert all(one.after is None or one.after in entries[:place] for place, one in enumerate(self.life.notified))

    @invariant()
    def steps_are_themselves(self) -> None:
        """Their numbers are their places."""
        assert [step.number for step in self.life.incident.steps] == list(range(len(self.life.incident.steps)))

    @invariant()
    def it_can_be_stored(self) -> None:
        """As JSON and back, nothing is lost."""
        assert decode(Incident, encode(self.life.incident)) == self.life.incident


AnyLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyLife = AnyLife.TestCase
