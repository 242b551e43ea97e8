"""A world whose P1s have Slack channels of their own, and how they are looked at."""

from __future__ import annotations

from router.demo.workspace import Channel
from tests.world import RULES, World

WITH_CHANNEL = (
    RULES.replace("respond_within: 15m,", "respond_within: 15m, incident_channel: true,", 1)
    .replace('url: "${env:SLACK_WEBHOOK_URL}"}', 'url: "${env:SLACK_WEBHOOK_URL}", token: "${env:SLACK_BOT_TOKEN}"}')
    .replace("labels: {how: outage}}, then: {severity: P1}", "labels: {how: outage}}, then: {severity: P1, team: web}")
    .replace("schedules:\n", "teams:\n  web: {people: [dan, victor]}\nschedules:\n", 1)
)
NAME = "inc-2026-03-02-web-is-down"
OPENED = [("slack", "opened"), ("pagerduty", "trigger"), ("mail", "opened")]
TALK = ("slack", "update")


def opens(world: World) -> Channel:
    """A P1, whose page everybody has read, and its channel."""
    world.hears()
    world.outside.heard_exactly([*OPENED, TALK])
    return world.outside.workspace.named(NAME)


def texts(channel: Channel) -> list[str]:
    """Everything that stands in it."""
    return [
        "\n".join(block["text"]["text"] for block in message["blocks"] if "text" in block)
        for message in channel.messages.values()
    ]


def said(channel: Channel) -> str:
    """What was said after the assessment."""
    return "\n".join(texts(channel)[1:])
