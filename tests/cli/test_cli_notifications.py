"""`tocsin notifications` and `tocsin channels test`, as a person at a terminal sees them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.cli.pretended import Tocsin, tell

ONE: dict[str, Any] = {
    "id": "n-7F3A-1.1", "outcome": "delivered", "entry": "n-7F3A-1", "incident": "7F3A", "channel": "slack",
    "role": "lead", "person": "ana", "reason": "opened", "severity": "P1", "number": 1, "at": time.time() - 120,
    "took": 0.12, "why": "", "again_at": None, "status": 200, "together": 1, "within": None, "test": False,
}  # fmt: skip
AGAIN = {
    **ONE,
    "id": "n-7F3A-2.1",
    "outcome": "again",
    "why": "Slack \x1b[31manswered 503",
    "again_at": time.time() + 86400,
}
EXCHANGE = {
    "to": "POST https://hooks.slack.com/…", "headers": {"content-type": "application/json"},
    "body": '{"text":"\x1b[31m"}', "message": "1.2", "reply": "ok", "reply_headers": {},
}  # fmt: skip


def test_the_list_says_what_came_of_each(tocsin: Tocsin) -> None:
    """To whom, why, how long it took; what failed says when it is tried again."""
    tocsin.says["/api/notifications?limit=50"] = (200, {"notifications": [ONE, AGAIN], "channels": {}})
    said = tell("notifications", "list").output
    assert "lead (ana)" in said
    assert "delivered in 120 ms" in said
    assert "next in" in said
    assert "\x1b" not in said
    assert "tocsin notifications show ID" in said


def test_one_is_shown_with_its_exchange(tocsin: Tocsin) -> None:
    """What was sent and answered, and nothing that colours a terminal."""
    tocsin.says["/api/notifications/n-7F3A-1.1"] = (200, {**ONE, "exchange": EXCHANGE})
    said = tell("notifications", "show", "n-7F3A-1.1").output
    assert "POST https://hooks.slack.com/…" in said
    assert "Answered 200" in said
    assert "\x1b" not in said
    tocsin.says["/api/notifications/n-7F3A-1.1"] = (200, {**ONE, "exchange": None})
    assert "no longer kept" in tell("notifications", "show", "n-7F3A-1.1").output
    assert tell("notifications", "show", " ").exit_code == 2


@pytest.mark.parametrize(
    ("result", "code", "said"),
    [
        (ONE, 0, "slack works: taken with 200 in 120 ms."),
        ({**ONE, "outcome": "refused", "why": "Slack answered 403"}, 1, "slack does not work: Slack answered 403"),
        (None, 1, "promised, and no worker has sent it yet"),
    ],
)
def test_a_channel_is_tested(tocsin: Tocsin, result: Any, code: int, said: str) -> None:
    """It ends with 1 unless it was delivered, so that a script may ask."""
    tocsin.says["/api/channels/slack/test"] = (202, {"entry": "t-1", "result": result})
    told = tell("channels", "test", "slack", "--person", "ana", "--agreed", "--by", "dan")
    assert (told.exit_code, said in told.output) == (code, True)
    assert tocsin.asked[-1][2] == {"by": "dan", "agreed": True, "person": "ana"}


def test_questions_reach_the_api(tocsin: Tocsin) -> None:
    """Every option becomes part of it."""
    tell("notifications", "list", "--channel", "slack", "--incident", "7F3A", "--outcome", "again", "--person", "ana")
    assert tocsin.asked[-1][1] == "/api/notifications?channel=slack&incident=7F3A&outcome=again&person=ana&limit=50"
