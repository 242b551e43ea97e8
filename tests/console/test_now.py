"""The first page: what is open, what comes next, and what its buttons do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rules.commands import Acknowledge, ChangeSeverity, Resolve
from rules.event import Severity
from rules.incident import State
from tests.console.conftest import Console, said

HOSTILE = '<img src=x onerror="alert(1)">{{7*7}}<!channel>'


def test_an_empty_page_says_that_all_is_quiet(console: Console) -> None:
    """Nothing is open, and that is said, not shown as nothing."""
    page = console.get("/")
    assert page.status_code == 200
    assert "All quiet. Nothing is open." in said(page)


def test_what_is_open_says_who_is_called_next_and_when(console: Console) -> None:
    """The countdown counts to the next step of the matrix, and names whom it will reach."""
    incident = console.is_down()
    page = console.get("/")
    assert "in 15m" in said(page)
    assert "lead (maria)" in said(page)
    due = re.search(r'data-due="([\d.]+)"', page.text)
    assert due is not None
    assert float(due[1]) == incident.severity_since + 900


def test_a_step_that_is_late_is_shown_as_late(console: Console) -> None:
    """Nobody keeps the promise: the page does not pretend that it is still to come."""
    console.is_down()
    console.clock.at += 1000
    page = console.get("/")
    assert "overdue 1m40s" in said(page)
    assert "answer overdue" in said(page)


def test_a_raise_gives_as_much_time_as_the_matrix_does(console: Console) -> None:
    """Nobody is late who has fourteen minutes left to answer what has just become a P1."""
    incident = console.is_down()
    raised = ChangeSeverity(by="ana", via="test", to=Severity.P2, roster=console.ledger.roster())
    console.ledger.answer(incident.id, raised)
    console.clock.at += 1000
    console.ledger.answer(incident.id, replace(raised, to=Severity.P1, roster=console.ledger.roster()))
    assert "answer overdue" not in said(console.get("/"))
    console.clock.at += 901
    assert "answer overdue" in said(console.get("/"))


def test_the_button_acknowledges(console: Console) -> None:
    """It is theirs from then on, by name, and nobody further comes next."""
    incident = console.is_down()
    told = console.pressed("/act", {"do": f"acknowledge {incident.id}"})
    assert "Nobody else will be woken." in told
    found = console.store.incident(incident.id)
    assert found is not None
    assert (found.state, found.acknowledged_by) == (State.ACKNOWLEDGED, "Demo admin")
    assert console.store.timeline(incident.id)[-1].via == "console"
    assert "in 15m" not in said(console.get("/"))


def test_whoever_comes_second_hears_who_was_first(console: Console) -> None:
    """Two press at once: the second is told that the first has it, since when, and that they have joined."""
    incident = console.is_down()
    console.ledger.answer(incident.id, Acknowledge(by="maria", via="link"))
    assert "maria had P1 “Shop is DOWN: timeout” already since 10:00 UTC; you have joined." in console.pressed(
        "/act", {"do": f"acknowledge {incident.id}"}
    )


def test_what_is_over_stays_over(console: Console) -> None:
    """A button on a page that is older than the end of it changes nothing, and says by whom it ended."""
    incident = console.is_down()
    console.ledger.answer(incident.id, Resolve(by="maria", via="api"))
    told = console.pressed("/act", {"do": f"acknowledge {incident.id}"})
    assert "was resolved already by maria" in told
    assert "Nothing changed." in told


@pytest.mark.parametrize(
    ("button", "state"),
    [("snooze-1h", State.ACKNOWLEDGED), ("resolve", State.RESOLVED), ("mitigate", State.MITIGATED)],
)
def test_the_other_buttons_do_what_they_say(console: Console, button: str, state: State) -> None:
    """Snooze, resolve, mitigate."""
    incident = console.is_down()
    console.pressed("/act", {"do": f"{button} {incident.id}"})
    found = console.store.incident(incident.id)
    assert found is not None
    assert found.state is state


def test_the_severity_is_lowered_from_the_list(console: Console) -> None:
    """A person may say that it is not so bad."""
    incident = console.is_down()
    assert "It is P3 now" in console.pressed("/act", {"do": f"severity-P3 {incident.id}"})
    found = console.store.incident(incident.id)
    assert found is not None
    assert found.severity is Severity.P3


def test_several_are_answered_at_once(console: Console) -> None:
    """Those that are ticked, each by itself; without a tick that is said."""
    first, second = console.is_down(), console.is_down(monitor=8)
    assert "Nothing was chosen" in console.pressed("/act", {"do": "acknowledge"})
    assert "2 acknowledged. Nobody else will be woken." in console.pressed(
        "/act", {"do": "acknowledge", "chosen": [first.id, second.id]}
    )
    assert {one.state for one in console.store.incidents()} == {State.ACKNOWLEDGED}


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ("snooze-1h", "2 snoozed until 11:00 UTC; then they call again."),
        ("resolve", "2 resolved. Everybody who was told hears so."),
        ("mitigate", "2 mitigated. They stay open; nobody further is called."),
        ("severity-P3", "2 are P3 now."),
        ("severity-P1", "Nothing changed."),
        ("escalate", "Called now, for 2: whom the matrix names next."),
    ],
)
def test_of_several_it_is_said_what_became_of_them(console: Console, button: str, words: str) -> None:
    """And what that means: how long it holds, and who hears of it."""
    chosen = [console.is_down().id, console.is_down(monitor=8).id]
    assert console.pressed("/act", {"do": button, "chosen": chosen}).startswith(words)


def test_of_several_those_that_stay_as_they_were_are_counted(console: Console) -> None:
    """With the reason of each that was refused."""
    first, second = console.is_down(), console.is_down(monitor=8)
    console.ledger.answer(second.id, Resolve(by="maria", via="api"))
    told = console.pressed("/act", {"do": "mitigate", "chosen": [first.id, second.id]})
    assert told.startswith("1 mitigated. It stays open; nobody further is called. 1 of 2 stay as they were. P1 “Shop")
    assert "was resolved already by maria" in told


def test_whoever_is_given_it_is_named(console: Console) -> None:
    """By the name that people know, and that they were told."""
    incident = console.is_down()
    told = console.pressed(f"/incidents/{incident.id}/act", {"do": "assign", "to": "maria"})
    assert told.startswith("maria has it now, and was told: P1 “Shop is DOWN: timeout”. Until somebody acknowledges")
    console.pressed("/act", {"do": f"acknowledge {incident.id}"})
    told = console.pressed(f"/incidents/{incident.id}/act", {"do": "assign", "to": "ana"})
    assert "ana has it now, and was told: P1 “Shop is DOWN: timeout”." in told
    assert "Until" not in told


def test_an_answer_can_be_taken_back(console: Console) -> None:
    """The page that says what was done offers to undo it, for as long as that is possible."""
    incident = console.is_down()
    answer = console.press("/act", {"do": f"acknowledge {incident.id}"})
    cookies = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    assert 'value="undo">Undo</button>' in console.get("/", Cookie=cookies).text
    assert "nobody has it" in console.pressed("/act", {"do": "undo", "chosen": incident.id})
    found = console.store.incident(incident.id)
    assert found is not None
    assert (found.state, found.steps) == (State.TRIGGERED, incident.steps)
    assert "Nothing can be taken back" in console.pressed("/act", {"do": "undo", "chosen": incident.id})


def test_the_next_of_the_matrix_is_called_now(console: Console) -> None:
    """Escalate now: whoever comes next is told at once; at the end of the matrix that is said instead."""
    incident = console.is_down()
    assert "Called now: lead (maria)" in console.pressed("/act", {"do": f"escalate {incident.id}"})
    assert "The matrix is at its end" in console.pressed("/act", {"do": f"escalate {incident.id}"})


def test_an_unknown_button_is_refused(console: Console) -> None:
    """With a sentence, and without a change."""
    incident = console.is_down()
    answer = console.press("/act", {"do": f"explode {incident.id}"})
    assert answer.status_code == 422
    assert "No button of ours says" in said(answer)


def test_an_incident_that_is_gone_is_said_to_be_gone(console: Console) -> None:
    """Its time has run out, or its id was never one."""
    assert "is gone" in console.pressed("/act", {"do": "acknowledge NOSUCHINCIDENT"})


def test_filters_stand_in_the_address(console: Console) -> None:
    """A link to what one looks at can be sent to somebody else."""
    console.is_down()
    console.post("/api/incidents", {"summary": "printers"}, Authorization="Bearer api-token-1")
    for query, shown in [("severity=P1", True), ("severity=P4", False), ("q=shop", True), ("q=nothing+like+it", False),
                         ("state=triggered", True), ("state=recovered", False), ("page=99999999", True),
                         ("severity=x&state=y&page=z", True)]:  # fmt: skip
        assert ("Shop" in said(console.get(f"/?{query}"))) is shown, query


def test_a_hostile_title_is_only_text(console: Console) -> None:
    """What a sender wrote is shown as they wrote it and does nothing."""
    console.is_down(name=HOSTILE)
    page = console.get("/")
    assert "<img src=x" not in page.text
    assert "{{7*7}}" in said(page)
    assert "49" not in said(page)


def test_a_form_returns_only_to_pages_of_ours(console: Console) -> None:
    """The page to return to is in the form, where anybody could have put another."""
    incident = console.is_down()
    for back in ("//evil.example/", "https://evil.example/", "/\\evil.example"):
        answer = console.press("/act", {"do": f"acknowledge {incident.id}", "back": back})
        assert answer.headers["location"] == "/"


def test_the_demonstration_can_be_tried(console: Console) -> None:
    """Its button sends an alert that is marked as made up; elsewhere there is no such address."""
    assert "Sent: “Test alert of" in console.pressed("/try")
    console.outbox = None
    assert console.press("/try").status_code in (404, 405)
