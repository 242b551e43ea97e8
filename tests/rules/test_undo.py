"""An answer is taken back within half a minute: it stands as before, nobody is forgotten, whoever was told is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commands import (
    Acknowledge,
    AddNote,
    Assign,
    Command,
    EscalateNow,
    FalsePositive,
    Mitigate,
    Resolve,
    Undeliverable,
    Undo,
)
from rules.incident import Incident, Reason, State
from rules.owed import settle_owed, wake_owed
from rules.telling import judge
from rules.transitions.answering import ANSWERS, miss, why_not
from rules.transitions.last_answer import FIELDS, Missed
from tests.rules.lives import (
    EVERYBODY,
    LEAD,
    MINUTE,
    ON_CALL,
    P1,
    P3,
    START,
    Life,
    everywhere,
    heard_so_far,
    to_severity,
)

ANA = Acknowledge(by="ana", via="cli")
BACK = Undo(by="ana", via="cli", roster=EVERYBODY)
ANSWERED: dict[str, Command] = {
    "acknowledge": ANA,
    "snooze": Acknowledge(by="ana", via="cli", lasts=30 * MINUTE),
    "mitigate": Mitigate(by="ana", via="cli"),
    "resolve": Resolve(by="ana", via="cli"),
    "false positive": FalsePositive(by="ana", via="cli", reason="a drill"),
    "raise": to_severity(P1),
    "lower": to_severity(P3),
    "assign": Assign(by="ana", via="cli", to="dan"),
}
BEFORE: dict[str, Callable[[Life], Life]] = {
    "triggered": lambda life: life,
    "escalated": lambda life: life.passes("61m"),
    "acknowledged": lambda life: life.asks(Acknowledge(by="maria", via="cli")),
    "snoozed": lambda life: life.asks(Acknowledge(by="maria", via="cli", lasts=40 * MINUTE)),
    "mitigated": lambda life: life.asks(Mitigate(by="maria", via="cli")),
    "recovered": lambda life: life.clears(),
}


def standing(incident: Incident) -> dict[str, object]:
    """Everything that says how it stands; what has been said of it to whom goes on."""
    left = {"told", "sent", "all_clear", "last_answer", "abandoned"}
    return {one.name: getattr(incident, one.name) for one in dataclasses.fields(incident) if one.name not in left}


def test_every_answer_is_tried_below() -> None:
    """A new one that can be taken back comes with its row."""
    assert {type(command) for command in ANSWERED.values()} == set(ANSWERS.__args__)


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("answer", ANSWERED)
def test_it_stands_as_before_with_its_promises(before: str, answer: str) -> None:
    """Whatever was answered, wherever it stood: each field is as it was, and so are the looks that were promised."""
    life = BEFORE[before](heard_so_far("P2"))
    stood, wake, settle = standing(life.incident), life.wake_at, life.settle_at
    life.now += 5
    life.asks(ANSWERED[answer])
    if life.incident.last_answer is None or life.incident.last_answer.by != "ana":
        assert before in ("mitigated", "recovered", "acknowledged", "snoozed")  # where that answer changes nothing
        return
    life.now += 20
    life.asks(BACK)
    assert standing(life.incident) == stood
    assert (life.wake_at, life.settle_at) == (wake, settle)
    assert life.timeline[-1].kind == "taken back"
    assert (life.timeline[-1].by, life.timeline[-1].via) == ("ana", "cli")


def test_what_fell_due_meanwhile_is_due_now() -> None:
    """The time in which it seemed answered is not given to the ladder."""
    life = heard_so_far("P1").passes("14m50s").asks(ANA)
    life.said()
    life.now += 25
    life.asks(BACK)
    assert life.wake_at == START + 15 * MINUTE
    life.said()
    assert life.keeps_promises().said() == everywhere("escalated", LEAD)
    assert life.wakes_in() is not None


def test_whoever_stood_down_is_called_again() -> None:
    """They read that it is nobody's again: a page, for they may have gone to bed."""
    life = heard_so_far("P1").asks(ANA)
    life.said()
    life.asks(BACK)
    assert sorted(life.said()) == sorted(everywhere("taken back", ON_CALL))
    assert {one.note for one in life.notified[-3:]} == {
        "ana took back the acknowledgement: it is P1, and nobody has it"
    }
    assert Reason.TAKEN_BACK.pages


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("mitigate", "ana took back that it is mitigated: it is acknowledged by maria"),
        ("resolve", "ana took back that it is resolved: it is acknowledged by maria"),
        ("false positive", "ana took back that it was a false positive: it is acknowledged by maria"),
        ("assign", "ana took back the assignment to dan: it is acknowledged by maria"),
        ("raise", "ana took back the change from P2 to P1: it is acknowledged by maria"),
    ],
)
def test_where_somebody_has_it_nobody_is_called(answer: str, text: str) -> None:
    """Whoever was told of the answer hears that it was taken back, no more."""
    life = heard_so_far("P2").asks(Acknowledge(by="maria", via="cli")).asks(ANSWERED[answer])
    life.said()
    life.asks(BACK)
    assert "update: on-call engineer (ana) on pager" in life.said()
    assert not any(one.reason.pages for one in life.last.effects if hasattr(one, "reason"))
    assert life.history("taken back") == [text]


