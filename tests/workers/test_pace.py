"""The pace as Redis keeps it is the pace of the rules: a rehearsal counts on that."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from rules import pace as rules_pace
from rules.pace import AT_ONCE, Destination
from rules.reading.load import load
from tests.world import RULES, START
from workers.channels import OPTIONS
from workers.telling.pace import Pace

asked = st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 20)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=asked, gap=st.sampled_from([1.0, 2.0, 0.5]))
def test_redis_and_the_rules_grant_the_same(redis: Redis, asked: list[tuple[int, int]], gap: float) -> None:
    """Whatever is asked for at whatever moment: as many messages, and as long a wait."""
    redis.flushall()
    ruleset = load({"rules.yaml": RULES}, channel_options=OPTIONS)
    kept, ahead, now = Pace(redis, lambda: ruleset), 0.0, START
    for milliseconds, wanted in asked:
        now += milliseconds / 1000
        grant = rules_pace.take(ahead, gap, wanted, now)
        granted, wait = kept.take(Destination("slack//", gap), wanted, now)
        assert granted == grant.granted
        assert abs(wait - grant.wait) < 1e-4
        ahead = grant.ahead


def test_a_few_go_at_once_and_then_one_at_a_time() -> None:
    """Five, then none until a second has passed; six at once are one message that spends what was left."""
    five = rules_pace.take(0.0, 1.0, AT_ONCE, START)
    assert (five.granted, five.wait) == (5, 0.0)
    none = rules_pace.take(five.ahead, 1.0, 1, START)
    assert (none.granted, none.wait) == (0, 1.0)
    assert rules_pace.take(none.ahead, 1.0, 1, START + 1).granted == 1
    six = rules_pace.take(0.0, 1.0, 6, START)
    assert six.granted == 1
    assert rules_pace.take(six.ahead, 1.0, 1, START).granted == 0
