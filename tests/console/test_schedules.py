"""The page of schedules: who is on call, four weeks of it, and somebody else for a while."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from router.console.weeks import weeks
from rules.reading.config import Schedule
from rules.reading.load import load
from tests.console.conftest import Console, said
from tests.receiver.ear import NOW
from tests.receiver.test_schedules_api import SCHEDULED
from workers.rulebook import overrides

HOSTILE = '<img src=x onerror="alert(1)">'
FORM = {
    "schedule": "primary",
    "person": "dan",
    "from": "2026-11-20T12:00",
    "until": "2026-11-23T09:00",
    "reason": "a wedding",
}


@pytest.fixture
def scheduled(console: Console) -> Console:
    """Ana and Maria in turns."""
    console.use(load({"rules.yaml": SCHEDULED}))
    return console


def test_who_is_on_call_and_who_is_next_is_said_first(scheduled: Console) -> None:
    """With the clock of the schedule, and the roles that are meant."""
    page = scheduled.get("/schedules")
    assert page.status_code == 200
    words = said(page)
    assert "On call now" in words
    assert "until Mon 23 Nov 09:00 EET" in words
    assert "12:00 EET there now · lead" in words


def test_an_override_is_made_shown_and_lifted(scheduled: Console) -> None:
    """Each button says what came of it."""
    told = scheduled.pressed("/schedules/override", FORM)
    assert told == "dan has primary from now until Mon 23 Nov 09:00 EET."
    (made,) = overrides.every(scheduled.redis)
    assert (made.by, made.reason) == ("Demo admin", "a wedding")
    words = said(scheduled.get("/schedules"))
    assert "On call now dan" in words
    assert "a wedding (Demo admin," in words
    told = scheduled.pressed("/schedules/lift", {"schedule": "primary", "id": made.id})
    assert told == "Lifted: dan no longer has primary; the rota holds again."
    assert overrides.every(scheduled.redis) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"until": "2026-11-20T11:00"}, "It would end before it begins"),
        ({"person": HOSTILE}, "There is no person"),
        ({"reason": ""}, "Please fill in “reason”"),
        ({"until": HOSTILE}, "expected a date and time"),
    ],
)
def test_what_makes_no_sense_is_told_beside_the_form(scheduled: Console, changes: dict[str, str], says: str) -> None:
    """The form keeps what was said; nothing is kept in Redis, and nothing of it becomes HTML."""
    answer = scheduled.press("/schedules/override", {**FORM, **changes})
    assert answer.status_code == 422
    assert says in said(answer)
    assert 'value="2026-11-20T12:00"' in answer.text
    assert "<img src=x" not in answer.text
    assert overrides.every(scheduled.redis) == []


def test_names_of_the_yaml_are_text(scheduled: Console) -> None:
    """Whoever writes the rules cannot write HTML into the page either."""
    name = '"' + HOSTILE.replace('"', "'") + '"'
    scheduled.use(load({"rules.yaml": SCHEDULED.replace("dan: {}", f"dan: {{name: {name}}}")}))
    page = scheduled.get("/schedules")
    assert page.status_code == 200
    assert "<img src=x" not in page.text


def test_an_override_whose_person_is_gone_is_told_of(scheduled: Console) -> None:
    """And in the banner of every page."""
    scheduled.pressed("/schedules/override", FORM)
    people = {name: one for name, one in scheduled.ruleset.config.people.items() if name != "dan"}
    scheduled.use(replace(scheduled.ruleset, config=scheduled.ruleset.config.model_copy(update={"people": people})))
    assert "no person 'dan' any more" in said(scheduled.get("/schedules"))
    assert "no person 'dan' any more" in said(scheduled.get("/"))


def test_without_schedules_the_page_says_what_they_are_for(console: Console) -> None:
    """It is not empty."""
    assert "No schedules." in said(console.get("/schedules"))


@pytest.mark.parametrize("now", [NOW, 1_774_744_200.0, 1_792_886_400.0, 1_792_970_000.0])
@pytest.mark.parametrize("timezone", ["Europe/Bucharest", "America/New_York", "Australia/Lord_Howe", "UTC"])
def test_the_bars_of_a_week_fill_it_without_gap_or_overlap(timezone: str, now: float) -> None:
    """Also in the weeks in which the clocks change; and this moment is in the first week."""
    rota = Schedule.model_validate({"timezone": timezone, "people": ["a", "b"], "every": "1d", "hand_over": "09:00"})
    drawn = weeks(rota, now)
    assert [len(week.days) for week in drawn] == [7] * 4
    assert drawn[0].now is not None
    assert [week.now for week in drawn[1:]] == [None] * 3
    for week in drawn:
        assert week.days[0].weekday() == 0
        assert week.bars[0].left == 0
        assert week.bars[-1].left + week.bars[-1].width == pytest.approx(100)
        for one, following in zip(week.bars, week.bars[1:], strict=False):
            assert one.left + one.width == pytest.approx(following.left, abs=0.01)


def test_a_gap_is_drawn_as_one(console: Console) -> None:
    """`Nobody`, in words and as a dashed bar."""
    console.use(load({"rules.yaml": SCHEDULED.replace("people: [ana, maria]", "people: []")}))
    page = console.get("/schedules")
    assert "Nobody" in said(page)
    assert re.search(r'<rect class="bar gap"', page.text)
