"""A whole P1: from the first charge that fails at Stripe to the reviewed post-mortem, with every message read."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest
from redis import Redis

from router.sources import TYPES
from router.sources.contract import Delivery, Options
from rules.commands import Acknowledge, Mitigate, Resolve
from rules.event import Event
from rules.incident import Reason, State
from rules.postmortem.reading import marked
from rules.postmortem.record import Stage
from rules.responding.response import Part, Status
from rules.responding.response_commands import PostUpdate, StateImpact, TakePart, Tick
from tests.outside import Heard
from tests.world import RULES, World, a_world
from workers.channels.contract import Reply
from workers.ledger import Refused
from workers.postmortems import shelf
from workers.postmortems.changing import By, Postmortems

API = "https://shop.example.com/health"
SHOP = (
    RULES.replace("postmortems: {always: [], impact: {}, touching: {}}\n", "")
    .replace(
        "respond_within: 15m,",
        "respond_within: 15m, triage: [api], update_every: 30m, verify: paid again, incident_channel: true,",
        1,
    )
    .replace('url: "${env:SLACK_WEBHOOK_URL}"}', 'url: "${env:SLACK_WEBHOOK_URL}", token: "${env:SLACK_BOT_TOKEN}"}')
    .replace("schedules:\n", "teams:\n  payments: {people: [dan]}\nschedules:\n", 1)
    .replace(
        "rules:\n",
        """checks:
  api: {type: http, url: "https://shop.example.com/health"}
checklists:
  paid again: [{check: api}, payments are processing]
rules:
  - name: payments are failing
    when: {kind: stripe.charge.failed}
    more_than: {count: 10, within: 5m, quiet_for: 15m}
    then: {severity: P1, group_by: source, team: payments, labels: {area: payments}}
