"""What is said of a command that changed nothing: somebody was faster, or it was so already."""

from __future__ import annotations

from dataclasses import dataclass

from router.cli.times import Record, moment
from workers.plain import plain


@dataclass(frozen=True, slots=True)
class Idle:
    """What is said in place of a success."""

    said: str
    so: bool
    """Is it all the same as was asked? Then nothing has failed."""


def too_late(incident: Record, what: str, by: str) -> Idle | None:
    """Why nothing came of it: somebody was faster, or it was so already. None when it did what was asked."""
    has = plain(str(incident.get("acknowledged_by") or by))
    if what in ("acknowledge", "snooze") and has != by and incident["state"] != "resolved":
        until = incident.get("acknowledged_until")
        theirs = f"is {has}'s already" + (f", until {moment(until)}" if until else "")
        return Idle(f"{theirs}; you are in its timeline, and nobody else will be woken", so=False)
    if incident.get("changed", True):
        return None
    said, so = _over(incident, what) if incident["state"] == "resolved" else (_as_it_was(incident, what), True)
    return Idle(f"{said}: nothing was changed", so)


def _over(incident: Record, what: str) -> tuple[str, bool]:
    never = incident.get("false_positive") is not None
    was = "marked as a false positive" if never else "resolved"
    by = plain(str(incident.get("resolved_by") or "somebody"))
    return f"had been {was} by {by} before", what == ("false-positive" if never else "resolve")


def _as_it_was(incident: Record, what: str) -> str:
    return {
        "acknowledge": "is yours already",
        "mitigate": "had been mitigated before",
        "severity": f"is {incident['severity']} already",
    }.get(what, "is as it was")
