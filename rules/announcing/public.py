"""What the world is told of an incident: what was said, in which order, and how far each status page has it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

NO_PAGE = (
    "The rules have no status page, so nothing can be published: "
    "write one under `status_pages:`, as docs/status-page.md shows."
)
"""What is said where somebody wants to tell the world, and there is nowhere to."""


class PublicStatus(StrEnum):
    """How it goes, in the words of status pages."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Health(StrEnum):
    """How a component of a status page does."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    PARTIAL = "partial outage"
    MAJOR = "major outage"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One thing the world is told. `at` is Unix seconds."""

    number: int
    """From 1 on."""
    title: str
    text: str
    status: PublicStatus
    components: dict[str, Health] = field(default_factory=dict)
    """Component, by its name in the YAML -> how it does."""
    by: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPage:
    """How far one status page has it."""

    id: str | None = None
    """The incident's over there."""
    url: str | None = None
    """Where it can be read."""
    since: int = 0
    """The number of the last publication before it was told of the incident at all: those are not for it."""
    told: int = 0
    """The number of the last publication that stands there, or is not for it."""
    trouble: str = ""
    """Why the next one does not; it is told once."""
    refused: int = 0
    """The number of the last publication that it does not take: what was said after that is tried without it."""
    blamed: int = 0
    """The number of the last publication because of which people were told of trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """Everything that was published of an incident."""

    said: tuple[Publication, ...] = ()
    pages: dict[str, OnPage] = field(default_factory=dict)
    """Status page, by its name in the YAML -> how far it has it."""

    @property
    def last(self) -> Publication | None:
        """What the world was told last."""
        return self.said[-1] if self.said else None

    @property
    def is_open(self) -> bool:
        """Does the world believe that it goes on?"""
        return self.last is not None and self.last.status is not PublicStatus.RESOLVED

    def following(self, page: str) -> Publication | None:
        """What a page is to say next; None: it says everything.

        The one after what it refused, which can stand alone; with none left it begins again where it stopped.
        """
        on = self.pages.get(page)
        if on is None or on.told >= len(self.said):
            return None
        return self.said[on.refused if on.told < on.refused < len(self.said) else on.told]
