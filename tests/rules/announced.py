"""Commands about an incident's own channel and what the world is told: one of each, and an incident they mean
something to."""

from __future__ import annotations

from typing import Any

from rules.announcing.public import OnPage, Public, Publication, PublicStatus
from rules.announcing.public_commands import PageRefused, PageTold, Publish
from rules.announcing.room import Chore, Room
from rules.announcing.room_commands import (
    ArchiveRoom,
    RoomDone,
    RoomGone,
    RoomMade,
    RoomMessageGone,
    RoomNamed,
    RoomRefused,
    RoomSought,
    RoomTaken,
)
from rules.incident import Incident, State

SAID = Publication(
    number=1, title="Payments fail", text="We look into it.", status=PublicStatus.INVESTIGATING, by="ana", at=0.0
)
ROWS: dict[type[Any], set[State]] = {
    kind: set(State)
    for kind in (
        RoomNamed, RoomTaken, RoomSought, RoomMade, RoomDone, RoomMessageGone, RoomRefused, RoomGone, ArchiveRoom,
        Publish, PageTold, PageRefused,
    )
}  # fmt: skip


def announced(incident: Incident) -> Incident:
    """The same with a channel of its own, and something published that its page does not say yet."""
    room = Room(channel="slack", name="inc-2026-03-02-web", id="C1", message="17.1", pinned=True)
    public = Public(said=(SAID,), pages={"public": OnPage()})
    return incident.changed(response=incident.response.changed(room=room, public=public))


def commands() -> dict[type[Any], Any]:
    """One of every kind."""
    every = [
        RoomNamed(name="inc-2026-03-02-web", number=1),
        RoomTaken(),
        RoomSought(cursor="dGVhbQ"),
        RoomMade(id="C2", name="inc-2026-03-02-web"),
        RoomDone(chore=Chore.TOPIC, value="P1"),
        RoomMessageGone(),
        RoomRefused(chore=Chore.PIN, why="Slack does not want that", vital=False),
        RoomGone(why="it has been archived in Slack"),
        ArchiveRoom(by="ana", via="cli"),
        Publish(by="ana", via="cli", text="We have found it."),
        PageTold(page="public", number=1, id="p1"),
        PageRefused(page="public", why="401", number=1),
    ]
    return {type(one): one for one in every}