def test_a_raise_that_is_taken_back_sends_none_of_its_pages() -> None:
    """Those on their way are of a ladder that is none any more, and no later one has its number."""
    life = heard_so_far("P3").asks(to_severity(P1))
    raised = life.notified[-1].ladder
    life.asks(BACK)
    assert judged(life, Reason.SEVERITY_RAISED, raised) == "what called for it was taken back"
    assert judged(life, Reason.OPENED, raised - 1) == ""
    life.asks(to_severity(P1))
    assert life.notified[-1].ladder == raised + 1


def judged(life: Life, reason: Reason, number: int) -> str:
    """Why a page of that ladder is left out; "" when it is sent."""
    said = judge(reason, number, life.incident, age=0, waits=False, told_here=False, never_told=lambda: False)
    return said[1]


LEFT_OUT = Missed(
    channel="pager", role=LEAD, person="maria", step=1, ladder=1, reason=Reason.ESCALATED, note="ana did not answer"
)


def test_a_page_that_was_left_out_meanwhile_is_sent() -> None:
    """It was not sent because somebody seemed to have it; whoever waits for it hears it in place of the other word."""
    life = heard_so_far("P1").passes("15m").asks(ANA)
    life.said()
    life.incident = miss(life.incident, LEFT_OUT, life.now)
    said = life.asks(BACK).said()
    assert "escalated: engineering lead (maria) on pager" in said
    assert "taken back: engineering lead (maria) on pager" not in said
    assert "taken back: engineering lead (maria) on mail" in said


def test_a_page_that_failed_meanwhile_goes_to_the_fallback() -> None:
    """Nobody waited for it while somebody had it."""
    life = heard_so_far("P1").asks(ANA)
    life.asks(Undeliverable(channel="pager", role=ON_CALL, person="ana", step=0, ladder=1, why="410", roster=EVERYBODY))
    life.said()
    assert "opened: on-call engineer (ana) on sms" in life.asks(BACK).said()
    assert life.incident.steps[0].failed == ("pager",)


def test_what_was_missed_of_another_ladder_stays_so() -> None:
    """Its pages are not those of the ladder that stands again."""
    life = heard_so_far("P1").asks(ANA)
    life.incident = miss(life.incident, dataclasses.replace(LEFT_OUT, ladder=7), life.now)
    life.said()
    assert not any("maria" in one for one in life.asks(BACK).said())


