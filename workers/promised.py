"""How a promise of an incident's stands on the agenda: in which lane, and what a notification's entry says."""

from __future__ import annotations

from rules.effects import Notify
from rules.event import URGENT
from rules.incident import Incident, Reason
from rules.last_answer import Missed
from workers.agenda import Entry, Kind, Lane


def lane_of(incident: Incident) -> Lane:
    """P1 and P2 never wait behind the rest."""
    return Lane.URGENT if incident.severity in URGENT else Lane.CALM


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
