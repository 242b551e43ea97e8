"""What the record of an incident says of its course, as lines of Markdown for its post-mortem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rules.duration import show_duration
from rules.incident import Incident, State, Step, StepState, TimelineEntry
from rules.markdown import inline
from rules.postmortem.words import after, blank, hour

Named = Callable[[str], str]
"""A person as people call them, of their name in the YAML."""

MOST = 60
"""Lines of the history beside the five of the template; it is read by people."""
TOLD = frozenset(
    {"severity", "step", "called in", "exhausted", "expired", "fired again", "mitigated", "recovered", "note", "update",
     "part", "impact", "status", "unverified", "false positive", "taken back", "check", "public", "maintenance"}
)  # fmt: skip
"""Kinds of lines that tell how it went. What was sent to whom, and what was counted, stands further down."""


def moments(incident: Incident, lines: Sequence[TimelineEntry], named: Named) -> list[str]:
    """The timeline: the template's five moments as far as they are known, and between them what else happened."""
    known = [*_known(incident, lines, named), *_further(lines)]
    ordered = sorted(known, key=lambda one: one[0])
    over = min(at for at in (incident.mitigated_at, incident.recovered_at, incident.resolved_at, float("inf")) if at)
    said = [(at, f"- {hour(at, incident.opened_at)} - {text}") for at, text in ordered]
    before = [line for at, line in said if at < over]
    after = [line for at, line in said if at >= over]
    started = [] if incident.acknowledged_at else [f"- {blank()} - Investigation started"]
    return [*before, *started, f"- {blank()} - Root cause identified", f"- {blank()} - Fix deployed", *after]


def _known(incident: Incident, lines: Sequence[TimelineEntry], named: Named) -> Iterator[tuple[float, str]]:
    first = min(incident.signals.values(), key=lambda signal: signal.first_seen, default=None)
    at = incident.opened_at if first is None else min(first.first_seen, incident.opened_at)
    source = "" if first is None else f", from {inline(first.source, 80)}: {inline(first.summary)}"
    yield at, f"First alert{source}"
    if incident.acknowledged_at is not None:
        yield incident.acknowledged_at, f"Investigation started, by {inline(named(incident.acknowledged_by or ''), 80)}"
    if incident.resolved_at is not None:
        yield incident.resolved_at, _ended(incident, lines, named)


def _ended(incident: Incident, lines: Sequence[TimelineEntry], named: Named) -> str:
    """How it ended, with what whoever closed it said of it."""
    by, skipped = inline(named(incident.resolved_by or ""), 80), incident.response.unverified
    last = next((line.text for line in reversed(lines) if line.kind == "resolved"), "")
    note = f": {inline(last.partition(': ')[2], 500)}" if ": " in last else ""
    return f"Resolved by {by}, not verified: {inline(skipped)}" if skipped else f"Verified resolved, by {by}{note}"


def _further(lines: Sequence[TimelineEntry]) -> Iterator[tuple[float, str]]:
    telling = [line for line in lines if line.kind in TOLD]
    for line in telling[:MOST]:
        by = f" — {inline(line.by, 80)}" if line.by and line.by not in line.text else ""
        yield line.at, f"{inline(line.text, 500)}{by}"
    if len(telling) > MOST:
        yield telling[MOST].at, f"and {len(telling) - MOST} more lines, which the incident's history has"


def told(incident: Incident, lines: Sequence[TimelineEntry], named: Named) -> Iterator[str]:
    """Who was called, when; and how many notifications went out on which channel."""
    for step in incident.steps:
        if step.state is not StepState.WAITING:
            yield f"- {_step(incident, step, named)}"
    sent = Counter(line.via or "" for line in lines if line.kind == "sent")
    failed = sum(line.kind == "failed" for line in lines)
    if sent or failed:
        by = ", ".join(f"{number} by {inline(channel, 60)}" for channel, number in sent.items())
        yield f"- Notifications: {by or 'none went out'}" + (f"; {failed} could not be delivered" if failed else "")
    for public in incident.response.public.said if incident.response.public is not None else ():
        yield f"- The public, {hour(public.at, incident.opened_at)}: {inline(public.text)}"


def _step(incident: Incident, step: Step, named: Named) -> str:
    who = f" ({inline(named(step.person), 80)})" if step.person else ""
    when = f": {hour(step.sent_at, incident.opened_at)}" if step.sent_at is not None else ""
    went = "" if step.state is StepState.SENT else f", {step.state.value}"
    return f"{inline(step.role, 80)}{who}{when}{went}"


def checked(incident: Incident) -> Iterator[str]:
    """What the checks found, and what was ticked before it was closed."""
    for one in incident.response.findings:
        yield f"- {hour(one.at, incident.opened_at)} {inline(one.check, 80)}: {one.outcome}, {inline(one.text)}"
    words = {item.id: item.text for item in incident.plan.verify}
    for item, done in incident.response.ticks.items():
        if item in words:
            yield f"- {hour(done.at, incident.opened_at)} verified by {inline(done.by, 80)}: {inline(words[item])}"


def numbers(incident: Incident, lines: Sequence[TimelineEntry]) -> Iterator[str]:
    """How soon it was answered and over, how many alerts it took, how far the matrix was climbed."""
    since, within = incident.opened_at, show_duration(incident.plan.respond_within)
    if incident.acknowledged_at is not None:
        raised = since < incident.severity_since <= incident.acknowledged_at
        agreed = f"within {within}" + (f" of {incident.severity}" if raised else "")
        yield f"- Answered {after(incident.acknowledged_at - since)} (agreed: {agreed})"
    elif incident.state is State.RESOLVED:
        yield f"- Nobody acknowledged it (agreed: within {within})"
    for word, at in (
        ("Mitigated", incident.mitigated_at), ("Recovered", incident.recovered_at), ("Resolved", incident.resolved_at)
    ):  # fmt: skip
        if at is not None:
            yield f"- {word} {after(at - since)}"
    signals = list(incident.signals.values())
    sources = ", ".join(inline(name, 60) for name in dict.fromkeys(signal.source for signal in signals))
    yield f"- {_number(len(signals), 'alert')} from {sources or 'nobody'}, {_number(incident.count, 'event')}"
    called = [step for step in incident.steps if step.state not in (StepState.WAITING, StepState.DROPPED)]
    yield f"- {len(called)} of {len(incident.steps)} steps of the matrix were told"
    yield f"- {_number(len(lines), 'line')} in its history"


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
