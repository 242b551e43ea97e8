"""The escalation matrix in time: who is told when, how it ends, and what happens where nobody can be told."""

from __future__ import annotations

import pytest

from rules.commands import Acknowledge, ChangeSeverity, Escalate, Mitigate, Resolve
from rules.incident import State, StepState
from tests.rules.lives import (
    CEO,
    EVERYBODY,
    EXHAUSTED,
    LEAD,
    MINUTE,
    ON_CALL,
    P2,
    START,
    TEAM_LEAD,
    a_policy,
    a_roster,
    everywhere,
    heard_so_far,
    opened,
)


def test_opening_tells_the_first_responder_at_once_and_promises_the_next_step() -> None:
    """A P1 pages the on-call engineer on every channel of P1 and looks again after 15 minutes."""
    life = opened("P1")
    assert life.said() == everywhere("opened", ON_CALL)
    assert life.wakes_in() == 15
    assert life.settles_in() is None
    assert life.history() == [
        "opened as P1 by rule «the site is down»: web is down",
        "on-call engineer (ana) is told",
    ]


def test_the_whole_matrix_of_a_p1() -> None:
    """Lead at T+15, CEO at T+30, exhausted at T+45: each exactly then, nothing in between and nothing after."""
    life = heard_so_far("P1")
    assert life.passes("14m59s").said() == []
    assert life.passes("1s").said() == everywhere("escalated", LEAD)
    assert life.passes("14m59s").said() == []
    assert life.passes("1s").said() == everywhere("escalated", CEO)
    assert life.wakes_in() == 15
    assert life.passes("14m59s").said() == []
    assert life.passes("1s").said() == EXHAUSTED
    assert life.wakes_in() is None
    assert life.passes("7d").said() == []


def test_an_escalation_says_who_did_not_answer() -> None:
    """The lead reads why she is called, and the history says who was told through what."""
    life = opened("P1").passes("15m")
    assert {one.note for one in life.notified[3:]} == {"on-call engineer did not answer"}
    line = life.timeline[-1]
    assert (line.at, line.kind, line.text) == (life.now, "step", "engineering lead (maria) is told")
    assert line.detail == {"role": LEAD, "channels": "pager, slack, mail"}
    assert [(one.step, one.ladder) for one in life.notified] == [(0, 1)] * 3 + [(1, 1)] * 3


def test_a_step_without_somebody_who_was_waited_for_has_no_note() -> None:
    """The first page needs no reason beyond the incident itself."""
    assert {one.note for one in opened("P1").notified} == {None}


def test_what_became_of_each_step_is_written_down() -> None:
    """Told, when, and whom; a step still to come says nothing of the kind."""
    life = opened("P1").passes("15m")
    told = [(step.role, step.state, step.person, step.sent_at, step.due_at - START) for step in life.incident.steps]
    assert told == [
        (ON_CALL, StepState.SENT, "ana", START, 0),
        (LEAD, StepState.SENT, "maria", START + 15 * MINUTE, 15 * MINUTE),
        (CEO, StepState.WAITING, None, None, 30 * MINUTE),
    ]
    assert [step.waits_for for step in life.incident.steps] == ["", ON_CALL, LEAD]


def test_a_p3_really_waits_four_hours() -> None:
    """No cut-off of ours ends a long wait: the team lead is told after four hours, not before, not never."""
    life = heard_so_far("P3")
    assert life.passes("3h59m").said() == []
    assert life.passes("1m").said() == ["escalated: team lead (dan) on slack"]


@pytest.mark.parametrize(
    "answer",
    [
        Acknowledge(by="ana", via="slack"),
        Mitigate(by="ana", via="cli"),
        Resolve(by="ana", via="cli"),
    ],
    ids=["acknowledge", "mitigate", "resolve"],
)
def test_an_answer_stops_the_ladder(answer: Acknowledge | Mitigate | Resolve) -> None:
    """Once somebody has it nobody further is called: not at the next step, not by a late bell, not in two months."""
    life = heard_so_far("P1").passes("5m").asks(answer)
    assert life.wakes_in() is None
    life.said()
    assert life.passes("60d").said() == []
    assert life.asks(Escalate(roster=EVERYBODY)).last.effects == ()


