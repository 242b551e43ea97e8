"""What a person may ask through the API of how an incident is announced: its own channel, and what the world reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from router.api.asked import Asked, Line, Words
from router.problems import Problem
from rules.announcing.public import Health, PublicStatus
from rules.announcing.public_commands import Publish
from rules.announcing.room_commands import ArchiveRoom
from rules.commands import Command
from rules.oncall.roster import Roster
from rules.reading.problem import nearest
from workers.plain import plain


def _legible(said: str) -> str:
    if not plain(said):
        raise ValueError("expected words that can be read")
    return said


Title = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_legible)]
Public = Annotated[Words, AfterValidator(_legible)]
"""What the world is to read."""


class AskedToArchiveChannel(Asked):
    """Nobody needs its channel any more."""

    def command(self, _roster: Roster) -> Command:
        """Archive it in Slack."""
        return ArchiveRoom(by=self.by, via=self.via)


class AskedToPublish(Asked):
    """The world is to read this, in exactly these words."""

    text: Public
    title: Title | None = None
    """The first publication needs one."""
    status: PublicStatus | None = None
    components: dict[Line, Health] = Field(default={})
    pages: list[Line] = Field(default=[])
    """On which status pages it is opened; by default on all. Those that have it are told in any case."""

    def command(self, roster: Roster) -> Command:
        """Tell every page. Raises Problem 422 for a page or a component that no page has."""
        there = {name for components in roster.status_pages.values() for name in components}
        known(self.pages, list(roster.status_pages), "pages", "status page")
        known(list(self.components), sorted(there), "components", "component")
        return Publish(
            by=self.by,
            via=self.via,
            text=self.text,
            title=self.title,
            status=self.status,
            components=self.components,
            pages=tuple(self.pages or roster.status_pages),
        )


def known(asked: list[str], there: list[str], field: str, what: str) -> None:
    """Raises Problem 422 for one that is not there."""
    for name in asked:
        if name not in there:
            hint = nearest(name, there) or f"known: {', '.join(there) or 'none'}"
            expected = f"there is no {what} '{name}'; {hint}"
            raise Problem(422, f"{field}: {expected}", errors=[{"field": field, "expected": expected}])
