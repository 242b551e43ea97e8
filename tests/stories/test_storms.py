"""More happens than people can read: they are told in sentences, and what matters most never waits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from rules.commands import Acknowledge
from rules.event import Action
from rules.incident import Reason, State
from tests.outside import Heard
from tests.world import World, a_world
from workers import counters, jobs, ledger
from workers.agenda import Entry, Job, Lane
from workers.deliveries.intake import judged_of
from workers.telling.pace import AT_ONCE

OPENED = ("slack", Reason.OPENED)
INTAKE = (Lane.INTAKE, Job.DEDUPLICATE)


def storm(world: World, number: int, how: str = "minor") -> None:
    """So many things break in the same second, and then the workers look."""
    for each in range(number):
        world.hears(how, key=f"{how} {each}", work=False)
    world.works()


def lines(message: Heard) -> list[str]:
    """The lines of a digest in Slack."""
    body: Any = message.body
    sections = [block["text"]["text"] for block in body["blocks"] if block["type"] == "section" and "text" in block]
    return [line for section in sections for line in section.splitlines() if line.startswith("•")]


def test_a_few_at_once_are_told_one_by_one(redis: Redis) -> None:
    """Five incidents in a second: each has its own message, with its own button."""
    with a_world(redis) as world:
        storm(world, AT_ONCE)
        world.outside.heard_exactly([OPENED] * AT_ONCE)


def test_a_storm_is_told_in_two_messages(redis: Redis) -> None:
    """Three hundred at once: one message at once for what is known by then, one a second later for all the rest."""
    with a_world(redis) as world:
        storm(world, 300)
        world.outside.heard_exactly([OPENED])
        world.passes("2s")
        (digest,) = world.outside.heard_exactly([OPENED])
        assert digest.text.startswith("🟡 P3 · 250 opened; the worst: minor ")
        assert "250 messages came faster than they can be read: 250 P3" in digest.text
        told = lines(digest)
        assert (len(told), told[-1]) == (11, "• and 240 more")
        assert re.fullmatch(r"• P3 opened: minor \d+ is down \([0-9A-Z]{10}\)", told[0])
        for incident in world.incidents:
            assert incident.steps[0].state == "sent"
            last = world.house.store.timeline(incident.id)[-1]
            assert last.text.startswith("slack told on-call engineer (ana): opened, in a digest of ")
        assert counters.read(redis, "notifications") == {("slack", "sent"): 300}


def test_a_storm_is_concluded_a_part_at_a_time(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis serves nobody else during a transaction: thousands of messages are put off, and written down, in parts."""
    monkeypatch.setattr(ledger, "AT_ONCE", 7)
    with a_world(redis) as world:
        storm(world, AT_ONCE)
        world.outside.heard_exactly([OPENED] * AT_ONCE)
        storm(world, 30)
        world.outside.heard_nothing()
        world.passes("3s")
        world.outside.heard_exactly([OPENED])
        assert counters.read(redis, "notifications") == {("slack", "sent"): 30}
        assert {one.steps[0].state for one in world.incidents} == {"sent"}
        assert not world.house.agenda.due(Lane.CALM, Job.NOTIFY, world.clock.now())


def test_what_comes_while_the_room_has_had_its_share_gathers(redis: Redis) -> None:
    """After a burst the room hears one message a second, and nothing is lost in between."""
    with a_world(redis) as world:
        storm(world, AT_ONCE)
        world.outside.heard_exactly([OPENED] * AT_ONCE)
        for key in ("a", "b", "c"):
            world.hears("minor", key=key)
        world.outside.heard_nothing()
        world.passes(0.9)
        world.outside.heard_nothing()
        world.passes(0.2)
        (digest,) = world.outside.heard_exactly([OPENED])
        assert len(lines(digest)) == 3
        world.passes(10)
        world.hears("minor", key="d")
        world.outside.heard_exactly([OPENED])


