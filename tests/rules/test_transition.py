"""The table of (state, command): which rows there are, what opening makes, and that the rest changes nothing."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from rules.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangeSeverity,
    Clear,
    Command,
    DropStep,
    Escalate,
    EscalateNow,
    FalsePositive,
    Heard,
    Lift,
    Mitigate,
    Postpone,
    Resolve,
    Settle,
    Trigger,
    Undeliverable,
    Undo,
)
from rules.decision import Gate
from rules.event import Action
from rules.incident import Hold, Incident, Reason, Signal, State
from rules.postmortem.commands import AskForPostmortem, NotePostmortem, RemindOfPostmortem
from rules.postmortem.terms import Owed
from rules.responding.response import Finding, Part, Ticked, Update
from rules.responding.response_commands import (
    Assess,
    ClosedElsewhere,
    DropReminder,
    Examine,
    PostUpdate,
    PutOffReminder,
    Remind,
    StateImpact,
    TakePart,
    Tick,
    Untick,
)
from rules.transition import TABLE, transition
from rules.transitions.last_answer import LastAnswer, Stood
from tests.rules import announced
from tests.rules.lives import (
    EVERYBODY,
    MINUTE,
    ON_CALL,
    P1,
    P2,
    P3,
    START,
    Life,
    a_policy,
    an_event,
    heard_so_far,
    opened,
)

COMMANDS: tuple[type[Command], ...] = get_args(Command)
T, A, M, R, DONE = State.TRIGGERED, State.ACKNOWLEDGED, State.MITIGATED, State.RECOVERED, State.RESOLVED
ROWS: dict[type[Command], set[State]] = {
    Trigger: {T, A, M, R},
    Clear: {T, A, M, R},
    Heard: {T, A, M, R},
    Acknowledge: {T, A, M, R},
    Mitigate: {T, A, R},
    Resolve: {T, A, M, R},
    FalsePositive: {T, A, M, R},
    ChangeSeverity: {T, A, M, R},
    Assign: {T, A, M, R},
    AddNote: {T, A, M, R, DONE},
    EscalateNow: {T, A, M},
    Postpone: {T, A},
    DropStep: {T},
    Undo: {T, A, M, R, DONE},
    Escalate: {T, A},
    Lift: {T, A, M, R},
    Undeliverable: {T, A, M, R, DONE},
    Settle: {T, A, M, R},
    Assess: {T, A, M, R},
    Examine: {T, A, M, R},
    Tick: {T, A, M, R},
    Untick: {T, A, M, R},
    AskForPostmortem: {T, A, M, R, DONE},
    NotePostmortem: {T, A, M, R, DONE},
    RemindOfPostmortem: {DONE},
    TakePart: {T, A, M, R},
    StateImpact: {T, A, M, R, DONE},
    PostUpdate: {T, A, M, R, DONE},
    ClosedElsewhere: {T, A, M},
    Remind: {T, A, M, R},
    PutOffReminder: {T, A, M, R},
    DropReminder: {T, A, M, R},
    **announced.ROWS,
}
"""In which states a command does anything, written down a second time: a row that vanishes or appears is noticed."""


def in_state(state: State) -> Life:
    """An incident that has come to this state the usual way, with every row's command still possible."""
    life = opened("P1")
    hold = Hold(silence="deploy", since=life.now, until=life.now + 60 * MINUTE, why="a deployment")
    life.incident = life.incident.changed(hold=hold)
    if state in (A, M):
        life.asks(Acknowledge(by="ana", via="slack", lasts=30 * MINUTE))
    if state is M:
        life.asks(Mitigate(by="ana", via="slack"))
    if state is R:
        life.clears()
    if state is DONE:
        life.asks(Resolve(by="ana", via="slack"))
    update = Update(text="we look", by="ana", at=life.now + 1, next_at=life.now + 30)
    ticks = {"runbook:site-down:1": Ticked(by="ana", at=life.now, via="cli")}
    response = life.incident.response.changed(update=update, ticks=ticks, triage=("site",), postmortem=Owed())
    life.incident = life.incident.changed(response=response)
    answered = LastAnswer(by="maria", at=life.now + MINUTE, what="it", fields=("assignee",), before=Stood())
    life.incident = announced.announced(life.incident.changed(last_answer=answered))
    return life


