"""An incident's own channel where something goes wrong: in Slack, on the line, or in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from redis import Redis

from rules.announcing.room import Chore
from rules.announcing.room_commands import ArchiveRoom
from rules.commands import Acknowledge, AddNote, Resolve
from rules.incident import TimelineEntry
from tests.channelled import NAME, OPENED, TALK, WITH_CHANNEL, opens, said, texts
from tests.world import SECRETS, World, a_world
from workers import keys
from workers.agenda import LEASE, Job, Lane
from workers.announcing import rooms
from workers.channels.contract import Undelivered
from workers.ledger import Refused
from workers.watch import auditor


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    with a_world(redis, WITH_CHANNEL) as world:
        yield world


CALLS = ["conversations.create", "conversations.setPurpose", "chat.postMessage", "pins.add"]
CALLS += ["conversations.invite"] * 3 + ["conversations.setTopic"]


@pytest.mark.parametrize("lost", range(1, len(CALLS) + 1))
@pytest.mark.parametrize("dies", [False, True])
def test_an_answer_that_is_lost_makes_no_second_channel(world: World, lost: int, dies: bool) -> None:
    """Slack has done it, and then the line breaks or the worker dies: whoever goes on finds it done."""

    def after(number: int) -> None:
        if number == lost:
            if dies:
                raise SystemExit
            raise Undelivered("Slack did not answer within 8s", permanent=False)

    world.outside.after_call = after
    try:
        world.hears()
    except SystemExit:
        world.restarts(world.redis)
    world.passes(LEASE + 5)
    world.outside.heard_exactly([*OPENED, TALK])
    (channel,) = world.outside.workspace.channels.values()
    assert (channel.name, channel.topic) == (NAME, "P1 · investigating · web is down")
    assert channel.purpose.startswith(f"Tocsin incident {world.incident.id}:")
    assert sorted(channel.members) == ["U02ANA", "U04VICTOR", "U05DAN"]
    assert len(channel.messages) == (2 if lost == CALLS.index("chat.postMessage") + 1 else 1)
    assert len(channel.pins) == 1


def test_a_name_that_somebody_else_has_is_numbered(world: World) -> None:
    """A channel of the same name that is not this incident's is left alone."""
    world.outside.workspace.answer("conversations.create", {"name": NAME})
    foreign = world.outside.workspace.named(NAME)
    foreign.purpose = "We talk about the web"
    world.hears()
    world.outside.heard_exactly([*OPENED, TALK])
    assert not foreign.messages
    assert world.outside.workspace.named(f"{NAME}-2").pins


def test_two_incidents_of_one_name_have_two_channels(world: World) -> None:
    """The second of a day has a 2 at its end, also while the first has just been asked for."""
    opens(world)
    world.hears(key="other", summary="web is down")
    world.outside.heard_exactly([*OPENED, TALK])
    assert {one.name for one in world.outside.workspace.channels.values()} == {NAME, f"{NAME}-2"}


def test_nobody_takes_a_channel_that_another_is_just_making(world: World) -> None:
    """Its name is reserved before Slack is asked for it, so a channel without a purpose yet is never mistaken."""

    def after(number: int) -> None:
        if number == 1:
            raise Undelivered("Slack did not answer within 8s", permanent=False)

    world.outside.after_call = after
    world.hears()
    world.passes(0.5)
    world.hears(key="other", summary="web is down")
    world.passes("5s")
    world.outside.heard_exactly([*OPENED, *OPENED, TALK, TALK])
    purposes = {one.name: one.purpose for one in world.outside.workspace.channels.values()}
    first, second = world.incidents
    assert purposes[NAME].startswith(f"Tocsin incident {first.id}:")
    assert purposes[f"{NAME}-2"].startswith(f"Tocsin incident {second.id}:")


