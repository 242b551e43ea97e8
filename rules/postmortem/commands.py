"""What is asked of an incident about its post-mortem: `rules.transitions.on_postmortem` says what comes of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForPostmortem:
    """Somebody wants one, whatever the rules say."""

    by: str
    via: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePostmortem:
    """Something of its post-mortem that belongs into the incident's history."""

    by: str
    via: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindOfPostmortem:
    """It is time for something of its post-mortem; `channels` are those that reach this person."""

    role: str
    person: str | None
    channels: tuple[str, ...]
    rooms: frozenset[str]
    text: str


PostmortemCommand = AskForPostmortem | NotePostmortem | RemindOfPostmortem
