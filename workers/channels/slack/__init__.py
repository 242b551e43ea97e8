"""Slack: through an incoming webhook, or as a bot with chat.postMessage."""

from __future__ import annotations

import re
from typing import Self, cast

import orjson
from pydantic import model_validator

from rules.reading.fields import Reference
from workers.channels.contract import (
    ChannelOptions,
    ChannelType,
    HttpRequest,
    Notification,
    Reply,
    Undelivered,
    asked_to_wait,
    refusal,
)
from workers.channels.slack.blocks import blocks, fallback
from workers.plain import plain

# chat.postMessage answers a success with the whole message, which is longer than what is kept of a reply.
_TAKEN = re.compile(rb'\s*(?:ok\s*$|\{\s*"ok"\s*:\s*true)')
_REFUSED = re.compile(rb'\s*\{\s*"ok"\s*:\s*false')
_ERROR = re.compile(rb'"error"\s*:\s*"([a-z0-9_]{1,60})"')
# docs.slack.dev/reference/methods/chat.postMessage#errors: those that pass by themselves. All others need a person.
PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
    | {"team_added_to_org", "rollup_error", "timeout"}
)


class SlackOptions(ChannelOptions):
    """Either `url` (incoming webhook, one room) or `token` and `channel` (bot, teams may have rooms of their own).

    A `token` beside `url` posts nothing there: its bot makes the channels of incidents. With `signing_secret` people
    answer from within Slack: by buttons in the message, and by a slash command.
    """

    url: Reference | None = None
    """A reference to an incoming webhook, which posts to one room."""
    token: Reference | None = None
    """A reference to the token of a bot; with `channel`, teams may have rooms of their own."""
    channel: str | None = None
    """The id of the bot's room, like C0OPS."""
    signing_secret: Reference | None = None
    """A reference to the signing secret of the bot's app: with it, pages are answered from within Slack."""
    api: str = "https://slack.com/api/chat.postMessage"
    """Where the bot posts; Slack's other methods are beside it."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.url is None and (self.token is None or self.channel is None):
            raise ValueError("Slack needs either url, or token and channel")
        if self.url is not None and self.channel is not None:
            raise ValueError("a webhook has its own room: Slack needs either url, or token and channel")
        if self.signing_secret is not None and self.token is None:
            raise ValueError("signing_secret is of a bot's app: it needs the token of that bot beside it")
        return self


def post(notification: Notification, options: ChannelOptions) -> HttpRequest:
    """The message for the room; a bot prefers the room of the incident's team."""
    slack = cast(SlackOptions, options)
    message = {
        "text": fallback(notification),
        "blocks": blocks(notification, answers=slack.signing_secret is not None),
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }
    headers = {"content-type": "application/json; charset=utf-8"}
    if slack.url is not None:
        return HttpRequest(url=slack.url, headers=headers, body=orjson.dumps(message))
    message["channel"] = notification.room or slack.channel
    headers["authorization"] = f"Bearer {slack.token}"
    return HttpRequest(url=slack.api, headers=headers, body=orjson.dumps(message))


def read(reply: Reply) -> None:
    """Slack says `ok`, or HTTP 200 with `ok: false` and an error word, or a status with the word as its body."""
    if reply.status != 200:
        raise refusal(reply, "Slack", plain(reply.body.decode("utf-8", "replace"), 80))
    if _TAKEN.match(reply.body):
        return
    if not _REFUSED.match(reply.body):
        raise Undelivered("something that is not Slack answered 200", permanent=False)
    found = _ERROR.search(reply.body)
    word = found[1].decode() if found else "no reason given"
    passing = word in PASSING
    raise Undelivered(f"Slack refused: {word}", permanent=not passing, after=asked_to_wait(reply) if passing else None)


CHANNEL = ChannelType(
    name="slack",
    title="Slack",
    room=True,
    address="slack",
    gap=1.0,
    options=SlackOptions,
    post=post,
    read=read,
    setup="""\
Simplest: create a Slack app, switch on *Incoming Webhooks*, add one to the room, and put its address into an
environment variable. The address is a secret: whoever has it can write into the room.

    channels:
      slack: {type: slack, url: "${env:SLACK_WEBHOOK_URL}"}

With a bot, teams can have rooms of their own: give the app the scope `chat:write`, install it, and `/invite` it into
every room. Incidents of a team with a room then go to that room.

    channels:
      slack: {type: slack, token: "${env:SLACK_BOT_TOKEN}", channel: C0INCIDENTS}

A bot can also give each incident a channel of its own (docs/incident-channel.md), beside a webhook too. Its scopes:
`channels:manage`, `channels:read`, `chat:write`, `pins:write`; and write `incident_channel: true` into the severity.

    channels:
      slack: {type: slack, url: "${env:SLACK_WEBHOOK_URL}", token: "${env:SLACK_BOT_TOKEN}"}

With the app's signing secret beside the token, pages have buttons that answer them in Slack, and there is a slash
command (docs/channels.md says how to switch both on):

    channels:
      slack:
        type: slack
        token: "${env:SLACK_BOT_TOKEN}"
        channel: C0INCIDENTS
        signing_secret: "${env:SLACK_SIGNING_SECRET}"

People are mentioned by their member id (profile, *Copy member ID*): `people: {ana: {slack: U02ANA}}`.
""",
)
