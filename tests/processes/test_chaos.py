"""The scenarios of `make chaos` that matter most, short, in the suite of every day; and proof that the oracle sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos import answers, crashes, race, redis_gone
from tests.chaos.oracle import Verdict
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.stage import Length

pytestmark = pytest.mark.processes

SHORT = Length(scale=0.15)


@pytest.mark.parametrize(
    "scenario",
    [
        crashes.worker_dies_sending,
        crashes.receiver_dies,
        redis_gone.killed_always,
        redis_gone.away,
        answers.the_same_at_once,
        race.answered_at_the_last_moment,
    ],
    ids=lambda one: one.__name__,
)
def test_what_was_acknowledged_survives(scenario: Callable[[Length], Verdict]) -> None:
    """Processes really killed: every 2xx is an incident and a page, and nothing doubles but what was in flight."""
    verdict = scenario(SHORT)
    assert verdict.failed == []


def test_the_oracle_goes_red_when_a_delivery_is_kept_in_pieces() -> None:
    """Without the MULTI of the intake, a Redis that dies in between loses what was answered 2xx: the oracle sees it."""
    verdict = redis_gone.killed(SHORT, "always", modes={"receiver": "commits-in-pieces"}, settles=5)
    assert verdict.lost


def test_the_oracle_goes_red_when_the_sender_is_deaf() -> None:
    """A sender that does not look for an answer calls people who need not come, and the oracle sees it."""
    verdict = race.answered_at_the_last_moment(Length(scale=0.1), deaf=True)
    assert not verdict.checks["no page was claimed after the answer and sent"]


def test_the_last_table_has_every_scenario() -> None:
    """docs/chaos.md shows what came of each, and of none that is gone."""
    text = (Path(__file__).parents[2] / "docs/chaos.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (R\d+[a-z]?) ([^|]+?) \| +\d", text, re.MULTILINE))
    assert rows == {name: title for name, (title, _) in SCENARIOS.items()}
