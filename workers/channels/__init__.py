"""The ways out of Tocsin: one module per receiver, listed here. What a channel is: `workers.channels.contract`."""

from __future__ import annotations

from workers.channels import mail, pagerduty, slack, webhook
from workers.channels.contract import ChannelType

TYPES: dict[str, ChannelType] = {
    "mail": mail.CHANNEL,
    "pagerduty": pagerduty.CHANNEL,
    "slack": slack.CHANNEL,
    "webhook": webhook.CHANNEL,
}
"""Every channel type by the word the YAML uses; a test compares this with the folder and docs/channels.md."""

OPTIONS = {name: channel.options for name, channel in TYPES.items()}
"""What the YAML may say about each type, for `rules.reading.load`."""
