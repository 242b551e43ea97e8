"""What people did in reality, read off the histories of incidents, to be done again in a rehearsal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.commands import (
    Acknowledge,
    ChangeSeverity,
    Command,
    EscalateNow,
    FalsePositive,
    Mitigate,
    Resolve,
    Undo,
)
from rules.event import Severity
from rules.incident import TimelineEntry
from rules.oncall.roster import Roster
from rules.rehearsal.engine import Rehearsal
from rules.responding.response_commands import PostUpdate, Tick, Untick

_UNTIL = re.compile(r"^snoozed by .*, until (\d{4}-\d\d-\d\d \d\d:\d\d) UTC$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody did at `at` (Unix seconds) with the incident that held these signals."""

    at: float
    by: str
    via: str
    kind: str
    """As in the history: `acknowledged`, `resolved` …"""
    text: str
    signals: tuple[str, ...]
    group_key: str
    item: str = ""
    """Of what was ticked, which."""

    def command(self, roster: Roster) -> Command:
        """The same, to be asked of another incident."""
        return _COMMANDS[self.kind](self, roster)


def answer(line: TimelineEntry, signals: tuple[str, ...], group_key: str) -> Answer | None:
    """What this line of a history says a person did; None when it says something else."""
    if line.by is None or line.via is None or line.kind not in _COMMANDS:
        return None
    if line.kind == "severity" and line.text[-2:] not in set(Severity):
        return None
    return Answer(
        at=line.at,
        by=line.by,
        via=line.via,
        kind=line.kind,
        text=line.text,
        signals=signals,
        group_key=group_key,
        item=line.detail.get("item", ""),
    )


def ask_again(said: Answer, stage: Rehearsal) -> bool:
    """Ask it of whatever holds one of these signals there; False where nothing does."""
    held = stage.holding(said.signals, said.group_key)
    for incident_id in held:
        stage.asks(incident_id, said.command)
    return bool(held)


def _lasts(said: Answer) -> float | None:
    """Seconds of a snooze: histories have its end to the minute."""
    found = _UNTIL.match(said.text)
    if found is None:
        return None
    until = datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()
    return max(60.0, until - said.at)


_COMMANDS: dict[str, Callable[[Answer, Roster], Command]] = {
    "acknowledged": lambda said, _: Acknowledge(by=said.by, via=said.via, lasts=_lasts(said)),
    "mitigated": lambda said, _: Mitigate(by=said.by, via=said.via),
    # What was closed in reality is closed, whatever these rules would have asked for first.
    "resolved": lambda said, _: Resolve(by=said.by, via=said.via, override="so it was"),
    "ticked": lambda said, _: Tick(item=said.item, by=said.by, via=said.via, words=said.text.removeprefix("done: ")),
    "unticked": lambda said, _: Untick(item=said.item, by=said.by, via=said.via),
    "update": lambda said, _: PostUpdate(by=said.by, via=said.via, text=said.text.partition(": ")[2] or said.text),
    "false positive": lambda said, _: FalsePositive(by=said.by, via=said.via, reason=said.text),
    "severity": lambda said, roster: ChangeSeverity(
        by=said.by, via=said.via, to=Severity(said.text[-2:]), roster=roster
    ),
    "called in": lambda said, roster: EscalateNow(by=said.by, via=said.via, roster=roster),
    "taken back": lambda said, roster: Undo(by=said.by, via=said.via, roster=roster),
}

KINDS = frozenset(_COMMANDS)
"""The kinds of lines that may be an answer."""
