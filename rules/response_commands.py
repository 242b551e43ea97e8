"""What is asked of an incident's response: `rules.on_response` says what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.response import Finding
from rules.roster import Roster
from rules.triage import Becomes


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
    leads: str = ""
    """To what that answer leads, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untick:
    """It is not done after all."""

    item: str
    by: str
    via: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess:
    """Its checks have come to this."""

    findings: tuple[Finding, ...]
    becomes: Mapping[str, Becomes] = field(default_factory=dict)
    """Check -> what the YAML makes of what it has come to, where it says so."""
    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Examine:
    """Somebody wants its checks run once more, now."""

    by: str
    via: str


ResponseCommand = Tick | Untick | Assess | Examine
