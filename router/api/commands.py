"""What a person may ask of an incident through the API: the body of each command, and the command it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from router.api.announce_commands import AskedToArchiveChannel, AskedToPublish
from router.api.asked import Asked, Line, Words
from router.api.response_commands import (
    AskedForImpact,
    AskedForPart,
    AskedForUpdate,
    AskedToTick,
    AskedToUntick,
)
from router.problems import Problem
from rules.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangeSeverity,
    Command,
    EscalateNow,
    FalsePositive,
    Mitigate,
    Resolve,
    Undo,
)
from rules.duration import parse_duration
from rules.event import Severity
from rules.oncall.roster import Roster
from rules.reading.config import Person
from rules.reading.problem import nearest
from rules.responding.response_commands import Examine

LONGEST_SNOOZE = 7 * 86400.0
"""Seconds: who needs longer has not understood what it is about."""
T = TypeVar("T", bound=BaseModel)


class AskedToAcknowledge(Asked):
    """I have it."""

    def command(self, _roster: Roster) -> Command:
        """Stop the ladder."""
        return Acknowledge(by=self.by, via=self.via)


class AskedToSnooze(Asked):
    """I have it for so long; then it calls again, if it still burns."""

    lasts: str = Field(alias="for")

    def command(self, _roster: Roster) -> Command:
        """Stop the ladder for a while. Raises ValueError for what is no duration."""
        return Acknowledge(by=self.by, via=self.via, lasts=parse_duration(self.lasts))

    @field_validator("lasts")
    @classmethod
    def _a_while(cls, text: str) -> str:
        if not 60 <= parse_duration(text) <= LONGEST_SNOOZE:
            raise ValueError("expected between 1m and 7d")
        return text


class AskedToResolve(Asked):
    """It is over."""

    note: Words | None = None
    override: Words | None = None
    """Why, although its checklist is not done."""

    def command(self, _roster: Roster) -> Command:
        """Close the incident."""
        return Resolve(by=self.by, via=self.via, note=self.note, override=self.override)


class AskedToMitigate(Asked):
    """The bleeding has stopped."""

    def command(self, _roster: Roster) -> Command:
        """Keep it open, page nobody further."""
        return Mitigate(by=self.by, via=self.via)


class AskedForSeverity(Asked):
    """It is as bad as this."""

    severity: Severity

    def command(self, roster: Roster) -> Command:
        """Begin the ladder of that severity, with who is on call now."""
        return ChangeSeverity(by=self.by, via=self.via, to=self.severity, roster=roster)


class AskedForFalsePositive(Asked):
    """It never was one."""

    reason: Words

    def command(self, _roster: Roster) -> Command:
        """Close it, and keep the reason."""
        return FalsePositive(by=self.by, via=self.via, reason=self.reason)


class AskedToAssign(Asked):
    """It is theirs now."""

    to: Line

    def command(self, _roster: Roster) -> Command:
        """Put a name on it."""
        return Assign(by=self.by, via=self.via, to=self.to)


class AskedToEscalate(Asked):
    """I need whom the matrix names next, now."""

    def command(self, roster: Roster) -> Command:
        """Call them, and nobody else, with who has which role now."""
        return EscalateNow(by=self.by, via=self.via, roster=roster)


class AskedToUndo(Asked):
    """I did not mean what I answered just now."""

    def command(self, roster: Roster) -> Command:
        """Let it stand as before."""
        return Undo(by=self.by, via=self.via, roster=roster)


class AskedToCheck(Asked):
    """How is it now?"""

    def command(self, _roster: Roster) -> Command:
        """Run its checks once more."""
        return Examine(by=self.by, via=self.via)


class AskedToNote(Asked):
    """This should be known."""

    text: Words

    def command(self, _roster: Roster) -> Command:
        """Add a line to the timeline."""
        return AddNote(by=self.by, via=self.via, text=self.text)


ASKED: dict[str, type[Asked]] = {
    "acknowledge": AskedToAcknowledge,
    "snooze": AskedToSnooze,
    "resolve": AskedToResolve,
    "mitigate": AskedToMitigate,
    "severity": AskedForSeverity,
    "false-positive": AskedForFalsePositive,
    "assign": AskedToAssign,
    "note": AskedToNote,
    "escalate": AskedToEscalate,
    "undo": AskedToUndo,
    "check": AskedToCheck,
    "part": AskedForPart,
    "update": AskedForUpdate,
    "impact": AskedForImpact,
    "tick": AskedToTick,
    "untick": AskedToUntick,
    "archive-channel": AskedToArchiveChannel,
    "publish": AskedToPublish,
}
"""Last part of the address -> body."""


class Report(BaseModel):
    """What a person saw with their own eyes. `by` is another word for `reporter`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    summary: Words
    severity: Severity | None = None
    labels: dict[str, str] = {}
    url: str | None = None
    dedup_key: str | None = None
    reporter: str | None = None
    by: str | None = None
    details: str | None = None
    affected: str | None = None
    """Who, and how many."""
    since: str | None = None
    """In the reporter's words: 10:15, this morning."""
    reference: str | None = None
    """An order, a customer, a ticket."""

    @property
    def delivered(self) -> bytes:
        """The body of the delivery it becomes."""
        filled = self.model_dump(exclude_none=True)
        by = filled.pop("by", None)
        return orjson.dumps({"reporter": by, **filled} if by else filled)


