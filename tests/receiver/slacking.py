"""A receiver whose incidents are answered from inside Slack, and a Slack that remembers whom it was asked to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from redis import Redis

from router.demo import slack
from router.slack.reading import sign
from rules.announcing.room import Room
from rules.incident import Incident
from rules.reading.load import Ruleset, load
from rules.record import encode
from tests.receiver.ear import BEARER, RULES, RUNBOOKS, SECRETS, Ear
from workers import keys
from workers.channels import OPTIONS
from workers.channels.contract import HttpRequest, Reply, Undelivered

BOT = 'slack: {type: slack, token: "${env:SLACK_BOT}", channel: C0OPS, signing_secret: "${env:SLACK_SIGNING}"}'
P1 = "P1: {means: Complete outage, respond_within: 15m, channels: [slack]}"
LIST = """
checklists:
  all is well: [Users can <!channel> log in, Payments go through]
"""
SLACK = RULES.replace('slack: {type: slack, url: "${env:SLACK}"}', BOT)
GATED = SLACK.replace(P1, P1.replace("}", ", update_every: 30m, verify: all is well}")) + LIST
SECRET = SECRETS["SLACK_SIGNING"].encode()
ANSWERS_AT = "https://hooks.slack.com/actions/T0/1/abc"
HERE = "/slack/slack"


def ruled(text: str = SLACK) -> Ruleset:
    """Rules with a bot that may be answered."""
    return load({"rules.yaml": text}, runbooks=RUNBOOKS, channel_options=OPTIONS)


class Slacking(Ear):
    """`told` is what Slack was asked to say to a person, the oldest first."""

    def __init__(self, url: str, redis: Redis) -> None:
        super().__init__(url, redis)
        self.use(ruled())
        self.told: list[str] = []
        self.slack_is_away = False
        self._pressed = 0

    def context(self, fast: Any) -> Any:
        """With a way out that leads to this Slack only."""
        context = super().context(fast)
        context.perform = self._perform
        return context

    def _perform(self, request: HttpRequest) -> Reply:
        assert (request.url, request.method) == (ANSWERS_AT, "POST")
        if self.slack_is_away:
            raise Undelivered("https://hooks.slack.com did not answer within 8s", permanent=False)
        self.told.append(self.reads(orjson.loads(request.body)))
        return Reply(status=200, body=b"ok")

    @staticmethod
    def reads(message: Any) -> str:
        """What only whoever asked reads. Red for what Slack would refuse, or show to everybody."""
        assert list(slack.faults(message)) == []
        assert (message["response_type"], message["replace_original"]) == ("ephemeral", False)
        (block,) = message["blocks"]
        assert block["text"]["verbatim"] is True
        return str(block["text"]["text"])

    def pressing(self, action: str, incident: str, member: str = "U02ANA", **more: Any) -> bytes:
        """The body of a press."""
        self._pressed += 1
        payload = {
            "type": "block_actions",
            "user": {"id": member, "username": "mihai", "name": "mihai", "team_id": "T0"},
            "team": {"id": "T0", "domain": "example"},
            "channel": {"id": "C0OPS", "name": "ops"},
            "trigger_id": str(self._pressed),
            "response_url": ANSWERS_AT,
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": incident}],
        }
        return urlencode({"payload": orjson.dumps(payload | more)}).encode()

    def typing(self, text: str, member: str = "U02ANA", room: str = "C0OPS", **more: str) -> bytes:
        """The body of a slash command."""
        self._pressed += 1
        form = {
            "command": "/tocsin",
            "text": text,
            "user_id": member,
            "user_name": "mihai",
            "channel_id": room,
            "team_id": "T0",
            "trigger_id": str(self._pressed),
            "response_url": ANSWERS_AT,
        }
        return urlencode(form | more).encode()

    def sends(self, body: bytes, at: str = HERE, **headers: str) -> httpx.Response:
        """A request of Slack's, signed now unless `headers` say otherwise."""
        said = {"Content-Type": "application/x-www-form-urlencoded", **sign(body, SECRET, self.clock.now()), **headers}
        return self.ask("POST", at, content=body, headers=said)

    def presses(self, action: str, incident: str, member: str = "U02ANA") -> str:
        """Press a button; what whoever pressed is told afterwards."""
        before = len(self.told)
        answer = self.sends(self.pressing(action, incident, member))
        assert (answer.status_code, answer.content) == (200, b"")
        (told,) = self.told[before:]
        return told

    def types(self, text: str, member: str = "U02ANA", room: str = "C0OPS") -> str:
        """Type a command; what the answer says."""
        before = len(self.told)
        answer = self.sends(self.typing(text, member, room))
        assert (answer.status_code, len(self.told)) == (200, before)
        return self.reads(answer.json())

    def has_a_channel(self, incident: Incident, room: str = "C0INC") -> None:
        """The incident has a channel of its own, as tests/stories/test_incident_channel.py makes one."""
        own = replace(incident, response=replace(incident.response, room=Room(channel="slack", name="inc", id=room)))
        self.redis.set(keys.incident(incident.id), encode(own))

    def acts(self) -> list[tuple[str, str, str, str]]:
        """What the audit log tells, the oldest first."""
        found = self.ask("GET", "/api/audit", headers=BEARER).json()["acts"]
        return [(one["who"], one["what"], one["about"], one["via"]) for one in found][::-1]

    def history(self, incident: Incident) -> Sequence[str]:
        """The kinds of its timeline, and who."""
        return [f"{one.kind} {one.by} {one.via}" for one in self.store.timeline(incident.id) if one.by]
