"""The alarm a receiver raises without Redis: whoever is first called for a P1 hears of it, on the fallback first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rules.incident import Reason
from rules.reading.load import load
from tests.outside import Outside, story_outside
from tests.world import RULES, SECRETS, START
from workers.channels import OPTIONS
from workers.settings import Environment
from workers.watch.alarm import Alarm, Matter


@pytest.fixture
def outside() -> Iterator[Outside]:
    """Everybody who may be told; red when somebody heard what no story names."""
    with story_outside(lambda: START + 7) as world:
        yield world


def alarm(outside: Outside, rules: str = RULES) -> Alarm:
    """A receiver's voice, seven seconds after it began."""
    ruleset = load({"rules.yaml": rules}, channel_options=OPTIONS)
    return Alarm(lambda: ruleset, Environment(SECRETS), outside.perform, lambda: START + 7)


def test_the_fallback_hears_that_redis_is_gone(outside: Outside) -> None:
    """What is so, since when, what that means, and what to look at."""
    assert alarm(outside).cry(Matter.REDIS, START) == ["hook"]
    (heard,) = outside.heard_exactly([("webhook", Reason.OPENED)])
    said = str(heard.body)
    assert "cannot reach its Redis: nobody is paged" in said
    assert "nobody is paged or called further until Redis is back (for 7s)" in said
    assert "look at Redis; what waits is handed over" in said


def test_and_that_it_is_back(outside: Outside) -> None:
    """The end is told where the beginning was."""
    assert alarm(outside).all_clear(Matter.REDIS, START) == ["hook"]
    outside.heard_exactly([("webhook", Reason.RESOLVED)])


def test_without_a_fallback_the_p1_channels_are_asked(outside: Outside) -> None:
    """Every one of them: the pager of whoever is on call, the room, the mailbox."""
    rules = RULES.replace(", fallback: [hook]", "")
    assert alarm(outside, rules).cry(Matter.WORKERS, START) == ["pager", "slack", "mail"]
    heard = outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)])
    assert {one.to for one in heard} >= {"U02ANA", "ana@example.com"}


def test_a_fallback_that_fails_is_not_the_end(outside: Outside) -> None:
    """The webhook is out of order: P1's own channels are asked instead."""
    outside.webhook.fails(status=500)
    outside.slack.hangs()
    assert alarm(outside).cry(Matter.REDIS, START) == ["pager", "mail"]
    outside.heard_exactly([("pagerduty", "trigger"), ("mail", Reason.OPENED)])


def test_a_secret_that_is_missing_is_no_crash(outside: Outside) -> None:
    """Whatever cannot be told, the rest is."""
    ruleset = load({"rules.yaml": RULES}, channel_options=OPTIONS)
    poor = {name: value for name, value in SECRETS.items() if name not in ("HOOK_URL", "PD_ANA")}
    told = Alarm(lambda: ruleset, Environment(poor), outside.perform, lambda: START + 7).cry(Matter.SPOOL, START)
    assert told == ["slack", "mail"]
    outside.heard_exactly([("slack", Reason.OPENED), ("mail", Reason.OPENED)])


def test_nobody_on_call_leaves_the_rooms(outside: Outside) -> None:
    """The schedule is empty: a room still hears it."""
    rules = (
        RULES.replace("on-call engineer: {schedule: primary}", "on-call engineer: {person: nobody}")
        .replace("  dan: {email", "  nobody: {}\n  dan: {email")
        .replace(", fallback: [hook]", "")
    )
    assert alarm(outside, rules).cry(Matter.REDIS, START) == ["slack"]
    outside.heard_exactly([("slack", Reason.OPENED)])
