"""The table of action items in a post-mortem's Markdown: what Tocsin writes it reads, what people break it names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.event import Severity
from rules.plain import plain
from rules.postmortem.actions import NoItem, TooMany, added, by_rows, changed, recognised
from rules.postmortem.reading import LONGEST, blanks, document, marked
from rules.postmortem.record import ActionItem, Postmortem, Status
from rules.postmortem.table import LONGEST_ITEM, MOST_ITEMS, Row, find, read, replaced, written

HEAD = "# Post-Mortem: x\n\n## Action Items\n\n| Item | Owner | Due Date | Status |\n|---|---|---|---|\n"
NOW = 1_772_442_000.0
line = st.text(max_size=60).map(plain)
words = line.filter(lambda text: bool(text) and not text.startswith("[to be filled in"))
names = line.map(lambda text: text.lstrip("@ ")).map(lambda text: text or None)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 31))
statuses = st.one_of(
    st.sampled_from([(Status.OPEN, ""), (Status.DONE, "")]),
    st.from_regex(r"[a-z][a-z |]{0,30}[a-z]", fullmatch=True).map(lambda why: (Status.DROPPED, plain(why))),
)
items = st.builds(
    lambda number, text, owner, due, status: ActionItem(
        number=number, text=text, owner=owner, due=due and due.isoformat(), status=status[0], reason=status[1]
    ),
    st.integers(1, 99),
    words,
    names,
    st.none() | days,
    statuses,
)


def a_record(*items: ActionItem, text: str = "") -> Postmortem:
    """A post-mortem with these items."""
    return Postmortem(
        incident="A1",
        title="The shop is down",
        severity=Severity.P1,
        opened_at=NOW,
        resolved_at=NOW + 3600,
        why=("it was a P1",),
        draft_due=NOW + 100_000,
        review_due=NOW + 500_000,
        author="ana",
        text=text or HEAD,
        actions=items,
        numbered=max((item.number for item in items), default=0),
    )


def rows_of(text: str) -> list[Row]:
    """The rows of a document without flaws."""
    found = read(text)
    assert found is not None
    assert found[1] == []
    return found[0]


@given(
    st.lists(items, max_size=6), st.sampled_from(["", "# T\n\nwords\n", HEAD + "| a | | | Open |\n\n## Lessons\n\nx\n"])
)
def test_what_is_written_is_read_back(given_items: list[ActionItem], before: str) -> None:
    """Whatever people wrote into a cell, a | among it; and writing it again changes nothing."""
    text = replaced(before, given_items)
    assert [(row.text, row.owner, row.due, row.status, row.reason) for row in rows_of(text)] == [
        (item.text, item.owner, item.due, item.status, item.reason) for item in given_items
    ]
    assert replaced(text, given_items) == text


@given(st.text(max_size=400), st.text(max_size=200))
def test_no_document_breaks_the_reading(before: str, after: str) -> None:
    """It is read, or its flaws name lines that are there."""
    for text in (before, HEAD + before, f"{before}\n{HEAD}{after}"):
        read_ = document(text)
        assert all(1 <= flaw.line <= len(text.split("\n")) for flaw in read_.flaws)
        if not read_.flaws:
            assert document(read_.text).text == read_.text
            assert document(marked(read_.text, "A1", 3)).revision == 3


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        ("| Alert on it | @ana | 2026-12-01 | Open |", Row(text="Alert on it", owner="ana", due="2026-12-01")),
        ("Alert on it | Ana Popescu | | done", Row(text="Alert on it", owner="Ana Popescu", status=Status.DONE)),
        ("| Alert |", Row(text="Alert")),
        ("| Alert | | | |", Row(text="Alert")),
        (r"| `a \| b` | | | Open |", Row(text="`a | b`")),
        ("| Alert | | | Dropped: too dear |", Row(text="Alert", status=Status.DROPPED, reason="too dear")),
        ("| Alert | | | DROPPED (too dear) |", Row(text="Alert", status=Status.DROPPED, reason="too dear")),
        ("| [to be filled in: what shall change] | | | Open |", None),
        ("| | | | |", None),
    ],
)
def test_rows_as_people_write_them(cells: str, row: Row | None) -> None:
    """With or without outer pipes, short rows too."""
    assert rows_of(HEAD + cells + "\n") == ([row] if row else [])


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("| Alert | ana | soon | Open |", "line 7, column 17: expected a day like 2026-12-01, found 'soon'"),
        ("| Alert | ana | 2026-02-30 | Open |", "found '2026-02-30'"),
        ("| Alert | ana | 2026-12-01 | Started |", "expected Open, Done, or `Dropped: why`, found 'Started'"),
        ("| Alert | ana | | Dropped |", "expected why it was dropped"),
        ("| a | b | c | d | e |", r"expected 4 cells, found 5; a | in one is \|"),
        ("| | ana | | Open |", "expected what shall be done"),
        (f"| {'x' * (LONGEST_ITEM + 1)} | | | |", "at most 300 characters"),
        (f"| x | {'y' * 101} | | |", "a name of at most 100"),
        (f"| x | | | Dropped: {'z' * 301} |", "a reason of at most 300"),
    ],
)
def test_what_cannot_be_read_is_named(cells: str, says: str) -> None:
    """By line and column, with what was expected."""
    (flaw,) = document(HEAD + cells + "\n").flaws
    assert says in str(flaw)
    assert flaw.line == 7


def test_another_table_is_not_taken_for_it() -> None:
    """Not one with other columns, not one in code, not one under another heading."""
    (flaw,) = document("## Action items\n\n| What | Who |\n|---|---|\n| x | y |\n").flaws
    assert "expected the columns Item, Owner, Due Date, Status, found What, Who" in str(flaw)
    assert find("```\n" + HEAD + "```\n") is None
    assert find("## Impact\n\n| Item | Owner | Due Date | Status |\n|---|---|---|---|\n| x | | | |\n") is None
    assert find("## Action Items\n\nnone | yet\n\n## Lessons\n") is None
    assert document("## Impact\n\nnothing\n").rows is None


def test_too_many_items_are_told() -> None:
    """A hundred is a plan; more is a list."""
    (flaw,) = document(HEAD + "| x | | | |\n" * (MOST_ITEMS + 1)).flaws
    assert "at most 100" in flaw.message


def test_a_document_says_what_it_was_made_from() -> None:
    """In a line that no reader shows, wherever it has got to; of several the last."""
    text = marked("# Title\n\nwords\n", "4QXZ81", 7)
    found = document(text)
    assert (found.of, found.revision, found.text) == ("4QXZ81", 7, "# Title\n\nwords\n")
    assert document(text + "\nmore\n").revision == 7
    assert document("# Title\r\n\x00\u202ewords").text == "# Title\nwords\n"
    assert document("# Title\n").revision is None


@pytest.mark.parametrize(("text", "says"), [("", "empty"), (" \n\n", "empty"), ("ü" * 60_000, "at most 100 kB")])
def test_what_is_no_document_is_refused(text: str, says: str) -> None:
    """Nothing, or a book."""
    assert says in document(text).flaws[0].message
    assert len("ü" * 60_000) < LONGEST


def test_the_author_and_the_blanks_are_read() -> None:
    """A blank is named by its line and the heading above it; one in code is code."""
    text = "**Author:** @Ana  \n\n## Impact\n- Users affected: [to be filled in]\n\n```\n[to be filled in]\n```\n"
    assert document(text).author == "Ana"
    assert blanks(text) == ["line 4 (Impact)"]
    assert document("**Author:** [to be filled in: who]\n").author is None
    assert document("nobody\n").author is None


def an_item(number: int, text: str, **more: object) -> ActionItem:
    """One of somebody's."""
    return ActionItem(number=number, text=text, **more)  # type: ignore[arg-type]


