"""Looking at a page: what is well, what is not, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from rules.responding.triage import Found
from tests.checks.means import NOW, looked
from tests.outside import Outside
from workers.channels.contract import HttpRequest, Reply, Undelivered
from workers.checks.http import CHECK, KEPT

SITE = "https://shop.example.com/"


def at(reply: Reply | Exception) -> Outside:
    """An outside in which the site answers so."""
    outside = Outside(lambda: NOW)
    outside.pages[SITE] = reply
    return outside


@pytest.mark.parametrize(
    ("reply", "options", "found", "text"),
    [
        (Reply(status=200), {}, Found.OK, "healthy"),
        (Reply(status=204), {"expect": ["200", "204"]}, Found.OK, "healthy"),
        (Reply(status=502), {}, Found.FAILED, "answers 502 in 0.3 s"),
        (Reply(status=301), {}, Found.FAILED, "answers 301 in 0.3 s, a redirect"),
        (Reply(status=301), {"expect": "301"}, Found.OK, "healthy"),
        (Reply(status=200, body=b"<h1>Basket</h1>"), {"text": "Basket"}, Found.OK, "healthy"),
        (Reply(status=200, body=b"Sorry"), {"text": "Basket"}, Found.FAILED, "answers 200 in 0.3 s without «Basket»"),
        (
            Reply(status=200, body=b"x" * 10_000_000 + b"Basket"),
            {"text": "Basket"},
            Found.FAILED,
            "answers 200 in 0.3 s without «Basket»",
        ),
    ],
)
def test_what_is_well_and_what_is_said_of_the_rest(
    reply: Reply, options: dict[str, Any], found: Found, text: str
) -> None:
    """By status and by words; a redirect is an answer, and nobody waits for ten megabytes."""
    said = looked(CHECK, at(reply), url=SITE, **options)
    assert (said.found, said.text) == (found, text)


class Seen(Outside):
    """An outside that remembers the whole request."""

    request: HttpRequest | None = None
    kept = 0

    def probe(self, request: HttpRequest, within: float, kept: int) -> Reply:  # noqa: ARG002
        """Remember it."""
        self.request, self.kept = request, kept
        return Reply(status=200)


def test_what_is_asked_is_what_the_rules_say() -> None:
    """Method, body, headers and the secret one; without words to look for, hardly anything is read."""
    outside = Seen(lambda: NOW)
    looked(CHECK, outside, url=SITE, method="POST", body="{}", headers={"X-Check": "1"}, authorization="${env:A}")
    request = outside.request
    assert request is not None
    assert (request.method, request.body, outside.kept) == ("POST", b"{}", 1)
    assert request.headers == {"accept": "*/*", "X-Check": "1", "authorization": "${env:A}"}
    looked(CHECK, outside, url=SITE, text="x")
    assert outside.kept == KEPT


def test_no_answer_is_told_as_the_outside_tells_it() -> None:
    """It passes through: whoever runs checks makes a finding of it."""
    with pytest.raises(Undelivered, match="did not answer within 3s"):
        looked(CHECK, at(Undelivered("https://shop.example.com did not answer within 3s", permanent=False)), url=SITE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "shop.example.com"}, "expected an address like"),
        ({"url": "ftp://shop.example.com/"}, "expected an address like"),
        ({"url": "http://[::1"}, "expected an address like"),
        ({"url": "https://ana:hunter2@shop.example.com/"}, "is a secret"),
        ({"url": "https://shop.example.com/?token=abc"}, "looks like a secret"),
        ({"url": SITE, "headers": {"Authorization": "Bearer x"}}, "is a secret"),
        ({"url": SITE, "headers": {"X-A": "1\r\nX-B: 2"}}, "more than one line"),
        ({"url": SITE, "authorization": "Bearer x"}, "never the secret itself"),
        ({"url": SITE, "expect": []}, "at least 1 item"),
        ({"url": SITE, "expect": [99]}, "greater than or equal to 100"),
        ({"url": SITE, "follow": "yes"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_it_is(options: dict[str, Any], words: str) -> None:
    """No other scheme, and no secret that is written out; the message never repeats what may be one."""
    with pytest.raises(ValidationError) as wrong:
        CHECK.options.model_validate(options)
    (error,) = wrong.value.errors()
    assert words in error["msg"]
    assert "hunter2" not in error["msg"]