def test_what_happens_while_slack_works_is_not_lost_and_loses_nothing(world: World) -> None:
    """Somebody acknowledges while the channel is being made: its id is kept all the same, and the answer is told."""

    def after(number: int) -> None:
        if number == 1:
            world.another(world.redis).ledger.answer(world.incident.id, Acknowledge(by="ana", via="console"))

    world.outside.after_call = after
    world.hears()
    world.passes("15s")
    world.outside.heard.clear()
    assert world.outside.called.count("conversations.create") == 1
    assert "conversations.list" not in world.outside.called
    assert "acknowledged by ana" in texts(world.outside.workspace.named(NAME))[0]


def test_what_happens_while_nothing_is_left_to_do_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note is written between the last look at the incident and its conclusion."""
    opens(world)
    store, read = world.house.store, world.house.store.timeline
    world.asks(AddNote(by="ana", via="console", text="first"))

    def timeline(incident_id: str) -> list[TimelineEntry]:
        lines = read(incident_id)
        room = world.incident.response.room
        if room is not None and room.said == len(lines) and room.shown == room.changed:
            monkeypatch.setattr(store, "timeline", read)
            world.house.ledger.answer(incident_id, AddNote(by="ana", via="console", text="second"))
        return lines

    monkeypatch.setattr(store, "timeline", timeline)
    world.passes("30s")
    assert "second" in said(world.outside.workspace.named(NAME))


def test_a_missing_scope_is_named_once(world: World) -> None:
    """In the history and to whoever is told; the incident goes on, and the channel comes once the scope is there."""
    world.outside.workspace.scopes.discard("channels:manage")
    world.hears()
    updates = [("slack", "update"), ("mail", "update")]
    heard = world.outside.heard_exactly([*OPENED, *updates])
    assert "its token lacks the scope channels:manage." in next(one.text for one in heard if one.short == updates[1])
    world.asks(Acknowledge(by="ana", via="console"))
    world.outside.heard_exactly([("slack", "acknowledged"), ("pagerduty", "acknowledge"), ("mail", "acknowledged")])
    world.passes("30m")
    assert len([line for line in world.history() if "channels:manage" in line]) == 1
    world.outside.workspace.scopes.add("channels:manage")
    world.passes("5m")
    world.outside.heard_exactly([TALK])
    assert "acknowledged by ana" in texts(world.outside.workspace.named(NAME))[0]


def test_a_channel_without_a_pin_is_still_one(world: World) -> None:
    """What is missing is said once, and the rest is done."""
    world.outside.workspace.scopes.discard("pins:write")
    world.hears()
    world.outside.heard_exactly([*OPENED, TALK, ("slack", "update"), ("mail", "update")])
    channel = world.outside.workspace.named(NAME)
    assert (channel.pins, len(channel.members), len(channel.messages)) == ([], 3, 1)
    world.asks(AddNote(by="ana", via="console", text="looking"))
    world.passes("1m")
    assert "looking" in said(channel)
    assert world.outside.called.count("pins.add") == 1


def test_slack_may_ask_for_patience(world: World) -> None:
    """`Retry-After` is kept to."""
    world.outside.slack_api.fails(status=429, retry_after=30)
    world.hears()
    world.outside.heard_exactly(OPENED)
    world.passes("29s")
    assert len(world.outside.called) == 1
    world.passes("2s")
    world.outside.heard_exactly([TALK])
    assert world.outside.workspace.named(NAME).pins


def test_it_is_archived_on_request_and_not_before_the_end(world: World) -> None:
    """While the incident is open its channel is needed; afterwards one person's word is enough, once."""
    channel = opens(world)
    with pytest.raises(Refused, match="is still needed: the incident is triggered"):
        world.asks(ArchiveRoom(by="ana", via="console"))
    world.asks(Resolve(by="ana", via="console"))
    world.outside.heard_exactly([("slack", "resolved"), ("pagerduty", "resolve"), ("mail", "resolved")])
    world.asks(ArchiveRoom(by="ana", via="console"))
    world.passes("15s")
    assert channel.is_archived
    assert "resolved by ana" in said(channel)
    assert world.history()[-1] == f"#{NAME} is archived"
    with pytest.raises(Refused, match="archived already"):
        world.asks(ArchiveRoom(by="ana", via="console"))


