"""A page that does not get through: the fallback once, then the next step at once, and never a loop."""

from __future__ import annotations

from rules.commands import Acknowledge, Undeliverable
from rules.effects import Notify, WakeAt
from rules.incident import Reason, StepState
from tests.rules.lives import (
    CEO,
    LEAD,
    ON_CALL,
    PEOPLE,
    Life,
    a_policy,
    a_roster,
    everywhere,
    heard_so_far,
)


def fails(life: Life, channel: str, role: str = ON_CALL, step: int = 0, ladder: int = 1) -> Life:
    """One page is given up."""
    return life.asks(
        Undeliverable(
            channel=channel,
            role=role,
            person=PEOPLE[role],
            step=step,
            ladder=ladder,
            why="410 Gone",
            roster=life.roster,
        )
    )


def test_a_failed_channel_asks_the_fallback_once() -> None:
    """The pager is dead: a text message goes out instead; a second dead channel does not send a second one."""
    life = fails(heard_so_far("P1"), "pager")
    assert life.said() == ["opened: on-call engineer (ana) on sms"]
    assert life.notified[-1].note == "pager failed: 410 Gone"
    assert (life.notified[-1].step, life.notified[-1].reason) == (0, Reason.OPENED)
    assert fails(life, "mail").said() == []
    assert life.incident.steps[0].failed == ("pager", "mail")
    assert life.wakes_in() == 15


def test_a_failed_page_is_written_into_the_history() -> None:
    """Who could not be told, through what, and why."""
    life = fails(heard_so_far("P1"), "pager")
    line = life.timeline[-1]
    assert (line.kind, line.text, line.detail) == (
        "undelivered",
        "pager could not tell on-call engineer (ana): 410 Gone",
        {"channel": "pager"},
    )
    life.asks(
        Undeliverable(
            channel="slack", role=ON_CALL, person=None, step=0, ladder=1, why="no such room", roster=life.roster
        )
    )
    assert life.history()[-1] == "slack could not tell on-call engineer: no such room"


def test_when_every_way_has_failed_the_next_step_is_taken_at_once() -> None:
    """Nobody waits 15 minutes for somebody who heard nothing; the step after that keeps its time."""
    life = heard_so_far("P1")
    for channel in ("pager", "slack", "mail"):
        fails(life, channel)
    assert life.said() == ["opened: on-call engineer (ana) on sms"]
    assert life.incident.steps[0].state == "sent"
    assert fails(life, "sms").said() == everywhere("escalated", LEAD)
    assert [step.state.value for step in life.incident.steps] == ["failed", "sent", "waiting"]
    assert life.notified[-1].note == "on-call engineer could not be told on any channel"
    assert life.wakes_in() == 30
    assert life.passes("29m").said() == []
    assert life.passes("1m").said() == everywhere("escalated", CEO)


def test_a_step_of_the_matrix_falls_back_as_an_escalation() -> None:
    """The lead's fallback reads as the escalation it is."""
    life = heard_so_far("P1").passes("15m")
    life.said()
    assert fails(life, "pager", LEAD, 1).said() == ["escalated: engineering lead (maria) on sms"]


def test_a_fallback_that_is_already_a_channel_is_not_asked_again() -> None:
    """P2 falls back to mail; its other fallback is a channel it has used already."""
    assert fails(heard_so_far("P2"), "pager").said() == ["opened: on-call engineer (ana) on mail"]


def test_a_fallback_that_cannot_reach_the_person_is_left_out() -> None:
    """No number, no text message: with every other way dead the next step is taken."""
    life = heard_so_far("P1", roster=a_roster(channels=["pager", "slack"]))
    fails(life, "pager")
    assert life.said() == []
    assert fails(life, "slack").said() == [
        "escalated: engineering lead (maria) on pager",
        "escalated: engineering lead (maria) on slack",
    ]


def test_without_a_fallback_the_next_step_is_taken() -> None:
    """P3 has one channel; when it fails the team lead is told now."""
    assert fails(heard_so_far("P3"), "slack").said() == ["escalated: team lead (dan) on slack"]


def test_the_same_failure_twice_moves_nothing_twice() -> None:
    """A step that could not be told hurries the next one only; a late echo of it does not hurry the CEO."""
    life = heard_so_far("P1")
    for channel in ("pager", "slack", "mail", "sms"):
        fails(life, channel)
    life.said()
    assert fails(life, "sms").said() == []
    assert life.incident.steps[0].failed == ("pager", "slack", "mail", "sms")
    assert life.incident.steps[2].state is StepState.WAITING


