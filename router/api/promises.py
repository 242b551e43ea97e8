"""The agenda read aloud: each promise as a sentence a person understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.incident import Incident, State, StepState
from rules.responding.updates import Owed, due_of, owes_it
from rules.transitions.answering import next_to_call
from workers.agenda import Entry, Kind


def read_aloud(entries: Sequence[Entry], incidents: Mapping[str, Incident | None], now: float) -> list[dict[str, Any]]:
    """The entries for people and programs, the soonest first; `now` is Unix seconds."""
    return [_item(entry, incidents.get(entry.incident or ""), now) for entry in entries]


def _item(entry: Entry, incident: Incident | None, now: float) -> dict[str, Any]:
    what, to = _sentence(entry, incident)
    return {
        "id": entry.id,
        "kind": entry.kind,
        "lane": entry.lane,
        "incident": entry.incident,
        "due_at": entry.due_at,
        "in_seconds": round(entry.due_at - now, 1),
        "what": what,
        "to": to,
        "attempt": entry.attempt,
        "last_error": entry.last_error,
        "step": step_of(entry, incident, now),
        "in_hand": entry.claimed_by is not None and entry.due_at > now,
    }


def step_of(entry: Entry, incident: Incident | None, now: float) -> int | None:
    """Which step of the ladder comes with this entry; None for others, and for the ladder's end."""
    if entry.kind is not Kind.STEP or incident is None:
        return None
    step = next_to_call(incident, now)
    return None if step is None else step.number


def _sentence(entry: Entry, incident: Incident | None) -> tuple[str, str | None]:
    about = f"{incident.severity} incident {incident.id}" if incident else f"incident {entry.incident or 'unknown'}"
    match entry.kind:
        case Kind.NOTIFY:
            return _notification(entry, about)
        case Kind.STEP if incident is not None and incident.parent is not None:
            return f"see whether incident {incident.parent} still keeps {about} quiet", None
        case Kind.STEP:
            return _step(incident, about)
        case Kind.REMIND:
            return _reminder(incident, about)
        case _:
            return _chore(entry, about), None


def _chore(entry: Entry, about: str) -> str:
    """What calls nobody by name."""
    match entry.kind:
        case Kind.INTAKE:
            return f"put {_events(entry)} into incidents"
        case Kind.CHECK:
            return _check(entry, about)
        case Kind.MAINTENANCE:
            return f"remind that the maintenance of {entry.body.get('service')} is still on, and tell of its end"
        case Kind.RELEASE:
            return f"tell of what {about} kept quiet and still burns"
        case Kind.PUBLISH if "maintenance" in entry.body:
            return f"tell the status page {entry.body['page']} of the maintenance {entry.body['maintenance']}"
        case Kind.PUBLISH:
            return f"tell the status page {entry.body['page']} of {about}"
        case Kind.ROOM:
            return f"see to the channel of {about}"
        case Kind.REVIEW:
            return f"see to the post-mortem of {about}: its first draft, and whom to remind of it"
        case _:
            return f"see whether {about} has stayed quiet"


def _reminder(incident: Incident | None, about: str) -> tuple[str, str | None]:
    due = None if incident is None else due_of(incident)
    if incident is None or due is None:
        return f"see whether an update of {about} is due", None
    role, person = owes_it(incident)
    what = "to post an update on" if due.what is Owed.UPDATE else "to verify whether it is over:"
    return f"remind {person or role} {what} {about}", person or role


def _events(entry: Entry) -> str:
    number = len(entry.body.get("judged", ()))
    return "1 event" if number == 1 else f"{number} events"


def _check(entry: Entry, about: str) -> str:
    name = entry.body.get("check")
    if name is None:
        return f"run the checks of {about}"
    asked = entry.body.get("by")
    return f"run the check {name}" + (f", as {asked} asks" if asked else ", on its schedule")


def _notification(entry: Entry, about: str) -> tuple[str, str | None]:
    role, channel = entry.body.get("role"), entry.body.get("channel")
    to = str(entry.body.get("person") or role or channel or "") or None
    if notice := entry.body.get("notice"):
        about = str(notice["title"])
    elif entry.body.get("test"):
        about = "this is a test"
    return f"tell {to or 'somebody'} by {channel} that {about}: {entry.body.get('reason')}", to


def _step(incident: Incident | None, about: str) -> tuple[str, str | None]:
    if incident is not None and incident.state is State.ACKNOWLEDGED and incident.acknowledged_until is not None:
        return f"{about} calls again, unless it is resolved", None
    waiting = [step for step in (incident.steps if incident else ()) if step.state is StepState.WAITING]
    if not waiting:
        return f"the matrix ends for {about}: everybody once more", "everybody"
    step = min(waiting, key=lambda one: one.due_at)
    # People count from 1: the first responder is step 1, here as in the notifications.
    return f"escalation step {step.number + 1} of {about}: {step.role}", step.person or step.role
