"""One step in an incident's life while it is being worked out.

The incident as changed so far, what the world must do, what history says: the building blocks of
`rules.transition`. Nothing here decides, it only does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from rules.effects import Effect, Notify, SettleAt, WakeAt
from rules.incident import Hold, Incident, Plan, Reason, Step, StepState, TimelineEntry, Told
from rules.oncall.roster import Roster


@dataclass(slots=True)
class Turn:
    """Collects the changes of one command. Lives for one call of `transition` only."""

    incident: Incident
    now: float
    effects: list[Effect] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Replace fields of the incident."""
        self.incident = self.incident.changed(**fields)

    def note(self, kind: str, text: str, *, by: str | None = None, via: str | None = None, **detail: str) -> None:
        """Add a line to the history."""
        self.timeline.append(TimelineEntry(at=self.now, kind=kind, text=text, by=by, via=via, detail=detail))

    def wake(self) -> None:
        """Promise the next look at the ladder, or withdraw the promise when nothing is left to wait for."""
        self.effects.append(WakeAt(at=next_wake(self.incident)))

    def stop_ladder(self) -> None:
        """Nobody further is told."""
        self.effects.append(WakeAt(at=None))

    def settle(self, at: float | None) -> None:
        """Promise a look at whether it has become quiet."""
        self.effects.append(SettleAt(at=at))

    def tell(
        self,
        reason: Reason,
        channels: Iterable[str],
        *,
        role: str,
        person: str | None,
        rooms: frozenset[str],
        step: Step | None = None,
        by: str | None = None,
        note: str | None = None,
    ) -> None:
        """One notification on each channel, each waiting for the one that went the same way before."""
        for channel in channels:
            way = Told(channel=channel, role=role, person=person, entry=self._next_entry(), room=channel in rooms)
            self._tell_one(way, reason, step, by, note)

    def update(
        self, reason: Reason, *, by: str | None = None, note: str | None = None, ways: Iterable[Told] | None = None
    ) -> None:
        """Tell everybody who has been told of this incident, the same ways; or only those `ways`."""
        for told in self.incident.told if ways is None else tuple(ways):
            self._tell_one(replace(told, entry=self._next_entry()), reason, None, by, note)

    def _next_entry(self) -> str:
        return f"n-{self.incident.id}-{self.incident.sent + 1}"

    def _tell_one(self, way: Told, reason: Reason, step: Step | None, by: str | None, note: str | None) -> None:
        before = next((told for told in self.incident.told if same_way(told, way)), None)
        others = tuple(told for told in self.incident.told if told is not before)
        over = reason.ends or (self.incident.all_clear and reason is Reason.REMINDER)
        self.change(sent=self.incident.sent + 1, told=(*others, way), all_clear=over)
        self.effects.append(
            Notify(
                entry=way.entry,
                reason=reason,
                channel=way.channel,
                role=way.role,
                person=way.person,
                room=way.room,
                step=step.number if step else None,
                ladder=self.incident.ladders,
                after=before.entry if before else None,
                by=by,
                note=note,
            )
        )


def same_way(one: Told, other: Told) -> bool:
    """A room is one way whoever is called in it; a personal channel is one way per role and person."""
    return one.channel == other.channel and (one.room or (one.role, one.person) == (other.role, other.person))


def next_wake(incident: Incident) -> float | None:
    """When the ladder must be looked at again: its next waiting step, else its end; None when it is over.

    Of one that is held back, when that is over; what keeps it quiet, which has no end, is looked at again and again.
    Of an acknowledged one, when the acknowledgement expires.
    """
    if incident.answered:
        return incident.acknowledged_until
    if incident.hold is not None:
        return incident.hold.until
    waiting = [step.due_at for step in incident.steps if step.state is StepState.WAITING]
    if not waiting and not incident.exhausted and incident.exhausted_at is not None:
        waiting = [incident.exhausted_at]
    return min(waiting, default=None)


