"""A look at the ladder that comes late, early or twice."""

from __future__ import annotations

from rules.commands import Escalate
from tests.rules.lives import CEO, EVERYBODY, EXHAUSTED, LEAD, everywhere, heard_so_far


def test_a_late_wake_tells_everybody_who_is_due_exactly_once() -> None:
    """After an outage of ours of half an hour both the lead and the CEO are told, each once."""
    life = heard_so_far("P1").sleeps("31m")
    assert life.said() == everywhere("escalated", LEAD) + everywhere("escalated", CEO)
    assert life.wakes_in() == 15
    assert life.keeps_promises().said() == []


def test_who_was_told_late_has_as_long_to_answer() -> None:
    """Away for longer than the whole ladder: everybody due is told now, and its end waits for them to answer."""
    life = heard_so_far("P1").sleeps("2h")
    assert life.said() == everywhere("escalated", LEAD) + everywhere("escalated", CEO)
    assert not life.incident.exhausted
    assert life.passes("14m").said() == []
    assert life.passes("1m").said() == EXHAUSTED


def test_an_early_wake_tells_nobody_and_keeps_the_promise() -> None:
    """A bell that rings too soon changes nothing: the step stays promised for its time."""
    life = heard_so_far("P1")
    life.passes("1m").asks(Escalate(roster=EVERYBODY))
    assert life.said() == []
    assert life.wakes_in() == 14
    assert life.last.timeline == ()


def test_the_same_wake_twice_tells_nobody_twice() -> None:
    """Two workers answering one bell send one page."""
    life = heard_so_far("P1").passes("15m")
    life.said()
    assert life.asks(Escalate(roster=EVERYBODY)).said() == []
    assert life.wakes_in() == 15
