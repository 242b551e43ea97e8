"""An incident by the runbook's template: who, how bad, how it goes, whom it affects, when more is said. Pure.

briefing(incident, names, lines, now)      what there is to say
as_markdown(...)                           and how it is written down
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Incident, State, TimelineEntry
from rules.markdown import inline
from rules.responding.response import Status
from rules.responding.updates import next_update, status_of
from rules.responding.verification import checklist
from rules.transitions.on_response import CHECK

TOLD = {
    "opened", "joined", "severity", "fired again", "acknowledged", "assigned", "part", "called in", "step", "exhausted",
    "mitigated", "impact", "update", "note", "cleared", "recovered", "to be verified", "ticked", "unticked",
    "unverified", "resolved", "false positive", "taken back", "expired", "heard", "answered", "checked",
    "decided", "assessed",
}  # fmt: skip
"""Kinds of lines that belong to the story; what was sent where is of no use to whoever reads it."""
RESPONDERS = 12
LINES = 200
"""So many lines of the story; of a longer one the first and the last."""
_NOBODY = frozenset({"Tocsin", "tocsin", "test"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One line of its story. Unix seconds."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """Somebody who works on it, as people call them, and as what: `commander`, `scribe` or nothing."""

    name: str
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One item of what must be so before it is closed."""

    text: str
    done: bool
    said: str = ""
    """Who ticked it and when, or why it is (not) so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """Everything the template asks. Times are Unix seconds."""

    incident: str
    title: str
    severity: Severity
    status: Status
    standing: str
    """Its state in a sentence: `Acknowledged; Ana has it.`"""
    started: float
    ended: float | None
    responders: tuple[Responder, ...]
    affected: str | None
    broken: str | None
    users_noticed: bool
    timeline: tuple[Happened, ...]
    left_out: int
    """Lines of the story in between that are not here."""
    current: str | None
    """What was told last, by whom and when stands beside it."""
    current_at: float | None
    current_by: str | None
    next_update: float | None
    verification: tuple[Verified, ...]


def briefing(incident: Incident, names: Mapping[str, str], lines: Sequence[TimelineEntry], now: float) -> Briefing:
    """What is known of it at `now` (Unix seconds). `names`: how people of the YAML are called; `lines`: its history."""
    update, response = incident.response.update, incident.response
    told = [one for one in lines if one.kind in TOLD]
    shown = told if len(told) <= LINES else [*told[: LINES // 2], *told[-LINES // 2 :]]
    return Briefing(
        incident=incident.id,
        title=incident.title,
        severity=incident.severity,
        status=status_of(incident),
        standing=_standing(incident, names),
        started=incident.opened_at,
        ended=incident.resolved_at,
        responders=tuple(_responders(incident, names, lines)),
        affected=response.affected,
        broken=response.broken,
        users_noticed=response.users_noticed,
        timeline=tuple(Happened(at=one.at, text=_said(one, incident)) for one in shown),
        left_out=len(told) - len(shown),
        current=update.text if update is not None else None,
        current_at=update.at if update is not None else None,
        current_by=_name(names, update.by) if update is not None else None,
        next_update=next_update(incident),
        verification=tuple(_verified(incident, names, now)),
    )


def _name(names: Mapping[str, str], who: str) -> str:
    return names.get(who) or who


def _responders(incident: Incident, names: Mapping[str, str], lines: Sequence[TimelineEntry]) -> Iterator[Responder]:
    """The commander and the scribe first, then who has it, then whoever has done something."""
    response = incident.response
    parts = {who: part for part, who in (("scribe", response.scribe), ("commander", response.commander)) if who}
    has = [response.commander, response.scribe, incident.assignee, incident.acknowledged_by]
    did = [one.by for one in lines if one.via != CHECK and one.kind != "heard"]
    everybody = dict.fromkeys(who for who in (*has, *did) if who and who not in _NOBODY)
    for who in list(everybody)[:RESPONDERS]:
        yield Responder(name=_name(names, who), part=parts.get(who, ""))


def _standing(incident: Incident, names: Mapping[str, str]) -> str:
    has = incident.assignee or incident.acknowledged_by
    who = _name(names, has) if has is not None else "nobody"
    match incident.state:
        case State.RESOLVED if incident.false_positive is not None:
            return f"It was a false positive: {incident.false_positive}"
        case State.RESOLVED:
            return f"Resolved by {_name(names, incident.resolved_by or 'somebody')}."
        case State.RECOVERED:
            left = sum(not one.done for one in checklist(incident, incident.recovered_at or 0.0))
            return "It has recovered" + (" and waits to be verified." if left else "; it is closed if it stays quiet.")
        case State.TRIGGERED:
            return "Nobody has it yet."
        case _:
            return f"{incident.state.value.capitalize()}; {who} has it."


def _said(line: TimelineEntry, incident: Incident) -> str:
    """In the words of the template where it has some."""
    if line.kind == "opened":
        return f"First alert received: {incident.title}"
    if line.kind == "acknowledged" and line.at == incident.acknowledged_at:
        return f"Investigation started: {line.text}"
    return line.text if line.by is None or line.by in line.text else f"{line.text} ({line.by})"


def _verified(incident: Incident, names: Mapping[str, str], now: float) -> Iterator[Verified]:
    for one in checklist(incident, now):
        said = one.said
        if one.ticked is not None:
            answer = f": {one.ticked.answer}" if one.ticked.answer else ""
            said = f"{_name(names, one.ticked.by)}, {_clock(one.ticked.at, now)}{answer}"
        yield Verified(text=one.item.text, done=one.done, said=said)


def as_markdown(said: Briefing, now: float) -> str:
    """By the runbook's Incident Template. Whatever people and senders wrote is escaped."""
    parts = [
        [f"## Incident: {inline(said.title)}", *_head(said), ""],
        ["### Impact", *_impact(said), ""],
        ["### Timeline", *(f"- {_clock(one.at, now)} - {inline(one.text, 2000)}" for one in said.timeline)],
        [f"- {said.left_out} more lines in between"] if said.left_out else [],
        ["", "### Current Status", *_current(said, now), ""],
        ["### Verification", *(_item(one) for one in said.verification), ""] if said.verification else [],
        ["### Next Update", _next(said, now)],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(said: Briefing) -> Iterator[str]:
    lines = [
        f"**Severity:** {said.severity.value}",
        f"**Status:** {said.status.capitalize()}",
        f"**Started:** {_moment(said.started)}",
        *([f"**Resolved:** {_moment(said.ended)}"] if said.ended is not None else []),
        f"**Responders:** {', '.join(map(_responder, said.responders)) or 'nobody yet'}",
    ]
    # Two spaces at the end of a line keep them apart (CommonMark 0.31, 6.7).
    yield from (f"{line}  " for line in lines[:-1])
    yield lines[-1]


def _responder(one: Responder) -> str:
    return inline(one.name) + (f" ({one.part})" if one.part else "")


def _impact(said: Briefing) -> Iterator[str]:
    yield f"- Who is affected: {inline(said.affected or 'not known yet', 2000)}"
    yield f"- What is broken: {inline(said.broken or 'not known yet', 2000)}"
    yield f"- Users have noticed: {'yes' if said.users_noticed else 'not that we know'}"


def _current(said: Briefing, now: float) -> Iterator[str]:
    if said.current is not None and said.current_at is not None:
        by = f", {inline(said.current_by)}" if said.current_by else ""
        yield f"{inline(said.current, 4000)} ({_clock(said.current_at, now)}{by})  "
    yield inline(said.standing, 2000)


def _item(one: Verified) -> str:
    return f"- [{'x' if one.done else ' '}] {inline(one.text)}" + (f" ({inline(one.said)})" if one.said else "")


def _next(said: Briefing, now: float) -> str:
    if said.next_update is None:
        return "None: it is over" if said.ended is not None else "None is promised"
    if said.next_update <= now:
        return f"Due since {_clock(said.next_update, now)}, {show_duration(now - said.next_update)} late"
    return f"In {in_minutes(said.next_update - now)} ({_clock(said.next_update, now)})"


def in_minutes(seconds: float) -> str:
    """`30 minutes`: as one says it to whoever does not count seconds."""
    minutes = max(1, round(seconds / 60))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _clock(at: float, now: float) -> str:
    """`09:14 UTC`, with its day where that is not today."""
    moment = datetime.fromtimestamp(at, UTC)
    same = moment.date() == datetime.fromtimestamp(now, UTC).date()
    return f"{moment:%H:%M} UTC" if same else f"{moment:%Y-%m-%d %H:%M} UTC"
