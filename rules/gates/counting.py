"""How an event is counted at its gate, and what is said when that opens. Where gates are kept the books know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from rules.decision import Gate, Judged
from rules.duration import show_duration
from rules.event import Event
from rules.gates.gate import Reading, asked, compared, measured, member_of, opening
from rules.gates.tally import Counting, Tally, told

KEEP_GATE = 3600.0
"""Seconds a gate remembers at least, so that late events still find their company."""


class GateBooks(Protocol):
    """What is known of gates, and what is counted at them in one go with everything else."""

    def load_gates(self, gates: Mapping[str, Gate], since: Mapping[str, float]) -> None:
        """Get ready to be asked what these gates (by key) have counted, each from its time on."""

    def tally(self, gate_key: str) -> Tally:
        """What is known of a gate, what was counted in this go included."""

    def counted(self, gate: Gate, one: Counting) -> None:
        """A gate has counted an event; the same member counts once, at its latest time."""


def load(books: GateBooks, judged: Iterable[Judged]) -> None:
    """Get ready for these events: of each gate the part that can matter."""
    gates: dict[str, Gate] = {}
    since: dict[str, float] = {}
    for one in judged:
        gate = one.decision.gate if one.decision is not None else None
        if gate is not None:
            begins = happened_at(one.event) - gate.within
            since[gate.key] = min(begins, since.get(gate.key, begins))
            gates[gate.key] = gate
    if gates:
        books.load_gates(gates, since)


def count(books: GateBooks, event: Event, gate: Gate) -> bool:
    """Count the event at its gate; False when this very event has been counted before."""
    member = member_of(gate, event)
    known = member in books.tally(gate.key).counted
    at, keep = happened_at(event), max(KEEP_GATE, gate.within)
    one = Counting(
        member=member,
        at=at,
        heard=event.received_at,
        summary=event.summary,
        keep=keep,
        # What is older than the gate remembers cannot be told from a repetition.
        in_past=gate.times is not None and at > event.received_at - keep,
    )
    books.counted(gate, one)
    return not known or bool(gate.counts)


def opens(books: GateBooks, event: Event, gate: Gate) -> Reading | None:
    """Does the event, which has been counted, open its gate? The window that does."""
    return opening(gate, books.tally(gate.key), happened_at(event))


def because(reading: Reading, tally: Tally) -> str:
    """Why a gate has opened, for the history and for whoever is called: how much, of how much, and what it was."""
    gate = reading.gate
    events = f" in {reading.number} event{'s' * (reading.number > 1)}" if gate.over is not None else ""
    beside = f"; {compared(reading.usual)}" if reading.usual is not None else ""
    took = show_duration(reading.until - reading.first)
    some = told(tally.samples, reading.until - gate.within, reading.until, reading.number)
    said = f"counted {measured(reading)}{events} in {took} (opens {asked(gate)}{beside})"
    return f"{said}: {some}" if some else said


def happened_at(event: Event) -> float:
    """When it happened; a sender's clock that runs ahead of ours counts as now."""
    return event.received_at if event.occurred_at is None else min(event.occurred_at, event.received_at)
