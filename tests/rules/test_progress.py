"""How far an incident has come in a runbook: ticks with name and time, the path through a tree, and edits meanwhile."""

from __future__ import annotations

import pytest

from rules.commands import Acknowledge, Resolve
from rules.incident import Incident
from rules.runbooks.progress import NoSuchItem, Progress, answering, reopening, ticking, unticking
from rules.runbooks.runbook import opened as shelf
from tests.rules.lives import START, opened

BOOK = """\
# Down

1. Look at **DNS**
2. Restart it

## Decide: roll back?

- Deployed lately?
  - yes: Roll back
  - no: continue
- Quick fix?
  - yes: Apply it
  - no: Roll back first
"""


def at(incident: Incident, text: str = BOOK) -> Progress:
    """How far it is in the runbook as it reads now."""
    found = shelf("down", {"down": text})
    assert found is not None
    return Progress(found, incident.response.ticks)


def test_a_tick_carries_name_and_time_and_stands_in_the_history() -> None:
    """And can be taken back, which stands there too."""
    life = opened("P1").passes("5m")
    step = at(life.incident).step("1")
    life.asks(ticking(step, "ana", "console"))
    done = at(life.incident).of(step)
    assert done is not None
    assert (done.by, done.at, done.via) == ("ana", START + 300, "console")
    assert at(life.incident).done == 1
    assert life.history()[-1] == "done: 1. Look at DNS"
    life.asks(unticking(step, "dan", "link"))
    assert at(life.incident).done == 0
    assert life.history()[-1] == "not done after all: 1. Look at DNS"


def test_whoever_ticks_first_stays() -> None:
    """A second tick of the same step is no news."""
    life = opened("P1")
    step = at(life.incident).step("2")
    life.asks(ticking(step, "ana", "console"))
    before = life.incident
    life.asks(ticking(step, "dan", "console"))
    assert life.incident == before


def test_ticking_tells_and_pages_nobody() -> None:
    """The ladder goes on as it was: a tick is no acknowledgement."""
    life = opened("P1")
    life.said()
    life.asks(ticking(at(life.incident).step("1"), "ana", "console"))
    assert life.said() == []
    assert not life.incident.answered


def test_the_path_taken_is_kept_in_words() -> None:
    """Each answer with its question and what it leads to; another answer says what it was before."""
    life = opened("P1")
    first = at(life.incident).question()
    life.asks(answering(first, "No", "ana", "console"))
    second = at(life.incident).question()
    assert second.text == "Quick fix?"
    life.asks(answering(second, "yes", "ana", "console"))
    assert [line for line in life.history() if line.startswith("decided")] == [
        "decided: Deployed lately? no → continue",
        "decided: Quick fix? yes → Apply it",
    ]
    (tree,) = at(life.incident).runbook.trees
    assert at(life.incident).walk(tree).outcome == "Apply it"
    life.asks(answering(first, "yes", "dan", "console"))
    assert life.history()[-1] == "decided: Deployed lately? yes → Roll back (it was no)"
    assert at(life.incident).walk(tree).outcome == "Roll back"
    life.asks(reopening(first, "dan", "console"))
    assert at(life.incident).question() == first


def test_ticks_of_steps_that_still_exist_survive_an_edit() -> None:
    """Wherever they stand now; the others are shown as done before the change, in the words they had."""
    life = opened("P1")
    book = at(life.incident)
    for number in ("1", "2"):
        life.asks(ticking(book.step(number), "ana", "console"))
    life.asks(answering(book.question(), "no", "ana", "console"))
    edited = at(life.incident, "1. Call somebody\n2. Restart it\n")
    assert [(step.number, edited.of(step) is not None) for step in edited.runbook.steps] == [(1, False), (2, True)]
    assert [(one.words, one.answer) for one in edited.before] == [("1. Look at DNS", ""), ("Deployed lately?", "no")]
    assert at(life.incident).before == ()


def test_what_is_not_there_is_said_with_what_is() -> None:
    """A number too high, a word that is no answer, a question nobody asked."""
    life = opened("P1")
    book = at(life.incident)
    with pytest.raises(NoSuchItem, match="'9' is no step of the runbook down; it has steps 1 to 2"):
        book.step("9")
    with pytest.raises(NoSuchItem, match="'maybe' is no answer to “Deployed lately\\?”; say yes or no"):
        answering(book.question(), "maybe", "ana", "console")
    with pytest.raises(NoSuchItem, match="is no question"):
        book.question("tree:down:0")
    empty = at(life.incident, "Just words.\n")
    with pytest.raises(NoSuchItem, match="it has none"):
        empty.step("1")
    with pytest.raises(NoSuchItem, match="it asks nothing"):
        empty.question()


def test_what_is_over_is_not_ticked_any_more() -> None:
    """Acknowledged it is; resolved it is not."""
    life = opened("P1").asks(Acknowledge(by="ana", via="slack"))
    life.asks(ticking(at(life.incident).step("1"), "ana", "console"))
    life.asks(Resolve(by="ana", via="slack"))
    life.asks(ticking(at(life.incident).step("2"), "ana", "console"))
    assert at(life.incident).done == 1
