"""What becomes of an incident's own channel, as commands: `rules.transitions.on_room` says what comes of each."""

from __future__ import annotations

from dataclasses import dataclass

from rules.announcing.room import Chore


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNamed:
    """A name is reserved for this incident; Slack will be asked for it next."""

    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomTaken:
    """Slack says that there is a channel of that name: was it made for this incident before a crash?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSought:
    """One page of Slack's channels has been looked through. `cursor` None: the name is somebody else's."""

    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMade:
    """The channel is there: made just now, or found again."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDone:
    """One further chore is done."""

    chore: Chore
    value: str = ""
    """The message's `ts`, the topic, or who was asked in."""
    changes: int = 0
    """Of a message: how many changes of the incident it shows."""
    lines: int = 0
    """Of a message: how many lines of the history are told with it."""
    note: str = ""
    """For the history, where it went otherwise than wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRefused:
    """Slack does not let us do a chore. `vital`: without it there is no use in going on."""

    chore: Chore
    why: str
    vital: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomGone:
    """Somebody has archived or deleted the channel in Slack."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMessageGone:
    """Somebody has deleted the pinned message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRoom:
    """A person needs the channel no longer."""

    by: str
    via: str


RoomCommand = (
    RoomNamed | RoomTaken | RoomSought | RoomMade | RoomDone | RoomMessageGone | RoomRefused | RoomGone | ArchiveRoom
)
