"""Silences and parents in any order: nobody is told while one holds, everybody once, and not later than that costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.commands import Escalate, Lift, Undeliverable
from rules.holds.hours import Hours
from rules.incident import Hold, Incident, Plan, StepState
from rules.oncall.roster import Roster
from rules.together.inhibition import LOOK_AFTER
from tests.rules.lives import EVERYBODY, HOUR, MINUTE, ON_CALL, P3, START, Life, a_plan, a_policy

OFFICE = Hours(name="office", timezone="UTC", spans=((8 * 60, 18 * 60),))
AFTERNOONS = Hours(name="afternoons", timezone="UTC", spans=((14 * 60, 16 * 60),))


@dataclass(frozen=True, kw_only=True, slots=True)
class Held(Roster):
    """Everybody, and what holds the incident back as this test wants it."""

    silence: tuple[str, float] | None = None
    """Its name, and when it ends."""
    parent: str | None = None

    def hold(self, incident: Incident, now: float) -> Hold | None:
        """A parent before a silence, as the real one."""
        had = incident.hold
        if self.parent is not None:
            since = had.since if had is not None and had.parent == self.parent else now
            look = now + max(LOOK_AFTER, now - since)
            return Hold(silence="quiet", since=since, until=look, why="the site", parent=self.parent)
        if self.silence is not None and now < self.silence[1]:
            name, until = self.silence
            return Hold(silence=name, since=now, until=until, why="a drill")
        return None


class Holding:
    """A life, and the things that hold it back for a while."""

    def __init__(self, plan: Plan, hours: Hours | None) -> None:
        reaches = dict(EVERYBODY.reaches)
        reaches[ON_CALL] = replace(reaches[ON_CALL], hours=hours)
        self.roster = Held(reaches, EVERYBODY.rooms)
        self.life = Life(a_policy(), self.roster)
        policy = replace(self.life.policy, plans={**self.life.policy.plans, P3: plan})
        self.life.policy = policy
        self.held = 0.0
        self.wrong: list[str] = []

    def opens(self) -> None:
        """At whatever stands now."""
        self._watched(lambda: self.life.opens(P3))

    def passes(self, minutes: int) -> None:
        """Time goes by, promise after promise; as long as something holds, that is counted."""
        until = self.life.now + minutes * MINUTE
        while self.life.now < until:
            edge = self.roster.silence[1] if self.roster.silence else until
            due = self.life.due
            stops = [at for at in (edge, due) if at is not None and self.life.now < at < until]
            at = min([*stops, until])
            self.held += (at - self.life.now) if self.holds else 0.0
            self.life.now = at
            self._watched(self.life.keeps_promises)

    def silenced(self, minutes: int) -> None:
        """From now on; or for longer than it was."""
        until = self.life.now + minutes * MINUTE
        until = max(until, self.roster.silence[1]) if self.roster.silence is not None else until
        self._is(replace(self.roster, silence=("one", until)))

    def lifted(self, _: int) -> None:
        """Before its time."""
        if self.roster.silence is None:
            return
        name, _until = self.roster.silence
        self._is(replace(self.roster, silence=None))
        self._watched(lambda: self.life.asks(Lift(by="ana", silence=name)))
        self._watched(self.life.keeps_promises)

    def beneath(self, number: int) -> None:
        """A parent, or another."""
        self._is(replace(self.roster, parent=f"parent-{number % 2}"))

    def released(self, _: int) -> None:
        """The parent is over, and the child is looked at."""
        was = self.life.incident.parent
        self._is(replace(self.roster, parent=None))
        if was is not None:
            self._watched(lambda: self.life.asks(Escalate(roster=self.roster)))

    def fails(self, number: int) -> None:
        """One page of a step that was sent fails for good."""
        sent = [step for step in self.life.incident.steps if step.state is StepState.SENT]
        if sent:
            step = sent[number % len(sent)]
            command = Undeliverable(
                channel="slack",
                role=step.role,
                person=step.person,
                step=step.number,
                ladder=self.life.incident.ladders,
                why="410 Gone",
                roster=self.roster,
            )
            self._watched(lambda: self.life.asks(command))

    def _is(self, roster: Held) -> None:
        self.roster = self.life.roster = roster

    @property
    def holds(self) -> bool:
        """Does anything?"""
        silence = self.roster.silence
        return self.roster.parent is not None or (silence is not None and self.life.now < silence[1])

    def _watched(self, act: Callable[[], Any]) -> None:
        before = len(self.life.notified)
        act()
        if self.holds and len(self.life.notified) > before:
            self.wrong.append(f"told while held, {(self.life.now - START) / MINUTE:g} minutes in")


def told(life: Life) -> list[tuple[int, float]]:
    """Which step was told when, in minutes."""
    lines = [line for line in life.timeline if line.kind == "step"]
    roles = [step.role for step in life.incident.steps]
    return [(roles.index(line.detail["role"]), (line.at - START) / MINUTE) for line in lines]


PLAIN = a_plan(
    ["slack"],
    (HOUR, "engineering lead", ON_CALL),
    (4 * HOUR, "team lead", "engineering lead"),
    exhausted_after=8 * HOUR,
)
IN_HOURS = replace(PLAIN, hours=OFFICE)

MINUTES = st.sampled_from([1, 7, 30, 59, 60, 61, 150, 600])
acts = st.lists(
    st.tuples(
        st.sampled_from(["passes", "passes", "silenced", "lifted", "beneath", "released", "fails"]),
        MINUTES,
    ),
    max_size=14,
)
INTERLEAVED = [("passes", 1), ("silenced", 60), ("passes", 30), ("beneath", 0), ("passes", 60), ("released", 0)]


def lived(plan: Plan, hours: Hours | None, life: list[tuple[str, int]]) -> Holding:
    """All of it, then everything that holds ends, and two weeks go by."""
    one = Holding(plan, hours)
    one.opens()
    for what, number in life:
        getattr(one, what)(number)
    one.released(0)
    one.lifted(0)
    one.passes(14 * 24 * 60)
    return one


@given(life=acts.filter(lambda life: all(what != "fails" for what, _ in life)))
@example(life=INTERLEAVED)
@example(life=[("silenced", 600), ("beneath", 0), ("passes", 30), ("lifted", 0), ("passes", 7), ("released", 0)])
def test_each_step_is_told_once_and_as_late_as_what_held_it_costs(life: list[tuple[str, int]]) -> None:
    """Never while something holds; and what held it for an hour makes no step come more than an hour later."""
    one = lived(PLAIN, None, life)
    assert one.wrong == []
    steps = told(one.life)
    assert [number for number, _ in steps] == [0, 1, 2]
    for (_, at), due in zip(steps, (0, 60, 240), strict=True):
        assert due <= at <= due + one.held / MINUTE + 1e-6
    assert one.life.history("exhausted") == ["the matrix is exhausted: nobody has answered"]


@pytest.mark.parametrize("hours", [AFTERNOONS, None], ids=["hours of their own", "those of the severity"])
def test_hours_of_people_and_of_the_severity(hours: Hours | None) -> None:
    """Each step once, in its hours; whoever has none of their own does not wait for those of somebody else."""

    @given(life=acts.filter(lambda life: all(what != "fails" for what, _ in life)))
    @example(life=[("passes", 61), ("beneath", 0), ("passes", 30), ("released", 0)])
    @example(life=[("beneath", 0), ("passes", 30), ("released", 0)])
    @example(life=[("passes", 59), ("silenced", 7)])
    @example(life=[("passes", 150), ("beneath", 0), ("passes", 150), ("released", 0)])
    def tried(life: list[tuple[str, int]]) -> None:
        one = lived(IN_HOURS, hours, life)
        assert one.wrong == []
        steps = dict(told(one.life))
        assert len(told(one.life)) == len(steps) == 3
        open_for = {number: OFFICE.between(START, START + at * MINUTE) for number, at in steps.items()}
        for number, due in ((1, HOUR), (2, 4 * HOUR)):
            assert due - 1 <= open_for[number] <= due + one.held + 1
        first = START + steps[0] * MINUTE
        assert OFFICE.holds(first)
        assert hours is None or hours.holds(first)

    tried()


@given(life=acts)
@example(life=[("passes", 61), ("beneath", 0), ("fails", 0), ("passes", 30), ("released", 0)])
@example(life=[("passes", 61), ("silenced", 60), ("fails", 0), ("passes", 30), ("lifted", 0)])
@example(life=[("passes", 600), ("beneath", 0), ("fails", 2), ("released", 0)])
def test_a_page_that_fails_is_told_again_and_no_other_step_with_it(life: list[tuple[str, int]]) -> None:
    """Steps that nothing was wrong with are told once; a failed one at most once more for each failure."""
    one = lived(PLAIN, None, life)
    assert one.wrong == []
    failed = sum(what == "fails" for what, _ in life)
    numbers = [number for number, _ in told(one.life)]
    assert sorted(set(numbers)) == [0, 1, 2]
    assert len(numbers) <= 3 + failed
