"""An incident's history joined with its attempts, its ladder, and its Markdown: pure, so in tables."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.commands import ASKED
from router.console.acts import ACTS, RESPONSE
from router.console.story import joined
from rules.incident import TimelineEntry
from rules.markdown import escaped
from workers.telling.attempts import Attempt, Became


def line(at: float, kind: str, text: str, **detail: str) -> TimelineEntry:
    """One line of a history."""
    return TimelineEntry(at=at, kind=kind, text=text, detail=detail)


def attempt(entry: str, number: int, became: Became, at: float, **more: object) -> Attempt:
    """One try."""
    return Attempt(
        id=f"{entry}.{number}",
        entry=entry,
        incident="I1",
        channel="slack",
        role="lead",
        person="ana",
        reason="opened",
        severity="P1",
        number=number,
        at=at,
        became=became,
        **more,  # type: ignore[arg-type]
    )


OPENED = line(1, "opened", "opened as P1", delivery="D1")
SENT = line(9, "sent", "slack told lead (ana): opened", entry="n-I1-1")
FAILED = attempt("n-I1-1", 1, Became.AGAIN, 2, why="busy")
DELIVERED = attempt("n-I1-1", 2, Became.DELIVERED, 9, took=0.2, status=200)
WAITS = attempt("n-I1-2", 1, Became.AGAIN, 3, why="busy")


@pytest.mark.parametrize(
    ("lines", "attempts", "told"),
    [
        ([OPENED], [], [("opened as P1", 1, 0)]),
        ([OPENED, SENT], [FAILED, DELIVERED], [("opened as P1", 1, 0), (SENT.text, 1, 2)]),
        (
            [OPENED, SENT],
            [WAITS, DELIVERED],
            [
                ("opened as P1", 1, 0),
                ("slack to lead (ana): opened has not arrived: busy", 1, 1),
                (SENT.text, 1, 1),
            ],
        ),
        ([line(1, "heard", "x"), line(2, "heard", "x"), line(3, "heard", "y")], [], [("x", 2, 0), ("y", 1, 0)]),
        (
            [line(1, "heard", "x"), line(2, "heard", "y"), line(3, "heard", "x")],
            [],
            [("x", 1, 0), ("y", 1, 0), ("x", 1, 0)],
        ),
        ([OPENED, line(2, "silent", "nothing to say")], [], [("opened as P1", 1, 0)]),
        ([OPENED], [attempt("n-I1-3", 1, Became.SKIPPED, 2)], [("opened as P1", 1, 0)]),
    ],
    ids=["alone", "retried", "on its way", "repeated", "not in a row", "nothing to say", "skipped elsewhere"],
)
def test_each_notification_is_one_line_with_its_attempts(
    lines: list[TimelineEntry], attempts: list[Attempt], told: list[tuple[str, int, int]]
) -> None:
    """What failed before it arrived stands under it; what has not arrived yet is a line of its own."""
    assert [(one.text, one.count, len(one.attempts)) for one in joined(lines, attempts)] == told


def test_what_is_on_its_way_stands_on_the_newest_page_only() -> None:
    """Else it would stand on every one."""
    assert [one.text for one in joined([OPENED], [WAITS], pending=False)] == ["opened as P1"]


def test_a_line_leads_to_its_delivery_and_knows_how_long_it_took() -> None:
    """From the history, and from the last attempt."""
    first, second = joined([OPENED, SENT], [FAILED, DELIVERED])
    assert first.delivery == "D1"
    assert second.took == 0.2


@given(st.text())
def test_no_text_forms_markdown(text: str) -> None:
    """Whatever a sender writes is one line, and every character that could form something is escaped."""
    shown = escaped(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_<>`\[\]#|~]", shown)


def test_every_command_of_the_api_has_a_button() -> None:
    """A command without one could only be typed; what becomes public has a page of its own, to be seen first."""
    assert ASKED.keys() - {"publish"} <= {act.command for act in (*ACTS, *RESPONSE)}
