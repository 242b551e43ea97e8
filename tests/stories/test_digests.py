"""What a digest must not do: hide somebody, speak in the wrong room, drop an end, or fail all because of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisSlow

from rules.commands import Acknowledge, Resolve
from rules.incident import Incident, Reason
from rules.upcast import VERSION
from tests.stories.test_storms import INTAKE, OPENED, storm
from tests.workers.test_records import as_version
from tests.world import RULES, World, a_world
from workers import jobs
from workers.agenda import Job, Lane
from workers.telling.sending import START_WITHIN

TEAMS = (
    RULES.replace(
        'slack: {type: slack, url: "${env:SLACK_WEBHOOK_URL}"}',
        'slack: {type: slack, token: "${env:SLACK_WEBHOOK_URL}", channel: C0MAIN}',
    )
    .replace(
        "people:\n", "teams:\n  payments: {slack: C0PAY, people: [ana]}\n  search: {slack: C0SEARCH}\npeople:\n", 1
    )
    .replace(
        "  - {name: everything else",
        "  - {name: pay, when: {labels: {how: pay}}, then: {severity: P3, team: payments}}\n"
        "  - {name: look, when: {labels: {how: look}}, then: {severity: P3, team: search}}\n"
        "  - {name: everything else",
    )
)


def rooms(world: World) -> list[str]:
    """Where Slack was written to since the last look, in order."""
    heard, world.outside.heard = world.outside.heard, []
    return [one.body["channel"] for one in heard]


def test_each_team_hears_of_its_own(redis: Redis) -> None:
    """Six of one team in one message in its room, one of another in its own: nobody reads the other's titles."""
    with a_world(redis, TEAMS) as world:
        for number in range(6):
            world.hears("pay", key=f"pay {number}", work=False)
        world.hears("look", key="search", work=False)
        world.works()
        assert sorted(rooms(world)) == ["C0PAY", "C0SEARCH"]


def test_everybody_a_digest_calls_is_mentioned(redis: Redis) -> None:
    """Nine new ones call ana, an old one has escalated to dan: both are mentioned."""
    with a_world(redis) as world:
        world.hears("minor", key="old")
        world.outside.heard_exactly([OPENED])
        world.clock.at += 4 * 3600
        storm(world, 9)
        world.passes("2s")
        heard, world.outside.heard = world.outside.heard, []
        assert len(heard) <= 2
        assert {"U02ANA", "U05DAN"} <= set(" ".join(one.to for one in heard).split())


def opened(world: World) -> Incident:
    """The room has had its share; one more incident opens, and its message waits."""
    storm(world, 5)
    world.outside.heard_exactly([OPENED] * 5)
    world.hears("minor", key="it", work=False)
    world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
    return next(one for one in world.incidents if one.title == "it is down")


def test_a_whole_story_in_one_message_keeps_its_end(redis: Redis) -> None:
    """Opened, acknowledged and resolved while the room was busy: the page is not needed, and nothing is half told."""
    with a_world(redis) as world:
        it = opened(world)
        world.house.ledger.answer(it.id, Acknowledge(by="ana", via="test"))
        world.house.ledger.answer(it.id, Resolve(by="ana", via="test"))
        world.passes("10s")
        heard, world.outside.heard = world.outside.heard, []
        told = " ".join(one.text for one in heard)
        assert ("acknowledged" in told) == ("resolved" in told)


