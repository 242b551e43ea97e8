"""One body judged twice, by the rules in force and by an edited text of them, and what is different. Reads only."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from router.context import Context
from router.hooks.hearing import read
from router.in_force import Source
from router.replaying import sources_of
from rules.event import Action, Event
from rules.explained.trace import trace
from rules.reading.load import Ruleset
from rules.reading.problem import Problem, Wrong, without_secrets
from workers.deliveries.intake import mint
from workers.rulebook import edition, overrides, silences
from workers.rulebook.edition import Edition

EVENTS = 10
"""Of one body, so many are judged."""
LINES = 5000
"""Of a file: longer ones are not compared line by line."""
TOLD = 100
"""Problems, and lines of difference, that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """What somebody wants judged."""

    source: str
    body: bytes
    content_type: str = "application/json"
    file: str = ""
    text: str = ""
    """The file of the rules as edited; no file: only the rules in force judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One event, as one edition judges it. `trace` None: it is no trigger, and pages nobody by itself."""

    event: Event
    trace: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of it."""

    unreadable: str = ""
    live: Sequence[Outcome] = ()
    edited: Sequence[Outcome] | None = None
    """None: nothing was edited, or it cannot be used."""
    different: Sequence[str] = ()
    """In sentences."""
    diff: Sequence[str] = ()
    problems: Sequence[Problem] = field(default=())
    left_out: int = 0


def judge(context: Context, asked: Try) -> Judged:
    """Judge it. Blocks on Redis and on the CPU: only in a thread. Nothing is kept and nobody is told."""
    now = context.clock.now()
    live = context.ledger.ruleset()
    source = context.in_force.sources.get(asked.source) or sources_of(live)[asked.source]
    events = _events(source, asked, now)
    if isinstance(events, str):
        said: Sequence[Event] = ()
        unreadable = events
    else:
        said, unreadable = events[:EVENTS], ""
    before = [_outcome(context, live, one, now) for one in said]
    found = edition.current(context.redis) if asked.file else None
    if found is None or asked.file not in found.written.texts or _same(found, asked):
        return Judged(unreadable=unreadable, live=before, left_out=max(0, len(events) - EVENTS) if said else 0)
    diff = _diff(found.written.texts[asked.file], asked.text, asked.file)
    try:
        edited = _edited(context, found, asked)
    except Wrong as wrong:
        return Judged(unreadable=unreadable, live=before, diff=diff, problems=wrong.problems[:TOLD])
    again = _events(sources_of(edited).get(asked.source, source), asked, now)
    after = [_outcome(context, edited, one, now) for one in again[:EVENTS]] if not isinstance(again, str) else []
    return Judged(unreadable=unreadable, live=before, edited=after, different=differences(before, after), diff=diff)


def _same(found: Edition, asked: Try) -> bool:
    return found.written.texts[asked.file] == asked.text


def _edited(context: Context, found: Edition, asked: Try) -> Ruleset:
    """The rules with this one file in place of theirs. Raises Wrong."""
    if context.reload is None:
        raise Wrong([Problem(asked.file, 0, 0, "this process was started with rules that never change")])
    texts = {**found.written.texts, asked.file: asked.text}
    made = overrides.every(context.redis)
    return context.reload.read(replace(found.written, texts=texts)).overridden(made)


def _events(source: Source, asked: Try, now: float) -> Sequence[Event] | str:
    headers = {"content-type": asked.content_type}
    return read(source.delivery(mint(now), now, method="POST", headers=headers, body=asked.body), source)


def _outcome(context: Context, ruleset: Ruleset, event: Event, now: float) -> Outcome:
    if event.action is not Action.TRIGGER:
        return Outcome(event=event, trace=None)
    roster = ruleset.roster(now, {})
    roster = replace(roster, silences=roster.silences.beside(silences.every(context.redis)))
    return Outcome(event=event, trace=trace(event, ruleset.decide(event, now), ruleset, roster, now, {}))


def differences(before: Sequence[Outcome], after: Sequence[Outcome]) -> list[str]:
    """What the edit changes, in sentences: the severity, the rule, and who is told when. Pure."""
    if len(before) != len(after):
        return [f"The body is read as {len(after)} events instead of {len(before)}."]
    found: list[str] = []
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if old.trace is not None and new.trace is not None:
            which = f"Event {number}: " if len(before) > 1 else ""
            found += [which + line for line in _between(old.trace, new.trace)]
    return found


def _between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found = []
    if old["severity"] != new["severity"]:
        found.append(f"{old['severity']} → {new['severity']}.")
    if old["rule"] != new["rule"]:
        found.append(f"The rule “{new['rule']}” decides instead of “{old['rule']}”.")
    if old["suppress"] != new["suppress"]:
        found.append(f"Nobody is told: {new['suppress']}." if new["suppress"] else "It is no longer suppressed.")
    if (old["gate"] is None) != (new["gate"] is None):
        found.append(
            "It opens at once." if new["gate"] is None else "It is counted first, and opens when its gate does."
        )
    rows = {_row(one) for one in old["timetable"]}
    after = {_row(one) for one in new["timetable"]}
    found += [f"New: {_said(one)}." for one in new["timetable"] if _row(one) not in rows]
    found += [f"No longer: {_said(one)}." for one in old["timetable"] if _row(one) not in after]
    return found


def _row(one: Mapping[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    return one["at"], one["to"], tuple(one["channels"])


def _said(one: Mapping[str, Any]) -> str:
    return f"{one['to']} is told at {one['at']} through {', '.join(one['channels'])}"


def _diff(old: str, new: str, file: str) -> list[str]:
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > LINES:
        return [f"{file} is too long to be compared here: more than {LINES} lines."]
    lines = list(difflib.unified_diff(before, after, f"{file} in force", f"{file} edited", lineterm="", n=2))
    more = [f"and {len(lines) - TOLD} more lines"] if len(lines) > TOLD else []
    return [without_secrets(line) for line in lines[:TOLD]] + more
