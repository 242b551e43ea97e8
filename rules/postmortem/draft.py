"""The first draft of a post-mortem, by the runbook's template: what the record knows, and blanks for the rest.

Nothing is guessed. A blank is plain to see and easy to search for: `[to be filled in: …]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.incident import Incident, TimelineEntry
from rules.markdown import inline
from rules.postmortem.rule import impact, worst
from rules.postmortem.story import Named, checked, moments, numbers, told
from rules.postmortem.table import HEADING, written
from rules.postmortem.words import blank, day, hour, spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a draft is written from. `author` is whoever led it, by the name in the YAML."""

    incident: Incident
    lines: Sequence[TimelineEntry]
    named: Named
    author: str | None = None
    link: str | None = None
    """Where the incident can be seen."""


def draft(known: Known) -> str:
    """The whole document."""
    incident = known.incident
    parts = [
        [f"# Post-Mortem: {inline(incident.title)}", ""],
        _facts(known),
        ["", "## Summary", "", f"{_summary(known)} {blank('what happened and why, in two or three sentences')}"],
        ["", "## Impact", "", *_impact(incident)],
        ["", "## Timeline (all times UTC)", "", *moments(incident, known.lines, known.named)],
        ["", "## Root Cause", "", blank("the detailed technical explanation")],
        ["", "## What Went Well", "", f"- {blank()}"],
        ["", "## What Went Wrong", "", f"- {blank()}"],
        ["", f"## {HEADING}", "", *written(())],
        ["", "## Lessons Learned", "", blank("key takeaways for the team")],
        ["", "## From the Record", "", "Written by Tocsin; nobody has to fill in anything here."],
        _section("Who was told", told(incident, known.lines, known.named)),
        _section("What checks found, and what people verified", checked(incident)),
        _section("Numbers", numbers(incident, known.lines)),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _section(heading: str, lines: Iterator[str]) -> list[str]:
    found = list(lines)
    return ["", f"### {heading}", "", *found] if found else []


def _facts(known: Known) -> Iterator[str]:
    incident, was = known.incident, worst(known.incident)
    over = incident.resolved_at or incident.opened_at
    lowered = f" (resolved as {incident.severity})" if incident.severity is not was else ""
    author = inline(known.named(known.author), 100) if known.author else blank("who writes this")
    yield f"**Date:** {day(incident.opened_at)}  "
    yield f"**Duration:** {spoken(over - incident.opened_at)}  "
    yield f"**Severity:** {was}{lowered}  "
    yield f"**Author:** {author}  "
    place = f"[{incident.id}]({known.link})" if known.link else f"`{incident.id}`"
    yield f"**Incident:** {place}, by rule «{inline(incident.rule, 100)}»"


def _summary(known: Known) -> str:
    """One sentence, and true: what was reported when, how bad it was, and who ended it."""
    incident, named = known.incident, known.named
    sources = list(dict.fromkeys(signal.source for signal in incident.signals.values())) or ["somebody"]
    others = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
    over = incident.resolved_at or incident.opened_at
    lasted = spoken(over - incident.opened_at)
    return (
        f"On {day(incident.opened_at)} at {hour(incident.opened_at, incident.opened_at)} UTC "
        f"“{inline(incident.title)}” was reported by {inline(sources[0], 80)}{others}: a {worst(incident)} "
        f"that was resolved {_by(incident, named)} after {lasted}."
    )


def _by(incident: Incident, named: Named) -> str:
    if incident.resolved_by in (None, "Tocsin"):
        return "by itself"
    return f"by {inline(named(incident.resolved_by or ''), 80)}"


def _impact(incident: Incident) -> Iterator[str]:
    response, lasted = incident.response, impact(incident)
    affected = inline(response.affected) if response.affected else blank("how many, and who")
    noticed = " (they noticed)" if response.users_noticed else ""
    yield f"- Users affected: {affected}{noticed}"
    yield f"- Revenue impact: {blank('how much, or none')}"
    yield f"- Features affected: {inline(response.broken) if response.broken else blank('which')}"
    if lasted is not None:
        until = "mitigated" if incident.mitigated_at else "recovered" if incident.recovered_at else "resolved"
        yield f"- It lasted {spoken(lasted)}, from when it was opened until it was {until}"
