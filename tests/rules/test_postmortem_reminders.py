"""When somebody is reminded of a post-mortem or of an action item, and who."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.holds.hours import Hours
from rules.postmortem.record import ActionItem, Postmortem, Said, Stage, Status
from rules.postmortem.reminders import WEEK, due, next_at, overdue, rung
from rules.postmortem.terms import DAY, Terms
from tests.rules.lives import P1, P4, a_policy
from tests.rules.test_postmortem_table import NOW, a_record

TERMS = Terms()
PLAN = a_policy().plans[P1]
OFFICE = Hours(name="office", timezone="UTC", days=(0, 1, 2, 3, 4), spans=((540, 1020),))
MONDAY = NOW
"""2 March 2026, 09:00 UTC."""


def utc(_: str | None) -> str:
    """Everybody lives by UTC."""
    return "UTC"


def course(one: Postmortem, terms: Terms = TERMS, until: float = 40 * DAY) -> list[tuple[float, str]]:
    """Everything that is reminded of, as (days after the draft was due, to whom)."""
    told = []
    while (at := next_at(one, PLAN, terms, utc)) is not None and at <= one.draft_due + until:
        one, reminders = due(one, PLAN, terms, utc, at)
        assert reminders
        told += [((at - one.draft_due) / DAY, each.role or each.owner or "author") for each in reminders]
    return told


def test_before_at_and_after_the_deadline_then_up_the_matrix() -> None:
    """First whoever writes it, then the lead, then the last role; then every week, so that nothing is forgotten."""
    assert course(a_record(), until=17 * DAY) == [
        (-1, "author"),
        (0, "author"),
        (1, "author"),
        (1, "engineering lead"),
        (2, "author"),
        (2, "ceo"),
        (9, "author"),
        (9, "engineering lead"),
        (16, "author"),
        (16, "engineering lead"),
    ]


def test_what_was_missed_is_told_once() -> None:
    """Tocsin was away for three days: the last of the reminders is the one that is sent."""
    one = a_record()
    late = one.draft_due + 3 * DAY
    told, reminders = due(one, PLAN, TERMS, utc, late)
    assert [each.text.partition(".")[0] for each in reminders] == [
        "the draft of the post-mortem is overdue by 3d (it was a P1)",
        "the draft of the post-mortem is overdue by 3d (it was a P1), and nobody has seen to it",
    ]
    assert [each.loud for each in reminders] == [True, False]
    assert due(told, PLAN, TERMS, utc, late + 60) == (told, ())


def test_a_submitted_draft_is_reminded_of_its_review() -> None:
    """And a reviewed or waived one of nothing."""
    one = replace(a_record(), drafted=Said(by="ana", at=NOW))
    assert next_at(one, PLAN, TERMS, utc) == one.review_due - DAY
    _, (reminder,) = due(one, PLAN, TERMS, utc, one.review_due)
    assert reminder.text.startswith("the team's review of the post-mortem is due (it was a P1). Meet, and then say so")
    for ended in (replace(one, reviewed=Said(by="ana", at=NOW)), replace(one, waived=Said(by="ana", at=NOW))):
        assert next_at(ended, PLAN, TERMS, utc) is None
        assert ended.finished
        assert due(ended, PLAN, TERMS, utc, one.review_due + WEEK) == (ended, ())


def test_reminders_wait_for_working_hours_and_deadlines_do_not() -> None:
    """Due on Saturday, told on Monday at nine; overdue since Saturday."""
    one = replace(a_record(), draft_due=MONDAY + 5 * DAY)
    terms = replace(TERMS, hours=OFFICE)
    told = course(one, terms, until=3 * DAY)
    assert told == [(-1, "author"), (2, "author"), (2, "ceo")]
    assert overdue(one, utc, one.draft_due + 60) == ["the draft is overdue by 1m"]


def test_a_matrix_without_steps_still_reminds() -> None:
    """There is nobody further to tell, so it is told every week."""
    plan = a_policy().plans[P4]
    assert [rung(n, 0.0, plan, TERMS).at for n in range(4)] == [-DAY, 0.0, WEEK, 2 * WEEK]
    assert all(not rung(n, 0.0, plan, TERMS).roles for n in range(4))


ITEM = ActionItem(number=1, text="Alert on it", owner="ana", due="2026-03-10")


def test_an_item_is_reminded_on_its_day_and_every_week() -> None:
    """Its owner, in the morning by their own clock, until it is done or dropped."""
    one = replace(a_record(ITEM), reviewed=Said(by="ana", at=NOW))
    assert not one.finished
    morning = MONDAY + 8 * DAY
    assert next_at(one, PLAN, TERMS, utc) == morning
    assert next_at(one, PLAN, TERMS, lambda _: "Europe/Bucharest") == morning - 2 * 3600
    one, (first,) = due(one, PLAN, TERMS, utc, morning)
    assert (first.owner, first.loud) == ("ana", False)
    assert first.text.startswith("action item 1 is due today: Alert on it. Once it is done: `tocsin postmortem actions")
    assert next_at(one, PLAN, TERMS, utc) == morning + WEEK
    one, (second,) = due(one, PLAN, TERMS, utc, morning + 3 * WEEK)
    assert second.text.startswith("action item 1 is overdue by 21d: Alert on it.")
    assert second.loud
    assert next_at(one, PLAN, TERMS, utc) == morning + 4 * WEEK
    done = replace(one, actions=(replace(one.actions[0], status=Status.DONE),))
    assert next_at(done, PLAN, TERMS, utc) is None


@pytest.mark.parametrize(("after", "says"), [(0.0, []), (DAY - 1, []), (DAY, ["action item 1 was due on 2026-03-10"])])
def test_an_item_is_overdue_when_its_day_is_over(after: float, says: list[str]) -> None:
    """Not in the morning of it."""
    one = replace(a_record(ITEM), reviewed=Said(by="ana", at=NOW))
    assert overdue(one, utc, MONDAY + 8 * DAY + after) == says


def test_an_item_of_long_ago_does_not_flood() -> None:
    """A slip of a year is one reminder."""
    one = a_record(replace(ITEM, due="2016-03-10"))
    told, reminders = due(one, PLAN, TERMS, utc, NOW)
    assert [each.owner for each in reminders] == ["ana"]
    assert (next_at(told, PLAN, TERMS, utc) or 0) > NOW


@pytest.mark.parametrize(
    ("said", "stage", "due_at"),
    [
        ({}, Stage.DRAFT_DUE, "draft_due"),
        ({"drafted"}, Stage.DRAFTED, "review_due"),
        ({"drafted", "reviewed"}, Stage.REVIEWED, None),
        ({"drafted", "waived"}, Stage.WAIVED, None),
    ],
)
def test_stages(said: set[str], stage: Stage, due_at: str | None) -> None:
    """What was said of it is where it stands."""
    one = replace(a_record(), **{name: Said(by="ana", at=NOW) for name in said})
    assert one.stage is stage
    assert one.due_at == (None if due_at is None else getattr(one, due_at))
