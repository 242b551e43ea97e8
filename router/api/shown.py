"""An incident as the API shows it: its record, without promises that nobody keeps any more."""

from __future__ import annotations

from typing import Any

from rules.incident import Incident, State, StepState
from rules.record import as_data
from rules.responding.updates import next_update, status_of
from rules.responding.verification import Line, checklist, missing, to_verify

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


def shown(incident: Incident, now: float) -> dict[str, Any]:
    """The record as plain data. Recovered, it may fire again and go on where it stood: then its steps still wait.

    Beside it how it goes at `now` (Unix seconds): status, when the next update is due, what must be verified.
    """
    data: dict[str, Any] = as_data(incident)
    data["outcome"] = _outcome(incident)
    data["parent"] = incident.parent
    data["status"] = status_of(incident)
    data["next_update"] = next_update(incident)
    data["checklist"] = [_item(one) for one in checklist(incident, now)]
    data["to_verify"] = to_verify(incident)
    if incident.state in _ENDED:
        for step in data["steps"]:
            if step["state"] == StepState.WAITING:
                step["state"] = NOT_TOLD
    return data


def unverified(incident: Incident, now: float) -> dict[str, Any]:
    """What keeps it from being resolved, beside the sentence that says so: the items that are `left`, `of` how many."""
    left = [
        {"number": one.number, "id": one.item.id, "text": one.item.text, "said": one.said}
        for one in missing(incident, now)
    ]
    return {"left": left, "of": len(incident.plan.verify)} if left else {}


def _item(line: Line) -> dict[str, Any]:
    ticked = None if line.ticked is None else as_data(line.ticked)
    return {
        "number": line.number,
        "id": line.item.id,
        "text": line.item.text,
        "done": line.done,
        "said": line.said,
        "ticked": ticked,
    }


def _outcome(incident: Incident) -> str | None:
    """How it ended, None while it is open: the state of what never was an incident is `resolved` too."""
    if incident.is_open:
        return None
    return "resolved" if incident.false_positive is None else "false positive"
