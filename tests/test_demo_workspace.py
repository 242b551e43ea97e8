"""The demonstration's Slack takes what an incident's channel asks of the real one, and refuses what that refuses."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest

from router.demo import demo
from router.demo.outbox import Outbox
from router.demo.workspace import KEPT, Workspace
from rules.event import Severity
from workers.channels.slack import assessment
from workers.rulebook.configuration import packaged, read
from workers.rulebook.demonstration import pointed
from workers.settings import read_settings

NOW = 1_772_442_000.0
MESSAGE = assessment.message(assessment.Assessment(headline="P1 · web is down", facts={"Severity": "P1"}))
SENT = {"text": MESSAGE["text"], "blocks": orjson.dumps(MESSAGE["blocks"]).decode()}


def workspace() -> Workspace:
    return Workspace(Outbox(), lambda: NOW)


def ask(app: Any, method: str, said: dict[str, str]) -> Any:
    async def one() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
            return await client.post(f"/slack/api/{method}", content=urlencode(said))

    return asyncio.run(one()).json()


def test_a_channel_is_made_over_http_and_what_is_posted_is_seen() -> None:
    """In the outbox, under the channel's name; an edit stands in the place of what it changes."""
    app = demo(clock=lambda: NOW)
    made = ask(app, "conversations.create", {"name": "inc-2026-03-02-web"})
    posted = ask(app, "chat.postMessage", {"channel": made["channel"]["id"], **SENT})
    assert ask(app, "pins.add", {"channel": made["channel"]["id"], "timestamp": posted["ts"]}) == {"ok": True}
    (shown,) = app.state.outbox.messages
    assert (shown.to, shown.text) == ("#inc-2026-03-02-web", "P1 · web is down")
    edited = {**SENT, "text": "P1 · it is over", "ts": posted["ts"]}
    ask(app, "chat.update", {"channel": made["channel"]["id"], **edited})
    assert [one.text for one in app.state.outbox.messages] == ["P1 · it is over"]


@pytest.mark.parametrize(
    ("method", "said", "error"),
    [
        ("conversations.create", {"name": "Web is down"}, "invalid_name_specials"),
        ("conversations.create", {"name": "x" * 81}, "invalid_name_maxlength"),
        ("conversations.create", {"name": "taken"}, "name_taken"),
        ("conversations.setTopic", {"channel": "C00000001", "topic": "x" * 251}, "too_long"),
        ("conversations.setTopic", {"channel": "C9", "topic": "x"}, "channel_not_found"),
        ("conversations.invite", {"channel": "C00000001", "users": "ana"}, "user_not_found"),
        ("chat.update", {"channel": "C00000001", "ts": "1.1", **SENT}, "message_not_found"),
        ("chat.postMessage", {"channel": "C00000001", "text": "x", "blocks": '[{"type":"tabs"}]'}, "invalid_blocks"),
        ("users.list", {}, "unknown_method"),
    ],
)
def test_it_refuses_what_slack_refuses(method: str, said: dict[str, str], error: str) -> None:
    """By Slack's own word."""
    slack = workspace()
    slack.answer("conversations.create", {"name": "taken"})
    assert slack.answer(method, said) == {"ok": False, "error": error}


def test_a_scope_that_is_missing_is_named() -> None:
    """As Slack does: what is needed, and what there is."""
    slack = workspace()
    slack.scopes = {"chat:write"}
    assert slack.answer("conversations.create", {"name": "web"}) == {
        "ok": False,
        "error": "missing_scope",
        "needed": "channels:manage",
        "provided": "chat:write",
    }


def test_it_forgets_the_oldest() -> None:
    """A demonstration that runs for months keeps a bounded number of channels."""
    slack = workspace()
    for number in range(KEPT + 5):
        assert slack.answer("conversations.create", {"name": f"inc-{number}"})["ok"]
    assert len(slack.channels) == KEPT


def test_the_demonstration_gives_a_p1_its_channel() -> None:
    """The shipped rules ask for none, since that needs an account; here it costs nothing and can be seen."""
    shipped = read(packaged())
    assert shipped.policy.plans[Severity.P1].incident_channel is None
    shown = pointed(shipped, read_settings())
    assert shown.policy.plans[Severity.P1].incident_channel == "slack"
    assert shown.policy.plans[Severity.P2].incident_channel is None
    assert "/demo/slack/api/" in shown.config.channels["slack"].options["api"]
