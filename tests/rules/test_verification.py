"""The resolve gate: what keeps an incident open, what is so by itself, and when it closes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.commands import Acknowledge, FalsePositive, Resolve, Undo
from rules.incident import Policy, State
from rules.plan import Item
from rules.responding.checklists import EVERYTHING, item_id
from rules.responding.response_commands import Tick, Untick
from rules.responding.updates import next_reminder
from rules.responding.verification import (
    checklist,
    checks_wanted,
    closes_at,
    item_called,
    missing,
    to_verify,
    why_not_resolved,
)
from rules.transitions.on_response import verified_by_check
from rules.transitions.refusals import refused
from rules.turn import Turn
from tests.rules.lives import EVERYBODY, MINUTE, START, Life, a_policy, opened

LOG_IN = Item(id="verify:log-in", text="Users can log in")
HEALTH = Item(id="verify:health", text="The site answers", check="health")
QUIET = Item(id="verify:quiet", text="No event for 20m", quiet_for=20 * MINUTE)
GREEN = Item(id="verify:green", text="Uptime is green", green="uptime")
ANA = Acknowledge(by="ana", via="cli")
OVER = Resolve(by="ana", via="cli")


def gated(*items: Item) -> Policy:
    """The runbook's matrix with this checklist."""
    return a_policy(verify=items)


def an_incident(*items: Item) -> Life:
    """A P1 with this checklist that Ana has."""
    life = opened("P1", gated(*items)).asks(ANA)
    life.said()
    return life


def ticks(item: str, **more: str) -> Tick:
    """Ana ticks it."""
    return Tick(item=item, by="ana", via="cli", **more)


def test_it_cannot_be_resolved_before_it_is_verified() -> None:
    """The sentence says what is missing and what to type; nothing has changed."""
    life = an_incident(LOG_IN, HEALTH, QUIET)
    assert refused(life.incident, OVER, life.now) == (
        "Not verified yet, 3 of 3 left: 1. Users can log in; 2. The site answers (waits for the check «health»); "
        "3. No event for 20m (so in 20m, if nothing comes). Tick what is so (`tocsin incidents tick inc-1 1`), "
        'or close it all the same and say why (`tocsin incidents resolve inc-1 --override "…"`).'
    )
    assert life.incident is life.asks(OVER).incident
    assert (life.said(), life.last.timeline) == ([], ())


def test_once_all_is_ticked_it_closes() -> None:
    """By its number or its id; who ticked it when stands in the incident and in the history."""
    life = an_incident(LOG_IN, HEALTH)
    life.now += 60
    life.asks(ticks("1")).asks(ticks("verify:health", answer="200 in 80 ms"))
    assert life.history("ticked") == ["done: Users can log in", "done: The site answers: 200 in 80 ms"]
    ticked = life.incident.response.ticks["verify:health"]
    assert (ticked.by, ticked.at, ticked.via, ticked.answer) == ("ana", START + 60, "cli", "200 in 80 ms")
    assert refused(life.incident, OVER, life.now) == ""
    assert life.asks(OVER).incident.state is State.RESOLVED


def test_a_reason_that_was_not_needed_is_kept_all_the_same() -> None:
    """Whoever overrides what is done already has said something about the end."""
    life = an_incident(LOG_IN).asks(ticks("1")).asks(Resolve(by="ana", via="cli", override="seen by hand"))
    assert life.history("resolved") == ["resolved by ana: seen by hand"]
    assert life.history("unverified") == []


def test_a_tick_is_of_whoever_was_first_and_can_be_taken_back() -> None:
    """Twice is once; taken back it is missing again."""
    life = an_incident(LOG_IN)
    life.asks(ticks("1")).asks(Tick(item="1", by="dan", via="cli"))
    assert life.incident.response.ticks["verify:log-in"].by == "ana"
    life.asks(Untick(item="1", by="dan", via="cli")).asks(Untick(item="1", by="dan", via="cli"))
    assert life.history("unticked") == ["not done after all: Users can log in"]
    assert len(missing(life.incident, life.now)) == 1