def test_the_end_of_the_matrix_is_loud_and_final() -> None:
    """Nobody answered: everybody who was named is told on every channel that it is at its end, and that is all."""
    life = heard_so_far("P1").passes("44m")
    life.said()
    assert life.passes("1m").said() == EXHAUSTED
    assert life.incident.exhausted
    assert life.incident.state is State.TRIGGERED
    assert life.history("exhausted") == ["the matrix is exhausted: nobody has answered"]
    assert {one.note for one in life.notified[-7:]} == {"Nobody has answered, and the matrix names nobody further."}
    assert [one.step for one in life.notified[-7:]] == [0, 0, 1, 1, 2, 2, 2]
    assert life.asks(Escalate(roster=EVERYBODY)).said() == []


def test_a_severity_without_rows_is_exhausted_too() -> None:
    """A P4 nobody answers for a day is said to be unanswered."""
    life = heard_so_far("P4")
    assert life.wakes_in() == 24 * 60
    assert life.passes("24h").said() == ["exhausted: on-call engineer (ana) on slack"]


def test_the_end_of_the_ladder_can_still_be_answered() -> None:
    """An exhausted incident is open: somebody may come late and take it."""
    life = opened("P1").passes("2h").asks(Acknowledge(by="victor", via="slack"))
    assert (life.incident.state, life.incident.acknowledged_by) == (State.ACKNOWLEDGED, "victor")


def test_the_matrix_runs_again_as_often_as_asked_and_then_ends() -> None:
    """`repeat: 2`: the whole ladder three times from its bottom, then exhausted; never more."""
    life = heard_so_far("P4", policy=a_policy(repeat=2))
    again = ["escalated: on-call engineer (ana) on slack"]
    assert life.passes("24h").said() == again
    assert (life.incident.round, life.incident.exhausted) == (1, False)
    assert life.wakes_in() == 24 * 60
    assert life.passes("24h").said() == again
    assert life.passes("24h").said() == ["exhausted: on-call engineer (ana) on slack"]
    assert life.passes("30d").said() == []
    assert life.history("repeated") == [
        "nobody has answered: the matrix begins again (1 of 2)",
        "nobody has answered: the matrix begins again (2 of 2)",
    ]


def test_a_repeated_ladder_climbs_again_at_its_own_pace() -> None:
    """The second round tells each role again, counted from where the round began."""
    life = heard_so_far("P1", policy=a_policy(repeat=1)).passes("44m59s")
    life.said()
    assert life.passes("1s").said() == everywhere("escalated", ON_CALL)
    assert {one.note for one in life.notified[-3:]} == {"Nobody has answered so far."}
    assert life.passes("15m").said() == everywhere("escalated", LEAD)
    assert [(one.step, one.ladder) for one in life.notified[-6:]] == [(0, 2)] * 3 + [(1, 2)] * 3
    assert {step.round for step in life.incident.steps} == {1}


def test_where_nobody_can_be_told_the_next_step_is_taken_at_once_and_says_why() -> None:
    """An empty rotation costs no time: the lead is called now, the room hears both, and everybody reads the reason."""
    life = opened("P1", roster=a_roster(ON_CALL))
    why = "nobody to tell for on-call engineer: no on-call engineer today"
    assert life.said() == ["opened: on-call engineer (None) on slack", *everywhere("escalated", LEAD)]
    assert {one.note for one in life.notified} == {why}
    assert life.history("step") == [why, "engineering lead (maria) is told"]
    assert [step.state for step in life.incident.steps] == [StepState.NOBODY, StepState.SENT, StepState.WAITING]
    assert life.wakes_in() == 30
    assert life.passes("29m").said() == []