def test_rows_are_the_items_they_were() -> None:
    """By their words, else by their place; a new one gets a new number; what is gone is dropped, not forgotten."""
    one = a_record(an_item(1, "first", reminded=2), an_item(2, "second"), an_item(3, "third"))
    rows = [Row(text="second", status=Status.DONE), Row(text="fourth"), Row(text="the first, but better")]
    new = by_rows(one, rows, "ana", NOW)
    assert [(item.number, item.text, item.status) for item in new.actions] == [
        (2, "second", Status.DONE),
        (4, "fourth", Status.OPEN),
        (3, "the first, but better", Status.OPEN),
        (1, "first", Status.DROPPED),
    ]
    assert new.actions[3].reason == "taken out of the document by ana"
    assert new.actions[0].closed_at == NOW
    assert new.numbered == 4


def test_a_reworded_row_keeps_its_number() -> None:
    """And what is known of it."""
    one = a_record(an_item(1, "first", reminded=2), an_item(2, "second"))
    new = by_rows(one, [Row(text="first, for real"), Row(text="second")], "ana", NOW)
    assert [(item.number, item.reminded) for item in new.actions] == [(1, 2), (2, 0)]


def test_items_change_one_by_one_and_so_does_the_document() -> None:
    """The table is written anew, the rest of the document stays as it is."""
    one = added(a_record(text=HEAD + "| x | | | |\n\n## Lessons\n\nnone\n"), "Alert on it", "ana", "2026-12-01")
    assert (one.revision, one.numbered) == (2, 1)
    assert "| Alert on it | @ana | 2026-12-01 | Open |\n\n## Lessons\n\nnone\n" in one.text
    done = changed(one, 1, NOW, status=Status.DONE)
    assert done.actions[0].closed_at == NOW
    assert "| Done |" in done.text
    again = changed(done, 1, NOW + 5, status=Status.OPEN, due="2026-12-08")
    assert (again.actions[0].closed_at, again.actions[0].reminded) == (None, 0)
    with pytest.raises(NoItem, match="there are: 1"):
        changed(one, 7, NOW)
    with pytest.raises(TooMany):
        added(a_record(*(an_item(n, f"item {n}") for n in range(MOST_ITEMS))), "one more", None, None)


def test_without_items_the_table_asks_for_some() -> None:
    """And that row is none."""
    assert rows_of(replaced("# T\n", [])) == []
    assert "[to be filled in: what shall change]" in "\n".join(written([]))


@pytest.mark.parametrize(
    ("said", "name"),
    [("ana", "ana"), ("ANA", "ana"), ("Ana Popescu", "ana"), ("Bob", "Bob"), ("Dan", "Dan"), (None, None)],
)
def test_an_owner_is_known_by_either_name(said: str | None, name: str | None) -> None:
    """Where two are called so, nobody is guessed."""
    people = {"ana": "Ana Popescu", "dan1": "Dan", "dan2": "Dan"}
    assert recognised(said, people) == name
