"""How a promise of an incident's stands on the agenda: its lane, what a notification's entry says; and what ends."""

from __future__ import annotations

from typing import Any

from rules import telling
from rules.effects import Effect, ExamineAt, Notify, PublishOn, Release, RemindAt, ReviewAt, RoomAt, SettleAt, WakeAt
from rules.event import URGENT, Event
from rules.incident import Incident, Reason
from rules.transitions.last_answer import Missed
from rules.transitions.routing import KEEP_TOMBSTONE
from workers import keys
from workers.agenda import Entry, Kind, Lane
from workers.writing.bundle import Bundle

LOOKS: dict[type[Effect], Kind] = {
    WakeAt: Kind.STEP,
    SettleAt: Kind.SETTLE,
    RemindAt: Kind.REMIND,
    ReviewAt: Kind.REVIEW,
    ExamineAt: Kind.CHECK,
    RoomAt: Kind.ROOM,
    Release: Kind.RELEASE,
}
"""What is promised once for each incident, by the effect that asks for it."""


def once(incident_id: str, effect: Effect) -> str | None:
    """The entry that stays where it stands, since whoever takes it sees all there is to do; None: it is made anew."""
    if isinstance(effect, PublishOn):
        return publication_id(incident_id, effect.page)
    return f"{Kind.ROOM}-{incident_id}" if isinstance(effect, RoomAt) else None


def lane_of(incident: Incident) -> Lane:
    """P1 and P2 never wait behind the rest."""
    return Lane.URGENT if incident.severity in URGENT else Lane.CALM


def told(incident: Incident, effect: Notify | PublishOn, now: float) -> Entry:
    """The entry of what goes out: to somebody, or to the world."""
    if isinstance(effect, Notify):
        return notification(incident, effect, now)
    return publication(incident, effect.page, now)


def notification(incident: Incident, effect: Notify, now: float) -> Entry:
    """The entry of one notification, due at once."""
    body = {
        "reason": effect.reason,
        "channel": effect.channel,
        "role": effect.role,
        "person": effect.person,
        "room": effect.room,
        "step": effect.step,
        "ladder": effect.ladder,
        "after": effect.after,
        "by": effect.by,
        "note": effect.note,
        "severity": incident.severity,
        "team": incident.team,
    }
    return Entry(
        id=effect.entry,
        kind=Kind.NOTIFY,
        lane=lane_of(incident),
        due_at=now,
        created_at=now,
        incident=incident.id,
        body=body,
    )


def publication(incident: Incident, page: str, now: float) -> Entry:
    """The entry of what a status page has yet to say, due at once."""
    return Entry(
        id=publication_id(incident.id, page),
        kind=Kind.PUBLISH,
        lane=lane_of(incident),
        due_at=now,
        created_at=now,
        incident=incident.id,
        body={"page": page},
    )


def publication_id(incident_id: str, page: str) -> str:
    """What that entry is called: one for each incident and page."""
    return f"{Kind.PUBLISH}-{incident_id}-{page}"


def look(incident: Incident, kind: Kind, at: float, now: float) -> Entry:
    """The entry of a look at an incident: one of each kind at a time."""
    lane = lane_of(incident)
    return Entry(id=f"{kind}-{incident.id}", kind=kind, lane=lane, due_at=at, created_at=now, incident=incident.id)


def release(writes: Bundle, incident: Incident) -> None:
    """It is over: its history lasts as long as it does, and its signals and its group lead to it for a while yet."""
    writes.zrem(keys.OPEN, incident.id)
    for name in (keys.timeline(incident.id), keys.below(incident.id), keys.group(incident.group_key)):
        writes.expire(name, keys.KEEP_RESOLVED)
    for signal_key in incident.signals:
        writes.expire(keys.signal(signal_key), KEEP_TOMBSTONE)


def missed(entry: Entry) -> Missed:
    """A page that is left out, as its incident remembers it while the answer behind that may be taken back."""
    body = entry.body
    return Missed(
        channel=body["channel"],
        role=body["role"],
        person=body["person"],
        room=body["room"],
        step=body["step"],
        ladder=body["ladder"],
        reason=Reason(body["reason"]),
        note=body["note"],
    )


def way_of(body: dict[str, Any]) -> str:
    """A room is one way; a personal channel is one for each role and person."""
    whom = "" if body["room"] else f"/{body['role']}/{body['person'] or ''}"
    return f"{body['channel']}{whom}"


def what(entry: Entry, did: str = "to") -> str:
    """`slack to on-call engineer (ana): opened`."""
    body: dict[str, Any] = entry.body
    return telling.what(body["channel"], body["role"], body["person"], body["reason"], did)


def memory(event: Event) -> str | None:
    """Where a sender's own id is remembered; None for an event without one."""
    return keys.heard(event.source, event.sender_id) if event.sender_id else None
