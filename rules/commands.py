"""What is asked of an incident: by an event, by a person, or by time. `rules.transition` says what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from rules.decision import Decision
from rules.event import Event, Severity
from rules.oncall.roster import Roster
from rules.postmortem.commands import PostmortemCommand
from rules.responding.response_commands import ResponseCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A signal fires (again); the rules have decided how bad that is."""

    event: Event
    decision: Decision
    roster: Roster
    gated: bool = False
    """A gate counted it: the group itself is the signal, and quiet clears it."""
    count: int = 1
    """How many events are folded into this one."""
    because: str = ""
    """Set for the one that opens its gate: what was counted, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """A signal's sender says that it is over."""

    event: Event
    key: str
    """The signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A sender tells something of a signal that changes nothing: it is kept in the timeline."""

    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Somebody has taken it; with `lasts` for so many seconds only: it is snoozed."""

    by: str
    via: str
    lasts: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Somebody says it is over."""

    by: str
    via: str
    note: str | None = None
    override: str | None = None
    """Why it is closed although its checklist is not done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsePositive:
    """Somebody says it never was one."""

    by: str
    via: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigate:
    """The bleeding is stopped; the cause is not yet gone."""

    by: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSeverity:
    """A person says how bad it is; events only ever raise it, people may lower it."""

    by: str
    via: str
    to: Severity
    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """It is somebody's now; they are told."""

    by: str
    via: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """A sentence for the timeline."""

    by: str
    via: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateNow:
    """Somebody wants whom the matrix names next, and nobody else, to be called now."""

    by: str
    via: str
    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Postpone:
    """Somebody wants what comes next of an incident to come so many seconds later."""

    by: str
    via: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DropStep:
    """Somebody wants whom the matrix names next not to be called."""

    by: str
    via: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Somebody takes back what they answered last."""

    by: str
    via: str
    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """The next step of the matrix has come due."""

    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """A silence was ended before its time: what it held back goes on."""

    by: str
    silence: str
    text: str = ""
    """For the history, where nobody ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliverable:
    """A page could not be delivered: for good, or not soon enough. The fallback is told, or the next step at once."""

    channel: str
    role: str
    person: str | None
    step: int
    ladder: int
    why: str
    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Time has passed: has a gate's incident become quiet, has a recovered one stayed so?"""


Command = (
    Trigger
    | Clear
    | Heard
    | Acknowledge
    | Resolve
    | FalsePositive
    | Mitigate
    | ChangeSeverity
    | Assign
    | AddNote
    | EscalateNow
    | Postpone
    | DropStep
    | Undo
    | Escalate
    | Lift
    | Undeliverable
    | Settle
    | ResponseCommand
    | PostmortemCommand
)
