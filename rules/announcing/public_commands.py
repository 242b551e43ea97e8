"""What is published of an incident, as commands to it: `rules.transitions.on_public` says what comes of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.announcing.public import Health, PublicStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Somebody wants the world to be told this, in exactly these words."""

    by: str
    via: str
    text: str
    status: PublicStatus | None = None
    """None: as it was told last; of the first, that it is investigated."""
    title: str | None = None
    """None: the one it had; the first needs one."""
    components: dict[str, Health] = field(default_factory=dict)
    pages: tuple[str, ...] = ()
    """Status pages of the YAML; those that have it already are always told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTold:
    """A status page says it now."""

    page: str
    number: int
    id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRefused:
    """A status page does not take it."""

    page: str
    why: str
    number: int


PublicCommand = Publish | PageTold | PageRefused
