"""What was tried is kept: each attempt with its outcome, its time, and what was sent and answered, without a secret."""

from __future__ import annotations

import itertools

from redis import Redis

from rules.commands import Acknowledge
from rules.incident import Incident, Reason
from tests.world import SECRETS, World, a_world
from workers import keys
from workers.telling import attempts
from workers.telling.attempts import Became
from workers.telling.tried import Attempts, Sought

PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]


def tried(world: World, **sought: object) -> list[attempts.Attempt]:
    """The attempts that fit, the oldest first."""
    return Attempts(world.redis).find(Sought(**sought), 1000)[::-1]  # type: ignore[arg-type]


def everything(redis: Redis) -> bytes:
    """All that Redis holds of attempts, as bytes."""
    told = [redis.xrange(keys.ATTEMPTS), redis.xrange(keys.EXCHANGES)]
    lists = [redis.lrange(name, 0, -1) for name in redis.scan_iter(match=keys.attempted("*"))]
    return repr([*told, *lists]).encode()


def test_each_attempt_of_a_page_is_kept(redis: Redis) -> None:
    """On each channel once: to whom, why, with what status, and how long it took."""
    with a_world(redis) as world:
        world.hears()
        world.outside.heard_exactly(PAGE)
        found = {one.channel: one for one in tried(world)}
        assert set(found) == {"pager", "slack", "mail"}
        assert {one.became for one in found.values()} == {Became.DELIVERED}
        assert (found["pager"].status, found["mail"].status) == (202, 250)
        assert (found["pager"].person, found["pager"].reason, found["pager"].number) == ("ana", "opened", 1)
        assert found["pager"].at == world.clock.at
        assert {one.id for one in tried(world, incident=world.incident.id)} == {one.id for one in found.values()}


def test_no_secret_is_kept(redis: Redis) -> None:
    """None of the YAML's references, no link that answers an incident; not even where a receiver repeats it."""
    with a_world(redis) as world:
        world.outside.pagerduty.fails(status=400, body=b'bad key pd-ana-0000000000000000000000000 of "ana"')
        world.hears()
        world.outside.heard = []
        stored = everything(redis) + repr(world.history()).encode()
        assert b"/a/\\xe2\\x80\\xa2" in stored
        for name, secret in SECRETS.items():
            assert secret.encode() not in stored, name
        slack = next(one for one in tried(world) if one.channel == "slack")
        said = Attempts(redis).exchange(slack)
        assert said is not None
        assert said.to == "POST https://hooks.slack.example/…"
        assert "web is down" in said.body


def test_a_failure_in_passing_says_when_it_is_tried_again(redis: Redis) -> None:
    """Then the second attempt stands beside the first, each with its own outcome and reply."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=503, body=b"<b>busy</b>")
        world.hears("degraded")
        world.passes(5)
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.OPENED)])
        first, second = tried(world, channel="slack")
        assert (first.became, first.status, first.number) == (Became.AGAIN, 503, 1)
        assert first.again_at == first.at + 1
        assert (second.became, second.number) == (Became.DELIVERED, 2)
        said = Attempts(redis).exchange(first)
        assert said is not None
        assert said.reply == "<b>busy</b>"


def test_what_was_not_sent_says_why(redis: Redis) -> None:
    """An acknowledgement overtakes a page: skipped, and never as if it had been delivered."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=503)
        world.hears("degraded")
        world.asks(Acknowledge(by="ana", via="test"))
        world.passes(5)
        world.outside.heard = []
        skipped = [one for one in tried(world, channel="slack") if one.became is Became.SKIPPED]
        assert [one.reason for one in skipped] == ["opened"]
        assert "the incident is acknowledged" in skipped[0].why
        assert Attempts(redis).exchange(skipped[0]) is None


def test_a_digest_is_one_attempt_of_many(redis: Redis) -> None:
    """In the whole record once, with how many it told of; in the list of each incident as its own, leading to it."""
    with a_world(redis) as world:
        for number in range(20):
            world.hears("degraded", key=f"k{number}", work=False)
        world.works()
        world.passes(10)
        world.outside.heard = []
        digests = [one for one in tried(world, channel="slack") if one.together > 1]
        assert len(digests) == 1
        told: list[Incident] = world.incidents
        own = [tried(world, incident=one.id, channel="slack") for one in told]
        within = [one for one in itertools.chain(*own) if one.within == digests[0].id]
        assert len(within) == digests[0].together - 1
        said = Attempts(redis).exchange(within[0])
        assert said is not None
        assert said == Attempts(redis).exchange(digests[0])
        health = Attempts(redis).health(["slack", "pager"], world.clock.at)
        assert (health["slack"].digests, health["slack"].folded) == (1, digests[0].together)
        assert health["slack"].delivered_at is not None


def test_the_record_is_bounded(redis: Redis) -> None:
    """Of one incident the last so many, for a week."""
    with a_world(redis) as world:
        world.outside.slack.fails(status=503, times=1000)
        world.hears("degraded")
        attempts.PER_INCIDENT, kept = 3, attempts.PER_INCIDENT
        try:
            world.passes("30m")
        finally:
            attempts.PER_INCIDENT = kept
        world.outside.heard = []
        name = keys.attempted(world.incident.id)
        assert redis.llen(name) <= 4
        assert 0 < redis.ttl(name) <= attempts.LASTS  # type: ignore[operator]