def test_the_end_waits_for_a_beginning_that_is_on_its_way(redis: Redis) -> None:
    """Another worker is still sending that it opened: that it was resolved is told after, and not left out."""
    with a_world(redis) as world:
        world.hears("minor", key="it", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
        it = world.incident
        (flying,) = world.house.agenda.claim(Lane.CALM, Job.NOTIFY, world.clock.now())
        storm(world, 5)
        world.outside.heard_exactly([OPENED] * 5)
        world.house.ledger.answer(it.id, Acknowledge(by="ana", via="test"))
        world.house.ledger.answer(it.id, Resolve(by="ana", via="test"))
        world.passes(1.0)
        world.house.ledger.delivered(flying, world.house.sender.line("sent", "told", flying), "sent")
        world.passes("20s")
        heard, world.outside.heard = world.outside.heard, []
        assert "resolved" in heard[-1].text


def test_one_that_cannot_be_said_spoils_nobody_elses(redis: Redis) -> None:
    """Slack refuses the digest for good because of one of thirty: the others are told, and nobody is called in vain."""
    with a_world(redis) as world:
        storm(world, 5)
        world.outside.heard_exactly([OPENED] * 5)
        world.outside.slack.fails(status=400, body=b"invalid_blocks")
        storm(world, 30)
        world.passes("10s")
        heard, world.outside.heard = world.outside.heard, []
        assert {one.reason for one in heard} == {Reason.OPENED}
        assert not [one for one in world.incidents if one.steps[0].state == "failed"]


def test_a_room_that_refuses_everything_is_not_asked_a_thousand_times(redis: Redis) -> None:
    """The webhook was revoked: after a few messages it is the channel that has failed, and the next step is taken."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=404, times=1000)
        storm(world, 200)
        world.passes("3s")
        assert world.outside.slack.tries < 100
        assert {one.steps[0].state for one in world.incidents} == {"failed"}
        world.outside.slack.heals()


def test_a_digest_of_which_nothing_is_left_is_no_fault(redis: Redis, capsys: pytest.CaptureFixture[str]) -> None:
    """All were answered while they waited: nobody hears of it, and the log has no error to wake somebody for."""
    with a_world(redis) as world:
        opened(world)
        for number in range(3):
            world.hears("minor", key=f"more {number}", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
        waiting = world.house.agenda.claim(Lane.CALM, Job.NOTIFY, world.clock.now())
        for incident in world.incidents:
            world.house.ledger.answer(incident.id, Acknowledge(by="ana", via="test"))
        jobs._send(world.house, waiting, world.clock.now())
        world.outside.heard_nothing()
        assert {world.house.store.timeline(entry.incident or "")[-1].kind for entry in waiting} == {"skipped"}
        assert "not concluded" not in "".join(capsys.readouterr())
        world.passes("10s")
        assert world.outside.heard
        world.outside.heard.clear()


class Late:
    """A house's clock on which Redis fails to say the time at the n-th question while a message is composed."""

    def __init__(self, world: World, nth: int) -> None:
        self._clock = world.house.clock
        self._left = nth

    def now(self) -> float:
        """The time, or no answer."""
        self._left -= 1
        if self._left == 0:
            raise RedisSlow("Timeout reading from socket")
        return self._clock.now()


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_redis_that_hiccups_in_a_send_fails_no_page(redis: Redis, nth: int) -> None:
    """It is not the page's fault: the lease brings it back, and it is told."""
    with a_world(redis) as world:
        world.house.sender._clock = Late(world, nth)  # type: ignore[assignment]
        world.hears("minor")
        world.passes("20s")
        heard, world.outside.heard = world.outside.heard, []
        assert {one.short for one in heard} == {OPENED}
        assert not any(line.kind == "failed" for line in world.timeline)


def test_the_lease_of_a_digest_runs_from_its_first_claim(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands take seconds to gather: a digest that counts from afterwards may outlive them, and be told twice."""
    with a_world(redis) as world:
        opened(world)
        for number in range(3):
            world.hears("minor", key=f"more {number}", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
        claim = world.house.agenda.claim

        def slowly(*desk: Any, **how: Any) -> Any:
            world.clock.at += START_WITHIN + 1
            return claim(*desk, **how)

        monkeypatch.setattr(world.house.agenda, "claim", slowly)
        jobs.drain(world.house, Lane.CALM, Job.NOTIFY)
        world.outside.heard_nothing()
        monkeypatch.undo()
        world.works()
        world.passes("3s")
        assert world.outside.heard
        world.outside.heard.clear()


def test_one_record_of_a_later_release_does_not_unfold_a_digest(redis: Redis) -> None:
    """It is left to that release; the others are one message all the same."""
    with a_world(redis) as world:
        opened(world)
        for number in range(20):
            world.hears("minor", key=f"more {number}", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
        newer = max(world.incidents, key=lambda one: one.id)
        as_version(redis, newer, VERSION + 1)
        world.clock.at += 2  # The room has had its share.
        jobs.drain(world.house, Lane.CALM, Job.NOTIFY)
        world.house.pools.settle(5.0)
        assert len(world.outside.heard) == 1
        world.outside.heard.clear()


def test_a_late_digest_is_put_back_at_once(redis: Redis) -> None:
    """The worker was slow to get to it: sent now it could outlive its claim and be sent twice."""
    with a_world(redis) as world:
        it = opened(world)
        for number in range(3):
            world.hears("minor", key=f"more {number}", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(*INTAKE, world.clock.now()))
        world.clock.at += 1
        entries = world.house.agenda.claim(Lane.CALM, Job.NOTIFY, world.clock.now())
        claimed_at = world.clock.now()
        world.clock.at += 4
        world.house.together.send(entries, claimed_at)
        world.outside.heard_nothing()
        world.works()
        heard, world.outside.heard = world.outside.heard, []
        assert it.id in str([one.body for one in heard])
        assert len(heard) <= 4
        assert replace(entries[0], attempt=1) == entries[0]
