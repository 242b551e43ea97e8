"""What is stored comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.commands import Acknowledge, Undeliverable
from rules.decision import Decision, Gate
from rules.event import Event
from rules.incident import Incident, State, TimelineEntry
from rules.record import as_data, decode, encode
from tests.rules.lives import EVERYBODY, ON_CALL, START, a_decision, an_event, opened

FAILED = Undeliverable(channel="pager", role=ON_CALL, person="ana", step=0, ladder=1, why="gone", roster=EVERYBODY)


def test_an_incident_in_the_middle_of_its_life_comes_back_whole() -> None:
    """Policy, signals, steps, ways told: everything frozen into it, with its types."""
    life = opened("P1", occurred_at=START - 1, decision={"channels": ("pager", "slack")}).asks(FAILED).passes("15m")
    life.fires("P1", "api").clears().asks(Acknowledge(by="ana", via="slack"))
    again = decode(Incident, encode(life.incident))
    assert again == life.incident
    assert isinstance(again.state, State)
    assert isinstance(again.channels, tuple)
    assert again.plan == life.incident.plan


def test_the_history_comes_back_line_by_line() -> None:
    """Each line as it was said."""
    for line in opened("P1").asks(Acknowledge(by="ana", via="slack")).timeline:
        assert decode(TimelineEntry, encode(line)) == line


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=3), st.one_of(st.none(), st.floats(0, 2e9)))
def test_whatever_a_sender_writes_comes_back(summary: str, labels: dict[str, str], occurred_at: float | None) -> None:
    """Any text survives being stored."""
    event = an_event(at=START, delivery="d", summary=summary, labels=labels, occurred_at=occurred_at)
    assert decode(Event, encode(event)) == event


def test_a_decision_comes_back_with_its_gate() -> None:
    """The gate is part of what the rules made of it."""
    decision = a_decision(gate=Gate(key="k", count=1, within=2.0, quiet_for=3.0), channels=("a",), labels={"b": "c"})
    assert decode(Decision, encode(decision)) == decision


def test_a_gate_of_before_gates_added_up_is_read() -> None:
    """A promise or a spool that is older: it counts, as it did."""
    stored = b'{"key":"k","count":1,"within":2.0,"quiet_for":3.0,"counts":"c"}'
    assert decode(Gate, stored) == Gate(key="k", count=1, within=2.0, quiet_for=3.0, counts="c")


def test_records_show_as_plain_data() -> None:
    """For the API: the words and numbers of the JSON, nothing typed."""
    assert as_data(Gate(key="k", count=1, within=2.0, quiet_for=3.0)) == {
        "key": "k",
        "count": 1,
        "within": 2.0,
        "quiet_for": 3.0,
        "counts": "",
        "over": None,
        "adds": "",
        "currency": "",
        "nothing": "",
        "times": None,
    }


@pytest.mark.parametrize("stored", [b"{}", b"[]", b"null", b"not json", b'{"id": 1}'])
def test_what_is_no_record_is_refused(stored: bytes) -> None:
    """A damaged record is an error, never half an incident."""
    with pytest.raises(ValidationError):
        decode(Incident, stored)
