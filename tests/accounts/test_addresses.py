"""S18: no secret stands in an address: addresses end in histories, logs and the Referer of the next site."""

from __future__ import annotations

import re
from html import unescape

import httpx

from router.console.pages import tables
from tests.accounts.person import COOKIE, Person, invited, joined
from tests.receiver.ear import Ear

_ADDRESS = re.compile(r'(?:href|src|action|formaction|data-live)="([^"]*)"')


def addresses(answer: httpx.Response) -> list[str]:
    """Every address that an answer names or leads to."""
    return [*map(unescape, _ADDRESS.findall(answer.text)), answer.headers.get("location", "")]


def test_no_page_says_a_session_or_a_token_in_an_address(ear: Ear) -> None:
    """Neither the cookie's word, nor what forms carry, nor a token that has just been made."""
    dan = joined(ear, "dan", "admin")
    made = dan.post("/account/tokens", role="viewer", label="a laptop")
    token = re.findall(r"tocsin_[\w-]{20,}", made.text)[0]
    assert made.status_code == 200
    secrets = (dan.cookies[COOKIE], dan.csrf, token)
    pages = [page.path for page in tables(ear.context(None)) if page.method == "GET" and "{" not in page.path]
    answers = [made, *(dan.get(path) for path in pages if path != "/live")]
    for answer in answers:
        for address in addresses(answer):
            assert not any(secret in address for secret in secrets), address
    assert all(token not in answer.text for answer in answers[1:])


def test_forms_that_carry_a_secret_are_posts(ear: Ear) -> None:
    """What a GET form holds ends in the address."""
    dan = joined(ear, "dan", "admin")
    for page in ("/", "/agenda", "/rules", "/schedules", "/account", "/accounts", "/notifications", "/playground"):
        for form in re.findall(r"<form[^>]*>.*?</form>", dan.get(page).text, re.DOTALL):
            if 'name="csrf"' in form or 'type="password"' in form:
                assert 'method="post"' in form, form


def test_a_page_whose_address_is_a_key_tells_nobody_where_one_came_from(ear: Ear) -> None:
    """One-time links and the links of notifications send no Referer; other pages only to this very site."""
    link = invited(ear, "new")
    assert Person(ear).get(link).headers["referrer-policy"] == "no-referrer"
    assert Person(ear).get("/a/nonsense").headers["referrer-policy"] == "no-referrer"
    dan = joined(ear, "dan", "admin")
    assert dan.get("/").headers["referrer-policy"] == "same-origin"
    assert Person(ear).get("/sign-in").headers["referrer-policy"] in ("same-origin", "no-referrer")


def test_a_session_in_the_address_opens_nothing(ear: Ear) -> None:
    """Only the cookie counts, and only a fresh one."""
    dan = joined(ear, "dan", "admin")
    word = dan.cookies[COOKIE]
    for path in (f"/?{COOKIE}={word}", f"/account?session={word}&token={word}"):
        assert Person(ear).get(path).status_code == 303
