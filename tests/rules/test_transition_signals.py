"""What events do to an incident: firing again, joining, getting worse, clearing, recovering."""

from __future__ import annotations

import pytest

from rules.commands import Acknowledge, Heard, Mitigate, Settle
from rules.event import Action
from rules.incident import State
from rules.transitions.on_events import TIMELINE_SIGNALS
from tests.rules.lives import (
    LEAD,
    MINUTE,
    ON_CALL,
    P1,
    P2,
    P3,
    START,
    an_event,
    everywhere,
    heard_so_far,
    opened,
    to_severity,
)

ANA = Acknowledge(by="ana", via="slack")


def test_a_repeat_is_counted_and_pages_nobody() -> None:
    """The monitor says `down` every minute: one incident, a higher count, silence, the ladder untouched."""
    life = heard_so_far("P1").passes("1m").fires("P1", count=3)
    signal = life.incident.signals["uptime/web"]
    assert (life.incident.count, signal.first_seen, signal.last_seen) == (4, START, START + MINUTE)
    assert (life.last.effects, life.last.timeline) == ((), ())


@pytest.mark.parametrize("state", ["acknowledged", "mitigated"])
def test_a_repeat_is_quiet_in_every_open_state(state: str) -> None:
    """Whoever has it is not called by what they know."""
    life = heard_so_far("P1").asks(ANA if state == "acknowledged" else Mitigate(by="ana", via="cli"))
    life.said()
    assert life.fires("P1").said() == []
    assert (life.incident.count, life.incident.state) == (2, state)


def test_an_event_that_came_before_is_ignored() -> None:
    """Older by the sender's clock, or the same delivery handed in twice: the very same incident."""
    life = opened("P1", occurred_at=START, delivery="d-5")
    before = life.incident
    assert life.fires("P1", occurred_at=START - 1).incident is before
    assert life.fires("P1", occurred_at=START, delivery="d-5").incident is before
    assert life.clears(occurred_at=START - 1).incident is before
    assert life.clears(occurred_at=START, delivery="d-5").incident is before


def test_a_late_event_does_not_turn_the_clock_back() -> None:
    """Last seen is the latest there was, whatever order deliveries come in."""
    life = opened("P1", occurred_at=START)
    life.fires("P1", occurred_at=START + 1, at=START - 60)
    assert life.incident.signals["uptime/web"].last_seen == START
    life.clears(occurred_at=START + 2, at=START - 60)
    assert life.incident.signals["uptime/web"].last_seen == START


def test_a_further_signal_joins_without_a_page() -> None:
    """A second monitor of the group: one line of history; an acknowledged incident is not paged by its new child."""
    life = heard_so_far("P1").asks(ANA)
    life.said()
    assert life.fires("P1", "api").said() == []
    line = life.timeline[-1]
    assert (line.kind, line.text, line.detail) == ("joined", "joined by uptime: api is down", {"delivery": "d-000002"})
    assert life.incident.firing


def test_a_storm_is_counted_but_not_all_of_it_is_told() -> None:
    """The history names the first hundred signals; the others are in the count."""
    life = opened("P1")
    for number in range(TIMELINE_SIGNALS + 5):
        life.fires("P1", f"m{number}")
    assert len(life.history("joined")) == TIMELINE_SIGNALS - 1
    assert life.incident.count == TIMELINE_SIGNALS + 6


@pytest.mark.parametrize(
    "answer", [None, ANA, Mitigate(by="ana", via="cli")], ids=["open", "acknowledged", "mitigated"]
)
def test_an_event_that_is_worse_begins_the_matrix_anew(answer: Acknowledge | Mitigate | None) -> None:
    """P3 becomes P1: another emergency, so it pages and starts at zero, even when somebody had the milder one."""
    life = heard_so_far("P3")
    if answer:
        life.asks(answer)
    life.passes("10m").said()
    life.fires("P1", decision={"rule": "worse", "runbook": "r", "team": "t", "set_by": {"severity": "worse"}})
    assert life.said() == everywhere("severity raised", ON_CALL)
    assert life.wakes_in() == 15
    incident = life.incident
    assert (incident.state, incident.severity, incident.severity_since) == (State.TRIGGERED, P1, life.now)
    assert (incident.rule, incident.runbook, incident.team, incident.set_by) == (
        "worse",
        "r",
        "t",
        {"severity": "worse"},
    )
    assert (incident.acknowledged_at, incident.acknowledged_by, incident.mitigated_at) == (None, None, None)
    was = {None: "was P3, triggered", ANA: "was P3, acknowledged by ana"}.get(answer, "was P3, mitigated by ana")
    assert {one.note for one in life.notified[-3:]} == {was}
    line = next(line for line in life.timeline if line.kind == "severity")
    assert line.text == "raised from P3 to P1 by rule «worse»: web is down"
    assert line.detail == {"delivery": "d-000002"}


