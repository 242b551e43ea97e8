"""Whom a reminder of a post-mortem goes to, and on which channels. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rules.incident import Incident, Reason
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.postmortem.commands import RemindOfPostmortem
from rules.postmortem.record import Postmortem
from rules.postmortem.reminders import Reminder
from rules.reading.config import Config

AUTHOR, OWNER = "author of the post-mortem", "owner of an action item"


def leads(incident: Incident, config: Config, author: str | None = None) -> str | None:
    """Who writes the post-mortem: the author, else the commander, else whoever had the incident; of the YAML's people.

    None: nobody of them is known to have had anything to do with it.
    """
    response = incident.response
    candidates = (author, response.commander, incident.assignee, incident.acknowledged_by, incident.resolved_by)
    return next((name for name in candidates if name in config.people), None)


def zones(config: Config) -> Callable[[str | None], str]:
    """The time zone of a person of the YAML; of anybody else UTC."""

    def zone_of(name: str | None) -> str:
        person = config.people.get(name or "")
        return (person.timezone if person is not None else None) or "UTC"

    return zone_of


def command(
    reminder: Reminder, one: Postmortem, incident: Incident, config: Config, roster: Roster, ways: Mapping[str, Way]
) -> RemindOfPostmortem:
    """The reminder as it is asked of the incident. Where an owner is nobody of the YAML, whoever writes hears it."""
    role, text = reminder.role, reminder.text
    if role is not None:
        person = roster.reach(role).person
    elif reminder.owner in config.people:
        role, person = OWNER, reminder.owner
    else:
        role, person = AUTHOR, leads(incident, config, one.author)
        text += f" (It is {reminder.owner}'s, whom the rules do not know.)" if reminder.owner else ""
    if person is None and reminder.role is None:
        role = incident.plan.responder
        person = roster.reach(role).person
    known = config.people.get(person or "")
    called = (known.name if known is not None else None) or person or role
    channels = tuple(_channels(person, incident, roster, ways, loud=reminder.loud))
    return RemindOfPostmortem(role=role, person=person, channels=channels, rooms=roster.rooms, text=f"{called}, {text}")


def _channels(
    person: str | None, incident: Incident, roster: Roster, ways: Mapping[str, Way], *, loud: bool
) -> Iterator[str]:
    """Of the incident's own those that have words for a reminder and reach this person alone, else any that does.

    The rooms too, where it is loud, or nothing else reaches them.
    """
    worded = [name for name, way in ways.items() if Reason.REMINDER not in way.silent]
    own = [name for name in incident.ways if name in worded]
    alone = [name for name in worded if name in roster.channels_of(person) and name not in roster.rooms]
    personal = [name for name in own if name in alone] or alone[:1]
    yield from personal
    if loud or not personal:
        yield from (name for name in own if name in roster.rooms)
