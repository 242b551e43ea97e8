"""What `--demo` changes in the rules: the real channels are pointed at fake receivers of this very Tocsin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rules import matrix
from rules.event import Severity
from rules.reading import check_room
from rules.reading.config import ChannelConfig
from rules.reading.load import Ruleset
from workers.settings import Settings

SLACK = "TOCSIN_DEMO_SLACK_URL"
BOT = "TOCSIN_DEMO_SLACK_TOKEN"
_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


def variables(settings: Settings) -> dict[str, str]:
    """The variables the demonstration's channels refer to."""
    return {SLACK: f"http://127.0.0.1:{settings.port}/demo/slack", BOT: "xoxb-demonstration"}


def referred(texts: Mapping[str, str]) -> set[str]:
    """Every environment variable these YAML texts refer to."""
    return {name for text in texts.values() for name in _REFERENCE.findall(text)}


def pointed(ruleset: Ruleset, settings: Settings) -> Ruleset:
    """The same rules; each channel keeps its name and type and leads to the demonstration.

    There a bot costs nothing: where nobody has asked for channels of incidents, those of P1 have one, to be seen.
    """
    channels = {name: _pointed(one, settings) for name, one in ruleset.config.channels.items()}
    config = ruleset.config.model_copy(update={"channels": channels})
    bots = check_room.bots(config)
    if bots and not any(one.incident_channel for one in config.severities.values()):
        worst = config.severities[Severity.P1].model_copy(update={"incident_channel": bots[0]})
        config = config.model_copy(update={"severities": {**config.severities, Severity.P1: worst}})
    return replace(ruleset, config=config, policy=matrix.policy(config, ruleset.version))


def _pointed(channel: ChannelConfig, settings: Settings) -> ChannelConfig:
    base = f"http://127.0.0.1:{settings.port}/demo"
    bot = {"token": f"${{env:{BOT}}}", "api": f"{base}/slack/api/chat.postMessage"}
    options: dict[str, dict[str, Any]] = {
        "slack": {"url": f"${{env:{SLACK}}}", **bot},
        "pagerduty": {"url": f"{base}/pagerduty/v2/enqueue"},
        "mail": {"host": "127.0.0.1", "port": settings.demo_smtp_port, "tls": "none", "sender": "tocsin@demo.example"},
    }
    known = options.get(channel.type)
    return channel if known is None else ChannelConfig.model_validate({"type": channel.type, **known})
