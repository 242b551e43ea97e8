"""A power cut loses what did not wait for its disk, and the oracle sees it. A minute each: `make hostile` runs them."""

from __future__ import annotations

import pytest

from tests.chaos import power
from tests.chaos.preload import uncompiled
from tests.chaos.stage import Length

pytestmark = pytest.mark.processes

SHORT = Length(scale=0.15)


@pytest.fixture
def compiler() -> None:
    """What the power cut needs."""
    untried = uncompiled()
    if untried is not None:
        pytest.skip(str(untried.skipped))


@pytest.mark.usefixtures("compiler")
def test_the_oracle_goes_red_when_redis_does_not_wait_for_its_disk() -> None:
    """With `appendfsync no` a power cut loses what was answered 2xx, and the oracle sees it."""
    assert power.cut(SHORT, "no", settles=5).lost


@pytest.mark.usefixtures("compiler")
def test_the_oracle_goes_red_when_the_spool_does_not_wait_for_its_disk() -> None:
    """Nor does a spool without `synchronous=FULL` keep what it said it had."""
    assert power.cut(SHORT, "always", modes={"receiver": "spools-in-haste"}, settles=5).lost
