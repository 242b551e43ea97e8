"""A Slack that is not Slack: refuses what Slack refuses, and reads a message as Slack's window shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

from router.demo.outbox import Arrived
from workers.plain import is_web

_MARK = re.compile(r"<@([UW][A-Z0-9]{1,30})>|\*([^*\n]{1,300})\*|(\n)")
_LIMITS = {"header": 150, "section": 3000, "context": 3000}
_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def faults(message: Any) -> Iterator[str]:
    """Why Slack would answer `invalid_blocks` (docs.slack.dev/reference/block-kit/blocks), or nothing."""
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        yield "no_text"
        return
    blocks = message.get("blocks", [])
    if not isinstance(blocks, list) or len(blocks) > 50 or not all(isinstance(block, dict) for block in blocks):
        yield "blocks: at most 50 objects"
        return
    for number, block in enumerate(blocks):
        yield from (f"blocks[{number}]: {fault}" for fault in _block_faults(block))


def _block_faults(block: dict[str, Any]) -> Iterator[str]:
    kind = str(block.get("type"))
    if kind not in {*_LIMITS, "actions"}:
        yield f"unknown type {kind}"
    texts = [block["text"]] if "text" in block else []
    if any(not 1 <= len(text["text"]) <= _LIMITS.get(kind, 3000) for text in texts):
        yield "text is empty or too long"
    if any(not 1 <= len(each["text"]) <= 2000 for each in block.get("fields", [])) or len(block.get("fields", [])) > 10:
        yield "fields are empty, too long or too many"
    yield from _button_faults(block.get("elements", [])) if kind == "actions" else ()


def _button_faults(buttons: list[dict[str, Any]]) -> Iterator[str]:
    for button in buttons:
        if (
            max(
                len(button["text"]["text"]) - 75, len(button.get("url", "")) - 3000, len(button.get("value", "")) - 2000
            )
            > 0
        ):
            yield "a button is too long"
        sure = button.get("confirm", {})
        if any(len(sure[part]["text"]) > most for part, most in _CONFIRM.items() if sure):
            yield "a question is too long"
    if len({button["action_id"] for button in buttons}) < len(buttons):
        yield "two buttons with one action_id"


def arrived(message: dict[str, Any], at: float, to: str = "#incidents") -> Arrived:
    """The message as it is drawn, every text already safe HTML."""
    blocks = [_drawn(block) for block in message.get("blocks", [])]
    return Arrived(channel="slack", at=at, to=to, text=_words(message["text"]), shown={"blocks": blocks})


def _drawn(block: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": block["type"],
        "text": _html(block["text"]) if "text" in block else "",
        "fields": [_html(text) for text in block.get("fields", [])],
        "notes": [_html(text) for text in block["elements"]] if block["type"] == "context" else [],
        "buttons": list(_buttons(block)) if block["type"] == "actions" else [],
    }


def _buttons(block: dict[str, Any]) -> Iterator[dict[str, str]]:
    for button in block["elements"]:
        if is_web(button.get("url", "")):
            yield {"text": button["text"]["text"], "url": button["url"], "style": button.get("style", "")}


def _html(text: dict[str, str]) -> Markup:
    if text["type"] == "plain_text":
        return escape(text["text"])
    drawn, end = Markup(""), 0
    for mark in _MARK.finditer(text["text"]):
        drawn += escape(_words(text["text"][end : mark.start()])) + _marked(mark)
        end = mark.end()
    return drawn + escape(_words(text["text"][end:]))


def _marked(mark: re.Match[str]) -> Markup:
    member, bold, _ = mark.groups()
    if member:
        return Markup('<span class="mention">@{}</span>').format(member)
    return Markup("<b>{}</b>").format(_words(bold)) if bold else Markup("<br>")


def _words(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
