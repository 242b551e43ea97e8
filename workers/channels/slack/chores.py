"""The chores of an incident's channel as requests to Slack, and what its answers mean for the incident. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from rules.announcing.room import Chore, Room
from rules.announcing.room_commands import (
    RoomCommand,
    RoomDone,
    RoomGone,
    RoomMade,
    RoomMessageGone,
    RoomRefused,
    RoomSought,
    RoomTaken,
)
from rules.announcing.room_words import marked
from workers.channels.contract import HttpRequest, Reply
from workers.channels.slack import SlackOptions
from workers.channels.slack.web import SlackRefused, answer, call

PAGE, OF_PAGES = 200, 1024 * 1024
"""Channels asked for at once, and bytes read of what comes back: about a kilobyte for each."""
CLOCKS_DIFFER = 60.0
"""Seconds by which Slack's clock may be behind ours."""
METHODS = {
    Chore.CREATE: "conversations.create",
    Chore.LOOK: "conversations.list",
    Chore.DESCRIBE: "conversations.setPurpose",
    Chore.POST: "chat.postMessage",
    Chore.PIN: "pins.add",
    Chore.INVITE: "conversations.invite",
    Chore.TOPIC: "conversations.setTopic",
    Chore.EDIT: "chat.update",
    Chore.SAY: "chat.postMessage",
    Chore.ARCHIVE: "conversations.archive",
}
_DONE_ALREADY = {
    Chore.PIN: {"already_pinned"},
    Chore.INVITE: {"already_in_channel", "cant_invite_self"},
    Chore.ARCHIVE: {"already_archived"},
}
_GONE = {"is_archived": "it has been archived in Slack", "channel_not_found": "Slack knows it no longer"}
_OF_THE_BOT = frozenset(
    {"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission"}
    | {"org_login_required", "ekm_access_denied", "not_allowed_token_type", "access_denied", "accesslimited"}
    | {"team_access_not_granted", "not_in_channel", "missing_scope", "restricted_action"}
)
"""What is wrong with the token or the bot, and not with what was asked."""
VITAL = frozenset({Chore.CREATE, Chore.LOOK, Chore.POST})
_DOING = {
    Chore.CREATE: "make a channel for this incident",
    Chore.LOOK: "list the channels, to find the one of this incident",
    Chore.DESCRIBE: "set the purpose of {room}",
    Chore.POST: "post the assessment in {room}",
    Chore.PIN: "pin the assessment in {room}",
    Chore.INVITE: "ask people into {room}",
    Chore.TOPIC: "set the topic of {room}",
    Chore.EDIT: "keep the assessment in {room} up to date",
    Chore.SAY: "tell what is new in {room}",
    Chore.ARCHIVE: "archive {room}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a chore may need: texts fit for Slack, and of which state of the incident they tell."""

    incident: str
    purpose: str = ""
    topic: str = ""
    message: Mapping[str, Any] = field(default_factory=dict)
    """`text` and `blocks` of the assessment."""
    news: Mapping[str, Any] = field(default_factory=dict)
    """The same of what is new."""
    member: str = ""
    """The id of who is asked in next."""
    person: str = ""
    """Their name."""
    changes: int = 0
    lines: int = 0


def request(chore: Chore, room: Room, material: Material, options: SlackOptions) -> HttpRequest:
    """The one request of a chore. `options` are revealed."""
    kept = {"kept": OF_PAGES} if chore is Chore.LOOK else {}
    return call(options, METHODS[chore], _said(chore, room, material), **kept)


def _said(chore: Chore, room: Room, material: Material) -> dict[str, str]:
    channel = {"channel": room.id or ""}
    match chore:
        case Chore.CREATE:
            return {"name": room.name, "is_private": "false"}
        case Chore.LOOK:
            return {"limit": str(PAGE), "types": "public_channel", "cursor": room.looking or ""}
        case Chore.DESCRIBE:
            return {**channel, "purpose": material.purpose}
        case Chore.TOPIC:
            return {**channel, "topic": material.topic}
        case Chore.POST:
            return {**channel, **_form(material.message)}
        case Chore.EDIT:
            return {**channel, **_form(material.message), "ts": room.message or ""}
        case Chore.SAY:
            return {**channel, **_form(material.news)}
        case Chore.PIN:
            return {**channel, "timestamp": room.message or ""}
        case Chore.INVITE:
            return {**channel, "users": material.member}
        case _:
            return channel


def _form(message: Mapping[str, Any]) -> dict[str, str]:
    """A message as a form has it: nothing in it is linked, unfurled or mentioned but what the blocks say."""
    quiet = {"parse": "none", "link_names": "false", "unfurl_links": "false", "unfurl_media": "false"}
    return {"text": str(message["text"]), "blocks": orjson.dumps(message["blocks"]).decode(), **quiet}


def outcome(chore: Chore, room: Room, material: Material, reply: Reply) -> RoomCommand:
    """What Slack's answer means for the incident. Raises `Undelivered` where it is to be tried again."""
    try:
        found = answer(METHODS[chore], reply)
    except SlackRefused as refused:
        return _refused(chore, room, material, refused)
    match chore:
        case Chore.CREATE:
            return _made(found["channel"])
        case Chore.LOOK:
            return _sought(found, room, material.incident)
        case _:
            return _done(chore, material, found)


def _made(channel: Mapping[str, Any]) -> RoomMade:
    return RoomMade(id=str(channel["id"]), name=str(channel["name"]))


def _done(chore: Chore, material: Material, found: Mapping[str, Any], note: str = "") -> RoomDone:
    values = {Chore.POST: str(found.get("ts", "")), Chore.INVITE: material.member, Chore.TOPIC: material.topic}
    value = values.get(chore, "")
    return RoomDone(chore=chore, value=value, changes=material.changes, lines=material.lines, note=note)


def _sought(found: Mapping[str, Any], room: Room, incident_id: str) -> RoomMade | RoomSought:
    """One page of channels: is the one of that name there, and was it made for this incident?"""
    named = next((one for one in found["channels"] if one.get("name") == room.name), None)
    if named is not None:
        return _made(named) if _is_ours(named, room, incident_id) else RoomSought(cursor=None)
    further = (found.get("response_metadata") or {}).get("next_cursor")
    return RoomSought(cursor=str(further) if further else None)


def _is_ours(channel: Mapping[str, Any], room: Room, incident_id: str) -> bool:
    """Its purpose names this incident; or it has none yet, the bot is in it, and it came after the name was reserved.

    No other incident asks for a reserved name, so such a one was made just before a crash.
    """
    if channel.get("is_archived"):
        return False
    purpose = str((channel.get("purpose") or {}).get("value") or "")
    if purpose:
        return purpose.startswith(marked(incident_id))
    began = (room.asked_at or 0.0) - CLOCKS_DIFFER
    return bool(channel.get("is_member")) and float(channel.get("created") or 0.0) >= began


def _refused(chore: Chore, room: Room, material: Material, refused: SlackRefused) -> RoomCommand:
    word = refused.word
    if word in _DONE_ALREADY.get(chore, ()):
        return _done(chore, material, {})
    if chore is Chore.CREATE and word == "name_taken":
        return RoomTaken()
    if chore is Chore.EDIT and word == "message_not_found":
        return RoomMessageGone()
    if room.id is not None and word in _GONE:
        return RoomGone(why=_GONE[word])
    if chore is Chore.INVITE and word not in _OF_THE_BOT:
        note = f"{material.person} could not be asked into #{room.name}: Slack says {word}"
        return _done(chore, material, {}, note)
    vital = chore in VITAL or word in _OF_THE_BOT - {"missing_scope", "restricted_action"}
    return RoomRefused(chore=chore, why=_why(chore, room, refused), vital=vital)


def _why(chore: Chore, room: Room, refused: SlackRefused) -> str:
    """What cannot be done, and what somebody has to do about it."""
    cannot = f"Slack does not let «{room.channel}» " + _DOING[chore].format(room=f"#{room.name}")
    if refused.scope:
        add = "Add it to the app (OAuth & Permissions, Bot Token Scopes) and install it again"
        return f"{cannot}: its token lacks the scope {refused.scope}. {add}."
    if refused.word == "not_in_channel":
        return f"{cannot}: the bot has been removed from it. Write /invite with the bot's name there."
    return f"{cannot}: {refused.word}."
