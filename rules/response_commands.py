"""What is asked of an incident's response: `rules.on_response` says what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from rules.public_commands import PublicCommand
from rules.room_commands import RoomCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Somebody has done an item of a list, and says so."""

    item: str
    """Its stable id: `verify:…`, `runbook:<name>:<n>`, `tree:<name>:<n>`."""
    by: str
    via: str
    words: str = ""
    """The item as people read it, for the history; of the incident's own checklist it is known here."""
    answer: str = ""
    """What they answered, where it asks something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untick:
    """It is not done after all."""

    item: str
    by: str
    via: str
    words: str = ""


ResponseCommand = Tick | Untick | RoomCommand | PublicCommand
