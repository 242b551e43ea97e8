"""Does this incident need a post-mortem, and why? The reasons are words for whoever has to write it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Incident


def impact(incident: Incident) -> float | None:
    """Seconds from when it opened until it was mitigated, else recovered, else resolved; None while it lasts."""
    over = next((at for at in (incident.mitigated_at, incident.recovered_at, incident.resolved_at) if at), None)
    return None if over is None else max(0.0, over - incident.opened_at)


def worst(incident: Incident) -> Severity:
    """The worst severity it ever had: one that was lowered was an emergency all the same."""
    return min((*incident.response.postmortem.graded, incident.severity), key=lambda one: one.value)


def why(incident: Incident) -> tuple[str, ...]:
    """Why it needs one, each reason in words; empty: it needs none. What never was an incident never does."""
    return () if incident.false_positive is not None else tuple(_reasons(incident))


def _reasons(incident: Incident) -> Iterator[str]:
    terms, was, lasted = incident.policy.postmortem, worst(incident), impact(incident)
    if was in terms.always:
        since = f", though it was lowered to {incident.severity}" if incident.severity is not was else ""
        yield f"it was a {was}{since}"
    limit = terms.impact.get(was)
    if limit is not None and lasted is not None and lasted > limit:
        yield f"it was a {was} with {show_duration(lasted)} of impact, more than {show_duration(limit)}"
    for label, values in terms.touching.items():
        yield from (f"it touches {value} ({label}: {value})" for value in values if _touches(incident, label, value))
    asked = incident.response.postmortem
    if asked.asked_by is not None:
        yield f"{asked.asked_by} asked for one" + (f": {asked.asked_why}" if asked.asked_why else "")


def _touches(incident: Incident, label: str, value: str) -> bool:
    signals = (signal.labels or {} for signal in incident.signals.values())
    return any(labels.get(label) == value for labels in (incident.labels, *signals))


def why_none(incident: Incident) -> str:
    """Why it needs none, in a sentence for whoever wonders."""
    if incident.false_positive is not None:
        return "It was a false positive: there is nothing to learn from an outage that was none."
    terms, was, lasted = incident.policy.postmortem, worst(incident), impact(incident)
    limit = terms.impact.get(was)
    if limit is not None and lasted is not None:
        return f"It was a {was} with {show_duration(lasted)} of impact, not more than {show_duration(limit)}."
    return f"It was no worse than {was}, and touches nothing that asks for one."
