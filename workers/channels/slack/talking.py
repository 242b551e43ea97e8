"""What a person is told who presses a button or types a command in Slack. Pure.

Facts: docs.slack.dev/interactivity/handling-user-interaction and /interactivity/implementing-slash-commands. A command
is answered in the body of the HTTP answer. A press takes only an empty one: its words go to the `response_url` it came
with, at most five times within half an hour. `ephemeral`: nobody else sees them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from workers.channels.contract import HttpRequest, Undelivered
from workers.channels.slack.blocks import PRESSES, SHAPES, escaped
from workers.plain import is_web

__all__ = ["PRESSES", "SHAPES", "later", "reply"]

SLACK = "https://hooks.slack.com/"
"""Where every response_url leads."""
_LINE, _TEXT, _ADDRESS = 700, 2900, 3000


def reply(lines: Iterable[str], url: str = "") -> dict[str, Any]:
    """The message; its lines are escaped, and cut where Slack would take no more. `url`: a page of ours to open."""
    kept: list[str] = []
    for line in lines:
        safe = escaped(line, _LINE)
        if sum(map(len, kept)) + len(kept) + len(safe) > _TEXT - len(url):
            kept.append("…")
            break
        kept.append(safe)
    if is_web(url, 300):
        kept.append(f"<{url}|Open>")
    text = "\n".join(kept)
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return {"response_type": "ephemeral", "replace_original": False, "text": text, "blocks": [section]}


def later(response_url: str, message: dict[str, Any]) -> HttpRequest:
    """The request that says it after the answer was given. Raises `Undelivered` for an address that is not Slack's."""
    if not response_url.startswith(SLACK) or not is_web(response_url, _ADDRESS):
        raise Undelivered(f"only {SLACK} is told what came of a press", permanent=True)
    headers = {"content-type": "application/json; charset=utf-8"}
    return HttpRequest(url=response_url, headers=headers, body=orjson.dumps(message))
