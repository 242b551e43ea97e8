"""A browser of this very machine before the demonstration's console: what the pages say, and what their buttons do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx
import pytest
from redis import Redis

from router.accounts.entry import csrf_of
from router.demo.outbox import Outbox
from tests.receiver.ear import Ear

AT_HOME = {"Host": "127.0.0.1:8080"}
_TAG = re.compile(r"<[^>]+>")


class Console(Ear):
    """A receiver in demonstration, whose pages are asked for by a browser of its own machine."""

    def __init__(self, url: str, redis: Redis) -> None:
        super().__init__(url, redis, {"TOCSIN_DEMO": "1"})
        self.outbox: Outbox | None = Outbox()

    def context(self, fast: Any) -> Any:
        """As that of any receiver, with the demonstration's outbox."""
        context = super().context(fast)
        context.outbox = self.outbox
        return context

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Look at a page."""
        return self.ask("GET", path, headers={**AT_HOME, **headers})

    def press(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Press a button of a page of ours."""
        ours = {"csrf": csrf_of(self.context(None), "home"), "back": "/", **(fields or {})}
        same = {"Sec-Fetch-Site": "same-origin", **AT_HOME, **headers}
        return self.ask("POST", path, data=ours, headers=same)

    def pressed(self, path: str, fields: Mapping[str, Any] | None = None) -> str:
        """Press a button, follow where it leads, and return what that page says of it."""
        answer = self.press(path, fields)
        assert answer.status_code == 303, said(answer)
        cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
        page = self.get(answer.headers["location"], Cookie=cookies)
        found = re.search(r'<div class="said \w+" role="status" id="said">(.*?)</div>', page.text, re.DOTALL)
        return plain(found[1]) if found else ""


def plain(html: str) -> str:
    """The words of a page, as a person reads them."""
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def said(answer: httpx.Response) -> str:
    """The words of an answer."""
    return plain(answer.text)


@pytest.fixture
def console(valkey: str, redis: Redis) -> Console:
    """The console over an empty Valkey."""
    return Console(valkey, redis)
