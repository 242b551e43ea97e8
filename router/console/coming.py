"""What comes next for an incident, when, and whom it will reach: what the countdown counts down to."""

from __future__ import annotations

from dataclasses import dataclass

from rules.config import Config
from rules.incident import Incident, State, StepState
from rules.timetable import holder


@dataclass(frozen=True, slots=True)
class Coming:
    """`what` at `at` (Unix seconds; None: nothing more comes). `pages`: somebody will be called then."""

    what: str
    at: float | None = None
    pages: bool = False


def coming(incident: Incident, config: Config) -> Coming:
    """The next thing that happens by itself, if nobody does anything."""
    if incident.state is State.TRIGGERED:
        return _burning(incident, config)
    if incident.state is State.RECOVERED and incident.recovered_at is not None:
        return Coming("counts as resolved, if it stays quiet", incident.recovered_at + incident.plan.resolve_after)
    if incident.state is State.ACKNOWLEDGED and incident.acknowledged_until is not None:
        return Coming("burns again, unless it is resolved", incident.acknowledged_until, pages=True)
    if incident.state is State.RESOLVED:
        return Coming("nothing: it is over")
    return Coming("nothing by itself: somebody has it")


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
