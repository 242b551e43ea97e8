"""The receiver the tests of this folder talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.receiver.ear import Ear
from tests.receiver.slacking import Slacking
from tests.receiver.wire import Connect, listening


@pytest.fixture
def ear(valkey: str, redis: Redis) -> Ear:
    """A receiver over an empty Valkey."""
    return Ear(valkey, redis)


@pytest.fixture
def room(valkey: str, redis: Redis) -> Slacking:
    """A receiver in whose Slack room people answer."""
    return Slacking(valkey, redis)


@pytest.fixture
def connect(ear: Ear) -> Iterator[Connect]:
    """A running receiver; each call is a new connection to it."""
    with listening(ear) as connection:
        yield connection
