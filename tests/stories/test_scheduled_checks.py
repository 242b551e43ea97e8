"""Checks on a schedule: they survive everything, pile up never, and open incidents by the operator's own rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.event import Severity
from rules.incident import Reason, State
from tests.stories.test_triage import SITE, Steady
from tests.world import RULES, World, a_world
from workers import keys
from workers.agenda import Job, Kind, Lane
from workers.channels.contract import Reply, Undelivered
from workers.triage import checked, checking
from workers.watch.auditor import audit

WATCHED = RULES.replace(
    "rules:\n",
    f"""checks:
  site: {{type: http, url: "{SITE}", every: 1m, failures: 3, labels: {{area: shop}}}}
  cron: {{type: command, run: ["true"], every: 1m}}
rules:
  - {{name: the site fails our check, when: {{source: check, labels: {{check: site}}}}, then: {{severity: P2}}}}
""",
    1,
).replace('  cron: {type: command, run: ["true"], every: 1m}\n', "")
P2_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED)]
OVER = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED)]


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """A site that is looked at every minute, and is well."""
    with a_world(redis, WATCHED) as world:
        world.outside.pages[SITE] = Reply(status=200)
        world.house.examiner.timer = Steady()
        begin(world)
        yield world


def begin(world: World) -> None:
    """What every audit does."""
    checking.keep_schedules(world.redis, world.ruleset.config, world.clock.now())
    world.works()


def looks(world: World) -> int:
    """How often the site was looked at."""
    return len(world.outside.looked)


def test_it_runs_every_so_often_and_says_nothing_while_all_is_well(world: World) -> None:
    """At once, and then once a minute."""
    assert looks(world) == 1
    world.passes("10m")
    assert looks(world) == 11
    assert world.incidents == []


def test_failing_so_often_in_a_row_opens_an_incident_and_being_well_ends_it(world: World) -> None:
    """By the operator's rule, in the words of the check; twice is nothing, three times is."""
    world.outside.pages[SITE] = Reply(status=502)
    world.passes("2m")
    assert world.incidents == []
    world.passes("1m")
    heard = world.outside.heard_exactly(P2_PAGE)
    assert "site answers 502 in 0 ms (3 times in a row)" in next(one.text for one in heard if one.channel == "slack")
    incident = world.incident
    assert (incident.severity, incident.rule) == (Severity.P2, "the site fails our check")
    assert incident.labels == {"area": "shop", "check": "site", "type": "http", "outcome": "failed"}
    world.passes("5m")
    world.outside.heard_nothing()
    assert checked.watched(world.redis, "site").failing == 8
    world.outside.pages[SITE] = Reply(status=200)
    world.passes("1m")
    world.outside.heard_exactly(OVER)
    assert world.incident.state is State.RECOVERED
    assert "site healthy, after 8m" in " ".join(world.history())


def test_what_fails_now_and_then_calls_nobody(world: World) -> None:
    """One good run begins the count anew."""
    for number in range(12):
        world.outside.pages[SITE] = Reply(status=200 if number % 3 == 2 else 502)
        world.passes("1m")
    assert world.incidents == []


def test_it_fails_again_after_it_was_well(world: World) -> None:
    """Each time by itself: a second incident only after the first is over."""
    for status in (502, 200, 502):
        world.outside.pages[SITE] = Reply(status=status)
        world.passes("3m")
    heard = [one.short for one in world.outside.heard]
    assert heard.count(("slack", Reason.OPENED)) == 1
    assert ("slack", Reason.RETRIGGERED) in heard
    world.outside.heard = []


def test_a_check_that_cannot_be_run_is_told_as_one_that_fails(redis: Redis) -> None:
    """Nobody would know otherwise that nothing is looked at."""
    rules = WATCHED.replace("rules:\n", '  cron: {type: command, run: ["true"], every: 1m}\nrules:\n', 1)
    with a_world(redis, rules) as world:
        world.outside.pages[SITE] = Reply(status=200)
        begin(world)
        world.passes("1m")
        (heard,) = world.outside.heard_exactly([("slack", Reason.OPENED)])
        assert "cron: commands are not allowed here: set TOCSIN_ALLOW_COMMANDS=true" in heard.text
        assert world.incident.labels["outcome"] == "unknown"


