"""What a gate counts: one signal that no sender takes back, which clears by quiet and by nothing else."""

from __future__ import annotations

from rules.commands import Acknowledge, Settle
from rules.decision import Gate
from rules.incident import State
from tests.rules.lives import CEO, MINUTE, START, Life, heard_so_far, opened

ANA = Acknowledge(by="ana", via="slack")
GATE = Gate(key="payments", count=10, within=300, quiet_for=15 * MINUTE)


def gated() -> Life:
    """An incident that a gate opened, its first pages already looked at."""
    return heard_so_far("P1", decision={"gate": GATE, "group_key": "payments"}, gated=True)


def test_a_gates_incident_recovers_when_it_has_been_quiet() -> None:
    """Each event puts the look off; after the quiet time without one it has recovered, and later is over."""
    life = gated()
    assert (life.settles_in(), list(life.incident.signals)) == (15, ["payments"])
    life.passes("10m").fires("P1", "other card", decision={"gate": GATE, "group_key": "payments"}, gated=True)
    assert (life.incident.count, len(life.incident.signals)) == (2, 1)
    assert life.passes("14m59s").incident.state is State.TRIGGERED
    assert life.passes("1s").incident.state is State.RECOVERED
    assert [line.text for line in life.timeline[-2:]] == [
        "other card is down: quiet for 15m",
        "every signal has cleared",
    ]
    assert life.timeline[-2].kind == "cleared"
    assert not life.incident.firing
    assert life.passes("15m").incident.state is State.RESOLVED


def test_a_gates_incident_that_fires_again_is_watched_again() -> None:
    """It recovered by quiet and an event comes: the quiet is looked for anew."""
    life = gated().asks(ANA).passes("20m").fires("P1", decision={"gate": GATE, "group_key": "payments"}, gated=True)
    assert (life.incident.state, life.settles_in()) == (State.ACKNOWLEDGED, 15)


def test_a_gates_incident_that_gets_worse_is_still_watched() -> None:
    """Raised to P1 by an event: quiet still recovers it."""
    more = {"decision": {"gate": GATE, "group_key": "payments"}, "gated": True}
    assert opened("P3", **more).passes("5m").fires("P1", **more).passes("10m").settles_in() == 5


def test_quiet_means_nothing_where_no_gate_counts() -> None:
    """A plain incident is over when its sender says so, not because nothing more was said."""
    life = opened("P1")
    assert life.asks(Settle()).last.effects == ()
    assert life.incident.state is State.TRIGGERED
    assert life.passes("30m").said()[-1] == f"escalated: {CEO} (victor) on mail"


def test_quiet_clears_what_a_gate_counts_and_nothing_else() -> None:
    """A monitor's signal in the company of a gate's: it fires until its sender takes it back."""
    life = gated().fires("P1", "web").passes("15m")
    assert (life.incident.state, life.settles_in()) == (State.TRIGGERED, None)
    assert life.history("cleared") == ["web is down: quiet for 15m"]
    assert {key: signal.firing for key, signal in life.incident.signals.items()} == {
        "payments": False,
        "uptime/web": True,
    }
    assert life.clears().incident.state is State.RECOVERED


def test_a_gates_events_that_join_a_monitors_incident_do_not_hold_it_open() -> None:
    """The monitor is up again; what the gate counted clears by quiet, and then all of it has recovered."""
    life = opened("P1").fires("P1", "card", decision={"gate": GATE}, gated=True)
    assert life.settles_in() == 15
    assert life.passes("5m").clears().incident.state is State.TRIGGERED
    assert life.passes("10m").incident.state is State.RECOVERED


def test_a_gate_whose_quiet_was_over_is_watched_again() -> None:
    """Its events come again while a monitor still fires: the quiet is looked for anew."""
    life = gated().fires("P1", "web").passes("20m")
    life.fires("P1", "card", decision={"gate": GATE, "group_key": "payments"}, gated=True)
    assert life.settles_in() == 15


def test_a_gate_counts_what_comes_late_and_keeps_what_is_newest() -> None:
    """Failures of one delivery have no order: each counts, and the last of them by its own time is remembered."""
    more = {"decision": {"gate": GATE, "group_key": "payments"}, "gated": True}
    life = gated().passes("1m").fires("P1", occurred_at=START + 50, delivery="d-9", **more)
    life.fires("P1", occurred_at=START + 40, delivery="d-9", **more)
    (signal,) = life.incident.signals.values()
    assert (signal.count, signal.last.occurred_at) == (3, START + 50)
