"""Somebody wants whom the matrix names next to be called now: alone at three in the morning, with it or without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.commands import Acknowledge, Command, EscalateNow, Mitigate, Resolve, Undeliverable
from rules.holds.hours import Hours
from rules.incident import Hold, Reason, State, StepState
from rules.oncall.roster import Roster
from rules.telling import Verdict, judge
from rules.transitions.answering import why_nobody
from tests.rules.lives import (
    CEO,
    EVERYBODY,
    LEAD,
    MINUTE,
    ON_CALL,
    P1,
    START,
    Life,
    a_policy,
    a_roster,
    everywhere,
    heard_so_far,
    opened,
    to_severity,
)

ANA = Acknowledge(by="ana", via="cli")
NOW = EscalateNow(by="ana", via="cli", roster=EVERYBODY)


def states(life: Life) -> list[StepState]:
    """What has become of each step."""
    return [step.state for step in life.incident.steps]


def test_the_next_step_is_called_now_and_nobody_else() -> None:
    """The lead hears at once who wants them; the CEO's time stays as it was, and the lead is not called twice."""
    life = heard_so_far("P1").passes("2m").asks(NOW)
    assert life.said() == everywhere("called in", LEAD)
    assert {one.note for one in life.notified[-3:]} == {"ana asks for you now: it is P1, and nobody has it"}
    assert {one.by for one in life.notified[-3:]} == {"ana"}
    assert life.history("called in") == ["ana calls in engineering lead"]
    assert life.incident.steps[1].asked_by == "ana"
    assert life.wakes_in() == 28
    assert life.passes("27m").said() == []
    assert life.passes("1m").said() == everywhere("escalated", CEO)


@pytest.mark.parametrize(("answer", "state"), [(ANA, State.ACKNOWLEDGED), (Mitigate(by="ana", via="cli"), "mitigated")])
def test_whoever_has_it_keeps_it_and_gets_help(answer: Command, state: str) -> None:
    """«I have it but need my lead»: the lead is called, it stays answered, and no further step comes by itself."""
    life = heard_so_far("P1").asks(answer)
    life.said()
    life.asks(NOW)
    assert life.said() == everywhere("called in", LEAD)
    assert (life.incident.state, life.incident.acknowledged_by) == (state, "ana")
    assert life.wakes_in() is None
    assert life.asks(NOW).said() == everywhere("called in", CEO)
    assert states(life) == [StepState.SENT] * 3


def test_a_call_for_help_is_sent_though_somebody_has_it() -> None:
    """Other pages are not; and once it has recovered, nobody has to come any more."""
    life = opened("P1").asks(ANA).asks(NOW)

    def verdict(reason: Reason) -> Verdict:
        return judge(reason, 1, life.incident, age=0, waits=False, told_here=False, never_told=lambda: False)[0]

    assert (verdict(Reason.CALLED), verdict(Reason.ESCALATED)) == (Verdict.SEND, Verdict.SKIPPED)
    life.clears()
    assert verdict(Reason.CALLED) is Verdict.SKIPPED


def test_at_the_end_of_the_matrix_nobody_is_left_and_it_says_so() -> None:
    """Nothing changes, and the sentence names who has been told and what can still be done."""
    life = heard_so_far("P1").passes("31m")
    life.said()
    before = life.incident
    assert why_nobody(before, life.now) == (
        "The matrix is at its end: on-call engineer, engineering lead, ceo have been told. "
        "To bring in somebody else, assign it to them."
    )
    assert life.asks(NOW).incident is before
    assert life.said() == []


def test_the_end_of_a_short_matrix_is_said_of_one() -> None:
    """Where the matrix has a single row: one person has been told."""
    life = opened("P4").asks(ANA)
    life.said()
    assert "The matrix is at its end: on-call engineer has been told." in why_nobody(life.incident, life.now)


def test_what_is_over_calls_nobody() -> None:
    """Resolved or recovered: the sentence says which, and by whom."""
    life = opened("P1").clears()
    assert why_nobody(life.incident, life.now) == "Nobody is called: it is recovered."
    life.asks(Resolve(by="ana", via="cli"))
    assert why_nobody(life.incident, life.now) == "Nobody is called: it is resolved by ana."


def test_who_raised_it_after_answering_gets_whom_the_worse_severity_names() -> None:
    """Acknowledged as a P3 and found to be a P1: the engineering lead comes, not the P3's team lead."""
    life = heard_so_far("P3").asks(ANA).asks(to_severity(P1))
    life.said()
    life.asks(NOW)
    assert life.said() == everywhere("called in", LEAD)
    assert [step.role for step in life.incident.steps] == [ON_CALL, "team lead", LEAD]
    assert life.asks(NOW).said() == everywhere("called in", CEO)
    assert why_nobody(life.incident, life.now).startswith("The matrix is at its end")


def test_where_the_next_is_nobody_the_one_after_comes() -> None:
    """A schedule that is empty now costs no time, with or without an answer."""
    for life in (heard_so_far("P1"), heard_so_far("P1").asks(ANA)):
        life.said()
        life.asks(EscalateNow(by="ana", via="cli", roster=a_roster(LEAD)))
        assert [one for one in life.said() if CEO in one] == everywhere("called in", CEO)
        assert not life.incident.exhausted


def test_a_silence_does_not_keep_whom_a_person_wants() -> None:
    """It is for what comes by itself; that stays held back."""
    life = heard_so_far("P1")
    hold = Hold(silence="deploy", since=life.now, until=life.now + 60 * MINUTE, why="a deployment")
    life.incident = life.incident.changed(hold=hold)
    assert life.asks(NOW).said() == everywhere("called in", LEAD)
    assert life.wakes_in() == 60


def test_nor_do_their_hours() -> None:
    """A P3 waits for the morning by itself; whoever needs the team lead now gets the team lead now."""
    office = Hours(name="office", timezone="UTC", spans=((0, 1),))
    roster = Roster(
        {**EVERYBODY.reaches, "team lead": replace(EVERYBODY.reach("team lead"), hours=office)}, frozenset()
    )
    life = heard_so_far("P3", policy=a_policy(hours=replace(office, spans=((0, 1440),))))
    assert life.asks(EscalateNow(by="ana", via="cli", roster=roster)).said() == ["called in: team lead (dan) on slack"]


def test_a_call_that_does_not_get_through_goes_the_fallback_and_is_told_to_whoever_asked() -> None:
    """Acknowledged or not: help that does not come must not look as if it did."""
    life = heard_so_far("P1", policy=a_policy(fallback=("sms",))).asks(ANA).asks(NOW)
    life.said()

    def fails(channel: str) -> None:
        life.asks(
            Undeliverable(
                channel=channel, role=LEAD, person="maria", step=1, ladder=1, why="410 Gone", roster=EVERYBODY
            )
        )

    fails("pager")
    assert life.said() == ["called in: engineering lead (maria) on sms"]
    for channel in ("mail", "slack"):
        fails(channel)
    assert life.said() == []
    fails("sms")
    assert "update: on-call engineer (ana) on pager" in life.said()
    assert life.notified[-1].note == "engineering lead could not be told on any channel"
    assert life.incident.steps[1].state is StepState.FAILED
    assert life.now == START
    assert life.wakes_in() is None
    assert life.passes("60m").said() == []
    assert life.incident.severity_since + 60 * MINUTE == life.now
