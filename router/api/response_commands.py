"""What a person may ask of an incident's response through the API: roles, impact, updates, ticks."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from router.api.asked import Asked, Line, Words
from rules.commands import Command
from rules.duration import parse_duration
from rules.oncall.roster import Roster
from rules.responding.checklists import EVERYTHING
from rules.responding.response import Part, Status
from rules.responding.response_commands import PostUpdate, StateImpact, TakePart, Tick, Untick

NOBODY = "nobody"
"""Whom a role is given to that nobody is to have any more."""
LONGEST_PROMISE = 7 * 86400.0
"""Seconds to the next update, at most."""


class AskedForPart(Asked):
    """I am the commander, or the scribe; or they are."""

    part: Part
    to: Line | None = None
    """Whom; by default whoever asks. `nobody`: it is laid down."""

    @property
    def gives(self) -> bool:
        """Does somebody else get it, who must be found to be told?"""
        return self.to is not None and self.to not in (NOBODY, self.by)

    def command(self, _roster: Roster) -> Command:
        """Put a name on it."""
        to = self.by if self.to is None else None if self.to == NOBODY else self.to
        return TakePart(part=self.part, by=self.by, via=self.via, to=to)


class AskedForImpact(Asked):
    """This is whom it affects, and what is broken."""

    affected: Words | None = None
    broken: Words | None = None
    users_noticed: bool | None = None

    def command(self, _roster: Roster) -> Command:
        """Write it into the incident; nobody is told."""
        return StateImpact(
            by=self.by, via=self.via, affected=self.affected, broken=self.broken, users_noticed=self.users_noticed
        )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.affected is None and self.broken is None and self.users_noticed is None:
            raise ValueError("expected affected, broken or users_noticed")
        return self


class AskedForUpdate(Asked):
    """This is how it goes."""

    text: Words
    status: Status | None = None
    affected: Words | None = None
    broken: Words | None = None
    users_noticed: bool | None = None
    next_in: str | None = Field(default=None, alias="next")
    """In how long the next comes; by default as the severity says."""
    publish: bool = False
    """On the status pages too, in the same words."""

    def command(self, _roster: Roster) -> Command:
        """Tell everybody, and promise the next. Raises ValueError for what is no duration."""
        return PostUpdate(
            by=self.by,
            via=self.via,
            text=self.text,
            status=self.status,
            affected=self.affected,
            broken=self.broken,
            users_noticed=self.users_noticed,
            next_in=None if self.next_in is None else parse_duration(self.next_in),
            publish=self.publish,
        )

    @field_validator("status")
    @classmethod
    def _does_not_close(cls, status: Status | None) -> Status | None:
        if status is Status.RESOLVED:
            raise ValueError("an update closes nothing: resolve the incident instead")
        return status

    @field_validator("next_in")
    @classmethod
    def _soon(cls, text: str | None) -> str | None:
        if text is not None and not 60 <= parse_duration(text) <= LONGEST_PROMISE:
            raise ValueError("expected between 1m and 7d")
        return text


class _OfItem(Asked):
    """An item by its id, or by its number as people count; `all` is the whole checklist."""

    item: Line

    @property
    def meant(self) -> str:
        """The item as the incident knows it."""
        return EVERYTHING if self.item == "all" else self.item


class AskedToTick(_OfItem):
    """It is so: I have looked."""

    answer: Line | None = None

    def command(self, _roster: Roster) -> Command:
        """Tick it."""
        return Tick(item=self.meant, by=self.by, via=self.via, answer=self.answer or "")


class AskedToUntick(_OfItem):
    """It is not so after all."""

    def command(self, _roster: Roster) -> Command:
        """Take the tick back."""
        return Untick(item=self.meant, by=self.by, via=self.via)
