"""What open incidents still need of the rules: their matrix is frozen, but it names roles, channels and teams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rules.incident import Incident
from rules.reading.config import Config


class Need(NamedTuple):
    """Something that must stay in the rules until an incident is resolved."""

    kind: str
    """`role`, `channel` or `team`."""
    name: str
    incident: Incident

    def __str__(self) -> str:
        one = self.incident
        return f"the {self.kind} '{self.name}' is still needed by incident {one.id} ({one.severity}, open)"


def dropped(config: Config, incidents: Iterable[Incident]) -> list[Need]:
    """What these rules lack and an open incident may still ask for, each thing once."""
    has: dict[str, Mapping[str, object]] = {"role": config.roles, "channel": config.channels, "team": config.teams}
    found: dict[tuple[str, str], Need] = {}
    for incident in incidents:
        for need in _needs(incident):
            if need.name not in has[need.kind]:
                found.setdefault(need[:2], need)
    return list(found.values())


def _needs(incident: Incident) -> Iterator[Need]:
    """An open incident may get worse, never milder by itself: the plans of all that is as bad or worse may be used."""
    if not incident.is_open:
        return
    for severity, plan in incident.policy.plans.items():
        if incident.severity.worse_than(severity):
            continue
        for role in (plan.responder, *(step.role for step in plan.steps)):
            yield Need("role", role, incident)
        for channel in (*plan.channels, *plan.fallback, *plan.announce):
            yield Need("channel", channel, incident)
    for channel in (*incident.ways, *(told.channel for told in incident.told)):
        yield Need("channel", channel, incident)
    if incident.team is not None:
        yield Need("team", incident.team, incident)