def each_command(life: Life) -> dict[type[Command], Command]:
    """One of every kind, such that it has something to do where it has a row."""
    life.now += MINUTE
    key = "uptime/web"
    page = {"channel": "pager", "role": ON_CALL, "person": "ana", "step": 0, "ladder": 1, "why": "410 Gone"}
    return {
        Trigger: life.trigger("P1"),
        Clear: Clear(event=an_event(at=life.now, delivery="d-9", action=Action.RESOLVE), key=key),
        Heard: Heard(event=an_event(at=life.now, delivery="d-9", action=Action.INFO)),
        Acknowledge: Acknowledge(by="maria", via="cli"),
        Mitigate: Mitigate(by="maria", via="cli"),
        Resolve: Resolve(by="maria", via="cli"),
        FalsePositive: FalsePositive(by="maria", via="cli", reason="a drill"),
        ChangeSeverity: ChangeSeverity(by="maria", via="cli", to=P2, roster=EVERYBODY),
        Assign: Assign(by="maria", via="cli", to="dan"),
        AddNote: AddNote(by="maria", via="cli", text="it was the cache"),
        EscalateNow: EscalateNow(by="maria", via="cli", roster=EVERYBODY),
        Postpone: Postpone(by="maria", via="cli", seconds=5 * MINUTE),
        DropStep: DropStep(by="maria", via="cli", reason="she is on a plane"),
        Undo: Undo(by="maria", via="cli", roster=EVERYBODY),
        Escalate: Escalate(roster=EVERYBODY),
        Lift: Lift(by="maria", silence="deploy"),
        Undeliverable: Undeliverable(roster=EVERYBODY, **page),  # type: ignore[arg-type]
        Settle: Settle(),
        AskForPostmortem: AskForPostmortem(by="maria", via="cli"),
        NotePostmortem: NotePostmortem(by="maria", via="cli", text="maria waived it"),
        RemindOfPostmortem: RemindOfPostmortem(
            role="author", person="ana", channels=("mail",), rooms=frozenset(), text="the draft is due"
        ),
        Assess: Assess(
            findings=(Finding(check="site", outcome="ok", text="site healthy", at=life.now),), roster=EVERYBODY
        ),
        Examine: Examine(by="maria", via="cli"),
        Tick: Tick(item="runbook:site-down:2", by="maria", via="cli", words="Look"),
        Untick: Untick(item="runbook:site-down:1", by="maria", via="cli", words="Look"),
        TakePart: TakePart(part=Part.COMMANDER, by="maria", via="cli", to="maria"),
        StateImpact: StateImpact(by="maria", via="cli", affected="everybody"),
        PostUpdate: PostUpdate(by="maria", via="cli", text="we roll back"),
        ClosedElsewhere: ClosedElsewhere(event=an_event(at=life.now, delivery="d-9"), by="maria", via="pagerduty"),
        Remind: Remind(roster=EVERYBODY),
        PutOffReminder: PutOffReminder(by="maria", via="cli", seconds=600),
        DropReminder: DropReminder(by="maria", via="cli", reason="we sit together"),
        **announced.commands(),
    }


def test_the_table_has_exactly_the_rows_written_down_here() -> None:
    """No row is lost or added unnoticed, and every command has at least one."""
    assert set(TABLE) == {(state, command) for command, states in ROWS.items() for state in states}
    assert set(COMMANDS) == set(ROWS)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", State)
def test_a_command_does_something_exactly_where_it_has_a_row(state: State, command: type[Command]) -> None:
    """Where the table has no row the very same incident comes back, with nothing to do and nothing to tell."""
    life = in_state(state)
    asked = each_command(life)[command]
    outcome = transition(life.incident, asked, life.now)
    if state in ROWS[command]:
        idle = command is Settle and state is not R
        assert (outcome.incident is not life.incident or outcome.timeline or outcome.effects) or idle
    else:
        assert outcome.incident is life.incident
        assert (outcome.effects, outcome.timeline) == ((), ())


