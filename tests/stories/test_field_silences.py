"""What went wrong in other tools when nobody is to be called, and must not here: maintenance, hours, flapping."""

from __future__ import annotations

from datetime import datetime

from redis import Redis

from rules.commands import Acknowledge, Lift
from rules.event import Action
from rules.incident import Reason, State, StepState
from tests.world import RULES, START, World, a_world
from workers.rulebook import silences

P2_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED)]
P2_STEP = [("pagerduty", "trigger"), ("slack", Reason.ESCALATED)]
P2_OVER = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED)]
P1_PAGE = [*P2_PAGE, ("mail", Reason.OPENED)]
P1_STEP = [*P2_STEP, ("mail", Reason.ESCALATED)]
OFFICE = "\nhours: {office: {timezone: Europe/Bucharest, weekday: mon-fri, hours: 09:00-17:00}}\n"
BY_DAY = RULES.replace("P3: {means", "P3: {hours: office, means") + OFFICE
SUNDAYS = """
silences:
  - name: the weekly backup
    when: {source: uptime}
    start: 2026-03-01 02:00
    for: 3h
    repeats: FREQ=WEEKLY;BYDAY=SU
    timezone: Europe/Bucharest
    reason: the backup locks the database
"""


def utc(text: str) -> float:
    """A moment, `2026-03-29 01:00`."""
    return datetime.fromisoformat(text + "+00:00").timestamp()


def silenced(world: World, lasts: str, **more: str) -> None:
    """Dan says that nobody is to be told for so long, from now on."""
    start = datetime.fromtimestamp(world.clock.at).astimezone().isoformat()
    said = {"name": "maintenance", "reason": "we move the racks", "by": "dan", "start": start, "for": lasts, **more}
    silences.put(world.redis, {**said, "everything": "when" not in more}, world.clock.at)


def test_maintenance_stops_a_ladder_that_already_runs(redis: Redis) -> None:
    """GoAlert #2594: who turned maintenance on while an alert was open went on being called for it."""
    with a_world(redis) as world:
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("16m")
        world.outside.heard_exactly(P1_STEP)
        silenced(world, "2h")
        world.passes("1h59m")
        world.outside.heard_nothing()
        world.passes("1m")
        (*_, ceo) = sorted(world.outside.heard_exactly(P1_STEP), key=lambda one: one.channel != "mail", reverse=True)
        assert ceo.to == "victor@example.com"
        world.asks(Acknowledge(by="victor", via="test"))
        world.outside.heard = []


def test_maintenance_holds_back_every_step_and_every_round(redis: Redis) -> None:
    """IncidentRelay #40: maintenance kept back the first notification only, escalations and repeats went out."""
    with a_world(redis, RULES.replace("P1: {means", "P1: {repeat: 2, means")) as world:
        silenced(world, "6h")
        world.hears("outage")
        for _ in range(71):
            world.passes("5m")
            world.hears("outage")
        world.outside.heard_nothing()
        assert {step.state for step in world.incident.steps} == {StepState.WAITING}
        world.passes("5m")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("15m")
        world.outside.heard_exactly(P1_STEP)
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard = []


def test_what_was_in_maintenance_comes_back_when_it_ends_early(redis: Redis) -> None:
    """IncidentRelay #41: what began in a maintenance window stayed in maintenance when it was cancelled."""
    with a_world(redis) as world:
        silenced(world, "8h")
        world.hears("degraded")
        world.passes("20m")
        world.outside.heard_nothing()
        silences.lift(redis, "maintenance")
        world.asks(Lift(by="dan", silence="maintenance"))
        world.outside.heard_exactly(P2_PAGE)
        world.passes("1h")
        world.outside.heard_exactly(P2_STEP)
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard = []


def test_a_ladder_that_waits_for_office_hours_goes_on_in_them(redis: Redis) -> None:
    """Grafana OnCall #1206: paused until nine, restarted in between, it never went on."""
    with a_world(redis, BY_DAY, start=utc("2026-03-02 04:00")) as world:
        world.hears("minor")
        for _ in range(4):
            world.restarts(redis)
            world.passes("44m")
        world.outside.heard_nothing()
        world.passes("4m")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        assert world.clock.at == utc("2026-03-02 07:00")
        world.passes("4h")
        world.outside.heard_exactly([("slack", Reason.ESCALATED)])
        world.asks(Acknowledge(by="dan", via="test"))
        world.outside.heard = []


def test_a_weekend_on_which_the_clocks_change_ends_at_nine(redis: Redis) -> None:
    """Grafana OnCall #558 and #5512: ranges of hours in UTC know neither weekends nor somebody's own morning."""
    with a_world(redis, BY_DAY, start=utc("2026-03-27 16:00")) as world:
        world.hears("minor")
        world.passes("61h59m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        assert world.clock.at == utc("2026-03-30 06:00")
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard = []


def test_a_window_every_week_keeps_to_the_clock_on_the_wall(redis: Redis) -> None:
    """Alertmanager #3339 and Healthchecks #451 ask for it: from 02:00 in Bucharest, in winter and in summer."""
    with a_world(redis, RULES + SUNDAYS, start=utc("2026-03-29 00:01")) as world:
        world.hears("degraded", key="in the gap")
        world.passes("2h58m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly(P2_PAGE)
        world.hears("degraded", key="in the gap", action=Action.RESOLVE)
        world.outside.heard_exactly(P2_OVER)
        world.passes(utc("2026-04-04 22:59") - world.clock.at)
        world.hears("degraded", key="before")
        world.outside.heard_exactly(P2_PAGE)
        world.passes("1m")
        world.hears("degraded", key="in the window")
        world.hears("degraded", key="before", action=Action.RESOLVE)
        world.outside.heard_exactly(P2_OVER)
        world.passes("2h59m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly(P2_PAGE)


def test_what_joins_in_the_middle_of_maintenance_and_is_not_in_it_is_heard(redis: Redis) -> None:
    """A window for one part of a service must not swallow the other: the web is moved, the database breaks."""
    with a_world(redis) as world:
        said = {"when": {"labels": {"part": "web"}}, "start": "2026-03-02T09:00:00Z", "for": "1h"}
        silences.put(redis, {"name": "web", "reason": "the web is moved", "by": "dan", **said}, START)
        world.hears("grouped", key="web", labels={"service": "shop", "part": "web"})
        world.outside.heard_nothing()
        world.hears("grouped", key="db", labels={"service": "shop", "part": "db"})
        world.outside.heard_exactly(P2_PAGE)


def test_forty_flaps_wake_nobody_forty_times(redis: Redis) -> None:
    """Alertmanager #204, Uptime Kuma #6054: what goes and comes every minute is told each time."""
    with a_world(redis, RULES.replace("P2: {means", "P2: {again_after: 5m, means")) as world:
        for _ in range(40):
            world.hears("degraded")
            world.passes("1m")
            world.hears("degraded", action=Action.RESOLVE)
            world.passes("1m")
        world.outside.heard_exactly([*P2_PAGE, *P2_OVER])
        world.passes("15m")
        assert (world.incident.state, world.incident.count) == (State.RESOLVED, 40)
