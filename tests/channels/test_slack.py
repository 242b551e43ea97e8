"""Slack: what a woken person reads, what a sender cannot do to them, and how its answers are understood."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from pydantic import ValidationError

from router.demo import slack as receiver
from rules.incident import Reason
from tests.channels.notifications import END, PAGE, POISON, every_text, hostile
from workers.channels.contract import Link, Recipient, Reply, Undelivered
from workers.channels.slack import CHANNEL, SlackOptions

HOOK = SlackOptions(url="${env:X}").model_copy(update={"url": "https://hooks.example.com/T/B/secret"})
BOT = SlackOptions(token="${env:X}", channel="C0INC").model_copy(update={"token": "xoxb-1"})
ANSWERED = BOT.model_copy(update={"signing_secret": "5160"})


def message(notification: Any = PAGE, options: SlackOptions = HOOK) -> Any:
    return orjson.loads(CHANNEL.post(notification, options).body)


def test_a_page_says_everything_a_woken_person_needs() -> None:
    """Severity, what, where, since when, why, what next, runbook and acknowledge are all there, and she is named."""
    page = message()
    header, call, facts, buttons, small = page["blocks"]
    assert header["text"]["text"] == "🛑 P1 · Checkout is down"
    assert call["text"]["text"] == "*Escalated*: <@U02MARIA> (engineering lead), please take this."
    assert [field["text"].split("\n")[0] for field in facts["fields"]] == [
        "*Where*",
        "*Since*",
        "*Why you*",
        "*What happens next*",
    ]
    assert facts["fields"][1]["text"].endswith("10:15 UTC, for 14m")
    assert [button["text"]["text"] for button in buttons["elements"]] == ["Acknowledge", "Runbook", "Incident"]
    assert buttons["elements"][0]["url"] == "https://tocsin.example.com/a/abc"
    assert small["elements"][0]["text"] == "Tocsin · incident inc-7 · 3 events"
    assert page["text"].startswith(
        "🛑 P1 · Checkout is down: escalated. production · checkout · uptime. since 10:15 UTC"
    )


def test_the_end_of_the_story_is_short_and_mentions_nobody() -> None:
    """A resolved incident is two blocks, without buttons and without waking anybody."""
    end = message(END)
    assert [block["type"] for block in end["blocks"]] == ["section", "context"]
    assert end["blocks"][0]["text"]["text"].startswith("✅ *Resolved* by Maria: P1 · Checkout is down")
    assert end["text"] == "✅ P1 · Checkout is down: resolved by Maria"
    assert message(replace(END, reason=Reason.RECOVERED, by=None))["text"].startswith("🟢 P1 · Checkout is down")
    assert "<@" not in orjson.dumps(end).decode()


def test_a_page_is_answered_where_it_is_read() -> None:
    """With the app's signing secret: three buttons that carry the incident and what is asked, then the links."""
    buttons = buttons_of(message(PAGE, ANSWERED))
    assert [button["text"]["text"] for button in buttons] == [
        "Acknowledge",
        "Resolve",
        "Snooze 1h",
        "Open",
        "Runbook",
        "Incident",
    ]
    assert [button.get("value") for button in buttons] == ["inc-7"] * 3 + [None] * 3
    assert [button.get("style") for button in buttons] == ["primary"] + [None] * 5
    assert ["confirm" in button for button in buttons] == [False, True] + [False] * 4
    assert ["url" in button for button in buttons] == [False] * 3 + [True] * 3
    assert b"5160" not in CHANNEL.post(PAGE, ANSWERED).body
    assert list(receiver.faults(message(PAGE, ANSWERED))) == []


def test_without_a_link_it_is_answered_all_the_same() -> None:
    """Also where somebody has it, and another is called in: they may join."""
    buttons = buttons_of(message(replace(PAGE, acknowledge=None), ANSWERED))
    assert [button["text"]["text"] for button in buttons][:4] == ["Acknowledge", "Resolve", "Snooze 1h", "Runbook"]


@pytest.mark.parametrize(
    "told",
    [END, replace(PAGE, reason=Reason.UPDATE), replace(PAGE, of="maintenance"), replace(PAGE, others=("P1 · a", "b"))],
)
def test_what_is_no_page_of_one_incident_has_no_such_buttons(told: Any) -> None:
    """An update, a digest of many, a maintenance."""
    assert not [button for button in buttons_of(message(told, ANSWERED)) if "value" in button]


@settings(max_examples=150, deadline=None)
@given(hostile)
@example(replace(PAGE, title="".join(POISON), where="".join(POISON), why="".join(POISON), note="".join(POISON)))
def test_no_sender_can_mention_link_or_break_the_message(notification: Any) -> None:
    """Whatever a sender writes, Slack takes the message and the only live markup is the operator's own mention."""
    sent = message(notification)
    assert list(receiver.faults(sent)) == []
    assert list(receiver.faults(message(notification, ANSWERED))) == []
    assert (sent["parse"], sent["link_names"], sent["unfurl_links"], sent["unfurl_media"]) == (
        "none",
        False,
        False,
        False,
    )
    marked = [sent["text"], *markdown(sent["blocks"])]
    for text in marked:
        assert not re.search(r"[<>]", text.replace("<@U02MARIA>", ""))
        assert not re.search(r"&(?!(?:amp|lt|gt);)", text)
    assert all(button["url"].startswith("https://") for button in buttons_of(sent))
    assert not any("\u200b" in text or "\x1b" in text or "\u202e" in text for text in every_text(sent))


