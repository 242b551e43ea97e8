"""What the world is told of planned work: what a person has confirmed, in its time, once, whatever dies or is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from rules.announcing.planned import Announced, Phase
from rules.holds.maintenance import Maintenance
from tests.workers.test_maintenance import begin, iso
from tests.world import RULES, World, a_world
from tests.world_of_pages import PAGES
from workers import keys, maintenance
from workers.agenda import LEASE, Lane
from workers.announcing import announced
from workers.channels.contract import Reply, Undelivered
from workers.rulebook import silences

TEXT = "We change the disks of the API."
BEGUN, OVER = "The maintenance has begun.", "The maintenance is over."
REMINDER = ("slack", "reminder")


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """Monday, 09:00, with a Statuspage and a page of the operator's own."""
    with a_world(redis, RULES + PAGES) as world:
        for lane in Lane:
            redis.set(keys.worker(f"{lane}:somewhere:1"), b"1")
        yield world


def publishes(world: World, **more: Any) -> None:
    """A person has seen the words, and says yes."""
    now = world.clock.at
    words = {"title": "New disks", "text": TEXT, "components": ("api",), "pages": ("public", "own"), "by": "dan"}
    announced.publish(world.redis, "M-1", Announced(**{**words, "at": now, "first": now, **more}), now)
    world.works()


def prolongs(world: World, seconds: float) -> None:
    """It takes longer."""
    (one,) = maintenance.every(world.redis, world.clock.at)
    longer = replace(one, end=one.end + seconds, prolonged=1)
    said = {"name": "M-1", "reason": "disks", "by": "dan", "when": {"labels": {"service": "api"}}}
    times = {"start": iso(one.start), "end": iso(longer.end)}
    maintenance.put(world.redis, longer, {**said, **times}, world.clock.at)
    world.works()


def ends(world: World) -> None:
    """It is over before its time."""
    (one,) = maintenance.every(world.redis, world.clock.at)
    maintenance.close(world.redis, one, [], world.clock.at)
    world.works()


def planned(world: World, seconds: float) -> Maintenance:
    """Work that begins so much later, and takes an hour."""
    one = begin(world, 3600.0)
    later = replace(one, start=one.start + seconds, end=one.end + seconds)
    said = {"name": "M-1", "reason": "disks", "by": "dan", "when": {"labels": {"service": "api"}}}
    maintenance.put(world.redis, later, {**said, "start": iso(later.start), "end": iso(later.end)}, world.clock.at)
    return later


def read(world: World) -> list[tuple[str, str]]:
    """What stands on Statuspage, oldest first."""
    found: list[tuple[str, str]] = world.outside.statuspage.only["updates"]
    return found


def test_nothing_of_it_is_public_without_a_person(world: World) -> None:
    """From its begin to its end no status page hears of it."""
    begin(world)
    world.passes("2h")
    world.outside.heard_exactly([REMINDER, REMINDER])
    assert (world.outside.status_pages.tries, world.outside.own_page) == (0, [])


def test_it_is_announced_begins_and_ends_for_the_world(world: World) -> None:
    """Planned for later: as scheduled, begun and completed, each in its time, with the component under maintenance."""
    planned(world, 3600.0)
    publishes(world)
    page = world.outside.statuspage.only
    assert (page["name"], page["status"], page["impact_override"]) == ("New disks", "scheduled", "maintenance")
    assert (page["scheduled_for"], page["scheduled_until"]) == ("2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z")
    assert page["components"] == {}
    world.passes("59m59s")
    assert read(world) == [("scheduled", TEXT)]
    world.passes("1s")
    assert read(world)[1:] == [("in_progress", BEGUN)]
    assert page["components"] == {"vtnh60py4yd7": "under_maintenance"}
    world.passes("1h")
    assert read(world)[2:] == [("completed", OVER)]
    assert page["components"] == {"vtnh60py4yd7": "operational"}
    assert [one["type"] for one in world.outside.own_page] == [
        "maintenance.scheduled",
        "maintenance.in_progress",
        "maintenance.completed",
    ]
    world.outside.heard_exactly([REMINDER, REMINDER])
    assert world.house.agenda.upcoming() == []


def test_prolonged_and_ended_early_the_world_hears_it(world: World) -> None:
    """The new end in the sentence and beside it; a person's words at the end, and then nothing more."""
    begin(world)
    publishes(world, over="The new disks are in.")
    world.passes("30m")
    prolongs(world, 1800.0)
    assert read(world) == [
        ("in_progress", TEXT),
        ("in_progress", "The maintenance takes longer: until 2026-03-02 10:30 UTC."),
    ]
    assert world.outside.statuspage.only["scheduled_until"] == "2026-03-02T10:30:00.000Z"
    ends(world)
    world.passes("3h")
    assert read(world)[2:] == [("completed", "The new disks are in.")]


@pytest.mark.parametrize("how", ["called off", "lifted"])
def test_what_does_not_take_place_is_taken_back(world: World, how: str) -> None:
    """Called off before it begins, or its silence lifted: the page does not stay as it was."""
    later = planned(world, 3600.0)
    publishes(world)
    if how == "lifted":
        silences.lift(world.redis, later.name)
        world.passes("1h")
    else:
        ends(world)
    assert read(world)[1:] == [("completed", "The maintenance does not take place.")]
    world.outside.heard.clear()


