"""Slack's Web API: a method's request, and what its answer means. Pure.

Everything is sent as a form, which every method takes (`pins.add` and `conversations.list` take no JSON), with the
token in the header. Facts: docs.slack.dev/reference/methods and docs.slack.dev/apis/web-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from workers.channels.contract import HttpRequest, Reply, Undelivered, asked_to_wait, refusal
from workers.channels.slack import PASSING, SlackOptions
from workers.plain import plain

ANSWER = 64 * 1024
"""Bytes of an answer that are read: a posted message comes back whole."""
SCOPES = {
    "conversations.create": "channels:manage",
    "conversations.setPurpose": "channels:manage",
    "conversations.setTopic": "channels:manage",
    "conversations.invite": "channels:manage",
    "conversations.archive": "channels:manage",
    "conversations.list": "channels:read",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "pins.add": "pins:write",
}
"""What the bot's token must be allowed, for a public channel."""


class SlackRefused(Exception):
    """Slack answered `ok: false` and will go on doing so. `word` is its own, `scope` what the token lacks."""

    def __init__(self, word: str, scope: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.scope = scope


def call(options: SlackOptions, method: str, said: Mapping[str, str], kept: int = ANSWER) -> HttpRequest:
    """The request for one method. `options` are revealed; the token travels in the header only."""
    return HttpRequest(
        url=f"{options.api.rpartition('/')[0]}/{method}",
        headers={
            "authorization": f"Bearer {options.token}",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        },
        body=urlencode(said).encode(),
        kept=kept,
    )


def answer(method: str, reply: Reply) -> dict[str, Any]:
    """What Slack answered. Raises `Undelivered` for what passes, and `SlackRefused` for what does not."""
    if reply.status != 200:
        raise refusal(reply, "Slack", plain(reply.body.decode("utf-8", "replace"), 80))
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise Undelivered("Slack's answer cannot be read", permanent=False) from None
    if not isinstance(found, dict) or not isinstance(found.get("ok"), bool):
        raise Undelivered("something that is not Slack answered 200", permanent=False)
    if found["ok"]:
        return found
    word = plain(str(found.get("error") or "no reason given"), 60)
    if word in PASSING:
        raise Undelivered(f"Slack refused: {word}", permanent=False, after=asked_to_wait(reply))
    raise SlackRefused(word, _lacking(method, found) if word == "missing_scope" else "")


def _lacking(method: str, found: Mapping[str, Any]) -> str:
    """The scope to add. Slack names every one that would do; of those it is the one for public channels."""
    needed = [one.strip() for one in str(found.get("needed") or "").split(",") if one.strip()]
    ours = SCOPES[method]
    return plain(needed[0], 60) if needed and ours not in needed else ours
