"""An incident as the API shows it: its record, without promises that nobody keeps any more."""

from __future__ import annotations

from typing import Any

from rules.incident import Incident, State, StepState
from rules.record import as_data

NOT_TOLD = "not told"
"""A step that was still to come when somebody answered, or when it was over."""
_ENDED = frozenset({State.ACKNOWLEDGED, State.MITIGATED, State.RESOLVED})


def child(incident: Incident) -> dict[str, Any]:
    """What its parent lists of it; `quiet`: nobody is told of it now."""
    return {
        "id": incident.id,
        "title": incident.title,
        "severity": incident.severity,
        "state": incident.state,
        "quiet": incident.parent is not None,
    }


def shown(incident: Incident) -> dict[str, Any]:
    """The record as plain data. Recovered, it may fire again and go on where it stood: then its steps still wait."""
    data: dict[str, Any] = as_data(incident)
    data["outcome"] = _outcome(incident)
    data["parent"] = incident.parent
    if incident.state in _ENDED:
        for step in data["steps"]:
            if step["state"] == StepState.WAITING:
                step["state"] = NOT_TOLD
    return data


def _outcome(incident: Incident) -> str | None:
    """How it ended, None while it is open: the state of what never was an incident is `resolved` too."""
    if incident.is_open:
        return None
    return "resolved" if incident.false_positive is None else "false positive"
