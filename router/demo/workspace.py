"""A Slack workspace that is not one: as much of the Web API as an incident's own channel needs, in memory.

It refuses what Slack refuses (docs.slack.dev/reference/methods): names and lengths out of bounds, what is not there,
what a token is not allowed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from router.demo import slack
from router.demo.outbox import Arrived, Outbox

SCOPES = frozenset({"channels:manage", "channels:read", "chat:write", "pins:write"})
KEPT = 500
"""Channels this process remembers; the oldest give way."""
_NAME = re.compile(r"[a-z0-9_-]{1,80}", re.ASCII)
_LONGEST = 250
Said = Mapping[str, str]
Answer = dict[str, Any]


class _Refused(Exception):
    """Slack's word for why not."""


@dataclass(slots=True)
class Channel:
    """One channel. `messages` are by their `ts`."""

    id: str
    name: str
    created: float
    purpose: str = ""
    topic: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    pins: list[str] = field(default_factory=list)
    is_archived: bool = False
    is_member: bool = True
    """Is the bot in it?"""

    @property
    def shown(self) -> Answer:
        """As Slack describes it."""
        described = {"purpose": {"value": self.purpose}, "topic": {"value": self.topic}}
        asked = ("id", "name", "is_archived", "is_member")
        return {"created": int(self.created), **{name: getattr(self, name) for name in asked}, **described}


class Workspace:
    """Answers the methods. What is posted is shown in `outbox`."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float]) -> None:
        self.channels: dict[str, Channel] = {}
        self.scopes = set(SCOPES)
        self._outbox = outbox
        self._clock = clock
        self._numbers = itertools.count(1)
        self._drawn: dict[str, Arrived] = {}
        self._methods: dict[str, tuple[str, Callable[[Said], Answer]]] = {
            "conversations.create": ("channels:manage", self._create),
            "conversations.list": ("channels:read", self._list),
            "conversations.setPurpose": ("channels:manage", self._set_purpose),
            "conversations.setTopic": ("channels:manage", self._set_topic),
            "conversations.invite": ("channels:manage", self._invite),
            "conversations.archive": ("channels:manage", self._archive),
            "chat.postMessage": ("chat:write", self._post),
            "chat.update": ("chat:write", self._update),
            "pins.add": ("pins:write", self._pin),
        }

    def answer(self, method: str, said: Said) -> Answer:
        """What Slack answers to a method, with status 200 also where it refuses."""
        if method not in self._methods:
            return {"ok": False, "error": "unknown_method"}
        scope, act = self._methods[method]
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            return {"ok": False, "error": "missing_scope", "needed": scope, "provided": provided}
        try:
            return {"ok": True, **act(said)}
        except _Refused as why:
            return {"ok": False, "error": str(why)}

    def named(self, name: str) -> Channel:
        """The channel of that name. Raises KeyError."""
        return {one.name: one for one in self.channels.values()}[name]

    def _there(self, said: Said) -> Channel:
        channel = self.channels.get(said.get("channel", ""))
        if channel is None:
            raise _Refused("channel_not_found")
        if channel.is_archived:
            raise _Refused("is_archived")
        if not channel.is_member:
            raise _Refused("not_in_channel")
        return channel

    def _create(self, said: Said) -> Answer:
        name = said.get("name", "")
        if not _NAME.fullmatch(name):
            raise _Refused("invalid_name_maxlength" if len(name) > 80 else "invalid_name_specials")
        if any(one.name == name for one in self.channels.values()):
            raise _Refused("name_taken")
        if len(self.channels) >= KEPT:
            self.channels.pop(next(iter(self.channels)))
        channel = Channel(id=f"C{next(self._numbers):08}", name=name, created=self._clock())
        self.channels[channel.id] = channel
        return {"channel": channel.shown}

    def _list(self, said: Said) -> Answer:
        begin, size = int(said.get("cursor") or 0), int(said.get("limit") or 100)
        every = list(self.channels.values())
        further = str(begin + size) if begin + size < len(every) else ""
        shown = [one.shown for one in every[begin : begin + size]]
        return {"channels": shown, "response_metadata": {"next_cursor": further}}

    def _set_purpose(self, said: Said) -> Answer:
        channel = self._there(said)
        channel.purpose = _short(said.get("purpose", ""))
        return {"channel": channel.shown}

    def _set_topic(self, said: Said) -> Answer:
        channel = self._there(said)
        channel.topic = _short(said.get("topic", ""))
        return {"channel": channel.shown}

    def _invite(self, said: Said) -> Answer:
        channel, member = self._there(said), said.get("users", "")
        if not member.startswith(("U", "W")):
            raise _Refused("user_not_found")
        if member in channel.members:
            raise _Refused("already_in_channel")
        channel.members.append(member)
        return {"channel": channel.shown}

    def _archive(self, said: Said) -> Answer:
        channel = self.channels.get(said.get("channel", ""))
        if channel is not None and channel.is_archived:
            raise _Refused("already_archived")
        self._there(said).is_archived = True
        return {}

    def _post(self, said: Said) -> Answer:
        channel, message = self._there(said), _message(said)
        ts = f"{int(self._clock())}.{next(self._numbers):06}"
        channel.messages[ts] = message
        self._drawn[ts] = slack.arrived(message, self._clock(), f"#{channel.name}")
        self._outbox.add(self._drawn[ts])
        return {"channel": channel.id, "ts": ts, "message": message}

    def _update(self, said: Said) -> Answer:
        channel, message, ts = self._there(said), _message(said), said.get("ts", "")
        if ts not in channel.messages:
            raise _Refused("message_not_found")
        channel.messages[ts] = message
        after = slack.arrived(message, self._clock(), f"#{channel.name}")
        self._outbox.replace(self._drawn[ts], after)
        self._drawn[ts] = after
        return {"channel": channel.id, "ts": ts, "text": message["text"]}

    def _pin(self, said: Said) -> Answer:
        channel, ts = self._there(said), said.get("timestamp", "")
        if ts not in channel.messages:
            raise _Refused("message_not_found")
        if ts in channel.pins:
            raise _Refused("already_pinned")
        channel.pins.append(ts)
        return {}


def form(body: bytes) -> dict[str, str]:
    """What a form says; what is none says nothing."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))


def _message(said: Said) -> dict[str, Any]:
    try:
        blocks = orjson.loads(said.get("blocks") or "[]")
    except orjson.JSONDecodeError:
        raise _Refused("invalid_blocks_format") from None
    message = {"text": said.get("text", ""), "blocks": blocks}
    if list(slack.faults(message)):
        raise _Refused("invalid_blocks")
    return message


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise _Refused("too_long")
    return text
