"""The Queue page: what is promised and when, what fires in the next hour, and the buttons that move it."""

from __future__ import annotations

import pytest

from router.console.axis import AHEAD, BINS, OTHER, axis
from tests.console.conftest import Console, said
from workers.agenda import Entry, Kind, Lane, add
from workers.outlook import After, Outlook, Sought

NOW = 1000.0


@pytest.mark.parametrize(
    ("due", "spots"),
    [
        ([], []),
        ([(NOW, "P1")], [("P1", 2.5, 1)]),
        ([(NOW - 90, "P2")], [("P2", 2.5, 1)]),
        ([(NOW + 179, "P1"), (NOW + 180, "P1")], [("P1", 2.5, 1), ("P1", 7.5, 1)]),
        ([(NOW + 10, "P1")] * 7 + [(NOW + 10, "P4")], [("P1", 2.5, 7), ("P4", 2.5, 1)]),
        ([(NOW + AHEAD, "P3"), (NOW + AHEAD + 1, "P3")], [("P3", 97.5, 1)]),
        ([(NOW, None)], [(OTHER, 2.5, 1)]),
    ],
    ids=["none", "now", "overdue", "apart", "gathered", "the end", "of no incident"],
)
def test_marks_stand_where_they_fall_due(
    due: list[tuple[float, str | None]], spots: list[tuple[str, float, int]]
) -> None:
    """Now at the left; what falls together is one mark with its number; what is later than an hour is not drawn."""
    drawn = axis(due, NOW, len(due))
    assert [(one.severity, one.left, one.number) for one in drawn.spots] == spots


def test_each_severity_has_its_row_the_worst_on_top() -> None:
    """Two severities of the same moment do not cover each other, and what is of no incident comes last."""
    drawn = axis([(NOW, None), (NOW, "P3"), (NOW, "P1")], NOW, 3)
    assert [name for name, _ in drawn.rows] == ["P1", "P3", OTHER]
    assert len({one.top for one in drawn.spots}) == 3
    assert max(one.top for one in drawn.spots) < drawn.height


def test_the_drawing_is_said_in_words() -> None:
    """For whoever cannot see it: how many, when, how bad; and that not all is drawn, where that is so."""
    words = axis([(NOW, "P1"), (NOW + 400, "P3")], NOW, 2).words
    assert words == "2 promises are due in the next hour: 1 P1 within 3m; 1 P3 in 6m to 9m."
    assert axis([], NOW, 0).words == "Nothing is due in the next hour."
    assert axis([(NOW, "P1")], NOW, 900).words.endswith("The first 1 are drawn.")
    many = axis([(NOW + 3600 * n / BINS, "P1") for n in range(BINS)], NOW, BINS)
    assert "later in the hour more" in many.words


def test_an_empty_agenda_says_so(console: Console) -> None:
    """Nothing is promised, nothing given up, and the queues are there."""
    page = said(console.get("/agenda"))
    for words in ("Nothing is promised.", "Nothing is due in the next hour.", "Nothing was given up", "urgent 0 0 0"):
        assert words in page


def test_every_promise_is_read_aloud(console: Console) -> None:
    """When, what, of which incident, for whom; sender text is text."""
    incident = console.is_down(name='<img src=x onerror="alert(1)">')
    page = console.get("/agenda")
    assert "step 2: call lead" in said(page)
    assert "in 15m" in said(page)
    assert f'href="/incidents/{incident.id}"' in page.text
    assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("kind=step", True),
        ("kind=settle", False),
        ("kind=notify", False),
        ("severity=P1", True),
        ("severity=P4", False),
        ("lane=urgent", True),
        ("lane=calm", False),
        ("who=lead", True),
        ("who=maria", True),
        ("who=nobody", False),
        ("kind=nonsense&after=99999999999", False),
        ("after=nan&shown=-1&lane=%00", True),
    ],
)
def test_the_address_says_what_is_shown(console: Console, query: str, there: bool) -> None:
    """By person, severity, kind and lane, which can be bookmarked; nonsense seeks all."""
    console.is_down()
    assert ("step 2: call" in said(console.get(f"/agenda?{query}"))) is there


