"""What becomes of an incident's own channel in Slack; and that it is seen to whenever the incident changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from rules.announcing.room import EVERY, Chore, Room
from rules.announcing.room_commands import (
    ArchiveRoom,
    RoomCommand,
    RoomDone,
    RoomGone,
    RoomMade,
    RoomMessageGone,
    RoomNamed,
    RoomRefused,
    RoomSought,
    RoomTaken,
)
from rules.effects import RoomAt
from rules.incident import Incident, Reason
from rules.turn import Turn

COMMANDS: tuple[type[Any], ...] = get_args(RoomCommand)


def keep_up(turn: Turn, before: Incident | None) -> None:
    """The incident may have changed: its channel should show that. One that has none yet gets one once people are told.

    Last of all, when everything else of a command has been worked out.
    """
    room = _room(turn.incident)
    if room is None or (not turn.timeline and before is not None and _shown(turn.incident) == _shown(before)):
        return
    _change(turn, replace(room, changed=room.changed + 1))
    turn.effects.append(RoomAt(at=max(turn.now, room.shown_at + EVERY)))


def _shown(incident: Incident) -> tuple[object, ...]:
    """What of the response stands in the channel. That a check was run again, and found the same, does not."""
    response = incident.response
    told = (response.status, response.affected, response.broken, response.commander, response.scribe)
    return (*told, response.update, response.ticks, [one.text for one in response.findings])


def _room(incident: Incident) -> Room | None:
    """The channel to be kept up to date, or the beginning of one; None: there is to be none."""
    room, wanted = incident.response.room, incident.plan.incident_channel
    if room is None:
        begins = wanted is not None and incident.is_open and bool(incident.told)
        return Room(channel=wanted) if begins and wanted is not None else None
    is_over = room.archived_at is not None or (room.id is None and not incident.is_open)
    return None if is_over else room


def room_owed(incident: Incident) -> RoomAt | None:
    """The look at its channel that must stand on the agenda; None when that shows all it should."""
    room = incident.response.room
    if room is None or room.archived_at is not None or (room.id is None and not incident.is_open):
        return None
    return RoomAt(at=room.shown_at + EVERY) if room.id is None or room.shown < room.changed else None


def act(turn: Turn, command: RoomCommand) -> None:
    """Write down what has come of a chore. Where there is no such channel nothing has."""
    room = turn.incident.response.room
    if room is not None and room.archived_at is None:
        _ACTS[type(command)](turn, room, command)


def _named(turn: Turn, room: Room, command: RoomNamed) -> None:
    named = replace(room, name=command.name, number=command.number, asked_at=turn.now, looking=None)
    _change(turn, named)


def _taken(turn: Turn, room: Room, _: RoomTaken) -> None:
    _change(turn, replace(room, looking=""))


def _message_gone(turn: Turn, room: Room, _: RoomMessageGone) -> None:
    _change(turn, replace(room, message=None, pinned=False))


def _gone(turn: Turn, room: Room, command: RoomGone) -> None:
    _change(turn, replace(room, archived_at=turn.now))
    turn.note("room", f"#{room.name} is not kept up to date any more: {command.why}")


def _change(turn: Turn, room: Room) -> None:
    turn.change(response=turn.incident.response.changed(room=room))


def _sought(turn: Turn, room: Room, command: RoomSought) -> None:
    """Somebody else's: the next name of this incident, not yet reserved."""
    if command.cursor is None:
        _change(turn, replace(room, number=room.number + 1, asked_at=None, looking=None))
    else:
        _change(turn, replace(room, looking=command.cursor))


def _made(turn: Turn, room: Room, command: RoomMade) -> None:
    """It is there, and whoever is told in rooms hears where to go."""
    found = "found again" if room.looking is not None else "made"
    _change(turn, replace(room, id=command.id, name=command.name, looking=None, trouble=""))
    turn.note("room", f"#{command.name} is {found}: the channel of this incident", channel=command.id)
    rooms = [told for told in turn.incident.told if told.room]
    turn.update(Reason.UPDATE, note=f"Talk about it in #{command.name}", ways=rooms)


def _done(turn: Turn, room: Room, command: RoomDone) -> None:
    if command.note:
        turn.note("room", command.note)
    match command.chore:
        case Chore.DESCRIBE:
            room = replace(room, described=True)
        case Chore.POST | Chore.EDIT:
            said = max(room.said, command.lines) if command.chore is Chore.POST else room.said
            ts = command.value or room.message
            room = replace(room, message=ts, shown=command.changes, shown_at=turn.now, said=said)
        case Chore.PIN:
            room = replace(room, pinned=True)
        case Chore.INVITE:
            room = replace(room, invited=(*room.invited, command.value))
        case Chore.TOPIC:
            room = replace(room, topic=command.value)
        case Chore.SAY:
            room = replace(room, said=command.lines)
        case Chore.ARCHIVE:
            room = replace(room, archived_at=turn.now)
            turn.note("room", f"#{room.name} is archived", by=room.archive_by)
        case _:
            return
    _change(turn, replace(room, trouble=""))


def _refused(turn: Turn, room: Room, command: RoomRefused) -> None:
    """Told once, wherever people are told of the incident: somebody must do something about it in Slack."""
    left = room.without if command.vital or command.chore in room.without else (*room.without, command.chore.value)
    archive_by = None if command.chore is Chore.ARCHIVE else room.archive_by
    trouble = command.why if command.vital else room.trouble
    _change(turn, replace(room, without=left, trouble=trouble, archive_by=archive_by))
    if command.why != room.trouble:
        turn.note("room", command.why)
        turn.update(Reason.UPDATE, note=command.why)


def _archive(turn: Turn, room: Room, command: ArchiveRoom) -> None:
    if room.archive_by is not None or not room.is_there:
        return
    without = tuple(one for one in room.without if one != Chore.ARCHIVE)
    _change(turn, replace(room, archive_by=command.by, without=without))
    turn.note("room", f"{command.by} wants #{room.name} archived", by=command.by, via=command.via)
    turn.effects.append(RoomAt(at=turn.now))


_ACTS: dict[type[Any], Callable[[Turn, Room, Any], None]] = {
    RoomNamed: _named,
    RoomTaken: _taken,
    RoomSought: _sought,
    RoomMade: _made,
    RoomDone: _done,
    RoomMessageGone: _message_gone,
    RoomRefused: _refused,
    RoomGone: _gone,
    ArchiveRoom: _archive,
}


def why_not_archived(incident: Incident) -> str:
    """Why its channel cannot be archived, in a sentence; "" when it can."""
    room = incident.response.room
    if room is None or room.id is None:
        return "This incident has no channel of its own."
    if room.archived_at is not None:
        return f"#{room.name} is archived already, or gone."
    if incident.is_open:
        return f"#{room.name} is still needed: the incident is {incident.state}. Resolve it first."
    return ""