def test_a_p1_does_not_wait_behind_a_storm(redis: Redis) -> None:
    """The room has had its share of P2 and P3; the P1 that comes now is told now, everywhere."""
    with a_world(redis) as world:
        storm(world, 40)
        world.outside.heard_exactly([OPENED])
        storm(world, 4)
        storm(world, 20, "degraded")
        world.outside.heard = [one for one in world.outside.heard if one.channel != "pagerduty"]
        assert len(world.outside.heard) <= AT_ONCE
        world.outside.heard.clear()
        world.hears("outage")
        world.outside.heard_exactly([("pagerduty", "trigger"), OPENED, ("mail", Reason.OPENED)])
        world.passes("10s")
        assert all(one.reason == Reason.OPENED for one in world.outside.heard)
        world.outside.heard.clear()


def test_a_person_is_spared_too(redis: Redis) -> None:
    """A storm of P1: the pager has each, for each must be answered; mail and room have one message each."""
    with a_world(redis) as world:
        storm(world, 50, "outage")
        heard = world.outside.heard_exactly([("pagerduty", "trigger")] * 50 + [OPENED, ("mail", Reason.OPENED)])
        mail = next(one for one in heard if one.channel == "mail")
        assert "50 opened; the worst: outage " in mail.text
        assert "and 40 more" in mail.text
        assert "Acknowledge:" not in mail.text


def test_a_digest_leaves_out_what_nobody_needs_any_more(redis: Redis) -> None:
    """Answered or recovered before anybody was told of it: not in the digest."""
    with a_world(redis) as world:
        for each in range(10):
            world.hears("minor", key=f"m{each}", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
        newest = world.incidents[0]
        world.house.ledger.answer(newest.id, Acknowledge(by="ana", via="test"))
        world.works()
        heard = world.outside.heard_exactly([OPENED])
        assert len(lines(heard[0])) <= 10
        assert newest.id not in heard[0].text


def test_a_digest_that_fails_is_tried_again(redis: Redis) -> None:
    """Slack is out of order for a moment: the storm is told when it is back, still in one message."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=500)
        storm(world, 30)
        world.outside.heard_nothing()
        world.passes("5s")
        (digest,) = world.outside.heard_exactly([OPENED])
        assert digest.text.startswith("🟡 P3 · 30 opened")
        assert world.outside.slack.tries == 2


def test_a_storm_that_blows_over_is_told_to_be_over(redis: Redis) -> None:
    """Thirty go down and come back: two messages, and all of them are resolved in the end."""
    with a_world(redis) as world:
        storm(world, 30)
        world.passes("1m")
        for each in range(30):
            world.hears("minor", key=f"minor {each}", action=Action.RESOLVE, work=False)
        world.works()
        world.outside.heard_exactly([OPENED, ("slack", Reason.RECOVERED)])
        world.passes("15m")
        assert {one.state for one in world.incidents} == {State.RESOLVED}


def test_a_spool_that_is_handed_over_keeps_no_page_waiting(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of events become due at once: they go into their incidents so many at a time, in order."""
    monkeypatch.setattr(jobs, "EVENTS_AT_ONCE", 100)
    with a_world(redis) as world:
        sizes: list[int] = []
        put = world.house.ledger.deduplicate

        def counted(entries: Sequence[Entry]) -> None:
            sizes.append(sum(len(judged_of(entry)) for entry in entries))
            put(entries)

        monkeypatch.setattr(world.house.ledger, "deduplicate", counted)
        for batch in range(8):
            one = world.hears("minor", key=f"{batch} 0", work=False)
            world.takes_in(*(replace(one, dedup_key=f"{batch} {number}", nth=number) for number in range(1, 60)))
        world.works()
        assert sum(sizes) == 8 * 60
        assert max(sizes) <= 100
        assert len(world.house.store.incidents(limit=1000)) == 8 * 60
        world.passes("3s")
        world.outside.heard_exactly([OPENED] * len(world.outside.heard))
