"""How often each rule spoke, counted where a delivery is committed: by the day, and when last."""

from __future__ import annotations

from redis import Redis

from rules.reading.load import load
from tests.receiver.ear import RULES, Ear
from workers import keys
from workers.counters import read
from workers.rulebook import spoken

DAY = float(keys.DAY)
BOTH = RULES.replace(
    "rules:\n", "rules:\n  - {name: ours, continue: true, when: {source: kuma}, then: {labels: {team: ours}}}\n"
)


def times(redis: Redis, now: float) -> dict[str, int]:
    """What is told of rules that spoke at all."""
    return {rule: number for rule, number in spoken.lately(redis, now).times.items() if number}


def test_a_rule_speaks_when_it_decides_or_adds_something(valkey: str, redis: Redis) -> None:
    """Also one after which the search goes on; a rule that fits nothing is not among them."""
    ear = Ear(valkey, redis)
    ear.use(load({"rules.yaml": BOTH}))
    ear.is_down()
    ear.post("/hooks/anything", {"summary": "strange"})
    told = spoken.lately(redis, ear.clock.at)
    assert dict(told.times) == {"the site is down": 1, "ours": 1, "everything else": 1}
    assert told.since is None
    assert set(told.last) == {"the site is down", "ours", "everything else"}


def test_what_only_ends_or_informs_makes_no_rule_speak(valkey: str, redis: Redis) -> None:
    """Rules judge triggers."""
    ear = Ear(valkey, redis)
    ear.post("/hooks/anything", {"summary": "over", "status": "resolved", "id": "x"})
    assert not spoken.lately(redis, ear.clock.at).times


def test_seven_days_are_told_and_the_last_time_for_much_longer(valkey: str, redis: Redis) -> None:
    """The auditor copies the counter as each UTC day begins; what was before the first of seven is let go."""
    ear = Ear(valkey, redis)
    begun = ear.clock.at
    spoken.begin(redis, begun)
    ear.is_down()
    assert times(redis, ear.clock.at) == {"the site is down": 1}
    for day in range(1, 7):
        spoken.begin(redis, begun + day * DAY)
    assert times(redis, begun + 6 * DAY) == {"the site is down": 1}
    spoken.begin(redis, begun + 7 * DAY)
    told = spoken.lately(redis, begun + 7 * DAY)
    assert (told.since, told.times["the site is down"]) == (begun + DAY, 0)
    assert told.last["the site is down"] == begun
    spoken.begin(redis, begun + 401 * DAY)
    assert not spoken.lately(redis, begun + 401 * DAY).last


def test_on_the_first_day_of_all_everything_counts(valkey: str, redis: Redis) -> None:
    """The first audit comes some seconds after the first delivery; that one came today all the same."""
    ear = Ear(valkey, redis)
    ear.is_down()
    came = ear.clock.at
    spoken.begin(redis, came + 20)
    told = spoken.lately(redis, came + 30)
    assert told.times["the site is down"] == 1
    assert told.since is not None
    assert told.since <= came


def test_a_day_that_nobody_saw_begin_shortens_what_is_told(valkey: str, redis: Redis) -> None:
    """It is said since when; nothing is made up."""
    ear = Ear(valkey, redis)
    ear.is_down()
    spoken.begin(redis, ear.clock.at + 5 * DAY)
    told = spoken.lately(redis, ear.clock.at + 6 * DAY)
    assert (told.since, told.times["the site is down"]) == (ear.clock.at + 5 * DAY, 0)


def test_a_storm_costs_one_command_a_rule(valkey: str, redis: Redis) -> None:
    """Counted once for a whole batch; a spool that hands over what is older does not set the last time back."""
    ear = Ear(valkey, redis)
    ear.together([("/hooks/anything", {"summary": "x", "id": str(number)}) for number in range(20)])
    assert read(redis, "rules_spoke") == {("everything else",): 20}
    last = spoken.lately(redis, ear.clock.at).last["everything else"]
    with redis.pipeline() as pipe:
        spoken.note(pipe, {"everything else": last - 60})
        pipe.execute()
    assert spoken.lately(redis, ear.clock.at).last["everything else"] == last
