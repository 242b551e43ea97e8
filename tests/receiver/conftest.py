"""The receiver the tests of this folder talk to."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.receiver.ear import Ear


@pytest.fixture
def ear(valkey: str, redis: Redis) -> Ear:
    """A receiver over an empty Valkey."""
    return Ear(valkey, redis)
