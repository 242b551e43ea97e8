"""A check on a schedule: how often it has failed in a row, and when that is an event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.duration import show_duration
from rules.event import Action, Event
from rules.responding.response import Finding
from rules.responding.triage import CheckConfig, Found
from rules.upcast import VERSION

SOURCE = "check"
"""What rules call everything that checks say: its source, and its type."""
FAILED, RECOVERED = "check.failed", "check.recovered"
KINDS = frozenset({FAILED, RECOVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is remembered of a scheduled check between two runs. Times are Unix seconds."""

    failing: int = 0
    """Runs in a row that did not come out well; one that could not be made is none that did."""
    since: float | None = None
    """When the first of them was."""
    told: bool = False
    """An event has said so."""
    v: int = VERSION


def after(before: Watched, finding: Finding, failures: int) -> tuple[Watched, Action | None]:
    """What is remembered after one more run, and what it says: a trigger at the last of `failures`, and its end."""
    if finding.outcome == Found.OK:
        return Watched(), Action.RESOLVE if before.told else None
    failing, since = before.failing + 1, finding.at if before.since is None else before.since
    now_told = not before.told and failing >= failures
    return Watched(failing=failing, since=since, told=before.told or now_told), Action.TRIGGER if now_told else None


def event(
    config: CheckConfig, finding: Finding, action: Action, before: Watched, *, now: float, delivery: str
) -> Event:
    """The event of a run that says something. `before` is what was remembered until then."""
    fires = action is Action.TRIGGER
    labels: Mapping[str, str] = {**config.labels, "check": finding.check, "type": config.type}
    return Event(
        kind=FAILED if fires else RECOVERED,
        action=action,
        dedup_key=finding.check,
        summary=_failed(finding, before) if fires else _recovered(finding, before),
        labels={**labels, "outcome": finding.outcome} if fires else dict(labels),
        source=SOURCE,
        source_type=SOURCE,
        delivery=delivery,
        received_at=now,
    )


def _failed(finding: Finding, before: Watched) -> str:
    times = before.failing + 1
    return finding.text + (f" ({times} times in a row)" if times > 1 else "")


def _recovered(finding: Finding, before: Watched) -> str:
    lasted = finding.at - (finding.at if before.since is None else before.since)
    return f"{finding.text}, after {show_duration(lasted)}"