def test_after_an_outage_there_is_one_run_and_not_all_that_were_missed(world: World) -> None:
    """Tocsin was away for an hour."""
    before = looks(world)
    world.clock.at += 3600
    world.works()
    assert looks(world) == before + 1
    world.passes("1m")
    assert looks(world) == before + 2


def test_a_worker_that_dies_in_a_run_costs_a_lease(world: World) -> None:
    """Another makes it again; the one that comes back late writes nothing."""
    world.clock.at += 60
    (entry,) = world.house.agenda.claim(Lane.CALM, Job.CHECK, world.clock.now())
    world.works()
    assert looks(world) == 1
    world.passes("12s")
    assert looks(world) == 2
    world.house.ledger.take_in((), [entry])
    assert checked.next_at(world.redis, "site") is not None


def test_two_processes_promise_one_schedule(world: World) -> None:
    """However often it is looked for; what is in hand stays in hand."""
    world.clock.at += 60
    (entry,) = world.house.agenda.claim(Lane.CALM, Job.CHECK, world.clock.now())
    due = checked.next_at(world.redis, "site")
    for _ in range(5):
        checking.keep_schedules(world.redis, world.ruleset.config, world.clock.now())
    assert checked.next_at(world.redis, "site") == due
    assert world.house.agenda.lengths()[Lane.CALM, Job.CHECK] == 1
    world.house.ledger.wait([entry], world.clock.now())
    world.works()


def test_a_shorter_rhythm_holds_at_the_next_audit(world: World) -> None:
    """From once a day to once a minute: nobody waits until tomorrow."""
    world.redis.zadd(keys.agenda(Lane.CALM, Job.CHECK), {checked.scheduled_id("site"): world.clock.at + 86400})
    begin(world)
    due = checked.next_at(world.redis, "site")
    assert due is not None
    assert due <= world.clock.at + 90


def test_a_schedule_that_leaves_the_rules_ends(world: World) -> None:
    """Its promise, and what is known of it; an incident of it is left to people."""
    world.outside.pages[SITE] = Reply(status=502)
    world.passes("3m")
    world.outside.heard_exactly(P2_PAGE)
    object.__setattr__(world.ruleset, "config", world.ruleset.config.model_copy(update={"checks": {}}))
    world.passes("1m")
    begin(world)
    assert world.house.agenda.entry(checked.scheduled_id("site")) is None
    assert checked.last(world.redis) == {}
    assert checked.every_watched(world.redis) == {}
    assert world.incident.state is State.TRIGGERED


def test_the_audit_keeps_schedules_promised(world: World) -> None:
    """What somebody deleted by hand is there again within half a minute."""
    world.redis.delete(keys.entry(checked.scheduled_id("site")))
    audit(world.house)
    world.works()
    world.outside.heard = []
    assert checked.next_at(world.redis, "site") == pytest.approx(world.clock.at + 60)


def test_a_run_that_somebody_asks_for_changes_nothing_else(world: World) -> None:
    """It is looked at once more, now; no count, no event, and the schedule stays."""
    world.outside.pages[SITE] = Undelivered("https://shop.example.com did not answer within 3s", permanent=False)
    for _ in range(5):
        entry = checked.ask(world.redis, "site", "ana", world.clock.now())
        again = checked.ask(world.redis, "site", "dan", world.clock.now())
        assert (entry.id, entry.kind) == (again.id, Kind.CHECK)
        world.works()
        assert not checked.is_asked(world.redis, entry)
    assert checked.last(world.redis)["site"].text == "site did not answer within 3s"
    assert checked.watched(world.redis, "site").failing == 0
    assert world.incidents == []