""",
        1,
    )
)
PAGED = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
ASSESSED = [("slack", Reason.UPDATE), ("mail", Reason.UPDATE)]


def failed_charge(world: World, number: int) -> Event:
    """What Stripe says of one charge, read as the receiver reads it."""
    charge = {"id": f"ch_{number}", "object": "charge", "amount": 4250, "currency": "eur", "status": "failed"}
    said = {
        "id": f"evt_{number}",
        "object": "event",
        "type": "charge.failed",
        "created": int(world.clock.at),
        "livemode": True,
        "data": {"object": charge | {"failure_message": "The bank did not answer."}},
    }
    delivery = Delivery(
        id=f"d{number:04}",
        source="shop-stripe",
        source_type="stripe",
        received_at=world.clock.at,
        body=orjson.dumps(said),
    )
    (event,) = TYPES["stripe"].parse(delivery, Options())
    return event


def goes_on(world: World, minutes: int) -> None:
    """A charge fails every five minutes: nobody is told of each."""
    for _ in range(minutes // 5):
        world.passes("5m")
        world.takes_in(failed_charge(world, int(world.clock.at)))
        world.works()


def said(heard: list[Heard], channel: str, reason: str) -> str:
    """All that was said there, on one line."""
    found = next(one for one in heard if one.short == (channel, reason))
    return " ".join((found.text if channel == "mail" else str(found.body)).split())


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """A shop that takes money through Stripe; its API is ill."""
    with a_world(redis, SHOP) as world:
        world.outside.pages[API] = Reply(status=502)
        yield world


def test_a_p1_from_the_first_failed_charge_to_the_reviewed_postmortem(world: World, redis: Redis) -> None:
    """Who is told what, when, and what of it is left for people to do; nothing else is said to anybody."""
    # Ten refused cards are everyday life.
    for number in range(10):
        world.takes_in(failed_charge(world, number))
        world.works()
        world.passes("10s")
    world.outside.heard_nothing()
    assert world.incidents == []

    # The eleventh opens it: the first responder is paged at once, and what the check finds follows.
    world.takes_in(failed_charge(world, 10))
    world.works()
    heard = world.outside.heard_exactly([*PAGED, *ASSESSED, ("slack", Reason.UPDATE)])
    assert "You are told as on-call engineer." in said(heard, "mail", Reason.OPENED)
    assert "counted 11 in 1m40s (opens above 10 within 5m)" in said(heard, "mail", Reason.OPENED)
    assert "api answers 502" in said(heard, "slack", Reason.UPDATE)
    assert "#inc-2026-03-02-" in said(heard[::-1], "slack", Reason.UPDATE)
    incident = world.incident
    assert (incident.severity, incident.team, incident.labels["area"]) == ("P1", "payments", "payments")
    (channel,) = world.outside.workspace.channels.values()
    assert channel.members == ["U02ANA", "U05DAN"]
    assert channel.name.startswith("inc-2026-03-02-")

    # Ana sleeps: the engineering lead is called after 15 minutes, told what the check has found.
    goes_on(world, 15)
    heard = world.outside.heard_exactly(
        [("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)]
    )
    assert "You are told as engineering lead." in said(heard, "mail", Reason.ESCALATED)
    assert "502" in said(heard, "mail", Reason.ESCALATED)

    # Maria has it, leads it, and says whom it affects. The CEO sleeps on.
    world.asks(Acknowledge(by="maria", via="slack"))
    world.asks(TakePart(part=Part.COMMANDER, by="maria", via="console", to="maria"))
    world.asks(StateImpact(by="maria", via="console", affected="everybody who pays", broken="card payments"))
    heard = world.outside.heard_exactly(
        [
            *[("pagerduty", "acknowledge")] * 2,
            ("slack", Reason.ACKNOWLEDGED),
            *[("mail", Reason.ACKNOWLEDGED)] * 2,
            ("slack", Reason.UPDATE),
        ]
    )
    assert "no further escalation: maria has it" in said(heard, "mail", Reason.ACKNOWLEDGED)
    assert "maria is the commander" in said(heard, "slack", Reason.UPDATE)

    # Half an hour without a word: she is reminded, alone first; her update tells everybody and promises the next.
    goes_on(world, 30)
    heard = world.outside.heard_exactly([("mail", Reason.REMINDER)])
    assert heard[0].to == "maria@example.com"
    assert "maria (commander), please say how it goes: an update is due." in said(heard, "mail", Reason.REMINDER)
    text = "Our deployment of 08:55 broke the payment form; we roll back."
    world.asks(PostUpdate(by="maria", via="console", text=text, status=Status.MITIGATING, next_in=3600.0))
    heard = world.outside.heard_exactly([("slack", Reason.UPDATE), *[("mail", Reason.UPDATE)] * 2])
    assert text in said(heard, "slack", Reason.UPDATE)
    assert "Next update in 1h (2026-03-02 10:46 UTC)." in said(heard, "mail", Reason.UPDATE)

    # Rolled back. What the checklist leaves to the check is looked at until it is well.
    world.outside.pages[API] = Reply(status=200)
    world.asks(Mitigate(by="maria", via="console"))
    world.outside.heard_exactly([("slack", Reason.MITIGATED), *[("mail", Reason.MITIGATED)] * 2, *both_updated()])
    with pytest.raises(Refused, match=r"1 of 2 left: 2\. payments are processing"):
        world.asks(Resolve(by="maria", via="cli"))
    world.asks(Tick(item="2", by="dan", via="console"))
    world.asks(Resolve(by="maria", via="cli", note="rolled back to 2.4.0"))
    heard = world.outside.heard_exactly(
        [*[("pagerduty", "resolve")] * 2, ("slack", Reason.RESOLVED), *[("mail", Reason.RESOLVED)] * 2]
    )
    assert "rolled back to 2.4.0" in said(heard, "slack", Reason.RESOLVED)
    assert world.incident.state is State.RESOLVED

    # A minute later the draft is written from the record.
    world.passes("1m")
    draft = shelf.one(redis, incident.id)
    assert draft is not None
    assert (draft.stage, draft.author) == (Stage.DRAFT_DUE, "maria")
    for line in ("everybody who pays", "card payments", "First alert", "## Root Cause", "rolled back to 2.4.0"):
        assert line in draft.text, line
    world.passes("1d")
    heard = world.outside.heard_exactly([("mail", Reason.REMINDER)])
    assert "the draft of the post-mortem is due in 1d" in said(heard, "mail", Reason.REMINDER)
    finish(world, incident.id, draft.text)

    # Six days later the team is asked for its review; it is held, and nothing is owed any more.
    world.passes("5d")
    heard = world.outside.heard_exactly([("mail", Reason.REMINDER)])
    assert "review of the post-mortem is due in 1d" in said(heard, "mail", Reason.REMINDER)
    assert after(world).review(incident.id, By("dan", "console")).stage is Stage.REVIEWED
    world.passes("30d")
    world.outside.heard_nothing()
    assert world.house.agenda.upcoming() == []


def both_updated() -> list[tuple[str, str]]:
    """Everybody who was told hears what the checks found."""
    return [("slack", Reason.UPDATE), *[("mail", Reason.UPDATE)] * 2]


def after(world: World) -> Postmortems:
    """What people use once it is over."""
    return Postmortems(world.redis, world.clock, world.house.ledger, "https://tocsin.example.com")


def finish(world: World, incident: str, text: str) -> None:
    """Maria fills in what nobody could know, and hands it in."""
    record = shelf.one(world.redis, incident)
    assert record is not None
    whole = text.replace("[to be filled in", "(filled in").replace("| (filled in: what shall change] | | | Open |", "")
    saved = after(world).save(incident, marked(whole, incident, record.revision), None, By("maria", "cli"), submit=True)
    assert saved.record.stage is Stage.DRAFTED
