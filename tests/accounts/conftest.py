"""The receiver whose console people sign in to."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.accounts.person import hashes_quickly
from tests.receiver.ear import Ear


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes cost next to nothing here, but for the tests about what they cost."""
    if request.node.get_closest_marker("full_hashes") is None:
        hashes_quickly(monkeypatch)


@pytest.fixture
def ear(valkey: str, redis: Redis) -> Ear:
    """A receiver over an empty Valkey, behind a proxy on this machine that says who the client is."""
    return Ear(valkey, redis, {"TOCSIN_TRUSTED_PROXIES": "127.0.0.1/32"})
