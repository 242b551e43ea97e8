"""The outside world of the stories hears what the channels say, and goes red on what nobody named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.incident import Reason
from tests.channels.notifications import END, PAGE
from tests.outside import Outside, story_outside
from workers.channels import TYPES
from workers.channels.contract import Recipient, Undelivered

REVEALED: dict[str, dict[str, Any]] = {
    "slack": {"url": "https://hooks.example.com/x", "token": None, "channel": None},
    "pagerduty": {"url": "https://events.example.com", "routing_key": None},
    "mail": {"host": "h", "port": 25, "username": None, "password": None, "tls": "none", "sender": "t@example.com"},
    "webhook": {"url": "https://ops.example.com/in", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
}


def send(outside: Outside, kind: str, notification: Any) -> None:
    to = replace(notification, recipient=Recipient(name="Maria", address="maria@example.com"))
    request = TYPES[kind].post(to, TYPES[kind].options.model_construct(**REVEALED[kind]))
    assert request is not None
    TYPES[kind].read(outside.perform(request))


def test_every_receiver_understands_its_channel() -> None:
    """Each channel's page and end are heard under the channel's own name, at the story's time."""
    with story_outside(lambda: 12.0) as outside:
        for kind in TYPES:
            send(outside, kind, PAGE)
            send(outside, kind, END)
        ours = [
            (kind, reason) for kind in ("slack", "mail", "webhook") for reason in (Reason.ESCALATED, Reason.RESOLVED)
        ]
        heard = outside.heard_exactly([*ours, ("pagerduty", "trigger"), ("pagerduty", "resolve")])
        assert {each.at for each in heard} == {12.0}
        outside.heard_nothing()


def test_a_message_nobody_named_is_red() -> None:
    """At the end of the story, and when something else was expected."""
    with pytest.raises(AssertionError, match="nobody expected this"), story_outside(lambda: 0.0) as outside:
        send(outside, "slack", PAGE)
    outside = Outside(lambda: 0.0)
    send(outside, "slack", PAGE)
    with pytest.raises(AssertionError, match="what really arrived"):
        outside.heard_exactly([("slack", Reason.OPENED)])


def test_receivers_fail_as_they_are_told() -> None:
    """Status and Retry-After, a hang, then health; a refused message is not heard."""
    with story_outside(lambda: 0.0) as outside:
        outside.slack.fails(status=429, retry_after=60)
        outside.slack.hangs()
        for after in (60.0, None):
            with pytest.raises(Undelivered) as refused:
                send(outside, "slack", PAGE)
            assert (refused.value.permanent, refused.value.after) == (False, after)
        send(outside, "slack", PAGE)
        assert outside.slack.tries == 3
        outside.heard_exactly([("slack", Reason.ESCALATED)])
