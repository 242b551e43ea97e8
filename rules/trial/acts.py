"""What can happen in a trial: a source says something, an event is written out, a person answers, channels break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from rules.commands import Acknowledge, AddNote, Assign, ChangeSeverity, Command, FalsePositive, Mitigate, Resolve
from rules.event import Event
from rules.holds.quiet import SilenceConfig
from rules.oncall.roster import Roster
from rules.reading.config import SourceConfig
from rules.responding.checklists import EVERYTHING
from rules.responding.response import Status
from rules.responding.response_commands import PostUpdate, Tick
from rules.trial.written import Answer, Step, Written

VIA = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """A source sends a body in its own shape: a sample, a file beside the test, or one written here."""

    source: str
    sample: str | None = None
    file: str | None = None
    body: Any = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Happens:
    """An event, as a parser would have read it."""

    written: Written


@dataclass(frozen=True, slots=True)
class Asks:
    """A person asks something of an incident."""

    what: str
    """The word of the test: `acknowledge`."""
    answer: Answer


@dataclass(frozen=True, slots=True)
class Breaks:
    """These channels, and only these, refuse everything from now on."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silences:
    """From now on nobody is told of what matches; `said` is the silence as the YAML has it, without its start."""

    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lifts:
    """A silence is ended before its time."""

    name: str
    by: str


def wrong_with(said: Mapping[str, Any]) -> str | None:
    """Why a silence of a test, which begins when its step does, is none; None: nothing is wrong."""
    try:
        SilenceConfig.model_validate({"start": "2026-03-02T09:00:00Z", **said})
    except ValidationError as wrong:
        return f"silence: {wrong.errors()[0]['msg'].removeprefix('Value error, ')}"
    return None


Act = Says | Happens | Asks | Breaks | Silences | Lifts

BODIES = ("sample", "body", "file")


def answer_of(step: Step, key: str) -> Answer | None:
    """What stands under one of `ANSWERS`."""
    found: Answer | None = getattr(step, "raise_" if key == "raise" else key)
    return found


def command_of(asks: Asks, roster: Roster) -> Command:
    """What it asks of the incident; the roster is for those that begin a new ladder."""
    return _COMMANDS[asks.what](asks.answer, roster)


_COMMANDS: dict[str, Callable[[Any, Roster], Command]] = {
    "acknowledge": lambda said, _: Acknowledge(by=said.by, via=VIA),
    "snooze": lambda said, _: Acknowledge(by=said.by, via=VIA, lasts=said.lasts),
    "mitigate": lambda said, _: Mitigate(by=said.by, via=VIA),
    "resolve": lambda said, _: Resolve(by=said.by, via=VIA, note=said.note, override=said.override),
    "tick": lambda said, _: Tick(item=said.item or EVERYTHING, by=said.by, via=VIA),
    "update": lambda said, _: PostUpdate(
        by=said.by,
        via=VIA,
        text=said.text,
        status=None if said.status is None else Status(said.status),
        next_in=said.lasts,
    ),
    "false_positive": lambda said, _: FalsePositive(by=said.by, via=VIA, reason=said.reason),
    "raise": lambda said, roster: ChangeSeverity(by=said.by, via=VIA, to=said.to, roster=roster),
    "lower": lambda said, roster: ChangeSeverity(by=said.by, via=VIA, to=said.to, roster=roster),
    "assign": lambda said, _: Assign(by=said.by, via=VIA, to=said.to),
    "note": lambda said, _: AddNote(by=said.by, via=VIA, text=said.text),
}


ANSWERS = tuple(_COMMANDS)
ACTS = (*BODIES, "event", *ANSWERS, "silence", "lift", "broken")
"""Of these keys every step has exactly one."""


def event_of(written: Written, source: SourceConfig, delivery: str, now: float) -> Event:
    """The event as the receiver stamps it."""
    return Event(
        kind=written.kind or f"{source.type}.event",
        action=written.action,
        dedup_key=written.key or written.summary,
        summary=written.summary,
        severity=written.severity.lower() if written.severity else None,
        labels={**source.labels, **written.labels},
        url=written.url,
        occurred_at=None if written.late is None else now - written.late,
        sender_id=written.id,
        actor=written.actor,
        source=written.source,
        source_type=source.type,
        delivery=delivery,
        received_at=now,
    )