def test_a_worse_event_of_a_plainer_rule_keeps_runbook_and_team() -> None:
    """What the new rule does not name stays as it was."""
    life = opened("P3", decision={"runbook": "r", "team": "t"}).fires("P1")
    assert (life.incident.runbook, life.incident.team) == ("r", "t")


def test_a_worse_event_uses_the_channels_of_its_own_rule() -> None:
    """The P3's narrower channels do not narrow the P1."""
    life = heard_so_far("P3", decision={"channels": ("slack",)}).fires("P2", decision={"channels": ("mail",)})
    assert life.said() == ["severity raised: on-call engineer (ana) on mail"]
    assert len(life.fires("P1").said()) == 3


def test_an_exhausted_or_recovered_incident_that_gets_worse_is_alive_again() -> None:
    """Nothing of its former end is left: the new matrix has its whole length before it."""
    exhausted = heard_so_far("P3").passes("8h").fires("P1")
    assert (exhausted.incident.exhausted, exhausted.wakes_in()) == (False, 15)
    recovered = opened("P3").clears().fires("P1")
    assert (recovered.incident.state, recovered.incident.recovered_at) == (State.TRIGGERED, None)


def test_a_milder_event_never_lowers() -> None:
    """Events only raise."""
    life = heard_so_far("P1").fires("P4").fires("P4", "api")
    assert (life.incident.severity, life.said()) == (P1, [])


def test_when_the_last_signal_clears_it_has_recovered() -> None:
    """One of two clears: still firing. Both: nobody further is called, all who were told hear it, then it closes."""
    life = heard_so_far("P1").fires("P1", "api").passes("5m").clears(actor="the probe")
    assert life.incident.signals["uptime/web"].last_seen == life.now
    assert life.incident.signals["uptime/web"].firing is False
    assert (life.incident.state, life.said()) == (State.TRIGGERED, [])
    assert life.timeline[-1].text == "uptime says it is over by the probe: web is up"
    life.clears("api")
    assert life.incident.state is State.RECOVERED
    assert life.said() == everywhere("recovered", ON_CALL)
    assert life.notified[-1].note == "It counts as resolved when it stays quiet for 15m."
    assert life.history()[-2:] == ["uptime says it is over: api is up", "every signal has cleared"]
    assert [line.kind for line in life.timeline[-2:]] == ["cleared", "recovered"]
    assert life.timeline[-2].detail == {"delivery": "d-000004"}
    assert (life.wake_at, life.settles_in(), life.incident.recovered_at) == (None, 15, life.now)


def test_a_recovered_incident_that_stays_quiet_is_over() -> None:
    """Closed by Tocsin after the quiet time, not earlier, and without a further message."""
    life = opened("P1").clears()
    life.said()
    assert life.passes("14m59s").incident.state is State.RECOVERED
    assert life.passes("1s").incident.state is State.RESOLVED
    assert life.said() == []
    (line,) = (line for line in life.timeline if line.kind == "resolved")
    assert (line.text, line.by) == ("resolved: recovered and quiet for 15m", "Tocsin")
    assert life.incident.resolved_by == "Tocsin"


def test_an_early_look_at_a_recovered_incident_keeps_the_promise() -> None:
    """A bell that rings too soon closes nothing and is rung again."""
    life = opened("P1").clears().passes("1m")
    life.settle_at = None
    assert life.asks(Settle()).settles_in() == 14
    assert life.incident.state is State.RECOVERED


def test_recovered_and_fires_again_pages_when_nobody_had_it() -> None:
    """Flapping without an answer: the matrix from its bottom, and the look at the quiet is withdrawn."""
    life = opened("P1").passes("16m").clears().passes("5m")
    life.said()
    life.fires("P1")
    assert life.said() == everywhere("fired again", ON_CALL)
    assert life.notified[-1].note == "It had recovered."
    assert (life.wakes_in(), life.settle_at) == (15, None)
    assert (life.incident.state, life.incident.recovered_at) == (State.TRIGGERED, None)
    assert life.incident.severity_since == life.now
    again = next(line for line in life.timeline if line.kind == "fired again")
    assert (again.text, again.detail) == ("fires again: web is down", {"delivery": "d-000003"})
    life.passes("15m")
    assert life.said() == everywhere("escalated", LEAD)


