"""The outside world of a story: Slack, PagerDuty, a mail server and a webhook's receiver that remember what they heard.

A story names every message it expects. Whatever else arrives makes it red when it is over:

    with story_outside(clock) as outside:
        …
        outside.heard_exactly([("slack", Reason.OPENED), ("pagerduty", "trigger")])
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson

from router.demo import pagerduty, slack
from router.demo.outbox import Outbox
from router.demo.workspace import Workspace, form
from rules.incident import Reason
from tests.world_of_pages import Statuspage
from workers.channels.contract import HttpRequest, MailRequest, Reply, Undelivered

_REASONS = "|".join(re.escape(reason.value) for reason in Reason)
_SAID = re.compile(rf"(?::|^) ?({_REASONS})(?: by |\.|$)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One message as its receiver understood it. `reason` is Tocsin's word, or PagerDuty's own action."""

    channel: str
    to: str
    """The mentioned members, the routing key, the mail address, or the webhook's host."""
    reason: str
    text: str
    at: float
    body: Any = field(default=None, repr=False, compare=False)

    @property
    def short(self) -> tuple[str, str]:
        """What a story compares."""
        return (self.channel, self.reason)


@dataclass(slots=True)
class Receiver:
    """One of the outside parties, and how it is to misbehave; a script is used up front to back."""

    name: str
    tries: int = 0
    _script: list[Callable[[], Reply]] = field(default_factory=list)

    def fails(self, *, status: int = 500, times: int = 1, retry_after: int | None = None, body: bytes = b"") -> None:
        """Answer the next `times` attempts with `status`."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        self._script += [lambda: Reply(status=status, headers=headers, body=body)] * times

    def hangs(self, times: int = 1) -> None:
        """Let the next `times` attempts run into their deadline."""
        self._script += [self._hang] * times

    def heals(self) -> None:
        """From now on everything works."""
        self._script.clear()

    def _hang(self) -> Reply:
        raise Undelivered(f"{self.name} did not answer within 8s", permanent=False)

    def attempt(self) -> Reply | None:
        """The scripted answer to this attempt, None when it works."""
        self.tries += 1
        return self._script.pop(0)() if self._script else None


class Outside:
    """Stands where `workers.outward.Outward` stands; `clock` is the story's own."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.slack = Receiver("Slack")
        self.slack_api = Receiver("Slack's Web API")
        self.workspace = Workspace(Outbox(), clock)
        """What Slack's Web API has made: channels of incidents. It is looked at, not listed among what was heard."""
        self.status_pages = Receiver("Statuspage")
        self.statuspage = Statuspage()
        self.own_page: list[Any] = []
        """What the operator's own page was told."""
        self.after_page: Callable[[], None] = lambda: None
        """What becomes of Statuspage's answer, once its work is done."""
        self.called: list[str] = []
        """Its methods, in the order in which they were called."""
        self.after_call: Callable[[int], None] = lambda _: None
        """What becomes of the answer to the so-manyth call, once its work is done."""
        self.pagerduty = Receiver("PagerDuty")
        self.mail = Receiver("the mail server")
        self.webhook = Receiver("the webhook")
        self.heard: list[Heard] = []
        """Everything that arrived and no assertion has named yet, oldest first."""
        self.pages: dict[str, Reply | Exception] = {}
        """What checks find at an address: an answer, or what goes wrong there."""
        self.looked: list[str] = []
        """Where checks have looked, in the order in which they did."""

    def perform(self, request: HttpRequest | MailRequest) -> Reply:
        """What the receiver answers; a message counts as heard only when it takes it."""
        if isinstance(request, HttpRequest) and "form" in request.headers.get("content-type", ""):
            return self._slack_api(request)
        if isinstance(request, HttpRequest) and ("statuspage.io" in request.url or "status.example" in request.url):
            return self._page(request)
        receiver, hear, taken = self._route(request)
        refused = receiver.attempt()
        if refused is not None:
            return refused
        self.heard.append(hear(request, self._clock()))
        return taken

    def _slack_api(self, request: HttpRequest) -> Reply:
        """A method of Slack's Web API."""
        method = request.url.rpartition("/")[2]
        self.called.append(method)
        assert request.headers["authorization"].startswith("Bearer xoxb-")
        refused = self.slack_api.attempt()
        if refused is not None:
            return refused
        answer = self.workspace.answer(method, form(request.body))
        self.after_call(len(self.called))
        return Reply(status=200, body=orjson.dumps(answer))

    def _page(self, request: HttpRequest) -> Reply:
        if "statuspage.io" not in request.url:
            assert request.headers["webhook-signature"].startswith("v1,")
            self.own_page.append(orjson.loads(request.body))
            return Reply(status=204)
        refused = self.status_pages.attempt()
        if refused is not None:
            return refused
        answer = self.statuspage.answer(request)
        self.after_page()
        return answer

    def _route(self, request: HttpRequest | MailRequest) -> tuple[Receiver, Callable[[Any, float], Heard], Reply]:
        if isinstance(request, MailRequest):
            return self.mail, _mail, Reply(status=250)
        if "webhook-signature" in request.headers:
            return self.webhook, _webhook, Reply(status=204)
        if "routing_key" in orjson.loads(request.body):
            return self.pagerduty, _pagerduty, Reply(status=202, body=b'{"status":"success"}')
        return self.slack, _slack, Reply(status=200, body=b"ok")

    def probe(self, request: HttpRequest, within: float, kept: int) -> Reply:  # noqa: ARG002
        """What a check is answered; where the story has put nothing, nobody takes a connection."""
        self.looked.append(f"{request.method} {request.url}")
        found = self.pages.get(request.url.partition("?")[0])
        if found is None:
            raise Undelivered(f"https://{urlsplit(request.url).netloc} takes no connection", permanent=False)
        if isinstance(found, Exception):
            raise found
        return Reply(status=found.status, headers=found.headers, body=found.body[:kept])

    def line(self, host: str, port: int, within: float, *, tls: bool = False) -> NoReturn:  # noqa: ARG002
        """Stories have no sockets."""
        raise Undelivered(f"tcp://{host}:{port} takes no connection", permanent=False)

    def addresses(self, host: str, port: int, within: float) -> NoReturn:  # noqa: ARG002
        """Stories have no names."""
        raise Undelivered(f"the name {host} does not resolve", permanent=False)

    def heard_exactly(self, expected: Sequence[tuple[str, str]]) -> list[Heard]:
        """Since the last look exactly these `(channel, reason)` arrived, in any order; returns them, oldest first."""
        heard, self.heard = self.heard, []
        assert sorted(each.short for each in heard) == sorted(expected), _told(heard)
        return heard

    def heard_nothing(self) -> None:
        """Since the last look nothing arrived."""
        self.heard_exactly([])

    def told(self, channel: str) -> list[Heard]:
        """What `channel` heard and no assertion has named yet."""
        return [each for each in self.heard if each.channel == channel]