REFUSED = (
    "Nothing can be taken back: an answer can be within 30s, by whoever gave it, and only while nothing "
    "else has changed. "
)


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (lambda life: life.passes("31s"), f"{REFUSED}It is acknowledged by ana."),
        (lambda life: life.clears(), f"{REFUSED}It is recovered, and ana has it."),
        (lambda life: life.fires("P1"), f"{REFUSED}It is P1, and nobody has it."),
        (lambda life: life.asks(BACK), f"{REFUSED}It is P2, and nobody has it."),
        # Whoever takes something back now means the call, and who was called has been called.
        (
            lambda life: life.asks(EscalateNow(by="ana", via="cli", roster=EVERYBODY)),
            f"{REFUSED}It is acknowledged by ana.",
        ),
        (lambda life: life.asks(Acknowledge(by="dan", via="cli")), f"{REFUSED}It is acknowledged by ana."),
        (
            lambda life: life.asks(Mitigate(by="dan", via="cli")),
            "The last answer is that of dan, and only they can take it back. It is mitigated, and ana has it.",
        ),
    ],
    ids=["too late", "recovered", "raised", "twice", "called in", "joined", "another's"],
)
def test_what_cannot_be_taken_back_is_refused_with_a_sentence(then: Callable[[Life], Life], why: str) -> None:
    """It says what the rule is and how the incident stands, and nothing changes."""
    life = then(heard_so_far("P2").asks(ANA))
    before, said = life.incident, life.said()
    assert why_not(before, "ana", life.now) == why
    assert life.asks(BACK).incident is before
    assert (life.said(), life.last.timeline) == ([], ())
    assert isinstance(said, list)


@pytest.mark.parametrize(
    "then",
    [
        lambda life: life.fires("P2"),
        lambda life: life.fires("P2", key="api"),
        lambda life: life.asks(AddNote(by="dan", via="cli", text="looking")),
        lambda life: life.asks(ANA),
    ],
    ids=["fires", "joined", "noted", "again"],
)
def test_what_changes_nothing_of_the_answer_does_not_keep_it(then: Callable[[Life], Life]) -> None:
    """Signals and notes come and go: it can be taken back all the same."""
    life = then(heard_so_far("P2").asks(ANA)).asks(BACK)
    assert (life.incident.state, life.incident.acknowledged_by, life.incident.assignee) == (State.TRIGGERED, None, None)


def test_the_record_of_it_is_dropped_once_it_is_past() -> None:
    """It is kept no longer than until the next change after half a minute."""
    life = heard_so_far("P2").asks(ANA).passes("1m")
    assert life.incident.last_answer is not None
    assert life.fires("P2").incident.last_answer is None


CALLS_IN = EscalateNow(by="dan", via="cli", roster=EVERYBODY)
OTHERS = [Acknowledge(by="dan", via="cli"), Mitigate(by="dan", via="cli"), BACK, CALLS_IN]
WORDS = st.sampled_from([*ANSWERED.values(), *OTHERS, "fires", "worse", "clears", "7s", "40s", "16m"])


@given(
    words=st.lists(WORDS, max_size=12),
    answer=st.sampled_from([*ANSWERED.values()]),
    wait=st.sampled_from([0, 7, 29]),
)
def test_after_any_life_it_stands_as_before_and_owes_as_before(
    words: list[str | Command], answer: Command, wait: int
) -> None:
    """Whatever had happened: an answer that is taken back leaves the fields and the promises it found."""
    life = heard_so_far("P2")
    for word in words:
        happens(life, word)
    stood, owed = standing(life.incident), (wake_owed(life.incident), settle_owed(life.incident))
    looks, earlier = (life.wake_at, life.settle_at), life.incident.last_answer
    life.asks(answer)
    last = life.incident.last_answer
    if last is None or last is earlier:
        return
    life.now += wait
    life.asks(BACK)
    assert standing(life.incident) == stood
    assert (wake_owed(life.incident), settle_owed(life.incident)) == owed
    # Of what is mitigated or has recovered no look is owed: one that stands all the same finds nothing to do.
    for stands, stood_before, is_owed in zip((life.wake_at, life.settle_at), looks, owed, strict=True):
        assert stands == stood_before or is_owed is None or life.incident.state is State.RESOLVED
    assert set(last.fields) <= set(FIELDS)


def happens(life: Life, word: str | Command) -> None:
    """One thing."""
    if not isinstance(word, str):
        life.asks(word)
    elif word == "clears":
        life.clears()
    elif word in ("fires", "worse"):
        life.fires("P1" if word == "worse" else "P2")
    else:
        life.passes(word)
