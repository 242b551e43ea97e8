"""What the world is told of an incident: nothing without a person, and then each sentence once, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from rules.announcing.public import Health, PublicStatus
from rules.announcing.public_commands import Publish
from rules.commands import Acknowledge, FalsePositive, Resolve
from rules.responding.response import Status
from rules.responding.response_commands import PostUpdate
from tests.channelled import NAME, TALK, WITH_CHANNEL, said
from tests.world import RULES, World, a_world
from tests.world_of_pages import PAGES
from workers.agenda import LEASE
from workers.channels.contract import Undelivered
from workers.ledger import Refused

OPENED = [("slack", "opened"), ("pagerduty", "trigger"), ("mail", "opened")]
RESOLVED = [("slack", "resolved"), ("pagerduty", "resolve"), ("mail", "resolved")]
FIRST = Publish(
    by="ana",
    via="console",
    title="Payments fail",
    text="We are looking into it.",
    components={"checkout": Health.MAJOR},
    pages=("public", "own"),
)


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    with a_world(redis, RULES + PAGES) as world:
        yield world


def says(text: str, status: PublicStatus | None = None, **more: Any) -> Publish:
    return Publish(by="ana", via="console", text=text, status=status, **more)


def burns(world: World) -> None:
    world.hears()
    world.outside.heard_exactly(OPENED)


def test_nothing_is_public_without_a_person(world: World) -> None:
    """A P1 from its page to its end: the status page hears of none of it."""
    burns(world)
    world.asks(Acknowledge(by="ana", via="console"))
    world.asks(Resolve(by="ana", via="console"))
    world.passes("1h")
    world.outside.heard.clear()
    assert (world.outside.status_pages.tries, world.outside.statuspage.incidents) == (0, {})


def test_a_person_opens_updates_and_closes_it(world: World) -> None:
    """The same public incident throughout, in the very words of the person; the history says who and where."""
    burns(world)
    world.asks(FIRST)
    page = world.outside.statuspage.only
    assert (page["name"], page["status"]) == ("Payments fail", "investigating")
    assert page["components"] == {"8kbf7d35c070": "major_outage"}
    world.asks(says("We have found the cause.", PublicStatus.IDENTIFIED))
    world.asks(says("It works again.", PublicStatus.RESOLVED, components={"checkout": Health.OPERATIONAL}))
    assert world.outside.statuspage.only["updates"] == [
        ("investigating", "We are looking into it."),
        ("identified", "We have found the cause."),
        ("resolved", "It works again."),
    ]
    assert page["components"] == {"8kbf7d35c070": "operational"}
    assert [(one["type"], one["number"], one["text"]) for one in world.outside.own_page] == [
        ("status.opened", 1, "We are looking into it."),
        ("status.updated", 2, "We have found the cause."),
        ("status.resolved", 3, "It works again."),
    ]
    assert "published on public, own: investigating: We are looking into it." in world.history()
    assert "public says it: https://stspg.io/p1" in world.history()


def test_the_first_needs_a_title_and_a_page(world: World) -> None:
    """Nothing of a sender's becomes public by itself, not even the incident's title."""
    burns(world)
    with pytest.raises(Refused, match="needs a title, as the public will read it"):
        world.asks(says("We are looking into it.", pages=("public",)))
    with pytest.raises(Refused, match="no status page"):
        world.asks(says("We are looking into it.", title="Payments fail"))
    assert not world.outside.status_pages.tries


@pytest.mark.parametrize("dies", [False, True])
def test_an_answer_that_is_lost_is_no_second_incident(world: World, dies: bool) -> None:
    """Statuspage has it, and the line breaks or the worker dies: whoever goes on finds it there."""

    def after() -> None:
        world.outside.after_page = lambda: None
        if dies:
            raise SystemExit
        raise Undelivered("https://api.statuspage.io did not answer within 8s", permanent=False)

    burns(world)
    for publication in (FIRST, says("We have found the cause.", PublicStatus.IDENTIFIED)):
        world.outside.after_page = after
        try:
            world.asks(publication)
        except SystemExit:
            world.restarts(world.redis)
        world.passes(LEASE + 5)
    assert [text for _, text in world.outside.statuspage.only["updates"]] == [
        "We are looking into it.",
        "We have found the cause.",
    ]
    assert [one["number"] for one in world.outside.own_page] == [1, 2]


def test_a_page_that_is_away_gets_everything_in_order(world: World) -> None:
    """Statuspage answers 429 and 503; what was published meanwhile comes afterwards, each sentence by itself."""
    burns(world)
    world.outside.status_pages.fails(status=429, retry_after=20)
    world.outside.status_pages.fails(status=503, times=2)
    world.asks(FIRST)
    world.asks(says("We have found the cause."))
    world.passes("5m")
    assert [text for _, text in world.outside.statuspage.only["updates"]] == [FIRST.text, "We have found the cause."]
    assert [one["number"] for one in world.outside.own_page] == [1, 2]


def test_one_page_does_not_wait_for_another(world: World) -> None:
    """The first refuses for good: the second says it, and whoever is told of the incident hears which does not."""
    burns(world)
    world.outside.status_pages.fails(status=401, body=b'{"error":"Could not authenticate"}')
    world.asks(FIRST)
    heard = world.outside.heard_exactly([("slack", "update"), ("mail", "update")])
    assert "The status page public does not say it: Statuspage answered 401" in heard[-1].text
    assert len(world.outside.own_page) == 1
    world.passes("6m")
    assert world.outside.statuspage.only["updates"] == [("investigating", FIRST.text)]


def test_a_person_is_asked_when_the_world_still_believes_it(world: World) -> None:
    """Resolved here, and the status page goes on: the rooms are told what it says and how to change that."""
    burns(world)
    world.asks(FIRST)
    world.asks(Resolve(by="ana", via="console"))
    heard = world.outside.heard_exactly([*RESOLVED, ("slack", "reminder")])
    assert "still says" in repr(next(one.body for one in heard if one.reason == "reminder"))
    incident = world.incident.id
    (asked,) = [line for line in world.history() if "still says" in line]
    assert asked.startswith("The status page (public, own) still says “investigating: We are looking into it.”. Tell ")
    assert asked.endswith(f"tocsin incidents publish {incident} --status resolved TEXT")
    world.asks(says("It works again.", PublicStatus.RESOLVED))
    assert world.outside.statuspage.only["status"] == "resolved"


def test_an_update_may_be_for_the_world_too(world: World) -> None:
    """One step: everybody who was told hears it, the history has it, and the world reads the same words."""
    burns(world)
    update = PostUpdate(by="ana", via="console", text="We roll back.", status=Status.MITIGATING, publish=True)
    with pytest.raises(Refused, match="The world knows nothing of it yet"):
        world.asks(update)
    world.asks(FIRST)
    world.asks(update)
    world.outside.heard_exactly([("slack", "update"), ("mail", "update")])
    assert world.outside.statuspage.only["updates"][-1] == ("identified", "We roll back.")
    assert "Mitigating: We roll back." in world.history()


def test_an_update_is_not_public_by_itself(world: World) -> None:
    """Only where whoever posts it says so."""
    burns(world)
    world.asks(FIRST)
    world.asks(PostUpdate(by="ana", via="console", text="We roll back."))
    world.outside.heard_exactly([("slack", "update"), ("mail", "update")])
    assert len(world.outside.statuspage.only["updates"]) == 1


def test_whoever_has_told_the_world_is_not_asked(world: World) -> None:
    """Published as resolved before it was resolved here."""
    burns(world)
    world.asks(FIRST)
    world.asks(says("It works again.", PublicStatus.RESOLVED))
    world.asks(Resolve(by="ana", via="console"))
    world.outside.heard_exactly(RESOLVED)


def test_automatic_pages_say_what_is_harmless(redis: Redis) -> None:
    """Where the YAML lets them: that something is investigated and that it is over, in no words of a sender's."""
    rules = RULES + PAGES.replace("page: kctbh9vrtdwd", "page: kctbh9vrtdwd\n    automatic: true")
    with a_world(redis, rules) as world:
        world.hears(summary="db1.internal:5432 refuses the password of admin")
        world.outside.heard_exactly(OPENED)
        page = world.outside.statuspage.only
        assert page["updates"] == [
            ("investigating", "We are investigating a problem with our service and will tell more here.")
        ]
        assert "db1" not in repr(page)
        assert not world.outside.own_page
        world.asks(FalsePositive(by="ana", via="console", reason="a drill"))
        world.outside.heard.clear()
        assert page["updates"][-1] == ("resolved", "The problem is solved.")


