"""A webhook of your own: the notification as JSON, signed as Standard Webhooks says (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, cast

import orjson

from rules.reading.fields import Reference
from workers.channels.contract import (
    ChannelOptions,
    ChannelType,
    HttpRequest,
    Link,
    Notification,
    Recipient,
    Reply,
    Undelivered,
    refusal,
)
from workers.plain import plain


class WebhookOptions(ChannelOptions):
    """`url` may hold a token and is a secret; `secret` is `whsec_` and base64 of 24 to 64 bytes."""

    url: Reference
    """A reference to the address: it may hold a token."""
    secret: Reference
    """A reference to what signs: `whsec_` and base64 of 24 to 64 bytes."""


def post(notification: Notification, options: ChannelOptions) -> HttpRequest:
    """The same id on every attempt, so that the receiver can tell a repetition."""
    webhook = cast(WebhookOptions, options)
    body = orjson.dumps(_said(notification), option=orjson.OPT_SORT_KEYS)
    timestamp = str(int(notification.now))
    headers = {
        "content-type": "application/json",
        "webhook-id": notification.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(webhook.secret, notification.id, timestamp, body),
    }
    return HttpRequest(url=webhook.url, headers=headers, body=body)


def signature(secret: str, message: str, timestamp: str, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`. Raises `Undelivered` for a secret of another shape."""
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise Undelivered("the webhook's secret is not whsec_ and base64", permanent=True) from None
    if not key:
        raise Undelivered("the webhook's secret is empty", permanent=True)
    digest = hmac.new(key, b".".join((message.encode(), timestamp.encode(), body)), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _said(notification: Notification) -> dict[str, Any]:
    """Every field by its own name. No address of a person: a name is enough for a receiver that is not theirs."""
    texts = ("incident", "title", "where", "why", "next", "role", "by", "note")
    return {
        "type": f"{notification.of}." + notification.reason.value.replace(" ", "_"),
        "reason": notification.reason.value,
        "pages": notification.reason.pages,
        "severity": notification.severity.value,
        **{name: _text(getattr(notification, name)) for name in texts},
        "since": notification.since,
        "at": notification.now,
        "count": notification.count,
        "labels": {plain(name): plain(value) for name, value in notification.labels.items()},
        "recipient": _name(notification.recipient),
        "team": [_name(person) for person in notification.team],
        "runbook": _link(notification.runbook),
        "acknowledge": _link(notification.acknowledge),
        "links": [_link(link) for link in notification.links],
    }


def _text(text: str | None) -> str | None:
    return None if text is None else plain(text)


def _name(person: Recipient | None) -> str | None:
    return None if person is None else plain(person.name)


def _link(link: Link | None) -> dict[str, str] | None:
    return None if link is None else {"text": plain(link.text), "url": plain(link.url)}


def read(reply: Reply) -> None:
    """Any 2xx is delivered; 410 means the receiver is gone, as Standard Webhooks has it."""
    if not 200 <= reply.status < 300:
        raise refusal(reply, "the webhook's receiver")


CHANNEL = ChannelType(
    name="webhook",
    title="Webhook",
    room=True,
    address=None,
    options=WebhookOptions,
    post=post,
    read=read,
    setup="""\
For everything else: Tocsin POSTs JSON and signs it as [Standard Webhooks](https://www.standardwebhooks.com) describes,
so the receiver can use one of its libraries. Make a secret with `echo whsec_$(openssl rand -base64 32)`.

    channels:
      hook: {type: webhook, url: "${env:HOOK_URL}", secret: "${env:HOOK_SECRET}"}

Answer 2xx within 8 s. `webhook-id` is the same on every attempt of one notification: remember it to drop repetitions.
""",
)