def _told(heard: Sequence[Heard]) -> str:
    lines = [f"  {each.at:.0f} {each.channel} to {each.to}: {each.reason}: {each.text}" for each in heard]
    return "what really arrived:\n" + ("\n".join(lines) or "  nothing")


@contextmanager
def story_outside(clock: Callable[[], float]) -> Iterator[Outside]:
    """An outside world that goes red when something arrived that the story did not name."""
    outside = Outside(clock)
    yield outside
    assert not outside.heard, "nobody expected this; " + _told(outside.heard)


def _slack(request: HttpRequest, at: float) -> Heard:
    message = orjson.loads(request.body)
    assert not list(slack.faults(message)), list(slack.faults(message))
    mentioned = re.findall(r"<@([UW][A-Z0-9]+)>", request.body.decode())
    text = slack.arrived(message, at).text
    return Heard(channel="slack", to=" ".join(mentioned), reason=_reason(text), text=text, at=at, body=message)


def _pagerduty(request: HttpRequest, at: float) -> Heard:
    event = orjson.loads(request.body)
    assert not list(pagerduty.faults(event)), list(pagerduty.faults(event))
    text = pagerduty.arrived(event, at).text
    return Heard(
        channel="pagerduty", to=event["routing_key"], reason=event["event_action"], text=text, at=at, body=event
    )


def _mail(request: MailRequest, at: float) -> Heard:
    body = request.message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    address = request.message["To"].addresses[0].addr_spec
    second_line = text.splitlines()[1]
    return Heard(channel="mail", to=address, reason=_reason(second_line), text=text, at=at, body=request.message)


def _webhook(request: HttpRequest, at: float) -> Heard:
    said = orjson.loads(request.body)
    host = urlsplit(request.url).hostname or ""
    return Heard(channel="webhook", to=host, reason=said["reason"], text=said["title"], at=at, body=said)


def _reason(text: str) -> str:
    found = _SAID.search(text)
    assert found, f"no reason can be read out of: {text}"
    return found[1].lower()