def ladder(plan: Plan, start: float, round_number: int = 0) -> tuple[Step, ...]:
    """The steps of one severity from `start` on: the first responder at once, then row after row, in its hours."""
    first = Step(number=0, role=plan.responder, due_at=plan.due(start, 0.0), round=round_number)
    rows = (
        Step(number=n, role=row.role, due_at=plan.due(start, row.after), waits_for=row.waits_for, round=round_number)
        for n, row in enumerate(plan.steps, 1)
    )
    return (first, *rows)


def in_hours(turn: Turn) -> bool:
    """May people be told of something of this severity now?"""
    hours = turn.incident.plan.hours
    return hours is None or hours.holds(turn.now)


def untold(incident: Incident) -> bool:
    """Is the first step of the present ladder, and every other, still to come?"""
    return bool(incident.steps) and all(step.state is StepState.WAITING for step in incident.steps)


def steady_at(incident: Incident) -> float:
    """From when on people may be told of an untold ladder: what had recovered must fire again for long enough."""
    again = incident.steps[0].reason is Reason.RETRIGGERED
    return incident.fired_at + incident.plan.again_after if again else 0.0


def climb(
    turn: Turn,
    reason: Reason,
    roster: Roster,
    *,
    round_number: int = 0,
    note: str | None = None,
    not_before: float = 0.0,
) -> None:
    """Begin the ladder of the present severity from the bottom: the responder now, everybody else in turn.

    Later, where something holds it back: a silence, the hours of the severity, or `not_before` (Unix seconds).
    Not yet, while something else keeps it quiet.
    """
    plan, hold = turn.incident.plan, roster.hold(turn.incident, turn.now)
    quiet = hold is not None and hold.parent is not None
    start = max(turn.now, not_before, hold.until if hold is not None and not quiet else 0.0)
    factor = plan.repeat_factor**round_number
    turn.change(
        steps=ladder(plan, start, round_number),
        round=round_number,
        **next_ladder(turn.incident),
        exhausted_at=plan.due(start, exhausted_after(plan, factor)),
        exhausted=False,
        hold=None if quiet else hold,
    )
    if hold is not None and quiet:
        _mark(turn, replace(turn.incident.steps[0], reason=reason, note=note))
        keep_quiet(turn, hold)
    elif turn.incident.steps[0].due_at <= turn.now:
        fire(turn, 0, reason, roster, note)
    else:
        put_off(turn, 0, turn.incident.steps[0].due_at, reason, note, hold.why if hold is not None else "")
    turn.wake()


def next_ladder(incident: Incident) -> dict[str, int]:
    """The number of a ladder that begins now. That of one that was taken back is not used again: pages carry it."""
    return {"ladders": incident.ladders + incident.abandoned + 1, "abandoned": 0}


def keep_quiet(turn: Turn, hold: Hold) -> None:
    """Nobody is told while the parent is in trouble. The ladder stands still: nobody knows how long that will be."""
    had = turn.incident.hold
    if had is None or had.parent != hold.parent:
        turn.note("kept quiet", f"nobody is told while it lasts: {hold.why}", parent=hold.parent or "")
    turn.change(hold=hold)


def exhausted_after(plan: Plan, factor: float = 1.0) -> float:
    """Seconds from a ladder's begin to its end; what follows its last step is drawn out by `factor`."""
    last = plan.steps[-1].after if plan.steps else 0.0
    return last + (plan.exhausted_after - last) * factor


def put_off(turn: Turn, number: int, until: float, reason: Reason, note: str | None, why: str = "") -> None:
    """A step is not told now but at `until`, for the reason it would have been told for."""
    step = turn.incident.steps[number]
    turn.note("held back", f"{step.role} is told at {moment(until)}" + (f": {why}" if why else ""), role=step.role)
    _mark(turn, replace(step, due_at=until, reason=reason, note=note))


