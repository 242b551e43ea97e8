"""What people ask of an incident: taking it, ending it, changing how bad it is, and saying things about it."""

from __future__ import annotations

import pytest

from rules.commands import Acknowledge, AddNote, Assign, ChangeSeverity, Command, FalsePositive, Mitigate, Resolve
from rules.event import Severity
from rules.incident import Incident, Reason, State
from tests.rules.lives import (
    LEAD,
    MINUTE,
    ON_CALL,
    P1,
    P2,
    P3,
    P4,
    START,
    a_policy,
    everywhere,
    heard_so_far,
    opened,
    to_severity,
)

ANA = Acknowledge(by="ana", via="slack")


def fields(incident: Incident, *names: str) -> list[object]:
    """Some fields, in the order asked."""
    return [getattr(incident, name) for name in names]


def test_an_acknowledgement_tells_everybody_who_was_told() -> None:
    """Whoever has been called reads who has it now, on the same ways."""
    life = heard_so_far("P1").passes("15m")
    life.said()
    life.asks(ANA)
    assert sorted(life.said()) == [
        "acknowledged: engineering lead (maria) on mail",
        "acknowledged: engineering lead (maria) on pager",
        "acknowledged: engineering lead (maria) on slack",
        "acknowledged: on-call engineer (ana) on mail",
        "acknowledged: on-call engineer (ana) on pager",
    ]
    assert {one.by for one in life.notified[-5:]} == {"ana"}
    assert fields(life.incident, "state", "acknowledged_at", "acknowledged_by", "assignee") == [
        State.ACKNOWLEDGED,
        START + 15 * MINUTE,
        "ana",
        "ana",
    ]


DUE = "a post-mortem is due, for it was a P1: draft by 2026-03-04 09:00 UTC, review by 2026-03-09 09:00 UTC"


def test_each_answer_is_written_into_the_history() -> None:
    """Who, what and from where, in words a person reads."""
    life = opened("P1").asks(ANA)
    life.asks(Acknowledge(by="maria", via="pagerduty")).asks(Mitigate(by="ana", via="cli"))
    life.asks(AddNote(by="dan", via="web", text="rolled back")).asks(Assign(by="ana", via="cli", to="dan"))
    life.asks(Resolve(by="dan", via="web", note="the cache was full"))
    assert [(line.kind, line.text, line.by, line.via, line.at) for line in life.timeline[2:]] == [
        ("acknowledged", "acknowledged by ana", "ana", "slack", START),
        ("acknowledged", "maria acknowledges too", "maria", "pagerduty", START),
        ("mitigated", "mitigated by ana", "ana", "cli", START),
        ("note", "rolled back", "dan", "web", START),
        ("assigned", "ana assigned it to dan", "ana", "cli", START),
        ("resolved", "resolved by dan: the cache was full", "dan", "web", START),
        ("post-mortem", DUE, None, None, START),
    ]


def test_a_second_acknowledgement_takes_it_from_nobody() -> None:
    """Somebody else joins in: written down, nobody told; the same person again changes nothing at all."""
    life = heard_so_far("P1").asks(ANA)
    life.said()
    # Whoever joins in relies on it: it cannot be taken back from then on.
    before = life.incident.changed(last_answer=None)
    assert life.asks(Acknowledge(by="maria", via="slack")).incident == before
    assert life.said() == []
    assert life.asks(ANA).last.timeline == ()


def test_an_acknowledgement_after_the_end_changes_nothing() -> None:
    """A late button does not bring a resolved incident back."""
    life = opened("P1").asks(Resolve(by="ana", via="cli"))
    before = life.incident
    assert life.asks(ANA).incident is before
    assert life.last.effects == ()


def test_mitigating_also_takes_it() -> None:
    """Who stops the bleeding without a word before has it; nobody further is called, everybody told is told."""
    life = heard_so_far("P3").passes("1m").asks(Mitigate(by="dan", via="cli"))
    now = START + MINUTE
    assert fields(life.incident, "state", "mitigated_at", "acknowledged_at", "acknowledged_by") == [
        State.MITIGATED,
        now,
        now,
        "dan",
    ]
    assert life.said() == ["mitigated: on-call engineer (ana) on slack"]
    assert life.notified[-1].by == "dan"
    assert life.wake_at is None


def test_mitigating_leaves_it_with_whoever_acknowledged() -> None:
    """The first to take it stays the one who took it, and when."""
    life = opened("P3").asks(ANA).passes("5m").asks(Mitigate(by="dan", via="cli"))
    assert fields(life.incident, "acknowledged_by", "acknowledged_at") == ["ana", START]


