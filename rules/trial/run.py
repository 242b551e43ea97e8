"""One trial, from its beginning to what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rules.oncall.schedule import Way
from rules.reading.load import Ruleset
from rules.rehearsal.engine import Arrival, Rehearsal
from rules.rehearsal.notices import Notice
from rules.telling import what
from rules.trial.play import Speak, Unplayable, play
from rules.trial.read import Trial
from rules.trial.result import Result, differences, gathered, show_offset, told, unplayable

LINES = 40
"""So much is told of what happened; the rest is counted."""


def run(trial: Trial, ruleset: Ruleset, ways: Mapping[str, Way], speak: Speak) -> Result:
    """Play it in a rehearsal of its own. `ways` is what the configured channels reach."""
    stage = Rehearsal(ruleset, ways, trial.start)
    try:
        play(trial, stage, ruleset, speak)
    except Unplayable as wrong:
        return Result(
            trial=trial, differences=(unplayable(trial, wrong.why, wrong.place),), account=tuple(_account(trial, stage))
        )
    incidents = stage.incidents
    heard = told(trial, incidents, stage.notices)
    found = differences(trial, incidents, heard)
    account = tuple(_account(trial, stage)) if found else ()
    return Result(trial=trial, differences=tuple(found), told=tuple(gathered(heard)), account=account)


def _account(trial: Trial, stage: Rehearsal) -> Iterator[str]:
    """What came in and what became of it, then whom nothing reached; for whoever wonders why."""
    numbers = {incident.id: number for number, incident in enumerate(stage.incidents, 1)}
    lines = [
        f"{show_offset(same[0].at - trial.start)}  {text}" + (f", {len(same)} times" if len(same) > 1 else "")
        for text, each in groupby(stage.arrivals, lambda one: _became(one, numbers))
        if (same := list(each))
    ]
    lines += [f"{show_offset(one.at - trial.start)}  {_untold(one)}" for one in _unsent(stage.notices)]
    yield from lines[:LINES]
    if len(lines) > LINES:
        yield f"and {len(lines) - LINES} more"


def _became(arrival: Arrival, numbers: Mapping[str, int]) -> str:
    event, decision = arrival.judged.event, arrival.judged.decision
    meant = f" {decision.severity} by «{decision.rule}»" if decision is not None else ""
    to = f" (incident {numbers[arrival.incident]})" if arrival.incident else ""
    fate = {"changed": "taken into it", "": "changed nothing"}.get(arrival.fate, arrival.fate)
    return f"{event.source}: {event.kind} ({event.action}):{meant} {fate}{to}".replace(":  ", ": ")


def _unsent(notices: Sequence[Notice]) -> list[Notice]:
    return [one for one in notices if one.outcome in ("failed", "skipped")]


def _untold(one: Notice) -> str:
    did = "failed" if one.outcome == "failed" else "not sent"
    return f"{what(one.channel, one.role, one.person, one.reason)}, {did}: {one.why}"
