"""What a status page does not take: told once, and nothing else waits for it longer than it must."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.announcing.public import PublicStatus
from tests.stories.test_status_page import FIRST, burns, says
from tests.world import RULES, World, a_world
from tests.world_of_pages import PAGES
from workers.agenda import LEASE
from workers.channels.contract import HttpRequest, Reply


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    with a_world(redis, RULES + PAGES) as world:
        yield world


def test_what_a_page_refuses_holds_nothing_else_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence is refused for good: people hear so once, and what is said after it goes out without it."""
    burns(world)
    world.asks(FIRST)
    takes = world.outside.statuspage.answer

    def answer(request: HttpRequest) -> Reply:
        return Reply(status=422, body=b'{"error":"too long"}') if len(request.body) > 3000 else takes(request)

    monkeypatch.setattr(world.outside.statuspage, "answer", answer)
    world.asks(says("x" * 4000))
    world.outside.heard_exactly([("slack", "update"), ("mail", "update")])
    world.asks(says("It works again.", PublicStatus.RESOLVED))
    world.passes("6m")
    assert [text for _, text in world.outside.statuspage.only["updates"]] == [FIRST.text, "It works again."]
    assert "public says it, without what it refused before" in world.history()
    world.passes("6m")
    assert len(world.outside.statuspage.only["updates"]) == 2


def test_a_wrong_key_loses_no_sentence(world: World) -> None:
    """Everything is refused until somebody mends that: told once, then said in its order."""
    burns(world)
    world.outside.status_pages.fails(status=401, times=1000)
    world.asks(FIRST)
    world.asks(says("We have found the cause."))
    world.passes("8m")
    world.outside.heard_exactly([("slack", "update"), ("mail", "update")])
    world.outside.status_pages.heals()
    world.passes("6m")
    assert [text for _, text in world.outside.statuspage.only["updates"]] == [FIRST.text, "We have found the cause."]


def test_an_answer_that_breaks_us_is_no_end_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours while a sentence is said: told like a refusal, and tried again."""
    burns(world)
    answer = world.outside.statuspage.answer
    monkeypatch.setattr(world.outside.statuspage, "answer", lambda _: Reply(status=201, body=b"[]"))
    world.asks(FIRST)
    heard = world.outside.heard_exactly([("slack", "update"), ("mail", "update")])
    assert "could not be made (AttributeError)" in heard[-1].text
    monkeypatch.setattr(world.outside.statuspage, "answer", answer)
    world.passes("6m")
    assert world.outside.statuspage.only["updates"] == [("investigating", FIRST.text)]


def test_what_was_given_up_does_not_hold_up_the_end(world: World) -> None:
    """Ten workers died over a sentence: people hear how to go on, and the end is told all the same."""
    burns(world)
    world.asks(FIRST)
    world.outside.after_page = _dies
    incident = world.incident.id
    for number in range(11):
        try:
            if number:
                world.passes(LEASE + 1)
            else:
                world.asks(says("It burns the worker."))
        except SystemExit:
            world.restarts(world.redis)
    told = [line.text for line in world.house.store.timeline(incident)]
    assert any("tocsin pending --retry publish-" in text for text in told)
    world.outside.heard.clear()
    world.outside.after_page = lambda: None
    world.house.ledger.answer(incident, says("It works again.", PublicStatus.RESOLVED))
    world.works()
    assert world.outside.statuspage.only["updates"][-1] == ("resolved", "It works again.")
    assert world.house.agenda.parked() == []
    world.outside.heard.clear()


def _dies() -> None:
    raise SystemExit
