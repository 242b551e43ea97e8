"""A browser of the demonstration's own machine, as the stories of the console's pages use it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.receiver.ear import Ear

HOME = {"Host": "127.0.0.1"}


@pytest.fixture
def home(valkey: str, redis: Redis) -> Ear:
    """A receiver whose console opens for this machine."""
    return Ear(valkey, redis, {"TOCSIN_DEMO": "1"})


def page(ear: Ear, path: str, status: int = 200) -> str:
    """The HTML of one page."""
    answer = ear.ask("GET", path, headers=HOME)
    assert answer.status_code == status, answer.text
    return answer.text


def press(ear: Ear, on: str, action: str) -> httpx.Response:
    """Send the form with this action as it stands on the page `on`."""
    text = page(ear, on)
    found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', text, re.DOTALL)
    assert found, f"no form leads to {action}"
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[0]))
    answer: httpx.Response = ear.ask("POST", action, data={k: unescape(v) for k, v in fields.items()}, headers=HOME)
    return answer


def words(html: str) -> str:
    """What a person reads of it, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


class Dangers(HTMLParser):
    """What in a page could run or lead somewhere else than http(s)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Tags and attributes of ours only."""
        given = dict(attrs)
        if (
            tag in ("img", "iframe", "object", "embed", "base")
            and given.get("src", "").partition("?")[0] != "/static/bell.svg"
        ):
            self.found.append(tag)
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.found.append("script")
        self.found += [name for name in given if name.startswith("on") or name in ("style", "srcdoc", "formaction")]
        for name in ("href", "src", "action"):
            to = (given.get(name) or "").strip()
            if to and not to.lower().startswith(("http://", "https://")) and not re.match(r"[/#](?![/\\])", to):
                self.found.append(f"{name}={to}")


def dangers(html: str) -> list[str]:
    """None, for a page that holds nothing of a sender's but text."""
    parser = Dangers()
    parser.feed(html)
    return parser.found
