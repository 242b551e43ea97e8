"""How an incident's own channel should be, and what is said in it: worked out from the incident and the rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rules.announcing.room import Chore, Room, Wanted
from rules.announcing.room_words import news, purpose, topic
from rules.incident import Incident, StepState, TimelineEntry
from rules.reading.config import Config
from rules.responding.assessment import assessment as together
from rules.responding.briefing import briefing
from workers.channels.contract import Link
from workers.channels.slack import assessment
from workers.channels.slack.blocks import mention, presses
from workers.channels.slack.chores import Material
from workers.settings import Settings
from workers.telling.links import KEEP, acknowledge_url


def wanted(incident: Incident, room: Room, lines: Sequence[TimelineEntry], config: Config) -> Wanted:
    """How the channel should be now."""
    return Wanted(
        topic=assessment.named(topic(incident)),
        members=tuple(members(incident, config)),
        news=bool(news(lines, room.said)),
    )


def members(incident: Incident, config: Config) -> dict[str, str]:
    """Slack's id -> name of who should be in it: whoever was called or has it, and the team of the rule."""
    called = [step.person for step in incident.steps if step.state is StepState.SENT]
    response, team = incident.response, config.teams.get(incident.team or "")
    have = [incident.assignee, incident.acknowledged_by, response.commander, response.scribe]
    names = dict.fromkeys([*called, *have, *(team.people if team is not None else ())])
    people = {name: config.people[name] for name in names if name in config.people}
    return {one.slack: one.name or name for name, one in people.items() if one.slack and mention(one.slack)}


def told(
    chore: Chore,
    incident: Incident,
    room: Room,
    lines: Sequence[TimelineEntry],
    config: Config,
    settings: Settings,
    now: float,
) -> Material:
    """What a chore says; only that is worked out which it needs."""
    asked_in = members(incident, config)
    member = next((one for one in asked_in if one not in room.invited), "")
    page = f"{settings.base_url}/incidents/{incident.id}"
    draws = chore in (Chore.POST, Chore.EDIT)
    return Material(
        incident=incident.id,
        purpose=assessment.named(purpose(incident, page)),
        topic=assessment.named(topic(incident)),
        message=_assessed(incident, room, lines, config, settings, now) if draws else {},
        news=assessment.news(news(lines, room.said)) if chore is Chore.SAY else {},
        member=member,
        person=asked_in.get(member, ""),
        changes=room.changed,
        lines=len(lines),
    )


def _assessed(
    incident: Incident, room: Room, lines: Sequence[TimelineEntry], config: Config, settings: Settings, now: float
) -> dict[str, object]:
    """The incident template, rendered for Slack; answered there where the bot's app tells us of presses."""
    bot = config.channels.get(room.channel)
    answered_here = incident.is_open and bot is not None and bool((bot.options or {}).get("signing_secret"))
    names = {name: one.name for name, one in config.people.items() if one.name}
    secrets = [secret.get_secret_value().encode() for secret in settings.secret]
    url = acknowledge_url(settings.base_url, secrets, incident.id, None, now + KEEP) if secrets else ""
    links = [Link(text="Open the incident", url=f"{settings.base_url}/incidents/{incident.id}")]
    links += [Link(text="Runbook", url=f"{url}/runbook")] if url and incident.runbook else []
    found = together(incident.response.findings)
    drawn = assessment.assessed(briefing(incident, names, lines, now), found, links, now)
    return assessment.message(drawn, presses(incident.id) if answered_here else ())