def test_the_buttons_move_a_step(console: Console) -> None:
    """Put off, then dropped: each says what comes then, and stands in the timeline with the name."""
    incident = console.is_down()
    move = {"entry": f"{Kind.STEP}-{incident.id}", "step": "1", "back": "/agenda"}
    assert "Put off. Then: " in console.pressed("/agenda/move", {**move, "do": "postpone", "for": "15m"})
    assert "say why" in console.pressed("/agenda/move", {**move, "do": "drop", "reason": " "})
    assert "Dropped." in console.pressed("/agenda/move", {**move, "do": "drop", "reason": "asleep"})
    late = console.pressed("/agenda/move", {**move, "do": "run"})
    assert "Nothing was changed" in late or "end" in late
    assert [line.by for line in console.store.timeline(incident.id)][-2:] == ["Demo admin", "Demo admin"]


def test_the_end_of_the_matrix_has_no_button_that_calls(console: Console) -> None:
    """Nobody further is there to be called before the time; it can still be put off."""
    incident = console.is_down()
    assert ">Call them now<" in console.get("/agenda").text
    entry = f"{Kind.STEP}-{incident.id}"
    console.pressed("/agenda/move", {"entry": entry, "step": "1", "do": "run", "back": "/agenda"})
    page = console.get("/agenda?kind=step")
    assert "everybody once more" in said(page)
    assert ">Call them now<" not in page.text
    assert ">Put off<" in page.text


def test_what_is_snoozed_calls_again(console: Console) -> None:
    """As its own page says; not that the ladder ends with nobody answering, for somebody has answered."""
    incident = console.is_down()
    console.pressed("/act", {"do": f"snooze-1h {incident.id}"})
    page = said(console.get("/agenda?kind=step"))
    assert f"P1 incident {incident.id} calls again, unless it is resolved" in page
    assert "nobody answering" not in page


def test_what_was_given_up_is_taken_up_again(console: Console) -> None:
    """Once: the second press says that it stands there no more."""
    console.is_down()
    entry = console.parks_a_page()
    page = said(console.get("/agenda"))
    assert "10 workers died over it" in page
    assert page.index("take these up first") < page.index("The next hour")
    move = {"entry": entry, "do": "take up", "back": "/agenda"}
    assert "once more" in console.pressed("/agenda/move", move)
    assert "promised no more" in console.pressed("/agenda/move", move)


def test_a_button_that_is_none_changes_nothing(console: Console) -> None:
    """A made-up form is answered with a sentence."""
    assert console.press("/agenda/move", {"entry": "x", "do": "explode"}).status_code == 422
    assert console.press("/agenda/move", {"entry": "x", "do": "postpone", "for": "soon"}).status_code in (303, 422)
    assert "no more" in console.pressed("/agenda/failed", {"job": "x", "do": "requeue", "back": "/agenda"})


@pytest.mark.parametrize("sought", [Sought(), Sought(severity="P3")], ids=["all", "by what they say"])
def test_pages_follow_each_other_without_a_gap(console: Console, sought: Sought) -> None:
    """Also where more than a page is due at the very same moment: each promise stands on one page, once."""
    with console.redis.pipeline() as pipe:
        for number in range(130):
            at = console.clock.at + (60 if number < 120 else 90)
            fields = {
                "created_at": at,
                "due_at": at,
                "lane": (Lane.URGENT, Lane.CALM)[number % 2],
                "body": {"severity": "P3"},
            }
            add(pipe, Entry(id=f"release-X{number:03}", kind=Kind.RELEASE, **fields))  # type: ignore[arg-type]
        pipe.execute()
    outlook, after, found = Outlook(console.redis), After(), list[str]()
    for _ in range(3):
        sheet = outlook.sheet(sought, after, 50)
        found += [one.entry.id for one in sheet.glances]
        after = sheet.further or after
    assert sheet.further is None
    assert (len(found), len(set(found)), sheet.total) == (130, 130, 130)
    assert "Later" in said(console.get("/agenda"))