def test_a_person_none_of_the_channels_reaches_is_nobody_too() -> None:
    """On call but without an address: the next step at once, and the reason says what is missing."""
    life = opened("P1", roster=a_roster(channels=["sms"], rooms=[]))
    assert life.incident.exhausted
    assert life.history("step")[0] == "nobody to tell for on-call engineer: no channel of this severity reaches them"
    assert life.said() == []


def test_a_room_alone_reaches_nobody_in_person() -> None:
    """A post in a room nobody was called into is no answer to wait for: the rows follow at once."""
    life = opened("P3", roster=a_roster(channels=[]))
    assert life.said() == [
        "opened: on-call engineer (ana) on slack",
        "escalated: team lead (dan) on slack",
        "exhausted: team lead (dan) on slack",
    ]


def test_a_role_the_rules_no_longer_name_is_nobody() -> None:
    """Steps are frozen, roles are looked up when the time comes: a vanished one does not stop the ladder."""
    life = heard_so_far("P1")
    life.roster = a_roster()
    del life.roster.reaches[LEAD]
    life.passes("15m")
    assert life.said() == ["escalated: engineering lead (None) on slack", *everywhere("escalated", CEO)]
    assert life.history("step")[-2] == (
        "nobody to tell for engineering lead: the rules name no role 'engineering lead' any more"
    )


def test_nobody_at_all_is_exhausted_at_once() -> None:
    """When the matrix reaches nobody, that is said in the room immediately and no step is promised any more."""
    life = opened("P1", roster=a_roster(ON_CALL, LEAD, CEO))
    assert life.said() == [
        "opened: on-call engineer (None) on slack",
        "escalated: engineering lead (None) on slack",
        "escalated: ceo (None) on slack",
        "exhausted: ceo (None) on slack",
    ]
    assert life.incident.exhausted
    assert life.wakes_in() is None


def test_nobody_now_may_be_somebody_in_the_next_round() -> None:
    """With rounds left, a ladder that reached nobody is not given up: it begins again at its time."""
    life = heard_so_far("P1", policy=a_policy(repeat=1), roster=a_roster(ON_CALL, LEAD, CEO))
    assert not life.incident.exhausted
    assert life.wakes_in() == 45
    life.roster = EVERYBODY
    assert life.passes("45m").said() == everywhere("escalated", ON_CALL)


def test_whoever_is_on_call_when_the_step_is_due_is_told() -> None:
    """Roles are people at the time of the page, not at the time of the incident."""
    life = heard_so_far("P3")
    life.roster = a_roster()
    life.roster.reaches[TEAM_LEAD] = life.roster.reaches[LEAD]
    assert life.passes("4h").said() == ["escalated: team lead (maria) on slack"]


def test_each_notification_waits_for_the_one_that_went_the_same_way() -> None:
    """A room hears everything in order; two people's pagers do not wait for each other."""
    life = opened("P1").passes("15m")
    after = {one.entry: one.after for one in life.notified}
    assert after == {
        "n-inc-1-1": None,
        "n-inc-1-2": None,
        "n-inc-1-3": None,
        "n-inc-1-4": None,
        "n-inc-1-5": "n-inc-1-2",
        "n-inc-1-6": None,
    }


def test_a_channel_that_is_both_personal_and_a_room_is_used_once() -> None:
    """A room that also knows people's names gets one post a step."""
    life = opened("P3", roster=a_roster(channels=["slack"]))
    assert life.said() == ["opened: on-call engineer (ana) on slack"]


def test_the_end_names_each_role_once_where_a_role_stands_twice() -> None:
    """Lowering may leave the lead on the ladder twice; at its end she is called once on each channel."""
    life = opened("P1").passes("15m")
    life.asks(ChangeSeverity(by="ana", via="cli", to=P2, roster=EVERYBODY)).passes("1h59m")
    life.said()
    assert life.passes("1m").said() == [
        "exhausted: on-call engineer (ana) on pager",
        "exhausted: engineering lead (maria) on pager",
        "exhausted: engineering lead (maria) on slack",
    ]
