"""Why nothing can come of what a person asks of an incident, as far as the incident itself says so. Pure."""

from __future__ import annotations

from rules.announcing.public_commands import Publish
from rules.announcing.room_commands import ArchiveRoom
from rules.commands import Command, DropStep, EscalateNow, Postpone, Resolve
from rules.incident import Incident
from rules.responding.checklists import EVERYTHING, VERIFY
from rules.responding.response_commands import DropReminder, Examine, PostUpdate, PutOffReminder, Remind, Tick, Untick
from rules.responding.verification import item_called, why_not_resolved
from rules.transitions.answering import why_nobody
from rules.transitions.on_hand import why_not_dropped, why_not_postponed
from rules.transitions.on_public import why_not_published, why_not_repeated
from rules.transitions.on_reminders import why_no_reminder
from rules.transitions.on_room import why_not_archived
from rules.transitions.on_triage import why_not_examined


def refused(incident: Incident, command: Command, now: float) -> str:
    """A sentence for whoever asks; "" where something can come of it. `now` is Unix seconds."""
    match command:
        case EscalateNow():
            return why_nobody(incident, now)
        case Postpone():
            return why_not_postponed(incident)
        case DropStep():
            return why_not_dropped(incident, now)
        case Resolve(override=None):
            return why_not_resolved(incident, now)
        case _:
            return _of_the_response(incident, command)


def _of_the_response(incident: Incident, command: Command) -> str:
    match command:
        case Tick(item=item, words=words) | Untick(item=item, words=words):
            return _no_such_item(incident, item, words)
        case Examine():
            return why_not_examined(incident)
        case Remind() | PutOffReminder() | DropReminder():
            return why_no_reminder(incident)
        case ArchiveRoom():
            return why_not_archived(incident)
        case PostUpdate(publish=True):
            return why_not_repeated(incident)
        case Publish():
            return why_not_published(incident, command)
        case _:
            return ""


def _no_such_item(incident: Incident, item: str, words: str) -> str:
    """Of its own checklist only what is on it can be ticked; of a runbook, what comes with its words from there."""
    if item_called(incident, item) is not None:
        return ""
    if not (item.startswith(VERIFY) or item.isdigit()):
        return "" if words else f"A step of a runbook is ticked by its number: `tocsin runbook {incident.id} tick 1`."
    number = len(incident.plan.verify)
    if number == 0:
        nothing = f"Nothing has to be verified before it is resolved: a {incident.severity} has no checklist here."
        step = f" A step of its runbook is ticked with `tocsin runbook {incident.id} tick 1`."
        return nothing + (step if incident.runbook else "")
    if item == EVERYTHING:
        return ""
    name = item.removeprefix(VERIFY)
    return f"Its checklist has no item {name}: it has {number}, `tocsin incidents show {incident.id}`."