def moment(at: float) -> str:
    """A time as histories have it: `2026-03-02 09:00 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def fire(
    turn: Turn, number: int, reason: Reason, roster: Roster, note: str | None = None, asked_by: str | None = None
) -> None:
    """Tell the role of one step. Where there is nobody to tell, say so and go on to the next step at once.

    Who has hours of their own is told in them, where the severity has hours too and nobody asked for them.
    """
    step = turn.incident.steps[number]
    reach = roster.reach(step.role)
    hours = reach.hours if turn.incident.plan.hours is not None and asked_by is None else None
    if hours is not None and not hours.holds(turn.now):
        put_off(turn, number, hours.opens(turn.now), reason, note, f"it is outside the hours of {reach.person}")
        return
    ways = turn.incident.ways
    personal = [channel for channel in ways if channel in reach.channels]
    reached = reach.person is not None and bool(personal)
    if not reached:
        note = f"nobody to tell for {step.role}: {reach.why_nobody or 'no channel of this severity reaches them'}"
    state = StepState.SENT if reached else StepState.NOBODY
    _mark(turn, replace(step, state=state, person=reach.person, sent_at=turn.now, asked_by=asked_by))
    channels = personal if reached else []
    channels += [channel for channel in ways if channel in roster.rooms and channel not in channels]
    turn.note("step", _step_text(step, reach.person, reached, note), role=step.role, channels=", ".join(channels))
    turn.tell(
        reason, channels, role=step.role, person=reach.person, rooms=roster.rooms, step=step, by=asked_by, note=note
    )
    if not reached:
        next_at_once(turn, number, roster, note, asked_by)


def next_at_once(turn: Turn, number: int, roster: Roster, note: str | None, asked_by: str | None = None) -> None:
    """Do not wait after step `number`: tell the one after it now, unless it has been told.

    At the end of the ladder there is nothing to wait for either, but a further round begins at its time.
    """
    incident = turn.incident
    if number + 1 < len(incident.steps):
        if incident.steps[number + 1].state is StepState.WAITING:
            fire(turn, number + 1, Reason.CALLED if asked_by else Reason.ESCALATED, roster, note, asked_by)
    elif incident.round >= incident.plan.repeat and not incident.answered:
        exhaust(turn, roster)


def exhaust(turn: Turn, roster: Roster) -> None:
    """The matrix is at its end and nobody has answered: say so once, on every channel, to everybody it named."""
    if turn.incident.exhausted:
        return
    turn.change(exhausted=True)
    turn.note("exhausted", "the matrix is exhausted: nobody has answered")
    note = "Nobody has answered, and the matrix names nobody further."
    for step in {one.role: one for one in turn.incident.steps if one.state is not StepState.DROPPED}.values():
        reach = roster.reach(step.role)
        personal = [
            channel for channel in turn.incident.ways if channel in reach.channels and channel not in roster.rooms
        ]
        turn.tell(
            Reason.EXHAUSTED, personal, role=step.role, person=reach.person, rooms=roster.rooms, step=step, note=note
        )
    rooms = [channel for channel in turn.incident.ways if channel in roster.rooms]
    last = turn.incident.steps[-1]
    turn.tell(Reason.EXHAUSTED, rooms, role=last.role, person=last.person, rooms=roster.rooms, step=last, note=note)


def _mark(turn: Turn, changed: Step) -> None:
    turn.change(steps=tuple(changed if step.number == changed.number else step for step in turn.incident.steps))


def mark_failed(turn: Turn, number: int, channel: str) -> Step:
    """Write down that a channel did not deliver a step; returns the step."""
    step = turn.incident.steps[number]
    failed = step.failed if channel in step.failed else (*step.failed, channel)
    step = replace(step, failed=failed)
    _mark(turn, step)
    return step


def mark_fell_back(turn: Turn, number: int) -> None:
    """Write down that the fallback channels have been asked for a step."""
    _mark(turn, replace(turn.incident.steps[number], fell_back=True))


def mark_untold(turn: Turn, number: int) -> None:
    """Write down that every channel of a step has failed: nobody was told."""
    _mark(turn, replace(turn.incident.steps[number], state=StepState.FAILED))


def _step_text(step: Step, person: str | None, reached: bool, note: str | None) -> str:
    return f"{step.role} ({person}) is told" if reached else note or f"nobody to tell for {step.role}"