def test_the_same_arguments_give_the_same_outcome() -> None:
    """Pure: worked out again after a lost race, nothing differs, and the incident asked about is untouched."""
    life = opened("P1")
    before = repr(life.incident)
    again = [transition(life.incident, Escalate(roster=EVERYBODY), START + 31 * MINUTE) for _ in range(2)]
    assert again[0] == again[1]
    assert repr(life.incident) == before


def test_what_the_opening_writes_down() -> None:
    """Everything the rules and the event said is in the incident from the first moment."""
    said = {
        "set_by": {"severity": "the site is down"},
        "rules_version": "v7",
        "runbook": "site-down",
        "team": "payments",
        "channels": ("slack",),
        "labels": {"environment": "production"},
    }
    life = opened("P1", decision=said, previous="inc-0", url="https://uptime.example.com/1", occurred_at=START - 5)
    signal = Signal(
        key="uptime/web",
        source="uptime",
        kind="test.event",
        summary="web is down",
        firing=True,
        last=an_event(at=START, delivery="d-000001", occurred_at=START - 5).moment,
        first_seen=START,
        last_seen=START,
        count=1,
        url="https://uptime.example.com/1",
        severity=P1,
        source_type="generic",
    )
    left = {"steps", "told"}
    wanted = Incident(
        id="inc-1",
        group_key="site",
        title="web is down",
        severity=P1,
        state=T,
        opened_at=START,
        severity_since=START,
        fired_at=START,
        called_by=signal.last,
        rule="the site is down",
        policy=a_policy(),
        url="https://uptime.example.com/1",
        signals={"uptime/web": signal},
        exhausted_at=START + 45 * MINUTE,
        sent=1,
        ladders=1,
        previous="inc-0",
        **said,  # type: ignore[arg-type]
    )
    names = [one.name for one in dataclasses.fields(Incident) if one.name not in left]
    assert {name: getattr(life.incident, name) for name in names} == {name: getattr(wanted, name) for name in names}
    assert life.said() == ["opened: on-call engineer (ana) on slack"]
    assert life.timeline[0].detail == {"delivery": "d-000001"}
    assert life.timeline[0].kind == "opened"


def test_without_labels_from_the_rules_the_events_own_are_kept() -> None:
    """Tocsin's own decisions carry no labels; the event's then stand."""
    assert opened("P3", labels={"service": "web"}).incident.labels == {"service": "web"}


def test_several_events_folded_into_the_first_are_counted() -> None:
    """A burst that came in one batch opens one incident that says how many there were."""
    assert opened("P1", count=12).incident.count == 12


def test_a_gate_counts_for_a_gates_incident_only() -> None:
    """A trigger that carries a gate but attaches as a plain signal is not cleared by quiet."""
    gate = Gate(key="g", count=3, within=300, quiet_for=900)
    assert opened("P1", decision={"gate": gate}, gated=True).settles_in() == 15
    plain = opened("P1", decision={"gate": gate})
    assert plain.settles_in() is None
    assert plain.incident.quiet_at is None
    assert list(plain.incident.signals) == ["uptime/web"]


def test_only_what_calls_somebody_to_work_is_a_page() -> None:
    """An answered incident still sends its updates; these it must not send, but for whom somebody called in."""
    pages = {reason for reason in Reason if reason.pages}
    of_the_ladder = {Reason.OPENED, Reason.ESCALATED, Reason.SEVERITY_RAISED, Reason.RETRIGGERED, Reason.EXHAUSTED}
    assert pages == of_the_ladder | {Reason.CALLED, Reason.TAKEN_BACK}


def test_what_a_resolved_incident_still_hears() -> None:
    """A note, and that an old page failed: both are history, neither opens it again."""
    life = heard_so_far("P3").asks(Resolve(by="ana", via="cli"))
    life.said()
    life.fires("P1").clears().asks(Escalate(roster=EVERYBODY)).asks(
        AddNote(by="ana", via="cli", text="root cause: DNS")
    )
    assert life.said() == []
    assert (life.incident.state, life.incident.severity) == (DONE, P3)
    assert life.history()[-1] == "root cause: DNS"