def markdown(blocks: Any) -> list[str]:
    if isinstance(blocks, dict):
        if blocks.get("type") == "mrkdwn":
            assert blocks["verbatim"] is True
            return [blocks["text"]]
        return [text for value in blocks.values() for text in markdown(value)]
    return [text for each in blocks for text in markdown(each)] if isinstance(blocks, list) else []


def buttons_of(sent: Any) -> list[Any]:
    return [button for block in sent["blocks"] if block["type"] == "actions" for button in block["elements"]]


@pytest.mark.parametrize("address", ["here", "!channel", "U02<!here>", "u02maria", None, "@everyone"])
def test_only_a_member_id_becomes_a_mention(address: str | None) -> None:
    """Anything that is not Slack's own id is shown as the person's name."""
    sent = message(replace(PAGE, recipient=Recipient(name="Maria", address=address)))
    assert sent["blocks"][1]["text"]["text"].startswith("*Escalated*: Maria (engineering lead)")


def test_a_link_that_is_not_of_the_web_is_no_button() -> None:
    """`javascript:` never reaches a button."""
    sent = message(replace(PAGE, links=(Link(text="See", url="javascript:alert(1)"),), runbook=None))
    assert [button["text"]["text"] for button in buttons_of(sent)] == ["Acknowledge"]


def test_a_bot_posts_to_the_room_of_the_team() -> None:
    """With a token the team's room is used, else the configured one; the token travels in the header only."""
    request = CHANNEL.post(replace(PAGE, room="C0PAY"), BOT)
    assert request.url == "https://slack.com/api/chat.postMessage"
    assert request.headers["authorization"] == "Bearer xoxb-1"
    assert orjson.loads(request.body)["channel"] == "C0PAY"
    assert message(PAGE, BOT)["channel"] == "C0INC"
    assert b"xoxb" not in request.body


@pytest.mark.parametrize(
    ("status", "headers", "body", "permanent", "after"),
    [
        (429, {"retry-after": "60"}, b"", False, 60.0),
        (500, {}, b"rollup_error", False, None),
        (403, {}, b"invalid_token", True, None),
        (404, {}, b"no_service", True, None),
        (400, {"retry-after": "5"}, b"invalid_blocks", True, None),
        (200, {}, b'{"ok":false,"error":"channel_not_found"}', True, None),
        (200, {}, b'{"ok":false,"error":"invalid_auth"}', True, None),
        (200, {}, b'{"ok":false,"error":"not_in_channel"}', True, None),
        (200, {"retry-after": "3"}, b'{"ok": false, "error": "ratelimited"}', False, 3.0),
        (200, {}, b'{"ok":false,"error":"internal_error"}', False, None),
        (200, {}, b"<html>please log in to the hotel</html>", False, None),
        (200, {}, b"", False, None),
    ],
)
def test_refusals(status: int, headers: dict[str, str], body: bytes, permanent: bool, after: float | None) -> None:
    """Slack's `ok: false` behind a 200 is read; what passes is tried again, and no sooner than Slack asks."""
    with pytest.raises(Undelivered) as refused:
        CHANNEL.read(Reply(status=status, headers=headers, body=body))
    assert (refused.value.permanent, refused.value.after) == (permanent, after)


@pytest.mark.parametrize("body", [b"ok", b'{"ok":true,"channel":"C1","message":{"text":"cut off at 2 KiB'])
def test_taken(body: bytes) -> None:
    """A success counts even when the answer was too long to be kept whole."""
    CHANNEL.read(Reply(status=200, body=body))


@pytest.mark.parametrize(
    "options", [{}, {"token": "${env:X}"}, {"url": "${env:X}", "token": "${env:Y}", "channel": "C1"}, {"channel": "C"}]
)
def test_one_way_only(options: dict[str, str]) -> None:
    """A webhook or a bot, never half of one."""
    with pytest.raises(ValidationError, match="either url, or token and channel"):
        SlackOptions.model_validate(options)


def test_a_signing_secret_has_its_bot() -> None:
    """A webhook alone has no app of ours that could be pressed."""
    with pytest.raises(ValidationError, match="needs the token of that bot"):
        SlackOptions.model_validate({"url": "${env:X}", "signing_secret": "${env:Y}"})
    assert SlackOptions.model_validate({"url": "${env:X}", "token": "${env:Z}", "signing_secret": "${env:Y}"})


def test_a_literal_secret_is_refused() -> None:
    """A webhook address written into the YAML is an error."""
    with pytest.raises(ValidationError, match="expected a reference"):
        SlackOptions(url="https://hooks.example.com/T/B/secret")


def test_every_reason_has_its_words() -> None:
    """No reason falls through: each is named in the line a lock screen shows."""
    for reason in Reason:
        assert f": {reason.value}" in message(replace(PAGE, reason=reason))["text"]
