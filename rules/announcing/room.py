"""The channel of an incident's own in Slack: what has been done of it, and what comes next. Pure.

Each chore is one request. What has come of it is kept in the incident before the next begins, so that whoever goes on
after a crash knows where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EVERY = 10.0
"""Seconds between two editions of the pinned message at least: Slack takes about fifty a minute of one bot."""
AGAIN = 300.0
"""Seconds after which is looked whether what Slack refused is allowed by now."""


class Chore(StrEnum):
    """One thing to be done about a channel."""

    NAME = "name"
    """Choose and reserve its name; Slack is not asked yet."""
    CREATE = "create"
    LOOK = "look"
    """Its name is taken: is it taken by this very incident?"""
    DESCRIBE = "describe"
    """Its purpose, which says whose it is."""
    POST = "post"
    """The initial assessment."""
    PIN = "pin"
    INVITE = "invite"
    """One person."""
    TOPIC = "topic"
    EDIT = "edit"
    """The pinned message, where the incident has changed since."""
    SAY = "say"
    """What is new, as a message."""
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is known of an incident's channel. Times are Unix seconds."""

    channel: str
    """The channel of the YAML whose bot makes it."""
    name: str = ""
    number: int = 1
    """Which of the names of this incident: others have those before."""
    asked_at: float | None = None
    """Since when the name is reserved: Slack may have been asked for it since then."""
    looking: str | None = None
    """Where the search for a channel of that name goes on (Slack's cursor); None: nothing is sought."""
    id: str | None = None
    """Slack's own; None: it is not there yet."""
    described: bool = False
    message: str | None = None
    """Slack's `ts` of the pinned message."""
    pinned: bool = False
    topic: str = ""
    invited: tuple[str, ...] = ()
    """Member ids."""
    changed: int = 0
    """How often the incident has changed in a way its channel should show."""
    shown: int = 0
    """Up to which of those changes the pinned message shows it."""
    shown_at: float = 0.0
    said: int = 0
    """How many lines of the incident's history have been told there, or need not be."""
    without: tuple[str, ...] = ()
    """Chores that Slack does not let us do, and the channel is good enough without."""
    trouble: str = ""
    """What keeps it from going on, in words; it is told once."""
    archive_by: str | None = None
    archived_at: float | None = None

    @property
    def is_there(self) -> bool:
        """May somebody open it?"""
        return self.id is not None and self.archived_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a channel should be now."""

    topic: str
    members: tuple[str, ...] = ()
    """Slack's ids of who should be in it."""
    news: bool = False
    """Is there something to tell in it?"""

    def uninvited(self, room: Room) -> tuple[str, ...]:
        """Who should be in it and has not been asked in."""
        return tuple(member for member in self.members if member not in room.invited)


def next_chore(room: Room, wanted: Wanted, *, is_open: bool) -> Chore | None:
    """What to do next; None: it is as it should be. Nobody needs a channel for what is over."""
    if room.archived_at is not None:
        return None
    if room.id is None:
        return _first_chore(room) if is_open else None
    left = [chore for chore in _left(room, wanted) if chore not in room.without]
    return left[0] if left else None


def _first_chore(room: Room) -> Chore:
    if room.asked_at is None:
        return Chore.NAME
    return Chore.CREATE if room.looking is None else Chore.LOOK


def _left(room: Room, wanted: Wanted) -> list[Chore]:
    """What is left of a channel that is there, the most urgent first: those who are asked in find the assessment."""
    due = {
        Chore.DESCRIBE: not room.described,
        Chore.POST: room.message is None,
        Chore.PIN: not room.pinned,
        Chore.INVITE: bool(wanted.uninvited(room)),
        Chore.TOPIC: room.topic != wanted.topic,
        Chore.EDIT: room.shown < room.changed,
        Chore.SAY: wanted.news,
        Chore.ARCHIVE: room.archive_by is not None,
    }
    return [chore for chore, is_due in due.items() if is_due]