class AskedToPurge(BaseModel):
    """Which deliveries to forget: one, or all of a source, or all before a moment (Unix seconds), or both."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: str | None = None
    source: str | None = None
    before: float | None = None


def read_asked(what: str, body: bytes, people: Mapping[str, Person]) -> Asked:
    """The body of the command `what`, for the `people` of the rules. Raises Problem 422 naming every wrong field."""
    return assigned(_read(ASKED[what], body), people)


def assigned(asked: Asked, people: Mapping[str, Person]) -> Asked:
    """The same, where it gives something to a person by the YAML's name of them. Raises Problem 422 for nobody."""
    if isinstance(asked, AskedForPart):
        return _to_a_person(asked, asked.to or "", people) if asked.gives else asked
    return _to_a_person(asked, asked.to, people) if isinstance(asked, AskedToAssign) else asked


def _to_a_person(asked: Asked, to: str, people: Mapping[str, Person]) -> Asked:
    """By the YAML's name, or by the one that people are shown, where only one has it."""
    if to in people:
        return asked
    shown = [name for name, one in people.items() if (one.name or "").casefold() == to.casefold()]
    if len(shown) == 1:
        return asked.model_copy(update={"to": shown[0]})
    # Nobody would be told: an incident that seems to be somebody's is worse than one that is nobody's.
    hint = nearest(to, people) or f"people: {', '.join(list(people)[:8]) or 'none'}"
    several = f"several people are called '{to}'; write one of {', '.join(shown)}"
    raise _wrong([("to", several if shown else f"there is no person '{to}'; {hint}")])


def read_report(body: bytes) -> Report:
    """The body of a report. Raises Problem 422 naming every wrong field."""
    return _read(Report, body)


def read_purge(body: bytes) -> AskedToPurge:
    """Which deliveries to forget. Raises Problem 422, also when that would be all of them by mistake."""
    asked = _read(AskedToPurge, body)
    if asked.id is None and asked.source is None and asked.before is None:
        raise _wrong([("body", "expected id, source, before (Unix seconds), or the last two")])
    return asked


def read_state(text: str) -> bool:
    """Does `?state=` ask for open incidents only? Raises Problem 422."""
    if text not in ("open", "all"):
        raise _wrong([("state", "expected open or all")])
    return text == "open"


def read_parked(text: str) -> bool:
    """Does `?state=` ask for what was given up? Raises Problem 422."""
    if text not in ("promised", "parked"):
        raise _wrong([("state", "expected promised or parked")])
    return text == "parked"


def read_limit(text: str, most: int = 1000) -> int:
    """`?limit=`. Raises Problem 422."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise _wrong([("limit", f"expected a number from 1 to {most}")])
    return int(text)


def read_body_as(shape: type[T], body: bytes) -> T:
    """A body of that shape. Raises Problem 422 naming every wrong field."""
    return _read(shape, body)


def _read(shape: type[T], body: bytes) -> T:
    try:
        return shape.model_validate_json(body or b"{}")
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False, include_input=False, include_context=False)
        raise _wrong(
            [(".".join(map(str, one["loc"])) or "body", _expected(one["type"], one["msg"])) for one in errors]
        ) from None


def _expected(kind: str, message: str) -> str:
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        return "not a field of this request"
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _wrong(fields: list[tuple[str, str]]) -> Problem:
    detail = "; ".join(f"{field}: {expected}" for field, expected in fields)
    return Problem(422, detail, errors=[{"field": field, "expected": expected} for field, expected in fields])
