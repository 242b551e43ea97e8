"""What an incident comes to owe when it is over. `rules.transition` asks here after every command."""

from __future__ import annotations

from typing import Any

from rules.commands import Command, Undo
from rules.effects import ReviewAt
from rules.incident import Incident, Reason, State
from rules.postmortem.commands import AskForPostmortem, NotePostmortem, RemindOfPostmortem
from rules.postmortem.rule import why
from rules.turn import Turn, moment

WRITTEN_AFTER = 60.0
"""Seconds after the end at which Tocsin writes down what it knows: by then nobody takes the answer back any more."""


def follow(turn: Turn, before: Incident, command: Command) -> None:
    """Keep account of the severities; promise a post-mortem with the end, and take that back with it."""
    if turn.incident.severity is not before.severity:
        _grade(turn, before, taken_back=isinstance(command, Undo))
    if before.is_open and not turn.incident.is_open:
        _owe(turn)
    elif not before.is_open and turn.incident.is_open:
        if before.response.postmortem.why:
            turn.effects.append(ReviewAt(at=None))
        _change(turn, why=(), draft_due=0.0, review_due=0.0)


def _grade(turn: Turn, before: Incident, *, taken_back: bool) -> None:
    """What was a slip of the hand was never that bad."""
    graded = before.response.postmortem.graded
    if taken_back:
        _change(turn, graded=graded[:-1] if len(graded) > 2 else ())
    else:
        _change(turn, graded=(*(graded or (before.severity,)), turn.incident.severity))


def _owe(turn: Turn) -> None:
    reasons, terms = why(turn.incident), turn.incident.policy.postmortem
    if not reasons:
        return
    draft, review = turn.now + terms.draft_within, turn.now + terms.review_within
    _change(turn, why=reasons, draft_due=draft, review_due=review)
    because = "; ".join(reasons)
    turn.note(
        "post-mortem", f"a post-mortem is due, for {because}: draft by {moment(draft)}, review by {moment(review)}"
    )
    turn.effects.append(ReviewAt(at=turn.now + WRITTEN_AFTER))


def _change(turn: Turn, **fields: Any) -> None:
    response = turn.incident.response
    turn.change(response=response.changed(postmortem=response.postmortem.changed(**fields)))


def ask(turn: Turn, command: AskForPostmortem) -> None:
    """Somebody wants one: it is owed with the end, or from now on where that is past. Once is enough."""
    owed = turn.incident.response.postmortem
    if owed.asked_by is not None or owed.why:
        return
    _change(turn, asked_by=command.by, asked_why=command.reason)
    reason = f": {command.reason}" if command.reason else ""
    turn.note("post-mortem", f"{command.by} asks for a post-mortem{reason}", by=command.by, via=command.via)
    if turn.incident.state is State.RESOLVED:
        _owe(turn)


def note(turn: Turn, command: NotePostmortem) -> None:
    """A line for the history."""
    turn.note("post-mortem", command.text, by=command.by, via=command.via)


def remind(turn: Turn, command: RemindOfPostmortem) -> None:
    """A named person is asked to do something; that stands in the history also where nothing reaches them."""
    whom = f"{command.person} ({command.role})" if command.person else command.role
    if command.channels:
        turn.note("reminded", f"{whom} is reminded: {command.text}", role=command.role)
    else:
        turn.note("reminded", f"nobody could be reminded as {whom}: {command.text}", role=command.role)
    turn.tell(
        Reason.REMINDER,
        command.channels,
        role=command.role,
        person=command.person,
        rooms=command.rooms,
        note=command.text,
    )