@pytest.mark.parametrize("dies", [False, True])
def test_a_lost_answer_is_no_second_maintenance(world: World, dies: bool) -> None:
    """Statuspage has it, and the line breaks or the worker dies: whoever goes on finds it there, also when it has
    been prolonged meanwhile."""

    def after() -> None:
        world.outside.after_page = lambda: None
        if dies:
            raise SystemExit
        raise Undelivered("https://api.statuspage.io did not answer within 8s", permanent=False)

    begin(world)
    world.outside.after_page = after
    try:
        publishes(world)
    except SystemExit:
        world.restarts(world.redis)
    prolongs(world, 1800.0)
    world.passes(LEASE + 5)
    world.passes("2h")
    texts = [text for _, text in read(world)]
    assert len(set(texts)) == len(texts) <= 4
    assert (texts[0], texts[-1]) == (TEXT, OVER)
    assert world.outside.statuspage.only["scheduled_until"] == "2026-03-02T10:30:00.000Z"
    world.outside.heard.clear()


def test_a_page_that_refuses_is_told_of_once_and_tried_again(world: World) -> None:
    """Whoever started it hears of it, the list has it; the other page goes on, and mended it says the latest."""
    begin(world)
    world.outside.status_pages.fails(status=401, times=3)
    publishes(world)
    (told,) = world.outside.heard_exactly([REMINDER])
    assert "The status page public does not say how the maintenance of api goes" in told.text
    assert "401" in str(told.body)
    assert "401" in announced.standing(world.redis, "M-1", "public").trouble
    assert [one["status"] for one in world.outside.own_page] == ["in_progress"]
    world.passes("11m")
    assert world.outside.statuspage.incidents == {}
    world.outside.heard_nothing()
    world.passes("5m")
    assert read(world) == [("in_progress", TEXT)]
    assert announced.standing(world.redis, "M-1", "public").trouble == ""


def test_a_page_that_was_away_hears_the_latest(world: World) -> None:
    """Away from the begin till after the end it never says that something is on which is long over."""
    planned(world, 3600.0)
    publishes(world)
    world.outside.status_pages.fails(status=503, times=100)
    world.passes("1h")
    world.passes("1h10m")
    world.outside.status_pages.heals()
    world.passes("1h")
    assert read(world) == [("scheduled", TEXT), ("completed", OVER)]
    assert announced.standing(world.redis, "M-1", "public").phase is Phase.COMPLETED
    world.outside.heard.clear()


def test_what_may_have_got_through_is_taken_back(world: World) -> None:
    """Its first answer is lost, and the page is away till the end: it is asked, and does not stay in maintenance."""

    def after() -> None:
        world.outside.after_page = lambda: None
        raise Undelivered("https://api.statuspage.io did not answer within 8s", permanent=False)

    begin(world)
    world.outside.after_page = after
    publishes(world)
    world.outside.status_pages.fails(status=503, times=1000)
    world.passes("1h1m")
    world.outside.status_pages.heals()
    world.passes("1h")
    assert read(world) == [("in_progress", TEXT), ("completed", OVER)]
    world.outside.heard.clear()


def test_what_was_given_up_is_taken_up_again(world: World) -> None:
    """Ten workers died over its words: the list says how to go on, and its end is told all the same."""
    begin(world, 7200.0)
    world.outside.after_page = _dies
    for number in range(11):
        try:
            publishes(world, pages=("public",)) if number == 0 else world.passes(LEASE + 1)
        except SystemExit:
            world.restarts(world.redis)
    assert "tocsin pending --retry publish-M-1-public" in announced.standing(world.redis, "M-1", "public").trouble
    world.outside.after_page = lambda: None
    ends(world)
    assert read(world)[-1] == ("completed", OVER)
    assert len(world.outside.statuspage.incidents) == 1
    assert world.house.agenda.parked() == []
    world.outside.heard.clear()


def test_an_answer_that_breaks_us_is_no_end_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours while it is said is told like a refusal, and tried again."""
    begin(world)
    answer = world.outside.statuspage.answer
    monkeypatch.setattr(world.outside.statuspage, "answer", lambda _: Reply(status=201, body=b"[]"))
    publishes(world)
    world.outside.heard_exactly([REMINDER])
    assert announced.standing(world.redis, "M-1", "public").trouble == "it could not be made (AttributeError)"
    monkeypatch.setattr(world.outside.statuspage, "answer", answer)
    world.passes("6m")
    assert read(world) == [("in_progress", TEXT)]


def _dies() -> None:
    raise SystemExit


def test_an_old_name_is_used_again(world: World) -> None:
    """The disks of last week are none of this week's: nothing is public before somebody says so, and then anew."""
    begin(world)
    publishes(world)
    ends(world)
    world.passes("1h")
    begin(world)
    world.passes("5m")
    assert len(world.outside.statuspage.incidents) == 1
    publishes(world)
    assert len(world.outside.statuspage.incidents) == 2
    world.outside.heard.clear()
