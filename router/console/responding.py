"""The part of an incident's page that says how it is responded to: roles, impact, updates, the checklist. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from router.console.coming import name_of
from rules.incident import Incident, State
from rules.reading.config import Config
from rules.responding.response import Status
from rules.responding.updates import Owed, due_of, reminded, status_of
from rules.responding.verification import checklist

NEXT = ("15m", "30m", "1h", "2h", "4h", "1d")
"""What is offered for the next update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One item of the checklist. `at` is Unix seconds."""

    id: str
    text: str
    done: bool
    by: str | None
    at: float | None
    said: str
    ticked: bool
    """By somebody, who may take that back; else it is so, or not, by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responding:
    """What the section is made of. Times are Unix seconds."""

    status: Status
    statuses: tuple[Status, ...]
    parts: tuple[tuple[str, str | None, str], ...]
    """The role, whose it is by the YAML's name, and as people call them."""
    affected: str | None
    broken: str | None
    users_noticed: bool
    said: str | None
    """The last update."""
    said_by: str | None
    said_at: float | None
    next_at: float | None
    reminded: int
    """How often somebody has been reminded of it."""
    every: float | None
    offered: tuple[str, ...]
    checks: tuple[Check, ...]
    left: int
    unverified: str | None
    people: tuple[tuple[str, str], ...]
    """Who may be given a role: the YAML's name, and what people call them."""


def responding(incident: Incident, config: Config, now: float) -> Responding:
    """As it stands at `now`."""
    response, update, due = incident.response, incident.response.update, due_of(incident)
    owed = due if due is not None and due.what is Owed.UPDATE else None
    checks = tuple(_checks(incident, config, now))

    def name(who: str | None) -> str:
        return name_of(config, who) if who is not None else ""

    return Responding(
        status=status_of(incident),
        statuses=(Status.INVESTIGATING, Status.MITIGATING),
        parts=tuple((part, who, name(who)) for part, who in _parts(incident)),
        affected=response.affected,
        broken=response.broken,
        users_noticed=response.users_noticed,
        said=update.text if update is not None else None,
        said_by=name(update.by) if update is not None else None,
        said_at=update.at if update is not None else None,
        next_at=owed.at if owed is not None else None,
        reminded=reminded(incident, owed) if owed is not None else 0,
        every=incident.plan.update_every,
        offered=NEXT,
        checks=checks if incident.state is not State.RESOLVED else (),
        left=sum(not one.done for one in checks),
        unverified=response.unverified,
        people=tuple((one, person.name or one) for one, person in config.people.items()),
    )


def _parts(incident: Incident) -> tuple[tuple[str, str | None], ...]:
    return ("commander", incident.response.commander), ("scribe", incident.response.scribe)


def _checks(incident: Incident, config: Config, now: float) -> list[Check]:
    return [
        Check(
            id=line.item.id,
            text=line.item.text,
            done=line.done,
            by=name_of(config, line.ticked.by) if line.ticked is not None else None,
            at=line.ticked.at if line.ticked is not None else None,
            said=line.said or (line.ticked.answer if line.ticked is not None else ""),
            ticked=line.ticked is not None,
        )
        for line in checklist(incident, now)
    ]