def test_a_step_that_fails_after_the_next_was_told_hurries_nobody() -> None:
    """The lead has been called in the meantime: that the first page finally failed changes nothing."""
    life = heard_so_far("P3").passes("4h")
    life.said()
    assert fails(life, "slack").said() == []
    assert not life.incident.exhausted


def test_when_the_last_of_the_matrix_cannot_be_told_it_is_exhausted() -> None:
    """There is nobody further: that is said at once."""
    life = heard_so_far("P3").passes("4h")
    life.said()
    fails(life, "slack", "team lead", 1)
    assert life.said() == ["exhausted: team lead (dan) on slack"]
    assert life.wakes_in() is None


def test_with_rounds_left_the_last_one_unreachable_does_not_end_it() -> None:
    """`repeat: 1`: the ladder begins again at its time although the last role could not be told."""
    life = heard_so_far("P4", policy=a_policy(repeat=1))
    assert fails(life, "slack").said() == []
    assert life.wakes_in() == 24 * 60
    assert life.passes("24h").said() == ["escalated: on-call engineer (ana) on slack"]
    fails(life, "slack", ladder=2)
    assert life.said() == ["exhausted: on-call engineer (ana) on slack"]


def test_the_cry_that_nobody_answered_is_not_repeated_when_it_fails() -> None:
    """All ways out are dead: each failure is written down, but a dead house does not call itself for ever."""
    life = heard_so_far("P3")
    sent = 0
    while sent < len(life.notified) and sent < 50:
        page = life.notified[sent]
        sent += 1
        fails(life, page.channel, page.role, page.step or 0, page.ladder)
    assert sent == 3
    assert life.said() == ["escalated: team lead (dan) on slack", "exhausted: team lead (dan) on slack"]
    assert len(life.history("exhausted")) == 1


def test_a_failure_of_an_earlier_round_moves_nothing() -> None:
    """What failed before the ladder began again is history only."""
    life = heard_so_far("P4", policy=a_policy(repeat=1)).passes("24h")
    life.said()
    assert fails(life, "slack", ladder=1).said() == []
    assert life.incident.steps[0].failed == ()
    assert life.history()[-1].startswith("slack could not tell")


def test_a_failure_of_an_earlier_ladder_calls_nobody_who_is_still_to_come() -> None:
    """It was lowered or began anew, and a step with the same number has not been told: it keeps its time."""
    life = heard_so_far("P3").passes("4h").fires("P1")
    life.said()
    assert fails(life, "slack", "team lead", 1).said() == []
    assert life.incident.steps[1].failed == ()


def test_a_failure_from_before_a_raise_asks_no_fallback_of_the_new_ladder() -> None:
    """The first page of the P3 fails after it has become a P1: the first page of the P1 has not failed."""
    life = heard_so_far("P3").fires("P1")
    life.said()
    assert fails(life, "slack", ladder=1).said() == []
    assert life.incident.steps[0].failed == ()
    assert fails(life, "slack", ladder=2).said() == ["opened: on-call engineer (ana) on sms"]


def test_a_failure_of_a_step_the_ladder_does_not_have_is_written_down() -> None:
    """A longer ladder's page fails after it was shortened: no error, nobody called."""
    life = heard_so_far("P4")
    assert fails(life, "pager", CEO, 1).said() == []
    assert life.history()[-1] == "pager could not tell ceo (victor): 410 Gone"


def test_after_an_answer_a_failure_is_only_written_down() -> None:
    """Somebody has it: neither fallback nor next step."""
    life = heard_so_far("P3").asks(Acknowledge(by="ana", via="slack"))
    life.said()
    assert fails(life, "slack").last.effects == ()
    assert life.history("undelivered") == ["slack could not tell on-call engineer (ana): 410 Gone"]


def test_the_fallback_leaves_the_promise_of_the_next_step_alone() -> None:
    """Asking the fallback sends one notification and moves no due time."""
    effects = fails(heard_so_far("P1"), "pager").last.effects
    assert [type(effect) for effect in effects] == [Notify]
    hurried = fails(heard_so_far("P3"), "slack").last.effects
    assert isinstance(hurried[-1], WakeAt)
