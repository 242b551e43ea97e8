"""What is said of a command that changed nothing: somebody was faster, or it was so already."""

from __future__ import annotations

from router.cli.times import Record
from workers.plain import plain


def too_late(incident: Record, what: str, by: str) -> str:
    """Why nothing came of it: somebody was faster, or it was so already. Empty when it did what was asked."""
    has = plain(str(incident.get("acknowledged_by") or by))
    if what == "acknowledge" and has != by and incident["state"] != "resolved":
        return f"is {has}'s already; you are in its timeline, and nobody else will be woken"
    return "" if incident.get("changed", True) else f"{_as_it_was(incident, what)}: nothing was changed"


def _as_it_was(incident: Record, what: str) -> str:
    if incident["state"] == "resolved":
        was = "resolved" if incident.get("false_positive") is None else "marked as a false positive"
        return f"had been {was} by {plain(str(incident.get('resolved_by') or 'somebody'))} before"
    return {
        "acknowledge": "is yours already",
        "mitigate": "had been mitigated before",
        "severity": f"is {incident['severity']} already",
        "tick": "had that ticked before",
        "untick": "had that open before",
    }.get(what, "is as it was")
