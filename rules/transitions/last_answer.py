"""The last answer somebody gave, kept for as long as it may be taken back: how it stood before, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rules.event import Severity
from rules.responding.response import Response
from rules.state import Hold, Reason, State, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """An incident's fields as they stood before an answer. Of these only those that it changed mean anything."""

    state: State = State.TRIGGERED
    severity: Severity = Severity.P1
    severity_since: float = 0.0
    steps: tuple[Step, ...] = ()
    exhausted_at: float | None = None
    exhausted: bool = False
    round: int = 0
    ladders: int = 0
    assignee: str | None = None
    acknowledged_at: float | None = None
    acknowledged_by: str | None = None
    acknowledged_until: float | None = None
    hold: Hold | None = None
    mitigated_at: float | None = None
    resolved_at: float | None = None
    resolved_by: str | None = None
    false_positive: str | None = None
    response: Response | None = None


FIELDS = tuple(one.name for one in fields(Stood))
OF_ANSWERS = ("severity_by", "unverified")
"""What of the response an answer changes; the rest of it goes on, whatever is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A page that came to nothing while an answer stood: if that is taken back, it is made up for."""

    channel: str
    role: str
    person: str | None
    step: int | None
    ladder: int
    room: bool = False
    reason: Reason | None = None
    """Why it was to be sent, if it was left out; None: it was tried and failed."""
    note: str | None = None
    """What was to be said with it, or why it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAnswer:
    """Who answered what, and when in Unix seconds."""

    by: str
    at: float
    what: str
    """As it is said when it is taken back: `the acknowledgement`."""
    fields: tuple[str, ...]
    """What it changed."""
    before: Stood
    missed: tuple[Missed, ...] = ()
