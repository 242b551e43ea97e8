"""An answer is taken back: the incident stands as before, and what came to nothing meanwhile is made up for."""

from __future__ import annotations

from collections.abc import Iterator

from rules.commands import Undeliverable, Undo
from rules.effects import WakeAt
from rules.incident import Reason, State, Told
from rules.oncall.roster import Roster
from rules.owed import settle_owed
from rules.transitions.answering import stands, why_not
from rules.transitions.last_answer import OF_ANSWERS, LastAnswer, Missed
from rules.transitions.on_time import undeliverable
from rules.turn import Turn, next_wake, same_way


def undo(turn: Turn, command: Undo) -> None:
    """As it was before, the due times of its steps too: what fell due meanwhile is due now."""
    was, last = turn.incident, turn.incident.last_answer
    if last is None or why_not(was, command.by, turn.now):
        return
    _restore(turn, last)
    text = f"{command.by} took back {last.what}: it is {stands(turn.incident)}"
    turn.note("taken back", text, by=command.by, via=command.via)
    _promise_again(turn, was.state)
    again = [] if turn.incident.answered else list(_made_up_for(turn, last, command.roster))
    calls = was.answered and not turn.incident.answered
    told = [way for way in turn.incident.told if not any(same_way(way, one) for one in again)]
    turn.update(Reason.TAKEN_BACK if calls else Reason.UPDATE, by=command.by, note=text, ways=told)


def _restore(turn: Turn, last: LastAnswer) -> None:
    was = turn.incident
    turn.change(**{name: getattr(last.before, name) for name in last.fields if name != "response"}, last_answer=None)
    before = last.before.response
    if before is not None:
        answered = {name: getattr(before, name) for name in OF_ANSWERS}
        turn.change(response=was.response.changed(**answered))
    turn.change(abandoned=was.abandoned + was.ladders - turn.incident.ladders)


def _promise_again(turn: Turn, was: State) -> None:
    """Whoever is kept quiet is looked at now: what kept them quiet may be over since."""
    quiet = turn.incident.parent is not None
    turn.effects.append(WakeAt(at=turn.now if quiet else next_wake(turn.incident)))
    settle = settle_owed(turn.incident)
    if was is State.RESOLVED and settle is not None:
        turn.settle(settle.at)


def _made_up_for(turn: Turn, last: LastAnswer, roster: Roster) -> Iterator[Told]:
    """Pages of the ladder that stands again: what was left out is told, what failed goes to the fallback."""
    for missed in last.missed:
        if missed.ladder != turn.incident.ladders:
            continue
        if missed.reason is None:
            undeliverable(turn, _failed(missed, roster))
            continue
        step = None if missed.step is None else turn.incident.steps[missed.step]
        turn.tell(
            missed.reason,
            [missed.channel],
            role=missed.role,
            person=missed.person,
            rooms=frozenset({missed.channel}) if missed.room else frozenset(),
            step=step,
            note=missed.note,
        )
        yield turn.incident.told[-1]


def _failed(missed: Missed, roster: Roster) -> Undeliverable:
    return Undeliverable(
        channel=missed.channel,
        role=missed.role,
        person=missed.person,
        step=missed.step or 0,
        ladder=missed.ladder,
        why=missed.note or "",
        roster=roster,
    )
