"""What a trigger has to do with others: its group, and what keeps it quiet or is kept quiet by it. Pure."""

from __future__ import annotations

import dataclasses
from typing import Any

from rules.decision import Decision
from rules.duration import show_duration
from rules.event import Event
from rules.incident import Incident
from rules.together.grouping import Groups
from rules.together.inhibition import Inhibitions


def related(
    groups: Groups, inhibitions: Inhibitions, event: Event, decision: Decision, opened: Incident, now: float
) -> dict[str, Any]:
    """`group`, `groups` (what each made of it) and `inhibit`. `opened` is what the trigger would open."""
    return {
        "group": decision.group and {"name": decision.group, "within": show_duration(decision.within or 0.0)},
        "groups": [f"{one.name}: {one.why or 'takes it'}" for one in groups.explain(decision, event, now)],
        "inhibit": [dataclasses.asdict(one) for one in inhibitions.explain(opened, now)],
    }