def test_what_a_person_has_opened_elsewhere_a_person_closes(redis: Redis) -> None:
    """One of the pages may be told without a person, the other not: the end is nobody's but a person's to tell."""
    rules = RULES + PAGES.replace("page: kctbh9vrtdwd", "page: kctbh9vrtdwd\n    automatic: true")
    with a_world(redis, rules) as world:
        burns(world)
        world.asks(FIRST)
        world.asks(Resolve(by="ana", via="console"))
        world.outside.heard_exactly([*RESOLVED, ("slack", "reminder")])
        assert world.outside.statuspage.only["status"] == "investigating"
        assert [(one["type"], one["number"]) for one in world.outside.own_page] == [("status.opened", 2)]


def test_automatic_pages_hear_of_no_p3(redis: Redis) -> None:
    """Only of the severities they name, P1 unless they say otherwise."""
    rules = RULES + PAGES.replace("page: kctbh9vrtdwd", "page: kctbh9vrtdwd\n    automatic: true")
    with a_world(redis, rules) as world:
        world.hears("little")
        world.outside.heard_exactly([("slack", "opened")])
        assert not world.outside.status_pages.tries


def test_what_is_published_goes_to_the_channel_too(redis: Redis) -> None:
    """Whoever works on it reads in the incident's channel what the world reads."""
    with a_world(redis, WITH_CHANNEL + PAGES) as world:
        world.hears()
        world.outside.heard_exactly([*OPENED, TALK])
        world.asks(FIRST)
        world.passes("15s")
        assert "published on public, own: investigating: We are looking into it." in said(
            world.outside.workspace.named(NAME)
        )
