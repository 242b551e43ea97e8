"""The page of maintenance: begun with one button, its words ready to paste, prolonged and ended."""

from __future__ import annotations

import pytest

from tests.console.conftest import Console, said
from workers import maintenance
from workers.rulebook import silences

HOSTILE = '<img src=x onerror="alert(1)">'
FORM = {"service": "shop", "reason": "new disks", "for": "1h", "severity": "P4"}


def test_nothing_on_says_what_it_is_for(console: Console) -> None:
    """And offers the button."""
    words = said(console.get("/maintenance"))
    assert "Nothing is worked on." in words
    assert "Start maintenance" in words


def test_one_button_begins_it_and_shows_what_to_say(console: Console) -> None:
    """Until when, what is silenced, who is reminded, what nobody has named yet; each text with a button to copy it."""
    told = console.pressed("/maintenance/start", FORM)
    assert told == (
        "Maintenance of shop until 11:00 UTC: nobody is paged. So far no rule and no incident has the label "
        "service=shop. It is silenced all the same. What to say to others is below."
    )
    page = console.get("/maintenance")
    words = said(page)
    assert "Silenced: label service=shop." in words
    assert "Reminded at 10:50 UTC in slack" in words
    assert "Holds nothing back so far." in words
    assert "From 20 November 10:00 UTC to 20 November 11:00 UTC we are working on shop: new disks." in words
    assert page.text.count("data-copy=") == 3
    (one,) = maintenance.every(console.redis, console.clock.at)
    assert one.by == "Demo admin"


def test_it_is_prolonged_and_ended(console: Console) -> None:
    """Each says what came of it; over, it is still listed for a week."""
    console.pressed("/maintenance/start", {**FORM, "chosen": "kuma"})
    (one,) = maintenance.every(console.redis, console.clock.at)
    assert console.pressed("/maintenance/prolong", {"name": one.name, "for": "30m"}) == (
        "Maintenance of shop goes on until 11:30 UTC."
    )
    console.is_down()
    words = said(console.get("/maintenance"))
    assert "prolonged once" in words
    assert "Holds back 1 incident , told when it ends if it still burns" in words
    told = console.pressed("/maintenance/end", {"name": one.name})
    assert told.startswith("The maintenance is over. Still burning, and told now: P1 ")
    assert silences.every(console.redis) == []
    assert console.pressed("/maintenance/end", {"name": one.name}) == "It has been over since 10:00 UTC."
    assert "Over within a week" in said(console.get("/maintenance"))


def test_one_that_is_planned_can_be_called_off(console: Console) -> None:
    """From and until by the clock, in UTC."""
    planned = {**FORM, "start": "2026-11-20T22:00", "end": "2026-11-20T23:30"}
    assert "from 22:00 UTC until 23:30 UTC" in console.pressed("/maintenance/start", planned)
    (one,) = maintenance.every(console.redis, console.clock.at)
    assert "Call it off" in said(console.get("/maintenance"))
    assert console.pressed("/maintenance/end", {"name": one.name}) == (
        "The maintenance is over. Nothing that it held back still burns."
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"service": ""}, "Please fill in “service”"),
        ({"end": "2026-11-20T09:00"}, "must end after it starts"),
        ({"end": HOSTILE}, "end"),
        ({"severity": HOSTILE}, "Please fill in “severity”"),
        ({"for": "soon"}, "for"),
    ],
)
def test_what_makes_no_sense_is_told_beside_the_form(console: Console, changes: dict[str, str], says: str) -> None:
    """The form keeps what was said; nothing is silenced, and nothing of it becomes HTML."""
    answer = console.press("/maintenance/start", {**FORM, **changes})
    assert answer.status_code == 422
    assert says in said(answer)
    assert 'value="new disks"' in answer.text
    assert "<img src=x" not in answer.text
    assert silences.every(console.redis) == []


def test_what_people_write_is_text(console: Console) -> None:
    """Also in the words that are to be copied."""
    console.pressed("/maintenance/start", {**FORM, "service": HOSTILE, "reason": HOSTILE})
    page = console.get("/maintenance")
    assert page.status_code == 200
    assert "<img src=x" not in page.text


def test_what_is_gone_is_refused(console: Console) -> None:
    """A page that was open for too long ends nothing."""
    for path in ("/maintenance/end", "/maintenance/prolong"):
        assert console.press(path, {"name": "M-0", "for": "30m"}).status_code == 404
