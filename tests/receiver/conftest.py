"""The receiver the tests of this folder talk to."""

from __future__ import annotations

import pytest
from ear import Ear
from redis import Redis


@pytest.fixture
def ear(valkey: str, redis: Redis) -> Ear:
    """A receiver over an empty Valkey."""
    return Ear(valkey, redis)
