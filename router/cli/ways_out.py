"""Whether each configured channel leads somewhere that Tocsin may call: looked up and judged, not called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network

from rules.event import Severity
from rules.incident import Reason
from rules.reading.config import ChannelConfig, Config
from workers.channels import TYPES
from workers.channels.contract import Notification, Recipient, Undelivered
from workers.outward import Outward
from workers.settings import Environment, MissingReference

LOOK_FOR = 3.0
"""Seconds a name has to resolve."""
_PAGE = Notification(
    id="doctor",
    incident="doctor",
    reason=Reason.OPENED,
    severity=Severity.P1,
    title="never sent",
    where="",
    since=0.0,
    now=0.0,
    why="",
    next="",
    recipient=Recipient(name="nobody", address="nobody@example.com"),
)
"""Every channel makes a request of a page: what it would call is read off that, whatever its type."""


def examine(
    config: Config, environment: Environment, allowed: Sequence[IPv4Network | IPv6Network]
) -> Iterator[tuple[str, str]]:
    """Each channel's name, and why it cannot be used; empty when it can.

    A channel whose secret is missing is left out: that is a finding of its own.
    """
    outward = Outward(allowed, timeout=LOOK_FOR)
    for name, channel in sorted(config.channels.items()):
        try:
            yield name, _wrong(channel, environment, outward)
        except MissingReference:
            continue


def _wrong(channel: ChannelConfig, environment: Environment, outward: Outward) -> str:
    kind = TYPES[channel.type]
    options = environment.reveal_options(kind.options.model_validate(channel.options))
    try:
        request = kind.post(_PAGE, options)
        if request is not None:
            outward.examine(request)
    except Undelivered as wrong:
        return wrong.why
    return ""
