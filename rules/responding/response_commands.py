"""What is asked of an incident's response: `rules.transitions.on_response` says what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.announcing.public_commands import PublicCommand
from rules.announcing.room_commands import RoomCommand
from rules.event import Event
from rules.oncall.roster import Roster
from rules.responding.response import Finding, Part, Status
from rules.responding.triage import Becomes


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePart:
    """Somebody is the commander, or the scribe, from now on; with `to` None nobody is any more."""

    part: Part
    by: str
    via: str
    to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateImpact:
    """Somebody says whom it affects, what is broken, and whether users have noticed; None: as it was."""

    by: str
    via: str
    affected: str | None = None
    broken: str | None = None
    users_noticed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostUpdate:
    """Somebody tells everybody how it goes, and when they will say more."""

    by: str
    via: str
    text: str
    status: Status | None = None
    affected: str | None = None
    broken: str | None = None
    users_noticed: bool | None = None
    next_in: float | None = None
    """Seconds; None: by the severity's rhythm."""
    publish: bool = False
    """The world is to read it too, in the same words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """Something that a person owes has come due; with `by` somebody wants them reminded now."""

    roster: Roster
    by: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOffReminder:
    """Somebody wants the next reminder to come so many seconds later."""

    by: str
    via: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DropReminder:
    """Somebody wants nobody to be reminded of what is due now."""

    by: str
    via: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedElsewhere:
    """Somebody closed its page in the pager, and here it is not verified yet."""

    event: Event
    by: str
    via: str


ResponseCommand = (
    Tick
    | Untick
    | Assess
    | Examine
    | TakePart
    | StateImpact
    | PostUpdate
    | Remind
    | PutOffReminder
    | DropReminder
    | ClosedElsewhere
    | RoomCommand
    | PublicCommand
)
