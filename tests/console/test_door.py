"""Who may open which page, and press which button: every address of the console, every role, every way in."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis import Redis

from router.app import build
from router.console import routes as door
from router.console.pages import tables
from router.console.routes import Page
from router.console.visitor import Role, Visitor
from tests.console.conftest import Console, said
from tests.receiver.ear import Ear

IDS = {"{id}": "NOSUCH", "{name}": "nosuch", "{number}": "1", "{link}": "x", "{token}": "x"}


def every(console: Ear) -> list[Page]:
    """Every page there is, as the table has it."""
    return tables(console.context(None))


def filled(path: str) -> str:
    """An address with something in the place of its names."""
    for name, value in IDS.items():
        path = path.replace(name, value)
    return path.replace("{path:path}", "x")


def test_nothing_is_shown_to_a_stranger(valkey: str, redis: Redis) -> None:
    """Without a session every page leads to the sign-in, and no button does anything."""
    ear = Ear(valkey, redis)
    for page in every(ear):
        answer = ear.ask(page.method, filled(page.path))
        assert answer.status_code in ((303,) if page.method == "GET" else (403,)), page
        if page.method == "GET":
            assert answer.headers["location"].startswith("/sign-in?then=")


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_it_may_and_nothing_else(
    console: Console, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deny by default: a page that its role does not include is 403, whatever the address."""

    async def somebody(*_: object) -> Visitor:
        return Visitor(name="somebody", role=role, via="password", csrf="c")

    monkeypatch.setattr(door, "visitor_of", somebody)
    # `/live` does not end by itself; tests/console/test_live.py has it.
    pages = [page for page in every(console) if page.path != "/live"]

    async def each(client: httpx.AsyncClient) -> list[int]:
        answers = []
        for page in pages:
            data = {"csrf": "c"} if page.method == "POST" else None
            headers = {"Sec-Fetch-Site": "same-origin"}
            answers.append(await client.request(page.method, filled(page.path), data=data, headers=headers))
        return [answer.status_code for answer in answers]

    for page, status in zip(pages, console.converse(each), strict=True):
        assert (status == 403) is not role.may(page.needs), (page, status)


def test_whatever_changes_something_needs_more_than_to_look(console: Console) -> None:
    """A viewer has no button but for what asks (the playground), is their own (their account), or calls for help."""
    harmless = ("/playground", "/account", "/sign-out", "/report")
    for page in every(console):
        if page.method == "POST" and not page.path.startswith(harmless):
            assert page.needs is not Role.VIEWER, page


def test_another_sites_button_does_nothing(console: Console) -> None:
    """By what the browser says of where it was pressed, and by the token that only our own page has."""
    incident = console.is_down()
    fields = {"do": f"acknowledge {incident.id}"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = console.press("/act", fields, **headers)
        assert (answer.status_code, "Another site pressed this button" in said(answer)) == (403, True)
    for wrong in ("", "0" * 64, "ü"):
        assert console.press("/act", {**fields, "csrf": wrong}).status_code == 403
    assert [one.state for one in console.store.incidents()] == ["triggered"]


def test_looking_changes_nothing(console: Console) -> None:
    """Mail scanners and prefetching browsers follow every link."""
    console.is_down()
    before = console.redis.dump("tocsin:open"), console.store.incidents()
    for page in every(console):
        if page.method == "GET" and page.path != "/live":
            console.get(filled(page.path))
    assert (console.redis.dump("tocsin:open"), console.store.incidents()) == before


def test_pages_let_nothing_else_in(console: Console) -> None:
    """The policy of each page allows our own style and script, and nothing inline or from elsewhere."""
    for page in every(console):
        if page.method != "GET" or page.path == "/live":
            continue
        answer = console.get(filled(page.path))
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; "), page
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert " style=" not in answer.text, page
        assert "<script>" not in answer.text, page


def test_with_redis_away_the_page_says_so(console: Console) -> None:
    """What was heard is kept; what is shown has to wait."""
    console.redis = Redis.from_url("redis://127.0.0.1:1/0")
    console.store._redis = console.redis
    answer = console.get("/")
    assert answer.status_code == 503
    assert "Redis does not answer" in said(answer)


def test_a_form_that_is_not_ours_is_refused(console: Console) -> None:
    """Too long, or with more fields than any page of ours has."""
    assert console.press("/act", {"do": "x" * 70_000}).status_code == 413
    assert console.press("/act", {f"f{n}": "" for n in range(2100)}).status_code == 422


OPEN = {
    "/a/{token}": "whoever has the link of a notification",
    "/a/{token}/runbook": "whoever has the link of a notification",
    "/a/{token}/runbook/{name}": "whoever has the link of a notification",
    "/healthz": "says nothing that a stranger may not know",
    "/readyz": "says nothing that a stranger may not know",
    "/readyz/paging": "says nothing that a stranger may not know",
    "/sign-in": "before one is signed in",
    "/sign-in/oidc": "before one is signed in",
    "/sign-in/oidc/back": "before one is signed in",
    "/welcome/{link}": "whoever has a one-time link",
    "/slack/{channel}": "signed with the signing secret of the channel's Slack app",
    "/static": "our own style, script and pictures",
    "/api": "tokens: router/accounts/policy.py",
    "/metrics": "tokens: router/accounts/policy.py",
}
"""What no page of the console is, and by what it is opened instead."""


def test_there_is_no_address_without_a_door(console: Console) -> None:
    """S19: every address of the app stands in the table of pages, or here with its reason."""
    context = console.context(None)
    app: Any = build(context)._app._rest  # type: ignore[attr-defined]
    addresses = {route.path for route in app.routes}
    assert addresses - {page.path for page in tables(context)} == set(OPEN)
