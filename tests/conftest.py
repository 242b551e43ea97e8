"""What every test may ask for: a real Valkey of the session's own, emptied for each test.

`--hypothesis-profile=long` tries all of what the plain suite tries a sample of: minutes, not seconds.
With `TOCSIN_CI` set the sample is small and the same at each run, so that the verdict is the commit's and not the
day's; at a desk, and with `long`, every run seeks new cases.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from redis import Redis

from tests.in_memory import in_memory
from workers import embedded, log
from workers.store import connect

CI = {"derandomize": True, "max_examples": 20} if "TOCSIN_CI" in os.environ else {}
hypothesis.settings.register_profile("plain", deadline=None, **CI)
hypothesis.settings.register_profile("long", max_examples=2000, stateful_step_count=40, deadline=None)
hypothesis.settings.load_profile("plain")

# As our processes log. Where nobody sets the log up, a traceback is drawn with every variable in it: seconds for each.
log.configure("console")


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of a Valkey that runs for this session: append-only file synced always, as in production."""
    with tempfile.TemporaryDirectory(prefix="tocsin-", dir=in_memory()) as folder:
        path = Path(folder)
        server = subprocess.Popen(embedded.command(path), stdout=subprocess.DEVNULL)
        try:
            _wait_for(path)
            yield embedded.url(path)
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(folder: Path) -> None:
    for _ in range(200):
        if embedded.answers(folder):
            return
        time.sleep(0.05)
    pytest.fail("the Valkey of the tests did not start")


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    """A connection to an empty Valkey."""
    connection = connect(valkey)
    connection.flushall()
    yield connection
    connection.close()


@pytest.fixture
def long() -> bool:
    """Is all to be tried, and not a sample?"""
    return hypothesis.settings.get_current_profile_name() == "long"
