"""Which Slack bot makes the channels of incidents, and what must hold for that."""

from __future__ import annotations

from rules.reading.config import Config
from rules.reading.document import Document
from rules.reading.problem import nearest


def bots(config: Config) -> list[str]:
    """The channels whose bot can make channels: of type slack, with a token."""
    return [name for name, one in config.channels.items() if one.type == "slack" and one.options.get("token")]


def bot_of(config: Config, wanted: bool | str) -> str | None:
    """The channel whose bot makes the incidents' channels, as a severity wants it; None: they get none."""
    if isinstance(wanted, str):
        return wanted
    return next(iter(bots(config)), None) if wanted else None


def check(config: Config, document: Document) -> None:
    """Complain about a severity whose incidents are to have a channel that nobody can make, or several can."""
    able = bots(config)
    for severity, one in config.severities.items():
        path = ("severities", severity.value, "incident_channel")
        if isinstance(one.incident_channel, str) and one.incident_channel not in able:
            message = f"'{one.incident_channel}' is no channel of type slack with a token"
            document.complain(path, message, nearest(one.incident_channel, able) or _hint(config))
        elif one.incident_channel is True and not able:
            message = "an incident's channel is made by a Slack bot, and no channel of type slack has a token"
            document.complain(path, message, _hint(config))
        elif one.incident_channel is True and len(able) > 1:
            document.complain(path, f"several Slack bots could make it: {', '.join(able)}", f"write {able[0]}")


def _hint(config: Config) -> str:
    slack = next((name for name, one in config.channels.items() if one.type == "slack"), "slack")
    return f'add token: "${{env:SLACK_BOT_TOKEN}}" to channels.{slack}'
