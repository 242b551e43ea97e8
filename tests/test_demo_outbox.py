"""The demonstration's outside world takes what the real channels send and shows it as people would see it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from router.demo import demo, listen_for_mail
from router.sources.samples import samples
from tests.channels.notifications import END, PAGE, POISON
from workers.channels import TYPES
from workers.channels.contract import ChannelOptions, HttpRequest, MailRequest, Recipient, Reply
from workers.outward import Outward
from workers.rulebook.configuration import packaged, read


async def visit(app: Any, method: str, path: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        return await client.request(method, path, **more)


def options(kind: str, **revealed: Any) -> ChannelOptions:
    return TYPES[kind].options.model_construct(**revealed)


def send(app: Any, kind: str, notification: Any, **revealed: Any) -> None:
    request = TYPES[kind].post(notification, options(kind, **revealed))
    assert isinstance(request, HttpRequest)
    path = request.url.removeprefix("http://demo")
    answer = asyncio.run(visit(app, "POST", path, content=request.body, headers=dict(request.headers)))
    TYPES[kind].read(Reply(status=answer.status_code, body=answer.content))


def slack_and_pagerduty(app: Any, notification: Any) -> None:
    send(app, "slack", notification, url="http://demo/slack", token=None, channel=None)
    send(app, "pagerduty", notification, url="http://demo/pagerduty/v2/enqueue", routing_key=None)


def test_the_page_shows_what_arrived_newest_first() -> None:
    """Slack with its header, mention and button; PagerDuty as a card; the routing key is not shown."""
    app = demo(clock=lambda: 1795516140.0)
    slack_and_pagerduty(app, PAGE)
    page = asyncio.run(visit(app, "GET", "/outbox"))
    for shown in ("<h2>🛑 P1 · Checkout is down</h2>", '<span class="mention">@U02MARIA</span>', "<b>Escalated</b>"):
        assert shown in page.text
    assert '<a class="button primary" href="https://tocsin.example.com/a/abc" rel="noopener noreferrer">' in page.text
    assert "key …ARIA" in page.text
    assert "10:29:00 UTC" in page.text
    assert page.text.index("PagerDuty</span>") < page.text.index("Slack</span>")
    listed = asyncio.run(visit(app, "GET", "/outbox.json")).json()
    assert [message["channel"] for message in listed] == ["pagerduty", "slack"]


def test_an_end_is_told_once() -> None:
    """PagerDuty's card says what happened, and below of which alert; a lock screen shows no red sign."""
    app = demo()
    slack_and_pagerduty(app, END)
    page = asyncio.run(visit(app, "GET", "/outbox")).text
    card = page[page.index('<article class="pagerduty"') : page.index('<article class="slack"')]
    assert "<h2>Resolved</h2>" in card
    assert card.count(END.dedup_key) == 1
    assert "🛑" not in page


def test_the_empty_page_advises_a_command_that_works() -> None:
    """It names a source of the shipped rules and a sample of its type, which opens an incident."""
    page = asyncio.run(visit(demo(), "GET", "/outbox")).text
    found = re.search(r"<code>tocsin send (\S+) (\S+)</code>", page)
    assert found is not None
    kind = read(packaged()).config.sources[found[1]].type
    assert found[2] in {sample.name for sample in samples(kind)}


def test_nothing_a_sender_writes_becomes_markup() -> None:
    """Titles are text, and the page's policy forbids scripts anyway."""
    app = demo()
    slack_and_pagerduty(app, replace(PAGE, title="".join(POISON), where="<img src=x onerror=alert(1)>"))
    page = asyncio.run(visit(app, "GET", "/outbox"))
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert 'href="javascript' not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    assert "style=" not in page.text


def test_mail_really_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the real way out, over SMTP, into the outbox, letters outside ASCII and leading dots too."""
    app = demo()
    title = "Plățile nu merg"
    notification = replace(
        END, title=title, note=".hidden", recipient=Recipient(name="Ștefan", address="s@example.com")
    )

    async def story() -> Reply:
        server = await listen_for_mail(app)
        port = server.sockets[0].getsockname()[1]
        said = options(
            "mail", host="127.0.0.1", port=port, username=None, password=None, tls="none", sender="t@example.com"
        )
        request = TYPES["mail"].post(notification, said)
        assert isinstance(request, MailRequest)
        reply = await asyncio.to_thread(Outward([ip_network("127.0.0.0/8")]).perform, request)
        server.close()
        await server.wait_closed()
        return reply

    TYPES["mail"].read(asyncio.run(story()))
    page = asyncio.run(visit(app, "GET", "/outbox")).text
    assert f"<h2>Resolved: [P1] {title}</h2>" in page
    assert app.state.outbox.messages[0].to == "s@example.com"
    assert ".hidden" in page
    assert "s@example.com" in page


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/slack", b"no json", 400),
        ("/slack", b'{"text":"a","blocks":[{"type":"header","text":{"type":"plain_text","text":""}}]}', 400),
        ("/pagerduty/v2/enqueue", b'{"routing_key":"R","event_action":"trigger"}', 400),
        ("/pagerduty/v2/enqueue", b'{"routing_key":"R","event_action":"resolve"}', 400),
        ("/pagerduty/v2/enqueue", b'{"routing_key":"R","event_action":"resolve","dedup_key":"k"}', 202),
    ],
)
def test_the_receivers_refuse_what_the_real_ones_refuse(path: str, body: bytes, status: int) -> None:
    """A message that would fail at Slack or PagerDuty fails here too, and is not in the outbox."""
    app = demo()
    assert asyncio.run(visit(app, "POST", path, content=body)).status_code == status
    assert bool(asyncio.run(visit(app, "GET", "/outbox.json")).json()) is (status == 202)


def test_the_oldest_messages_are_forgotten() -> None:
    """A demonstration left running keeps 200."""
    app = demo()
    for _ in range(3):
        send(app, "slack", END, url="http://demo/slack", token=None, channel=None)
    assert len(app.state.outbox.messages) == 3
    for _ in range(200):
        app.state.outbox.add(app.state.outbox.messages[0])
    assert len(app.state.outbox.messages) == 200
