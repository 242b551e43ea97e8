"""Whoever ticks everything ticks what is left of it: what others and checks have found stays theirs."""

from __future__ import annotations

from rules.plan import Item
from rules.responding.checklists import EVERYTHING
from rules.responding.response_commands import Tick
from rules.responding.verification import missing
from rules.transitions.on_response import verified_by_check
from rules.turn import Turn
from tests.rules.lives import Life
from tests.rules.test_verification import HEALTH, LOG_IN, an_incident, ticks

ERRORS = Item(id="verify:errors", text="Errors are gone")


def says(life: Life, *, ok: bool) -> None:
    """The check of the health has looked."""
    turn = Turn(life.incident, life.now)
    verified_by_check(turn, "health", ok=ok, said="204 in 9 s")
    life.incident = turn.incident


def test_what_somebody_has_found_is_not_overwritten() -> None:
    """Ana wrote down what she saw; Dan ticks all, and her line stays hers, words and name."""
    life = an_incident(LOG_IN, HEALTH, ERRORS).asks(Tick(item="1", by="ana", via="cli", answer="three of us"))
    life.asks(Tick(item=EVERYTHING, by="dan", via="cli"))
    ticked = life.incident.response.ticks
    assert [(one.by, one.answer) for one in ticked.values()] == [("ana", "three of us"), ("dan", ""), ("dan", "")]
    assert life.history("ticked")[1:] == ["done, all at once: The site answers", "done, all at once: Errors are gone"]


def test_what_a_check_keeps_stays_the_checks() -> None:
    """It ticked its item; somebody ticks all; it turns red: the item is open again, and a P1 stays open."""
    life = an_incident(LOG_IN, HEALTH)
    says(life, ok=True)
    life.asks(ticks(EVERYTHING))
    assert missing(life.incident, life.now) == []
    says(life, ok=False)
    assert [line.item.id for line in missing(life.incident, life.now)] == [HEALTH.id]
