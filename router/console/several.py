"""What one press has done to several incidents, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from router.console.coming import name_of
from router.console.visit import Visit
from rules.incident import Incident
from workers.plain import clock


def in_all(visit: Visit, what: str, changed: Sequence[Incident]) -> str:
    """What has become of those that changed, at least one, and what that means for whoever is called."""
    number, one = len(changed), len(changed) == 1
    they, stay, first = ("it", "stays", changed[0]) if one else ("they", "stay", changed[0])
    config = visit.context.in_force.ruleset.config
    said = {
        "acknowledge": f"{number} acknowledged{_held(changed, visit.now)}. Nobody else will be woken.",
        "snooze": f"{number} snoozed{_held(changed, visit.now)}; then {they} {'calls' if one else 'call'} again.",
        "resolve": f"{number} resolved. Everybody who was told hears so.",
        "mitigate": f"{number} mitigated. {they.capitalize()} {stay} open; nobody further is called.",
        "severity": f"{number} {'is' if one else 'are'} {first.severity} now.",
        "escalate": f"Called now, for {number}: whom the matrix names next.",
        "undo": f"{number} taken back: {'it stands' if one else 'they stand'} as before.",
        "assign": f"{name_of(config, first.assignee or '')} has {number} now, and was told.",
    }
    return said.get(what, f"Done: {number}.")


def _held(changed: Sequence[Incident], now: float) -> str:
    """Until when they keep quiet; the soonest, where not all do for as long."""
    ends = sorted({one.acknowledged_until for one in changed if one.acknowledged_until is not None})
    if not ends:
        return ""
    shown = clock(ends[0], now)
    return f" until {shown}" if clock(ends[-1], now) == shown else f", the first until {shown}"
