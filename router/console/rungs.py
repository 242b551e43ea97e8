"""The ladder of an incident as it was frozen: who was told when and what became of it, and who comes next. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from router.console.coming import name_of, whom
from rules.incident import Incident, State, Step, StepState
from rules.reading.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step. `at` is Unix seconds: when it was told, or is due; `ahead` while it is still to come."""

    number: int
    who: str
    at: float
    after: float
    """Seconds from when the severity began."""
    what: str
    mark: str
    """`told`, `failed`, `next`, `later` or `off`."""

    @property
    def ahead(self) -> bool:
        """Is it still to come?"""
        return self.mark in {"next", "later"}


def rungs(incident: Incident, config: Config) -> list[Rung]:
    """Every step in its order, and the end of the matrix where it has one."""
    burning = incident.state is State.TRIGGERED and incident.parent is None
    waiting = [step for step in incident.steps if step.state is StepState.WAITING]
    first = min((step.due_at for step in waiting), default=None)
    found = [_rung(step, incident, config, burning=burning, first=first) for step in incident.steps]
    if incident.exhausted_at is not None:
        found.append(_end(incident, len(found) + 1, burning=burning, last=not waiting))
    return found


def _rung(step: Step, incident: Incident, config: Config, *, burning: bool, first: float | None) -> Rung:
    at = step.sent_at if step.sent_at is not None else step.due_at
    what, mark = _became(step, incident, config, burning=burning, first=first)
    again = f", round {step.round + 1}" if step.round else ""
    return Rung(
        number=step.number + 1,
        who=whom(config, step.role, step.person, step.due_at) + again,
        at=at,
        after=max(0.0, step.due_at - incident.severity_since),
        what=what,
        mark=mark,
    )


def _became(step: Step, incident: Incident, config: Config, *, burning: bool, first: float | None) -> tuple[str, str]:
    if step.state is StepState.SENT:
        instead = ", the fallback was told instead" if step.fell_back else ""
        return (f"told; {', '.join(step.failed)} failed{instead}", "failed") if step.failed else ("told", "told")
    if step.state is StepState.NOBODY:
        return "nobody has that role, or nothing reaches them", "failed"
    if step.state is StepState.FAILED:
        return f"reached nobody: {', '.join(step.failed)} failed", "failed"
    if step.state is StepState.DROPPED:
        return "not told: somebody dropped this step", "off"
    if burning:
        return "is told, if nobody acknowledges", "next" if step.due_at == first else "later"
    return f"not told: {_ended_by(incident, config)}", "off"


def _end(incident: Incident, number: int, *, burning: bool, last: bool) -> Rung:
    at = incident.exhausted_at or 0.0
    after = max(0.0, at - incident.severity_since)
    who = "everybody above, once more"
    if incident.exhausted:
        return Rung(number=number, who=who, at=at, after=after, what="told: the matrix ended", mark="failed")
    if burning:
        mark = "next" if last else "later"
        return Rung(number=number, who=who, at=at, after=after, what="are told: the matrix ends", mark=mark)
    return Rung(number=number, who=who, at=at, after=after, what="not needed", mark="off")


def _ended_by(incident: Incident, config: Config) -> str:
    """What came first, and so kept the further steps from being told."""
    if incident.parent is not None:
        return f"incident {incident.parent} lasts"

    def name(who: str | None) -> str:
        return name_of(config, who) if who else "somebody"

    happened = [
        (incident.acknowledged_at, f"answered by {name(incident.acknowledged_by)}"),
        (incident.mitigated_at, "it was mitigated"),
        (incident.recovered_at, "it has recovered by itself"),
        (incident.resolved_at, f"resolved by {name(incident.resolved_by)}"),
    ]
    return min(((at, text) for at, text in happened if at is not None), default=(0.0, "it is over"))[1]