def test_resolving_ends_it_for_everybody() -> None:
    """Nothing is promised any more; whoever was told reads the end and why."""
    life = heard_so_far("P3").passes("1m").asks(Resolve(by="ana", via="cli", note="fixed"))
    assert life.said() == ["resolved: on-call engineer (ana) on slack"]
    assert (life.notified[-1].by, life.notified[-1].note) == ("ana", "fixed")
    assert fields(life.incident, "state", "resolved_at", "resolved_by", "is_open") == [
        State.RESOLVED,
        START + MINUTE,
        "ana",
        False,
    ]
    assert (life.wake_at, life.settle_at) == (None, None)


def test_resolving_without_a_word_is_written_without_one() -> None:
    """No empty reason after a colon."""
    assert opened("P3").asks(Resolve(by="ana", via="cli")).history("resolved") == ["resolved by ana"]


def test_resolving_a_recovered_incident_withdraws_the_look_at_it() -> None:
    """It is over by a person's word; the promised look after the quiet time is no longer owed."""
    life = opened("P3").clears().asks(Resolve(by="ana", via="cli"))
    assert life.settle_at is None
    assert life.incident.resolved_by == "ana"


def test_a_false_positive_ends_it_and_says_why() -> None:
    """It never was one: closed like a resolve, with the reason kept for the rules to be mended."""
    life = heard_so_far("P3").asks(FalsePositive(by="ana", via="cli", reason="a drill"))
    assert life.said() == ["false positive: on-call engineer (ana) on slack"]
    assert (life.notified[-1].by, life.notified[-1].note) == ("ana", "a drill")
    assert fields(life.incident, "state", "false_positive", "resolved_by") == [State.RESOLVED, "a drill", "ana"]
    line = life.timeline[-1]
    assert (line.kind, line.text, line.by, line.via) == (
        "false positive",
        "marked as a false positive by ana: a drill",
        "ana",
        "cli",
    )
    assert life.wake_at is None


def test_assigning_tells_whoever_has_it_now_and_does_not_stop_the_ladder() -> None:
    """Being named is not yet an answer: the person is told on every channel, the matrix goes on."""
    life = heard_so_far("P1").asks(Assign(by="ana", via="cli", to="dan"))
    assert life.said() == [f"assigned: assignee (dan) on {channel}" for channel in ("pager", "slack", "mail")]
    assert {(one.by, one.note, one.step) for one in life.notified[-3:]} == {("ana", "ana assigned it to dan", None)}
    assert life.incident.assignee == "dan"
    assert life.passes("15m").said() == everywhere("escalated", LEAD)


def test_the_room_hears_an_update_once_whoever_was_called_in_it() -> None:
    """Three people called in one room: one line there when it is over, and one for each of them elsewhere."""
    life = heard_so_far("P1").passes("30m").asks(Assign(by="ana", via="cli", to="dan"))
    life.said()
    said = life.asks(Resolve(by="ana", via="cli")).said()
    assert sorted(line.rsplit(" ", 1)[1] for line in said) == ["mail"] * 4 + ["pager"] * 4 + ["slack"]


@pytest.mark.parametrize("first", [ANA, Mitigate(by="ana", via="cli")], ids=["acknowledged", "mitigated"])
@pytest.mark.parametrize(("to", "how"), [(P1, "raised"), (P4, "lowered")])
def test_changing_the_severity_of_an_answered_incident_only_tells(first: Command, to: Severity, how: str) -> None:
    """Somebody has it and says how bad it is: an update, no page, no ladder."""
    life = heard_so_far("P3").asks(first)
    life.said()
    life.passes("1m").asks(to_severity(to))
    assert life.said() == ["update: on-call engineer (ana) on slack"]
    text = f"ana {how} it from P3 to {to}"
    assert (life.notified[-1].note, life.notified[-1].by) == (text, "ana")
    assert (life.timeline[-1].kind, life.timeline[-1].text) == ("severity", text)
    assert (life.timeline[-1].by, life.timeline[-1].via) == ("ana", "cli")
    assert fields(life.incident, "severity", "severity_since") == [to, START + MINUTE]
    assert life.wake_at is None


def test_raising_an_unanswered_incident_begins_its_matrix_at_zero() -> None:
    """A P3 that turns out to be a P1 after ten minutes: on-call now, the lead 15 minutes from now."""
    life = heard_so_far("P3").passes("10m").asks(to_severity(P1))
    assert life.said() == everywhere("severity raised", ON_CALL)
    assert {one.note for one in life.notified[-3:]} == {"ana raised it from P3 to P1"}
    assert life.wakes_in() == 15
    assert life.incident.severity_since == START + 10 * MINUTE