def test_recovered_and_fires_again_tells_whoever_had_it() -> None:
    """Ana took it before it recovered: she has it again, and nobody is paged."""
    life = opened("P3").asks(ANA).clears()
    life.said()
    life.fires("P3")
    assert life.said() == ["update: on-call engineer (ana) on slack"]
    assert life.notified[-1].note == "fires again after it had recovered; ana has it"
    assert (life.incident.state, life.incident.recovered_at) == (State.ACKNOWLEDGED, None)
    assert (life.wake_at, life.settle_at) == (None, None)


def test_a_new_signal_reopens_a_recovered_incident() -> None:
    """Another monitor of the group fires within the quiet time: the same incident pages again."""
    life = opened("P1").clears()
    life.said()
    assert life.fires("P1", "api").said() == everywhere("fired again", ON_CALL)


def test_a_signal_that_cleared_fires_again_among_others() -> None:
    """Others still fire: nobody has it, so who was told is paged; once somebody has it, they read an update."""
    life = heard_so_far("P3").fires("P3", "api").clears().fires("P3")
    assert life.said() == ["fired again: on-call engineer (ana) on slack"]
    assert life.notified[-1].note == "web is down fires again"
    life.asks(ANA).clears()
    life.said()
    assert life.fires("P3").said() == ["update: on-call engineer (ana) on slack"]
    assert life.notified[-1].note == "web is down fires again"


def test_a_late_clear_of_a_recovered_incident_changes_its_signal_only() -> None:
    """The order of the signal is kept; nothing is said twice."""
    life = opened("P1", occurred_at=START).clears(occurred_at=START + 5)
    life.said()
    before = life.incident
    assert life.clears(occurred_at=START + 3).incident is before
    assert life.clears("nobody knows").incident is before
    life.clears(occurred_at=START + 9)
    assert life.incident.signals["uptime/web"].last.occurred_at == START + 9
    assert not life.incident.signals["uptime/web"].firing
    assert (life.last.effects, life.last.timeline) == ((), ())


def test_a_clear_of_an_unknown_signal_or_a_second_one_says_nothing() -> None:
    """Only what fired can clear."""
    life = opened("P1").fires("P1", "api").clears()
    lines = len(life.timeline)
    life.clears().clears("nobody knows")
    assert (len(life.timeline), life.incident.state) == (lines, State.TRIGGERED)


def test_what_a_sender_tells_besides_is_kept() -> None:
    """A comment at the sender's: history, with who said it."""
    event = an_event(at=START, delivery="d-9", action=Action.INFO, summary="looking into it", actor="Bo")
    line = opened("P1").asks(Heard(event=event)).timeline[-1]
    assert (line.kind, line.text, line.by) == ("heard", "uptime: looking into it", "Bo")
    assert line.detail == {"delivery": "d-9", "event": "test.event"}


def test_what_a_person_has_lowered_a_repeat_does_not_raise() -> None:
    """They know better than the monitor, which only says again what it said before; a worse word is news."""
    life = heard_so_far("P2").asks(to_severity(P3)).asks(ANA)
    life.said()
    assert life.fires("P2").said() == []
    assert (life.incident.severity, life.incident.state) == (P3, State.ACKNOWLEDGED)
    life.fires("P1")
    assert (life.incident.severity, life.incident.state) == (P1, State.TRIGGERED)
    assert "severity raised: on-call engineer (ana) on pager" in life.said()


def test_critical_again_after_a_warning_is_news() -> None:
    """Critical, then a warning, lowered by a person to what the sender says; hours later critical once more."""
    life = heard_so_far("P1").fires("P3").asks(to_severity(P3)).asks(ANA)
    life.said()
    life.passes("3h").fires("P1")
    assert (life.incident.severity, life.incident.state) == (P1, State.TRIGGERED)


def test_what_a_person_has_lowered_rises_when_it_fires_anew() -> None:
    """It was over and comes back as bad as ever: that is another emergency."""
    life = opened("P2").asks(to_severity(P3)).clears().fires("P2")
    assert (life.incident.severity, life.incident.state) == (P2, State.TRIGGERED)


def test_a_room_is_told_as_a_room() -> None:
    """Whoever sends can tell a room, which hears each thing once, from a person."""
    assert [(one.channel, one.room) for one in opened("P1").notified] == [
        ("pager", False),
        ("slack", True),
        ("mail", False),
    ]
