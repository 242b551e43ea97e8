"""What an incident leaves: from the end over a week and longer, with everybody who is reminded of it."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, FalsePositive, Mitigate, Resolve, Undo
from rules.event import Action
from rules.incident import Incident, Reason
from rules.postmortem.reading import marked
from rules.postmortem.record import Postmortem, Stage, Status
from tests.outside import Heard
from tests.world import RULES, World, a_world
from workers import keys
from workers.agenda import Kind
from workers.ledger import Refused
from workers.postmortems import shelf
from workers.postmortems.changing import By, Postmortems
from workers.watch.auditor import audit

NEEDED = RULES.replace("postmortems: {always: [], impact: {}, touching: {}}\n", "")
OVER = Resolve(by="ana", via="cli")
ANA, DAN = By("ana", "cli"), By("dan", "console")
ALONE = [("mail", Reason.REMINDER)]
LOUD = [("mail", Reason.REMINDER), ("slack", Reason.REMINDER)]


def after(world: World) -> Postmortems:
    """What people use."""
    return Postmortems(world.redis, world.clock, world.house.ledger, "https://tocsin.example.com")


def record(world: World) -> Postmortem:
    """As it stands in Redis."""
    found = shelf.one(world.redis, world.incident.id)
    assert found is not None
    return found


def ended(world: World, how: str = "outage", **more: object) -> Incident:
    """An incident that ana had for 40 minutes; a minute later Tocsin has written down what it knows."""
    world.hears(how, **more)  # type: ignore[arg-type]
    world.asks(Acknowledge(by="ana", via="cli"), world.incidents[-1])
    world.passes("40m")
    incident = world.asks(OVER, world.incidents[-1])
    world.passes("1m")
    world.outside.heard.clear()
    return incident


def promised(world: World, incident: str) -> list[float]:
    """When its post-mortem is looked at next, in seconds from now."""
    return [
        entry.due_at - world.clock.at
        for entry in world.house.agenda.upcoming()
        if entry.kind is Kind.REVIEW and entry.incident == incident
    ]


def finished(one: Postmortem) -> str:
    """Its document with nothing left to be filled in, as somebody hands it in."""
    text = one.text.replace("[to be filled in", "(filled in").replace(
        "| (filled in: what shall change] | | | Open |", ""
    )
    return marked(text, one.incident, one.revision)


def test_a_p1_from_its_end_to_the_reviewed_postmortem(redis: Redis) -> None:
    """Draft, reminder, submission, review, and an action item that is done late: nothing is asked for twice."""
    with a_world(redis, NEEDED) as world:
        incident = ended(world)
        one = record(world)
        assert (one.stage, one.author, one.why) == (Stage.DRAFT_DUE, "ana", ("it was a P1",))
        assert promised(world, incident.id) == [86400 - 60]
        world.passes("23h58m")
        world.outside.heard_nothing()
        world.passes("1m")
        (mail,) = world.outside.heard_exactly(ALONE)
        assert "ana, the draft of the post-mortem is due in 1d (it was a P1). Finish it" in said(mail)
        assert f"https://tocsin.example.com/postmortems/{incident.id}" in mail.text
        saved = after(world).save(incident.id, finished(one), None, ANA, submit=True)
        assert (saved.record.stage, list(saved.blanks)) == (Stage.DRAFTED, [])
        assert "ana submitted the draft of the post-mortem" in world.history()
        world.passes("1d")
        world.outside.heard_nothing()
        after(world).add_item(incident.id, ANA, "Alert on queue length", "Dan", "2026-03-12")
        world.passes("4d")
        (mail,) = world.outside.heard_exactly(ALONE)
        assert "the team's review of the post-mortem is due in 1d" in said(mail)
        assert after(world).review(incident.id, DAN).stage is Stage.REVIEWED
        world.passes("4d")
        (mail,) = world.outside.heard_exactly(ALONE)
        assert mail.to == "dan@example.com"
        assert "dan, action item 1 is due today: Alert on queue length." in said(mail)
        after(world).change_item(incident.id, DAN, 1, status=Status.DONE)
        assert promised(world, incident.id) == []
        assert shelf.ids(redis, unfinished=True) == []
        world.passes("60d")
        world.outside.heard_nothing()


def said(mail: Heard) -> str:
    """Its words on one line."""
    return " ".join(mail.text.split())


def test_nobody_writes_it_and_the_matrix_hears_of_it(redis: Redis) -> None:
    """Ana, then the lead too, then the ceo, then every week ana and the lead. PagerDuty wakes nobody for a document."""
    with a_world(redis, NEEDED) as world:
        ended(world)
        world.passes("2d")
        world.outside.heard_exactly([*ALONE, *LOUD])
        for passes, further in (("1d", "maria"), ("1d", "victor"), ("7d", "maria"), ("7d", "maria")):
            world.passes(passes)
            heard = world.outside.heard_exactly([*LOUD, *ALONE])
            assert {one.to for one in heard if "@" in one.to} == {"ana@example.com", f"{further}@example.com"}
        assert any(text.startswith("victor (ceo) is reminded: victor, the draft") for text in world.history())


def test_the_end_taken_back_takes_it_back(redis: Redis) -> None:
    """Nothing is promised, nothing is written, and the auditor finds all in order; the next end promises anew."""
    with a_world(redis, NEEDED) as world:
        world.hears("outage")
        world.asks(OVER)
        assert promised(world, world.incident.id) == [60.0]
        world.passes("10s")
        world.asks(Undo(by="ana", via="cli", roster=world.house.ledger.roster()))
        assert promised(world, world.incident.id) == []
        assert shelf.ids(redis, unfinished=True) == []
        assert not audit(world.house).mended
        world.passes("5m")
        assert shelf.one(redis, world.incident.id) is None
        world.asks(OVER)
        world.passes("2m")
        assert record(world).draft_due == world.incident.response.postmortem.draft_due
        world.outside.heard.clear()


def test_what_was_written_before_the_end_was_taken_back_stays(redis: Redis) -> None:
    """Somebody was quick; then it went on. Their text is kept, the deadlines are the new ones."""
    with a_world(redis, NEEDED) as world:
        world.hears("outage")
        incident = world.asks(OVER)
        first = after(world).read(world.incident)
        assert first is not None
        after(world).save(incident.id, marked(first.text + "\nmine\n", incident.id, 1), None, ANA)
        world.asks(Undo(by="ana", via="cli", roster=world.house.ledger.roster()))
        with pytest.raises(Refused, match="still open"):
            after(world).review(incident.id, ANA)
        world.passes("1h")
        world.asks(OVER)
        world.passes("2m")
        one = record(world)
        assert one.text.endswith("mine\n")
        assert (one.draft_due, one.revision) == (world.incident.response.postmortem.draft_due, 2)
        world.outside.heard.clear()


@pytest.mark.parametrize(
    ("how", "lasts", "labels", "needed"),
    [("degraded", "30m", {}, False), ("degraded", "31m", {}, True), ("minor", "5h", {}, False),
     ("minor", "1m", {"area": "payments"}, True)],
)  # fmt: skip
def test_who_needs_none_is_left_in_peace(
    redis: Redis, how: str, lasts: str, labels: dict[str, str], *, needed: bool
) -> None:
    """The runbook's rule, from the YAML's defaults to the agenda."""
    with a_world(redis, NEEDED) as world:
        world.hears(how, labels=labels)
        world.passes(lasts)
        world.asks(Mitigate(by="ana", via="cli"))
        world.passes("3h")
        world.asks(OVER)
        world.outside.heard.clear()
        world.passes("2m")
        assert bool(promised(world, world.incident.id)) is needed
        assert (shelf.one(redis, world.incident.id) is not None) is needed


def test_a_false_positive_needs_none(redis: Redis) -> None:
    """Even as a P1; whoever wants one all the same asks."""
    with a_world(redis, NEEDED) as world:
        world.hears("outage")
        world.asks(FalsePositive(by="ana", via="cli", reason="a drill"))
        world.passes("2m")
        world.outside.heard.clear()
        assert shelf.ids(redis) == []
        with pytest.raises(Refused, match="needs no post-mortem"):
            after(world).waive(world.incident.id, ANA, "it was a drill")


def test_anybody_may_ask_for_one_and_waive_it(redis: Redis) -> None:
    """Both with a reason, both in the history; waived, nobody is reminded; asked for again, it goes on."""
    with a_world(redis, NEEDED) as world:
        incident = ended(world, "minor")
        assert after(world).read(world.incident) is None
        after(world).ask(incident.id, DAN, "customers asked")
        with pytest.raises(Refused, match="It owes one already: dan asked for one: customers asked"):
            after(world).ask(incident.id, ANA)
        world.passes("2m")
        assert record(world).why == ("dan asked for one: customers asked",)
        after(world).waive(incident.id, ANA, "the same as yesterday's")
        assert world.history()[-1] == "ana waived the post-mortem: the same as yesterday's"
        world.passes("30d")
        world.outside.heard_nothing()
        with pytest.raises(Refused, match="ana has waived it"):
            after(world).save(incident.id, "# x\n", 1, DAN)
        after(world).ask(incident.id, DAN, "after all")
        assert world.history()[-1] == "dan wants the post-mortem after all: after all"
        world.passes("1m")
        assert record(world).stage is Stage.DRAFT_DUE
        assert world.outside.heard
        world.outside.heard.clear()


def test_a_note_later_leaves_the_next_incident_alone(redis: Redis) -> None:
    """What is said of the old one does not end the new one that has its signal, nor counts it as resolved again."""
    with a_world(redis, NEEDED) as world:
        old = ended(world)
        lasts, counted = redis.ttl(keys.incident(old.id)), redis.hgetall(keys.count("incidents"))
        world.hears("outage")
        after(world).waive(old.id, ANA, "one is enough")
        assert redis.ttl(keys.signal("uptime/web")) == -1
        assert 0 < redis.ttl(keys.incident(old.id)) <= lasts
        now = redis.hgetall(keys.count("incidents"))
        assert {name: number for name, number in now.items() if b"resolved" in name} == {
            name: number for name, number in counted.items() if b"resolved" in name
        }
        world.hears("outage", action=Action.RESOLVE)
        world.outside.heard.clear()


def test_a_lost_promise_is_renewed(redis: Redis) -> None:
    """The auditor looks after those that are not done with."""
    with a_world(redis, NEEDED) as world:
        incident = ended(world)
        redis.delete(keys.entry(f"review-{incident.id}"))
        redis.zrem(keys.agenda("urgent", "escalate"), f"review-{incident.id}")
        assert "post-mortems had no promise" in " ".join(audit(world.house).words.values())
        world.works()
        assert promised(world, incident.id)
        world.outside.heard.clear()
        redis.zadd(keys.UNFINISHED, {"GONE": 1.0})
        audit(world.house)
        assert shelf.ids(redis, unfinished=True) == [incident.id]
        world.outside.heard.clear()
