"""An incident gets a Slack channel of its own: made once, kept up to date, and never in the way of a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from router.demo.workspace import Channel
from rules.commands import Acknowledge, AddNote, ChangeSeverity, Mitigate, Resolve
from rules.event import Severity
from rules.responding.response import Finding
from rules.responding.response_commands import Assess
from tests.channelled import NAME, OPENED, TALK, WITH_CHANNEL, opens, said, texts
from tests.world import World, a_world
from workers.agenda import Job, Lane


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    with a_world(redis, WITH_CHANNEL) as world:
        yield world


def test_a_p1_gets_a_channel_of_its_own(world: World) -> None:
    """Named after the day and the title; purpose, topic, pinned assessment; who is called and the team are in it."""
    channel = opens(world)
    incident = world.incident
    assert channel.purpose.startswith(f"Tocsin incident {incident.id}: web is down · https://tocsin.example.com/")
    assert channel.topic == "P1 · investigating · web is down"
    assert channel.members == ["U02ANA", "U05DAN", "U04VICTOR"]
    (assessment,) = channel.messages
    assert channel.pins == [assessment]
    (text,) = texts(channel)
    assert text.startswith("🛑 P1 · web is down\n*Severity:* P1 · *Status:* Investigating")
    assert f"#{NAME} is made: the channel of this incident" in world.history()
    assert not world.house.agenda.due(Lane.URGENT, Job.ANNOUNCE, world.clock.now())


def test_a_p3_gets_none(world: World) -> None:
    """Only the severities chosen have channels; raised to one that has, an incident gets its own then."""
    world.hears("little")
    world.outside.heard_exactly([("slack", "opened")])
    assert not world.outside.called
    world.asks(ChangeSeverity(by="ana", via="console", to=Severity.P1, roster=world.house.ledger.roster()))
    world.outside.heard_exactly(
        [("slack", "severity raised"), ("pagerduty", "trigger"), ("mail", "severity raised"), TALK]
    )
    assert world.outside.workspace.named(NAME).topic == "P1 · investigating · web is down"


def test_the_page_does_not_wait_for_slack(world: World) -> None:
    """Slack's Web API hangs: everybody is paged at once all the same, and the channel comes when Slack does."""
    world.outside.slack_api.hangs(times=3)
    world.hears()
    world.outside.heard_exactly(OPENED)
    assert not world.outside.workspace.channels
    world.passes("1m")
    world.outside.heard_exactly([TALK])
    assert next(iter(world.outside.workspace.channels.values())).name == NAME


def test_the_assessment_is_kept_up_to_date(world: World) -> None:
    """An acknowledgement is told in the channel, and the pinned message shows it, within seconds; and so is the end."""
    channel = opens(world)
    world.asks(Acknowledge(by="ana", via="console"))
    world.outside.heard_exactly([("slack", "acknowledged"), ("pagerduty", "acknowledge"), ("mail", "acknowledged")])
    world.passes("15s")
    assert "acknowledged by ana" in said(channel)
    assert "acknowledged by ana" in texts(channel)[0]
    world.asks(Resolve(by="ana", via="console", note="restarted"))
    world.outside.heard_exactly([("slack", "resolved"), ("pagerduty", "resolve"), ("mail", "resolved")])
    world.passes("15s")
    assert "*Status:* Resolved" in texts(channel)[0]
    assert channel.topic == "P1 · resolved · web is down"
    assert len(channel.pins) == 1


def test_many_changes_are_a_few_calls(world: World) -> None:
    """Twenty notes within ten seconds are one edition of the message and one telling: Slack limits both."""
    opens(world)
    before = len(world.outside.called)
    for number in range(20):
        world.asks(AddNote(by="ana", via="console", text=f"note {number}"))
        world.passes(0.4)
    world.passes("15s")
    assert sorted(world.outside.called[before:]) == ["chat.postMessage", "chat.update"]
    assert "note 0" not in said(world.outside.workspace.named(NAME))
    assert "(5 more before that: see the history)" in said(world.outside.workspace.named(NAME))


def test_what_the_checks_found_is_the_initial_assessment(world: World) -> None:
    """Told in the channel and in the pinned message; run again with the same outcome, they cost no call."""
    channel = opens(world)
    roster = world.house.ledger.roster()
    found = Finding(check="site", outcome="failed", text="site answers <502> in 0.3 s", at=world.clock.now())
    world.asks(Assess(findings=(found,), roster=roster))
    world.passes("15s")
    assert "*What checks found*\nsite answers &lt;502&gt; in 0.3 s" in texts(channel)[0]
    assert "site answers &lt;502&gt; in 0.3 s" in said(channel)
    world.asks(Mitigate(by="ana", via="console"))
    world.passes("15s")
    calls = len(world.outside.called)
    again = replace(found, at=world.clock.now(), took=0.2)
    world.asks(Assess(findings=(again,), roster=roster))
    world.passes("1m")
    world.outside.heard.clear()
    assert len(world.outside.called) == calls


def test_nothing_is_done_where_nothing_has_changed(world: World) -> None:
    """Monitors that repeat themselves cost no call."""
    opens(world)
    world.passes("1m")
    before = len(world.outside.called)
    for _ in range(5):
        world.hears()
        world.passes("15s")
    assert len(world.outside.called) == before


def test_who_is_called_later_is_asked_in_later(world: World) -> None:
    """After a quarter of an hour the engineering lead."""
    channel = opens(world)
    world.passes("15m")
    world.outside.heard_exactly([("slack", "escalated"), ("pagerduty", "trigger"), ("mail", "escalated")])
    world.passes("15s")
    assert channel.members == ["U02ANA", "U05DAN", "U04VICTOR", "U03MARIA"]


def test_it_is_answered_in_its_own_channel(redis: Redis) -> None:
    """With the signing secret its assessment has the buttons of the page, while there is something to answer."""
    bot = 'token: "${env:SLACK_BOT_TOKEN}"'
    with a_world(redis, WITH_CHANNEL.replace(bot, f'{bot}, signing_secret: "${{env:SLACK_SIGNING_SECRET}}"')) as world:
        channel = opens(world)
        assert presses(channel) == ["Acknowledge", "Resolve", "Snooze 1h"]
        world.asks(Resolve(by="ana", via="slack"))
        world.outside.heard_exactly([("slack", "resolved"), ("pagerduty", "resolve"), ("mail", "resolved")])
        world.passes("15s")
        assert presses(channel) == []


def presses(channel: Channel) -> list[str]:
    """The buttons of its assessment that answer."""
    assessment = next(iter(channel.messages.values()))
    buttons = [one for block in assessment["blocks"] if block["type"] == "actions" for one in block["elements"]]
    assert {one["value"] for one in buttons if "value" in one} <= {channel.purpose.split()[2].rstrip(":")}
    return [one["text"]["text"] for one in buttons if "value" in one]
