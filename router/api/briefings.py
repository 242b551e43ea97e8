"""`/api/incidents/{id}/brief`: the incident by the runbook's template, for people and for programs."""

from __future__ import annotations

from typing import Any

from router.context import Context
from rules.incident import Incident
from rules.record import as_data
from rules.responding.briefing import Briefing, as_markdown, briefing


def brief(context: Context, incident: Incident) -> Briefing:
    """What there is to say of it now. Blocks on Redis; raises its errors."""
    people = context.in_force.ruleset.config.people
    names = {name: one.name for name, one in people.items() if one.name}
    return briefing(incident, names, context.store.timeline(incident.id), context.clock.now())


def told(context: Context, incident: Incident) -> dict[str, Any]:
    """The same as plain data, with its Markdown."""
    said = brief(context, incident)
    return {**as_data(said), "markdown": as_markdown(said, context.clock.now())}
