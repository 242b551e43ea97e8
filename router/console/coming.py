"""What comes next for an incident, when, and whom it will reach: what the countdown counts down to."""

from __future__ import annotations

from dataclasses import dataclass

from rules.explained.timetable import holder
from rules.incident import Incident, State, StepState
from rules.reading.config import Config
from rules.responding.updates import Owed, due_of, next_reminder, owes_it
from rules.responding.verification import closes_at, for_people


@dataclass(frozen=True, slots=True)
class Coming:
    """`what` at `at` (Unix seconds; None: nothing more comes). `pages`: it names who will be called then."""

    what: str
    at: float | None = None
    pages: bool = False


def coming(incident: Incident, config: Config) -> Coming:
    """The next thing that happens by itself, if nobody does anything."""
    if incident.state is State.TRIGGERED:
        return _burning(incident, config)
    if incident.state is State.RECOVERED:
        return _recovered(incident, config)
    if incident.state is State.ACKNOWLEDGED and incident.acknowledged_until is not None:
        return _snoozed(incident, config, incident.acknowledged_until)
    if incident.state is State.RESOLVED:
        return Coming("nothing: it is over")
    return _owed(incident, config) or Coming("nothing by itself: somebody has it")


def _snoozed(incident: Incident, config: Config, until: float) -> Coming:
    """Whoever has it may be reminded of something before it calls again."""
    owed = _owed(incident, config)
    if owed is not None and owed.at is not None and owed.at < until:
        return owed
    return Coming("calls again, unless it is resolved", until)


def _recovered(incident: Incident, config: Config) -> Coming:
    """It closes by itself once nobody has to look any more."""
    at = closes_at(incident)
    if at is not None:
        return Coming("counts as resolved, if it stays quiet", at)
    left = f"{len(for_people(incident))} of {len(incident.plan.verify)} by somebody"
    owed = _owed(incident, config)
    return Coming(f"to be verified: {left}" + (f"; then {owed.what}" if owed else ""), owed.at if owed else None)


def _owed(incident: Incident, config: Config) -> Coming | None:
    """Who is reminded of what, and when; None: nothing is due, or it was said often enough."""
    due, at = due_of(incident), next_reminder(incident)
    if due is None:
        return None
    role, person = owes_it(incident)
    name = whom(config, role, None, due.at) if person is None else name_of(config, person)
    what = "to post an update" if due.what is Owed.UPDATE else "to verify it"
    return Coming(f"{name} is reminded {what}", at) if at is not None else Coming(f"{name} was reminded {what}")


def _burning(incident: Incident, config: Config) -> Coming:
    if incident.parent is not None:
        return Coming(f"nobody is told while {incident.parent} lasts")
    waiting = [step for step in incident.steps if step.state is StepState.WAITING]
    if waiting:
        step = min(waiting, key=lambda one: one.due_at)
        return Coming(whom(config, step.role, step.person, step.due_at), step.due_at, pages=True)
    if incident.exhausted_at is not None and not incident.exhausted:
        return Coming("everybody once more: the matrix ends", incident.exhausted_at, pages=True)
    return Coming("nobody: everybody in the matrix was told")


def whom(config: Config, role: str, person: str | None, at: float) -> str:
    """`engineering lead (Maria)`: the role, and who has it then."""
    found = person or holder(config, role, at)
    if found is None:
        return f"{role} (nobody has that role then)" if role in config.roles else role
    return f"{role} ({name_of(config, found)})"


def name_of(config: Config, person: str) -> str:
    """As the YAML says they are called."""
    known = config.people.get(person)
    return (known.name if known is not None else None) or person