def test_all_of_it_is_ticked_at_once() -> None:
    """Each with a line of its own, which says that it was ticked with the others; a last one is ticked alone."""
    life = an_incident(LOG_IN, HEALTH).asks(ticks(EVERYTHING)).asks(Untick(item="1", by="dan", via="cli"))
    assert life.history("ticked") == ["done, all at once: Users can log in", "done, all at once: The site answers"]
    assert life.asks(ticks(EVERYTHING)).history("ticked")[2:] == ["done: Users can log in"]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("9", "Its checklist has no item 9: it has 1, `tocsin incidents show inc-1`."),
        ("verify:else", "Its checklist has no item else: it has 1, `tocsin incidents show inc-1`."),
        ("1", ""),
        (EVERYTHING, ""),
        ("runbook:site-down:3", "A step of a runbook is ticked by its number: `tocsin runbook inc-1 tick 1`."),
    ],
)
def test_only_what_is_on_the_checklist_can_be_ticked_of_it(item: str, why: str) -> None:
    """Other lists keep their own."""
    life = an_incident(LOG_IN)
    assert refused(life.incident, ticks(item), life.now) == why
    assert bool(life.asks(ticks(item)).last.timeline) == (why == "")


def test_where_nothing_is_asked_there_is_nothing_to_tick() -> None:
    """A sentence says so, and it closes as ever."""
    life = an_incident()
    assert refused(life.incident, ticks(EVERYTHING), life.now) == (
        "Nothing has to be verified before it is resolved: a P1 has no checklist here."
    )
    assert life.asks(OVER).incident.state is State.RESOLVED


def test_an_override_says_why_and_everybody_hears_it() -> None:
    """In the history, in the incident and in what is told; with how much was not verified."""
    life = an_incident(LOG_IN, HEALTH).asks(ticks("1"))
    life.asks(replace(OVER, note="rolled back", override="the health page itself is broken"))
    assert life.incident.state is State.RESOLVED
    assert life.incident.response.unverified == "the health page itself is broken"
    said = "closed by ana with 1 of 2 not verified: the health page itself is broken"
    assert life.history("unverified") == [said]
    assert life.notified[-1].note == f"rolled back\n{said}"


def test_an_override_of_what_is_verified_is_none() -> None:
    """Nothing was passed over, so nothing is said of it."""
    life = an_incident(LOG_IN).asks(ticks("1")).asks(replace(OVER, override="just in case"))
    assert (life.incident.state, life.incident.response.unverified) == (State.RESOLVED, None)
    assert life.history("unverified") == []


def test_an_override_taken_back_leaves_nothing() -> None:
    """It stands as before, ticks and all."""
    life = an_incident(LOG_IN)
    stood = life.incident.response
    life.asks(replace(OVER, override="why not")).asks(Undo(by="ana", via="cli", roster=EVERYBODY))
    assert (life.incident.state, life.incident.response) == (State.ACKNOWLEDGED, stood)


def test_a_tick_between_a_resolve_and_its_taking_back_is_not_lost() -> None:
    """What others did meanwhile is theirs."""
    life = an_incident(LOG_IN, HEALTH)
    life.asks(ticks("1")).asks(ticks("2")).asks(OVER).asks(Undo(by="ana", via="cli", roster=EVERYBODY))
    assert missing(life.incident, life.now) == []


def test_a_false_positive_needs_no_verification() -> None:
    """There is nothing to verify."""
    life = an_incident(LOG_IN).asks(FalsePositive(by="ana", via="cli", reason="a drill"))
    assert life.incident.state is State.RESOLVED


def test_recovered_it_waits_for_people() -> None:
    """Everybody hears so; it is quiet, and time does not close it."""
    life = an_incident(LOG_IN, QUIET).passes("5m").clears()
    assert life.said() == [f"recovered: on-call engineer (ana) on {one}" for one in ("pager", "slack", "mail")]
    assert life.history("to be verified") == ["it stays open until somebody has verified it: Users can log in"]
    assert to_verify(life.incident)
    assert (closes_at(life.incident), life.settle_at) == (None, None)
    life.passes("10h")
    assert life.incident.state is State.RECOVERED


def test_whoever_had_it_is_reminded_to_look() -> None:
    """After a while, and louder each time; then it has been said."""
    life = an_incident(LOG_IN).clears()
    life.said()
    assert life.passes("15m").said() == [
        "reminder: on-call engineer (ana) on pager",
        "reminder: on-call engineer (ana) on mail",
    ]
    assert life.notified[-1].note == (
        "ana (assignee), it has recovered and stays open until somebody has looked: Users can log in. "
        "`tocsin incidents tick inc-1 1`, or on its page."
    )
    assert "engineering lead (maria)" in "".join(life.passes("30m").said())
    assert life.passes("10h").said() == []


def test_verified_it_closes_when_it_has_been_quiet_long_enough() -> None:
    """Not before resolve_after, and not before its own quiet; both counted from when it recovered."""
    life = an_incident(LOG_IN, QUIET).passes("5m").clears().passes("1m").asks(ticks("1"))
    assert life.settles_in() == 19
    assert life.remind_at is None
    life.passes("18m")
    assert life.incident.state is State.RECOVERED
    life.passes("1m")
    assert life.incident.state is State.RESOLVED
    assert life.history("resolved") == ["resolved: verified, recovered and quiet for 15m"]


