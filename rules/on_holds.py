"""What comes of silences: steps wait, and when it is over people are told of what still burns."""

from __future__ import annotations

from dataclasses import replace

from rules.commands import Lift
from rules.incident import Hold, Reason, StepState
from rules.turn import Turn, exhausted_after, keep_quiet, ladder, moment


def hold_back(turn: Turn, hold: Hold) -> None:
    """Nobody further is told until `hold` is over; then the ladder goes on with the time that was left, or anew."""
    if hold.parent is not None:
        keep_quiet(turn, hold)
        return
    set_free(turn)
    incident = turn.incident
    if incident.hold is not None and incident.hold.until >= hold.until:
        return
    turn.note("held back", f"nobody is told before {moment(hold.until)}: {hold.why}", silence=hold.silence)
    if hold.restarts and any(step.state is StepState.WAITING for step in incident.steps):
        plan = incident.plan
        turn.change(
            steps=ladder(plan, hold.until),
            round=0,
            ladders=incident.ladders + 1,
            exhausted_at=plan.due(hold.until, exhausted_after(plan)),
            exhausted=False,
        )
        turn.change(steps=(replace(turn.incident.steps[0], reason=Reason.RETRIGGERED), *turn.incident.steps[1:]))
    else:
        _shift(turn, hold.until - turn.now)
    turn.change(hold=hold)


def set_free(turn: Turn) -> None:
    """Nothing keeps it quiet any more: what nobody was told of begins now, else the ladder goes on where it stood."""
    hold, incident, plan = turn.incident.hold, turn.incident, turn.incident.plan
    if hold is None or hold.parent is None:
        return
    turn.note("released", f"no longer kept quiet by {hold.why}", parent=hold.parent)
    first = incident.steps[0]
    if first.state is StepState.WAITING:
        start = max(turn.now, first.due_at)
        begun = ladder(plan, start, incident.round)
        ends = plan.due(start, exhausted_after(plan, plan.repeat_factor**incident.round))
        turn.change(
            steps=(replace(begun[0], reason=first.reason, note=first.note), *begun[1:]),
            exhausted_at=ends,
            exhausted=False,
        )
    else:
        _shift(turn, turn.now - hold.since, since=hold.since)
    turn.change(hold=replace(hold, until=turn.now))


def end_hold(turn: Turn, *, told: bool) -> None:
    """The silence is over. Where no step came due with it, whoever was told before hears that it still burns."""
    hold = turn.incident.hold
    if hold is None or hold.until > turn.now:
        return
    turn.change(hold=None)
    if not told:
        if hold.parent is None:
            turn.note("released", f"no longer held back by {hold.why}, and it still burns", silence=hold.silence)
        turn.update(Reason.UPDATE, note=f"no longer held back by {hold.why}; it still burns")


def lift(turn: Turn, command: Lift) -> None:
    """The silence was ended early: what it put off is due by so much earlier."""
    hold = turn.incident.hold
    if hold is None or hold.parent is not None or hold.silence != command.silence:
        return
    turn.note("released", f"{command.by} ended the silence: {hold.why}", by=command.by, silence=hold.silence)
    if not turn.incident.answered:
        _shift(turn, turn.now - hold.until)
    turn.change(hold=replace(hold, until=turn.now))
    turn.wake()


def _shift(turn: Turn, seconds: float, since: float | None = None) -> None:
    """Put off (or call forward) everything that is to come after `since`, or now; nothing becomes due before now."""
    plan, since = turn.incident.plan, turn.now if since is None else since

    def moved(at: float) -> float:
        return plan.due(max(turn.now, max(at, since) + seconds), 0.0)

    steps = tuple(
        replace(step, due_at=moved(step.due_at)) if step.state is StepState.WAITING else step
        for step in turn.incident.steps
    )
    ends = turn.incident.exhausted_at
    turn.change(steps=steps, exhausted_at=None if ends is None else moved(ends))