def test_the_same_severity_again_changes_nothing() -> None:
    """No restart by saying what is so already."""
    life = heard_so_far("P1").passes("5m")
    before = life.incident
    assert life.asks(to_severity(P1)).incident is before
    assert (life.last.effects, life.last.timeline) == ((), ())


def test_lowering_replaces_only_the_steps_that_were_not_sent() -> None:
    """On-call and lead have been told of a P1; as a P2 the lead is due an hour from now and the CEO never."""
    life = heard_so_far("P1").passes("20m")
    life.said()
    told = life.incident.steps[:2]
    life.asks(to_severity(P2))
    assert {line.split(":")[0] for line in life.said()} == {"severity lowered"}
    assert {(one.by, one.note) for one in life.notified[-5:]} == {("ana", "ana lowered it from P1 to P2")}
    assert life.incident.steps[:2] == told
    coming = life.incident.steps[2:]
    assert [(step.number, step.role, step.due_at - life.now) for step in coming] == [(2, LEAD, 60 * MINUTE)]
    assert life.wakes_in() == 60
    assert life.incident.exhausted_at == life.now + 120 * MINUTE
    assert life.passes("1h").said() == [
        "escalated: engineering lead (maria) on pager",
        "escalated: engineering lead (maria) on slack",
    ]


def test_lowering_by_two_keeps_the_numbers_of_steps_apart() -> None:
    """Steps that come after a lowering have numbers of their own, so that each is told once."""
    life = opened("P1").asks(to_severity(P2)).passes("1h").asks(to_severity(P3))
    assert [step.number for step in life.incident.steps] == [0, 1, 2]


def test_lowering_an_exhausted_incident_gives_it_the_milder_matrix() -> None:
    """Its end was that of the harsher severity: a new wait begins."""
    life = heard_so_far("P1").passes("45m")
    life.said()
    life.asks(to_severity(P3))
    life.said()
    assert not life.incident.exhausted
    assert life.passes("4h").said() == ["escalated: team lead (dan) on slack"]


def test_lowering_in_a_later_round_stays_in_it() -> None:
    """The steps still to come belong to the round that is running."""
    life = opened("P1", policy=a_policy(repeat=1)).passes("45m").asks(to_severity(P2))
    assert {step.round for step in life.incident.steps} == {1}


def test_lowering_to_a_severity_without_rows_waits_for_its_end() -> None:
    """A P2 lowered to P4 has no rows left: it waits for the end of P4 only."""
    life = heard_so_far("P2").asks(to_severity(P4))
    assert [step.state.value for step in life.incident.steps] == ["sent"]
    assert life.wakes_in() == 24 * 60


@pytest.mark.parametrize("answer", [Acknowledge(by="ana", via="link"), Mitigate(by="ana", via="cli")])
def test_who_answers_after_it_recovered_has_it_when_it_fires_again(answer: Acknowledge | Mitigate) -> None:
    """The monitor was faster than the button: nothing is said then, but the next down wakes nobody else."""
    life = opened("P1").clears()
    life.said()
    life.asks(answer)
    assert (life.said(), life.incident.state) == ([], State.RECOVERED)
    line = life.timeline[-1]
    assert (line.kind, line.text, line.by, line.via) == (
        "acknowledged", "ana has it, should it fire again", "ana", answer.via,
    )  # fmt: skip
    assert fields(life.incident, "acknowledged_at", "acknowledged_by", "assignee") == [life.now, "ana", "ana"]
    life.passes("1m").asks(Acknowledge(by="dan", via="cli"))
    assert fields(life.incident, "acknowledged_at", "acknowledged_by", "assignee") == [life.now - MINUTE, "ana", "ana"]
    life.passes("1m").fires("P1")
    assert (life.incident.state, life.incident.acknowledged_by) == (State.ACKNOWLEDGED, "ana")
    assert {one.reason for one in life.notified[-3:]} == {Reason.UPDATE}


def test_the_severity_of_a_recovered_incident_can_be_set_right() -> None:
    """For the post-mortem: it says how bad it was, and calls nobody."""
    life = opened("P3").clears()
    life.said()
    life.asks(ChangeSeverity(by="ana", via="cli", to=P1, roster=life.roster))
    assert life.incident.severity is P1
    assert {one.reason for one in life.notified[-1:]} == {Reason.UPDATE}
    assert life.wakes_in() is None
