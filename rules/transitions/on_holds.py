"""What comes of silences: steps wait, and when it is over people are told of what still burns."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import Lift
from rules.incident import Hold, Incident, Reason, Step, StepState
from rules.turn import Turn, exhausted_after, in_hours, keep_quiet, ladder, moment, next_ladder, steady_at, untold


def hold_back(turn: Turn, hold: Hold) -> None:
    """Nobody further is told until `hold` is over; then the ladder goes on with the time that was left, or anew."""
    if hold.parent is not None:
        _end_silence(turn)
        keep_quiet(turn, hold)
        return
    set_free(turn)
    incident = turn.incident
    held = incident.hold
    if held is not None and held.until == hold.until:
        return
    turn.note("held back", f"nobody is told before {moment(hold.until)}: {hold.why}", silence=hold.silence)
    if not untold(incident) and hold.restarts and any(step.state is StepState.WAITING for step in incident.steps):
        turn.change(round=0, **next_ladder(incident))
        _anew(turn, hold.until, Reason.RETRIGGERED)
    else:
        _go_on(turn, turn.now if held is None else max(turn.now, held.until), hold.until)
    turn.change(hold=hold)


def _end_silence(turn: Turn) -> None:
    """What a silence had put off stands as if it ended now: while a parent lasts, time is counted anew."""
    held = turn.incident.hold
    if held is not None and held.parent is None:
        catch_up(turn)


def set_free(turn: Turn) -> None:
    """Nothing keeps it quiet any more: what nobody was told of begins now, else the ladder goes on where it stood."""
    hold = turn.incident.hold
    if hold is None or hold.parent is None:
        return
    turn.note("released", f"no longer kept quiet by {hold.why}", parent=hold.parent)
    _go_on(turn, hold.since, turn.now)
    turn.change(hold=replace(hold, until=turn.now))


def tell_afterwards(turn: Turn, step: Step, hold: Hold, note: str) -> None:
    """A page has failed while nobody may be told: the step is told once more when that is over.

    When a parent is over nobody knows: then the step is due as soon as somebody looks and finds it so.
    """
    hold_back(turn, hold)
    if turn.incident.steps[step.number].state is StepState.WAITING:
        turn.wake()  # The silence begins the ladder anew: the step comes in its turn.
        return
    reason = Reason.ESCALATED if step.number else Reason.OPENED
    due_at = hold.until if hold.parent is None else turn.now
    again = replace(step, state=StepState.WAITING, due_at=due_at, reason=reason, note=note, failed=())
    turn.change(steps=tuple(again if one.number == step.number else one for one in turn.incident.steps))
    turn.wake()


def catch_up(turn: Turn) -> None:
    """Nothing holds it back, though something was to: what that put off goes on from now."""
    hold = turn.incident.hold
    if hold is not None and hold.until > turn.now:
        _go_on(turn, hold.until, turn.now)


def end_hold(turn: Turn, *, told: bool) -> None:
    """The silence is over. Where no step came due with it, whoever was told before hears that it still burns."""
    hold = turn.incident.hold
    if hold is None:
        return
    turn.change(hold=None)
    if not told:
        if hold.parent is None:
            turn.note("released", f"no longer held back by {hold.why}, and it still burns", silence=hold.silence)
        # Whom the ladder still has to call first, or who sleeps by the hours of the severity, hears of it in time.
        if not untold(turn.incident) and in_hours(turn):
            turn.update(Reason.UPDATE, note=f"no longer held back by {hold.why}; it still burns")


def lift(turn: Turn, command: Lift) -> None:
    """The silence was ended early: what it put off is due by so much earlier."""
    hold = turn.incident.hold
    if hold is None or hold.parent is not None or hold.silence != command.silence:
        return
    text = command.text or f"{command.by} ended the silence: {hold.why}"
    turn.note("released", text, by=command.by, silence=hold.silence)
    if not turn.incident.answered:
        catch_up(turn)
    turn.change(hold=replace(hold, until=turn.now))
    turn.wake()


def _go_on(turn: Turn, was: float, now: float) -> None:
    """What was to go on at `was` goes on at `now` (Unix seconds), with the time, in its hours, that was left."""
    if _not_begun(turn.incident):
        first = turn.incident.steps[0]
        _anew(turn, max(now, steady_at(turn.incident)), first.reason, first.note)
        return
    plan = turn.incident.plan

    def moved(at: float) -> float:
        left = max(0.0, at - was) if plan.hours is None else plan.hours.between(was, at)
        return plan.due(now, left)

    def later(step: Step) -> Step:
        if step.state is not StepState.WAITING:
            return step
        if step.reason is None:
            return replace(step, due_at=moved(step.due_at))
        # Its turn had come, and it waits for the end of this alone, or for an hour of its own.
        return replace(step, due_at=max(now, step.due_at) if step.due_at > was else now)

    ends = turn.incident.exhausted_at
    turn.change(
        steps=tuple(later(step) for step in turn.incident.steps), exhausted_at=None if ends is None else moved(ends)
    )


def _not_begun(incident: Incident) -> bool:
    """Is the whole ladder still to come? Where its first step alone waits, for hours of its own, the rest runs."""
    if not untold(incident) or incident.exhausted_at is None:
        return untold(incident)
    plan = incident.plan
    ends = plan.due(incident.steps[0].due_at, exhausted_after(plan, plan.repeat_factor**incident.round))
    return abs(ends - incident.exhausted_at) < 1


def _anew(turn: Turn, start: float, reason: Reason | None, note: str | None = None) -> None:
    """The ladder from the bottom, at `start`."""
    plan, number = turn.incident.plan, turn.incident.round
    first, *others = ladder(plan, start, number)
    ends = plan.due(start, exhausted_after(plan, plan.repeat_factor**number))
    first = replace(first, reason=reason, note=note)
    turn.change(steps=(first, *others), exhausted_at=ends, exhausted=False)
