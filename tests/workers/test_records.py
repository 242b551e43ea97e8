"""What releases store: the records of each still read, and what a later one has written is neither used nor lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from click.testing import CliRunner
from redis import Redis

from router.cli import main
from router.problems import tell
from rules.incident import Incident, Reason, State
from rules.record import decode, encode
from rules.upcast import VERSION, NewerRecord
from tests.world import SECRETS, World, a_world
from workers import keys, release
from workers.agenda import Job, Kind, Lane
from workers.deliveries.inbox import Inbox
from workers.deliveries.intake import read_record
from workers.watch.auditor import audit

STORED = Path(__file__).parent / "stored"
RELEASES = sorted(folder.name for folder in STORED.iterdir())
P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]


def stored(version: str, kind: str) -> Any:
    """What that release stored of one kind."""
    return orjson.loads((STORED / version / f"{kind}.json").read_bytes())


def put(redis: Redis, version: str) -> None:
    """A Redis as that release left it."""
    incident, entry, delivery = (stored(version, kind) for kind in ("incident", "entry", "delivery"))
    redis.set(keys.incident(incident["id"]), orjson.dumps(incident))
    redis.zadd(keys.OPEN, {incident["id"]: incident["opened_at"]})
    redis.zadd(keys.INCIDENTS, {incident["id"]: incident["opened_at"]})
    redis.rpush(keys.timeline(incident["id"]), *map(orjson.dumps, stored(version, "timeline")))
    redis.set(keys.signal("uptime/web"), orjson.dumps(stored(version, "place")))
    redis.hset(keys.entry(entry["id"]), mapping=entry["fields"])
    redis.zadd(keys.agenda(entry["fields"]["lane"], entry["job"]), {entry["id"]: entry["due_at"]})
    told = orjson.dumps(delivery["told"])
    redis.set(keys.delivery(delivery["id"]), len(told).to_bytes(4, "big") + told + bytes.fromhex(delivery["body"]))
    redis.zadd(keys.DELIVERIES, {delivery["id"]: 1.0})


@pytest.mark.parametrize("version", RELEASES)
def test_records_of_a_release_are_read(redis: Redis, version: str) -> None:
    """Incident, history, place, promise and delivery come back whole, and go on living."""
    put(redis, version)
    with a_world(redis) as world:
        incident = world.incident
        assert (incident.state, incident.v) == (State.TRIGGERED, VERSION)
        assert [line.kind for line in world.timeline][:2] == ["opened", "step"]
        assert world.house.store.holder("uptime/web") == incident.id
        (kept,) = [Inbox(redis).whole(name.decode()) for name in redis.zrange(keys.DELIVERIES, 0, -1)]
        assert kept is not None
        assert kept.kept.judged[0].event.summary == "web is down"
        world.passes("16m")
        world.outside.heard_exactly([(channel, Reason.ESCALATED) for channel in ("slack", "mail")] + P1_PAGE[:1])


def test_the_present_records_have_a_fixture(redis: Redis) -> None:
    """What this release stores has just the fields that stand in its folder: a change of shape needs a new one."""
    with a_world(redis) as world:
        taken = written(world)
        world.works()
        world.outside.heard_exactly(P1_PAGE)
    for kind, found in taken.items():
        assert shape(found) == shape(stored(RELEASES[-1], kind)), kind


def shape(record: Any) -> Any:
    """The names in it, without the values."""
    if isinstance(record, dict):
        return {name: shape(value) for name, value in record.items()}
    return [shape(record[0])] if isinstance(record, list) and record else None


def written(world: World) -> dict[str, Any]:
    """A P1 that has just opened, as it stands in Redis."""
    redis = world.redis
    event = world.hears("outage", delivery="0DELIVERY")
    (incident_id,) = redis.zrange(keys.OPEN, 0, -1)
    name = incident_id.decode()
    step = f"{Kind.STEP}-{name}"
    entry = world.house.agenda.entry(step)
    assert entry is not None
    told, body = read_record(cast("bytes", redis.get(keys.delivery(event.delivery))))
    return {
        "incident": orjson.loads(redis.get(keys.incident(name)) or b""),
        "timeline": [orjson.loads(line) for line in cast("list[bytes]", redis.lrange(keys.timeline(name), 0, -1))],
        "place": orjson.loads(redis.get(keys.signal(event.signal_key)) or b""),
        "entry": {
            "id": step,
            "job": entry.job,
            "due_at": entry.due_at,
            "fields": {k.decode(): v.decode() for k, v in redis.hgetall(keys.entry(step)).items()},
        },
        "delivery": {
            "id": event.delivery,
            "told": told,
            "body": body.hex(),
        },
    }


def test_a_newer_incident_is_left_to_its_release(redis: Redis) -> None:
    """Pages, steps and events for it wait and are not given up; the release that can read it goes on with them."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
        incident = world.incident
        as_version(redis, incident, VERSION + 1)
        world.hears("outage", work=False)
        world.hears("minor", key="other", work=False)
        world.passes("16m")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        assert not audit(world.house).mended
        assert not redis.zcard(keys.PARKED)
        assert decode(dict[str, Any], redis.get(keys.incident(incident.id)) or b"")["v"] == VERSION + 1
        as_version(redis, incident, VERSION)
        world.passes("20s")
        last = world.house.store.incident(incident.id)
        assert last is not None
        assert last.count == 2
        told = {one.channel for one in world.outside.heard}
        assert told == {"pagerduty", "slack", "mail"}
        world.outside.heard.clear()


