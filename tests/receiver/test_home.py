"""The demonstration's outbox holds links that acknowledge: it opens for this machine's own browser, or for a token."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.types import ASGIApp

from router.app import build
from router.demo import demo
from router.serve import fast_redis
from tests.receiver.ear import BEARER, Ear

HERE = "127.0.0.1:8080"


def opened(ear: Ear, client: str, method: str = "GET", **headers: str) -> int:
    """The status that somebody at the address `client` is answered with."""

    async def ask(app: ASGIApp) -> int:
        transport = httpx.ASGITransport(app, client=(client, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as browser:
            path = "/demo/outbox" if method == "GET" else "/demo/slack"
            answer = await browser.request(method, path, headers=headers, content=b"{}" if method == "POST" else b"")
            return answer.status_code

    return asyncio.run(ask(build(ear.context(fast_redis(ear.url)), {"/demo": demo()})))


@pytest.mark.parametrize("host", [HERE, "localhost:8080", "127.0.0.2", "[::1]:9000"])
def test_on_the_own_machine_nobody_is_asked(ear: Ear, host: str) -> None:
    """`make run` and a browser: no token, no fuss."""
    assert opened(ear, "127.0.0.1", Host=host) == 200
    assert opened(ear, "::1", Host=host) == 200
    assert opened(ear, "127.0.0.1", "POST", Host=host, Origin=f"http://{HERE}") == 400


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("192.0.2.7", {"Host": HERE}),
        ("127.0.0.1", {"Host": "evil.example:8080"}),
        ("127.0.0.1", {"Host": "127.0.0.1.evil.example"}),
        ("127.0.0.1", {"Host": "[::1"}),
        ("127.0.0.1", {"Host": HERE, "X-Forwarded-For": "192.0.2.7"}),
        ("127.0.0.1", {"Host": HERE, "Forwarded": "for=192.0.2.7"}),
    ],
    ids=["elsewhere", "rebound name", "longer name", "no name", "through a proxy", "through another proxy"],
)
def test_everybody_else_needs_the_token(ear: Ear, client: str, headers: dict[str, str]) -> None:
    """A page from elsewhere whose name leads here is somebody else too."""
    assert opened(ear, client, **headers) == 401
    assert opened(ear, client, **headers, **BEARER) == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_page_from_elsewhere_puts_nothing_into_it(ear: Ear, origin: str) -> None:
    """Its form may post to this machine, and says where it comes from."""
    assert opened(ear, "127.0.0.1", "POST", Host=HERE, Origin=origin) == 401
