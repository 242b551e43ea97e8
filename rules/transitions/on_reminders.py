"""What a person owes is due: they are reminded, louder and louder. `rules.transition` says in which state."""

from __future__ import annotations

from collections.abc import Iterable

from rules.duration import show_duration
from rules.effects import RemindAt
from rules.incident import Incident, Reason
from rules.oncall.roster import Roster
from rules.responding.response import Reminding
from rules.responding.response_commands import DropReminder, PutOffReminder, Remind
from rules.responding.updates import LOUDEST, Due, Owed, due_of, known_as, next_reminder, owes_it, reminded
from rules.responding.verification import for_people
from rules.turn import Turn, moment


def keep_reminding(turn: Turn, before: Incident) -> None:
    """Promise the next reminder, wherever a command has moved it."""
    at = next_reminder(turn.incident)
    if at != next_reminder(before):
        turn.effects.append(RemindAt(at=at))


def remind(turn: Turn, command: Remind) -> None:
    """Whoever owes it is asked: they alone at first, then where everybody reads it, then the matrix's next role too."""
    due, at = due_of(turn.incident), next_reminder(turn.incident)
    if due is None or (at is None and not command.by):
        return
    if at is not None and at > turn.now and not command.by:
        turn.effects.append(RemindAt(at=at))
        return
    times = reminded(turn.incident, due)
    role, person = _whom(turn.incident, command.roster)
    _say(turn, command, due, times, role, person)
    again = turn.now + due.gap if times + 1 < LOUDEST else None
    _change(turn, Reminding(of=due.at, times=times + 1, next_at=again))


def _whom(incident: Incident, roster: Roster) -> tuple[str, str | None]:
    role, person = owes_it(incident)
    return role, person if person is not None else roster.reach(role).person


def _say(turn: Turn, command: Remind, due: Due, times: int, role: str, person: str | None) -> None:
    incident, roster = turn.incident, command.roster
    name = f"{person} ({role})" if person is not None else role
    late = turn.now - due.at
    since = f", due since {moment(due.at)}" if late >= 0 else ""
    asked = f"{command.by} reminds" if command.by else "reminded"
    turn.note("reminded", f"{asked} {name} of {due.what}{since}", by=command.by or None, via=command.via or None)
    note = _note(incident, due, name, late)
    personal = [one for one in incident.ways if one in roster.channels_of(person) and one not in roster.rooms]
    # Who cannot be told alone is named in the room at once.
    rooms = [one for one in incident.ways if one in roster.rooms and (times > 0 or not personal)]
    _tell(turn, [*personal, *rooms], role, person, roster, note)
    if times + 1 >= LOUDEST:
        _next_role(turn, roster, person, note)


def _next_role(turn: Turn, roster: Roster, person: str | None, note: str) -> None:
    """Of the roles above the first responder the first that is somebody else."""
    for step in turn.incident.plan.steps:
        reach = roster.reach(step.role)
        if reach.person is not None and reach.person != person:
            ways = [one for one in turn.incident.ways if one in reach.channels and one not in roster.rooms]
            turn.note("reminded", f"{step.role} ({reach.person}) hears of it too", role=step.role)
            _tell(turn, ways, step.role, reach.person, roster, note)
            return


def _tell(turn: Turn, channels: Iterable[str], role: str, person: str | None, roster: Roster, note: str) -> None:
    """Where they have been told before they are told as what they were then: else they would hear all of it twice."""
    for channel in channels:
        known = known_as(turn.incident, channel, person) or role
        turn.tell(Reason.REMINDER, [channel], role=known, person=person, rooms=roster.rooms, note=note)


def _note(incident: Incident, due: Due, name: str, late: float) -> str:
    behind = f" It is {show_duration(late)} late." if late >= 60 else ""
    if due.what is Owed.UPDATE:
        return (
            f"{name}, please say how it goes: an update is due.{behind} "
            f'`tocsin incidents update {incident.id} "…" --next 30m`, or on its page.'
        )
    left = for_people(incident)
    words = "; ".join(item.text for item in left[:4]) + (f"; and {len(left) - 4} more" if len(left) > 4 else "")
    return (
        f"{name}, it has recovered and stays open until somebody has looked: {words}.{behind} "
        f"`tocsin incidents tick {incident.id} 1`, or on its page."
    )


def why_no_reminder(incident: Incident) -> str:
    """Why there is no reminder to move, in a sentence; "" when there is."""
    if due_of(incident) is None:
        return "Nobody is to be reminded of anything: no update is due, and nothing waits to be verified."
    return ""


def put_off_reminder(turn: Turn, command: PutOffReminder) -> None:
    """It comes later, as loud as it would have been."""
    due = due_of(turn.incident)
    if due is None:
        return
    at = max(turn.now, next_reminder(turn.incident) or turn.now) + command.seconds
    _change(turn, Reminding(of=due.at, times=min(reminded(turn.incident, due), LOUDEST - 1), next_at=at))
    text = f"{command.by} put the reminder of {due.what} off until {moment(at)}"
    turn.note("put off", text, by=command.by, via=command.via)


def drop_reminder(turn: Turn, command: DropReminder) -> None:
    """Nobody is reminded of this one; what is due next is reminded of again."""
    due = due_of(turn.incident)
    if due is None:
        return
    _change(turn, Reminding(of=due.at, times=reminded(turn.incident, due), next_at=None))
    text = f"{command.by} dropped the reminder of {due.what}: {command.reason}"
    turn.note("dropped", text, by=command.by, via=command.via)


def _change(turn: Turn, reminding: Reminding) -> None:
    turn.change(response=turn.incident.response.changed(reminding=reminding))