def test_verified_late_it_closes_at_once() -> None:
    """It has been quiet for long; a tick taken back before that keeps it open."""
    life = an_incident(LOG_IN).clears().passes("2h").asks(ticks("1"))
    assert life.due is not None
    assert life.due <= life.now
    life.asks(Untick(item="1", by="ana", via="cli"))
    assert life.settle_at is None
    assert life.asks(ticks("1")).keeps_promises().incident.state is State.RESOLVED


def test_what_time_brings_closes_by_itself() -> None:
    """A checklist that asks nobody anything only takes longer."""
    life = an_incident(QUIET, GREEN).clears()
    assert not to_verify(life.incident)
    assert life.settles_in() == 20
    assert life.passes("20m").incident.state is State.RESOLVED


def test_fired_again_what_was_ticked_says_nothing() -> None:
    """It was another fire; the history keeps who had ticked it, and they tick it anew."""
    life = an_incident(LOG_IN).asks(ticks("1")).passes("1m").clears().passes("1m").fires()
    assert len(missing(life.incident, life.now)) == 1
    life.asks(ticks("1"))
    assert missing(life.incident, life.now) == []
    assert life.incident.response.ticks["verify:log-in"].at == life.now


def test_quiet_is_counted_from_the_last_event() -> None:
    """Each further event begins it anew."""
    life = an_incident(QUIET).passes("15m").fires().passes("10m")
    (line,) = checklist(life.incident, life.now)
    assert (line.done, line.said) == (False, "so in 10m, if nothing comes")
    life.passes("10m")
    assert checklist(life.incident, life.now)[0].done


@pytest.mark.parametrize(("source_type", "said"), [("pingdom", "fires: web is down"), ("sentry", "green")])
def test_green_asks_only_its_own_senders(source_type: str, said: str) -> None:
    """A name, a type or a family, as in a rule."""
    life = opened("P1", gated(GREEN), source="shop", source_type=source_type)
    (line,) = checklist(life.incident, life.now)
    assert (line.done, line.said) == (source_type == "sentry", said)


def test_a_check_ticks_its_item_and_takes_back_only_its_own() -> None:
    """What a person has seen stands, whatever the check says later."""
    life = an_incident(HEALTH)
    assert checks_wanted(life.incident) == ("health",)

    def says(check: str, *, ok: bool) -> list[str]:
        turn = Turn(life.incident, life.now)
        verified_by_check(turn, check, ok=ok, said="200 in 80 ms")
        life.incident = turn.incident
        return [line.text for line in turn.timeline]

    assert says("other", ok=True) == []
    assert says("health", ok=True) == ["done: The site answers: 200 in 80 ms"]
    assert says("health", ok=True) == []
    assert missing(life.incident, life.now) == []
    assert says("health", ok=False) == ["not done after all: The site answers"]
    life.asks(ticks("1"))
    assert says("health", ok=False) == []


def test_a_milder_severity_has_its_own_checklist() -> None:
    """The gate is that of the severity it has now."""
    policy = gated(LOG_IN)
    plans = {one: replace(plan, verify=() if one.value == "P3" else plan.verify) for one, plan in policy.plans.items()}
    life = Life(Policy(plans=plans), EVERYBODY).opens("P3").asks(ANA)
    assert why_not_resolved(life.incident, life.now) == ""


def test_items_have_ids_that_stay_with_their_words() -> None:
    """Readable where they can be, and never the same for two."""
    assert item_id("Users can log in") == item_id("Users can log in")
    assert item_id("Users can log in").startswith("verify:users-can-log-in-")
    assert item_id("Нет ошибок") != item_id("Нет жалоб")
    assert len(item_id("x" * 500)) < 50


@pytest.mark.parametrize(
    ("name", "text"), [("1", "Users can log in"), ("verify:health", "The site answers"), ("0", None), ("³", None)]
)
def test_an_item_is_called_by_number_or_id(name: str, text: str | None) -> None:
    """And by nothing else."""
    found = item_called(an_incident(LOG_IN, HEALTH).incident, name)
    assert (found.text if found else None) == text


def test_nothing_is_owed_of_what_was_verified_in_time() -> None:
    """The reminder goes with the last tick."""
    life = an_incident(LOG_IN).clears()
    assert next_reminder(life.incident) == life.now + 15 * MINUTE
    life.asks(ticks("1"))
    assert next_reminder(life.incident) is None