def test_what_is_archived_in_slack_stays_so(world: World) -> None:
    """Somebody did that on purpose: the history says so, and nothing further is tried."""
    channel = opens(world)
    channel.is_archived = True
    world.asks(AddNote(by="ana", via="console", text="looking"))
    world.passes("15s")
    calls = len(world.outside.called)
    assert f"#{NAME} is not kept up to date any more: it has been archived in Slack" in world.history()
    world.asks(AddNote(by="ana", via="console", text="still looking"))
    world.passes("1h")
    world.outside.heard.clear()
    assert len(world.outside.called) == calls


def test_a_deleted_assessment_is_posted_anew(world: World) -> None:
    """And pinned: whoever comes later needs it."""
    channel = opens(world)
    channel.messages.clear()
    channel.pins.clear()
    world.asks(AddNote(by="ana", via="console", text="looking"))
    world.passes("15s")
    assert channel.pins == [next(iter(channel.messages))]
    assert "looking" in texts(channel)[0]


def test_what_is_over_gets_no_channel(world: World) -> None:
    """Slack was away for as long as it burned."""
    world.outside.slack_api.fails(status=503, times=100)
    world.hears()
    world.outside.heard_exactly(OPENED)
    world.asks(Resolve(by="ana", via="console"))
    world.outside.heard_exactly([("slack", "resolved"), ("pagerduty", "resolve"), ("mail", "resolved")])
    world.outside.slack_api.heals()
    world.passes("1h")
    assert not world.outside.workspace.channels


def test_a_slack_that_stays_away_is_told_once(world: World) -> None:
    """After some tries the history says why there is no channel; it goes on being tried."""
    world.outside.slack_api.fails(status=503, times=7)
    world.hears()
    world.passes("10m")
    world.outside.heard_exactly([*OPENED, ("slack", "update"), ("mail", "update"), TALK])
    assert [line for line in world.history() if "cannot be seen to" in line] == [
        "The channel of this incident cannot be seen to: Slack answered 503"
    ]


def test_a_lost_promise_is_made_again(world: World) -> None:
    """The auditor sees a channel that nobody is about to make."""
    world.outside.slack_api.hangs()
    world.hears()
    world.outside.heard_exactly(OPENED)
    entry = f"room-{world.incident.id}"
    world.redis.delete(keys.entry(entry))
    world.redis.zrem(keys.agenda(Lane.URGENT, Job.ANNOUNCE), entry)
    auditor.audit(world.house)
    world.works()
    world.outside.heard.clear()
    assert world.outside.workspace.named(NAME).pins


def test_the_token_is_kept_nowhere(world: World) -> None:
    """Neither in an incident nor in a promise, a history, or what is kept of what was sent."""
    opens(world)
    world.outside.workspace.scopes.clear()
    world.asks(AddNote(by="ana", via="console", text="looking"))
    world.passes("15s")
    world.outside.heard.clear()
    assert "looking" in everything(world.redis)
    assert SECRETS["SLACK_BOT_TOKEN"] not in everything(world.redis)


def everything(redis: Redis) -> str:
    """All that Redis holds, as text."""
    reads: dict[bytes, Callable[[bytes], Any]] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    return repr([reads[cast("bytes", redis.type(key))](key) for key in redis.scan_iter()])


def test_a_fault_of_ours_leaves_out_one_thing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The topic cannot be made: people hear so once, and whatever else the channel shows goes on."""
    real = rooms.request

    def request(chore: Chore, *more: Any) -> Any:
        if chore is Chore.TOPIC:
            raise KeyError(chore)
        return real(chore, *more)

    monkeypatch.setattr(rooms, "request", request)
    world.hears()
    world.outside.heard_exactly([*OPENED, TALK, ("slack", "update"), ("mail", "update")])
    assert "The channel of this incident cannot be seen to (topic: KeyError)." in world.history()
    world.asks(AddNote(by="ana", via="console", text="We roll back."))
    world.passes("20s")
    (channel,) = world.outside.workspace.channels.values()
    assert (channel.topic, world.house.agenda.parked()) == ("", [])
    assert any("We roll back." in text for text in texts(channel))
    world.outside.heard.clear()