def as_version(redis: Redis, incident: Incident, version: int) -> None:
    """The incident as a release of that version writes it."""
    redis.set(keys.incident(incident.id), encode(incident).replace(b'"v":1}', b'"v":%d}' % version))


def test_a_newer_promise_stays_due_and_stands_in_nobodys_way(redis: Redis) -> None:
    """A worker of this release does not touch it, not even to count; what comes behind it is dealt with."""
    with a_world(redis) as world:
        world.hears("outage", work=False)
        (first,) = world.house.agenda.upcoming()
        redis.hset(keys.entry(first.id), "v", VERSION + 1)
        world.hears("minor", key="other")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.passes("1h")
        assert redis.hget(keys.entry(first.id), "attempt") == b"0"
        assert [entry for entry in world.house.agenda.upcoming() if entry.id == first.id] == []
        redis.hset(keys.entry(first.id), "v", VERSION)
        world.works()
        world.outside.heard_exactly(P1_PAGE)


def test_no_process_starts_on_what_a_later_release_has_written(redis: Redis) -> None:
    """The first to work there says so, and whoever is older refuses."""
    release.join(redis)
    release.join(redis)
    assert redis.get(keys.VERSION) == b"%d" % VERSION
    redis.set(keys.VERSION, VERSION + 1)
    with pytest.raises(NewerRecord):
        release.join(redis)
    assert redis.get(keys.VERSION) == b"%d" % (VERSION + 1)


@pytest.mark.parametrize("words", [["serve"], ["work"], ["work", "--lane", "calm"], ["doctor"]])
def test_the_command_says_why_it_does_not_start(
    redis: Redis, valkey: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    """One sentence with the two versions, one with the way out, and exit code 1."""
    redis.set(keys.VERSION, VERSION + 1)
    given = {"REDIS_URL": valkey, "TOCSIN_API_TOKEN": "t" * 32, "TOCSIN_SECRET": "s" * 32, "TOCSIN_DATA": str(tmp_path)}
    given["PORT"] = "0"
    for name, value in (given | {name: SECRETS[name] for name in ("HOOK_URL", "HOOK_SECRET")}).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "rules.yaml").write_text(BARE, encoding="utf-8")
    answer = CliRunner().invoke(main, ["--config", str(tmp_path), *words])
    assert answer.exit_code == 1, answer.output
    assert f"Redis holds a record of version {VERSION + 1}; this release reads up to version {VERSION}" in answer.output
    assert "docs/records.md" in answer.output


BARE = """
severities:
  P1: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
  P2: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
  P3: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
  P4: {means: bad, respond_within: 15m, channels: [hook], first_responder: on-call}
roles: {on-call: {person: ana}}
people: {ana: {email: ana@example.com}}
channels: {hook: {type: webhook, url: "${env:HOOK_URL}", secret: "${env:HOOK_SECRET}"}}
rules: [{name: everything, then: {severity: P3}}]
"""


def test_a_person_who_asks_the_wrong_process_is_told(redis: Redis) -> None:
    """The API of this release answers 503 for what only a later one can read, and says whom to ask."""
    answer = asyncio.run(tell(cast("Any", None), NewerRecord(VERSION + 1)))
    assert answer.status_code == 503
    assert b"Please ask a process of the later release" in answer.body
