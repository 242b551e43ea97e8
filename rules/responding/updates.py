"""How an incident goes, and when somebody must say so next: worked out from what it is, so that nothing need be undone.

Two things fall due: an update, while somebody has it; and, once it has recovered, a look whether it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.incident import Incident, State
from rules.responding.response import Status
from rules.responding.verification import to_verify

LOUDEST = 3
"""How often somebody is reminded of one thing: they alone, then the rooms too, then the matrix's next role too."""
SHORTEST = 60.0
"""Seconds between two reminders, at least."""


class Owed(StrEnum):
    """What somebody is reminded of."""

    UPDATE = "an update"
    VERIFICATION = "a look whether it is over"


@dataclass(frozen=True, slots=True)
class Due:
    """Something a person owes. Times are Unix seconds."""

    what: Owed
    at: float
    gap: float
    """Seconds from one reminder of it to the next, louder one."""


def status_of(incident: Incident) -> Status:
    """In the words of the runbook: what a person said, unless its state has changed since; else what that means."""
    if incident.state is State.RESOLVED:
        return Status.RESOLVED
    said, moved = incident.response.status, _moved_at(incident)
    if said is not None and incident.response.status_at >= moved:
        return said
    return Status.MITIGATING if incident.state in (State.MITIGATED, State.RECOVERED) else Status.INVESTIGATING


def _moved_at(incident: Incident) -> float:
    at = {State.MITIGATED: incident.mitigated_at, State.RECOVERED: incident.recovered_at}.get(incident.state)
    return max(incident.fired_at, at or 0.0)


def due_of(incident: Incident) -> Due | None:
    """What is owed next, and when; None: nothing is."""
    if incident.state is State.RESOLVED:
        return None
    owed = [due for due in (_promised(incident), _by_rhythm(incident)) if due is not None]
    if owed:
        return min(owed, key=lambda due: due.at)
    if to_verify(incident) and incident.recovered_at is not None:
        plan = incident.plan
        at = plan.due(incident.recovered_at, plan.resolve_after)
        return Due(Owed.VERIFICATION, at, max(SHORTEST, plan.resolve_after))
    return None


def _promised(incident: Incident) -> Due | None:
    """As the last update said. When it has recovered, or fired again, since then, that has told more."""
    update = incident.response.update
    if update is None or update.next_at is None or update.at < incident.fired_at:
        return None
    if incident.recovered_at is not None and update.at <= incident.recovered_at:
        return None
    return Due(Owed.UPDATE, update.next_at, _gap(update.next_at - update.at))


def _by_rhythm(incident: Incident) -> Due | None:
    """As often as the severity asks, from when somebody had it or from the last update, unless that said otherwise."""
    plan, update = incident.plan, incident.response.update
    if plan.update_every is None or incident.state not in (State.ACKNOWLEDGED, State.MITIGATED):
        return None
    start = max(incident.acknowledged_at or 0.0, incident.fired_at, incident.severity_since)
    if update is not None and update.at >= start:
        if update.next_at is not None:
            return None
        start = update.at
    return Due(Owed.UPDATE, plan.due(start, plan.update_every), _gap(plan.update_every))


def _gap(promised: float) -> float:
    return max(SHORTEST, promised / 3)


def next_update(incident: Incident) -> float | None:
    """When the next update is due (Unix seconds); None: none is."""
    due = due_of(incident)
    return due.at if due is not None and due.what is Owed.UPDATE else None


def reminded(incident: Incident, due: Due) -> int:
    """How often somebody has been reminded of this."""
    reminding = incident.response.reminding
    return reminding.times if reminding is not None and reminding.of == due.at else 0


def next_reminder(incident: Incident) -> float | None:
    """When somebody is reminded next (Unix seconds); None: nothing is due, or it has been said loudly enough."""
    due = due_of(incident)
    if due is None:
        return None
    reminding = incident.response.reminding
    return due.at if reminding is None or reminding.of != due.at else reminding.next_at


def owes_it(incident: Incident) -> tuple[str, str | None]:
    """Who is asked for it: the role as it is said, and the person; None: whoever has that role of the matrix."""
    response = incident.response
    if response.commander is not None:
        return "commander", response.commander
    if incident.assignee is not None:
        return "assignee", incident.assignee
    if incident.acknowledged_by is not None:
        return "who answered", incident.acknowledged_by
    return incident.plan.responder, None


def known_as(incident: Incident, channel: str, person: str | None) -> str | None:
    """As what a person has been told on a channel before; None: they have not."""
    ways = (told for told in incident.told if told.channel == channel and told.person == person)
    return next((told.role for told in ways if person is not None and not told.room), None)
