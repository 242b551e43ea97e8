r"""The table of action items in a post-mortem's Markdown: written by Tocsin, edited by people, read back.

    | Item | Owner | Due Date | Status |
    |------|-------|----------|--------|
    | Retry failed charges | @ana | 2026-12-01 | Open |

A `|` inside a cell is written `\|`, as GitHub's tables have it (github.github.com/gfm, 4.10); nothing else is escaped,
for what people write in a cell is Markdown too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rules.plain import plain
from rules.postmortem.record import ActionItem, Status

HEADING = "Action Items"
COLUMNS = ("Item", "Owner", "Due Date", "Status")
BLANK = "[to be filled in"
"""How whatever people must still write begins."""
LONGEST_ITEM, LONGEST_NAME, MOST_ITEMS = 300, 100, 100
_HEAD = ("| Item | Owner | Due Date | Status |", "|------|-------|----------|--------|")
_NOTHING = "| [to be filled in: what shall change] | | | Open |"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_PIPE = re.compile(r"(?<!\\)\|")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DROPPED = re.compile(r"dropped\b[\s:(–-]*(.*?)\)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in a document that cannot be read: where, counted from 1, and what was expected there."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as people left it."""

    text: str
    owner: str | None = None
    due: str | None = None
    status: Status = Status.OPEN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the table stands: its first line and the one after its last, counted from 0."""

    start: int
    end: int


def written(items: Iterable[ActionItem]) -> list[str]:
    """The lines of the table; without any items, one to be filled in."""
    return [*_HEAD, *([_row(one) for one in items] or [_NOTHING])]


def _row(one: ActionItem) -> str:
    status = one.status.value.capitalize() + (f": {one.reason}" if one.reason else "")
    cells = (one.text, f"@{one.owner}" if one.owner else "", one.due or "", status)
    return "|" + "|".join(f" {_cell(cell)} " if cell else " " for cell in cells) + "|"


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|")


def replaced(text: str, items: Iterable[ActionItem]) -> str:
    """The document with this table in place of its own; at its end, with a heading, where it had none."""
    lines, place = text.split("\n"), find(text)
    if place is not None:
        return "\n".join([*lines[: place.start], *written(items), *lines[place.end :]])
    return text.rstrip("\n") + "\n\n" + "\n".join([f"## {HEADING}", "", *written(items)]) + "\n"


def find(text: str) -> Place | None:
    """Where the table under the heading `Action Items` stands; None where there is no such heading, or no table."""
    lines, within = text.split("\n"), False
    for number, heading in _structure(lines):
        if heading is not None:
            within = heading.casefold() == HEADING.casefold()
        elif within and "|" in lines[number] and number + 1 < len(lines) and _RULE.fullmatch(lines[number + 1]):
            return Place(number, _end(lines, number + 2))
    return None


def _end(lines: Sequence[str], start: int) -> int:
    """A table ends at the first empty line, or where something else begins (GFM 4.10)."""
    for number in range(start, len(lines)):
        line = lines[number]
        if not line.strip() or _HEADING.fullmatch(line) or _FENCE.match(line) or "|" not in line:
            return number
    return len(lines)


def _structure(lines: Sequence[str]) -> Iterator[tuple[int, str | None]]:
    """Each line outside of code, with the words of the heading it is."""
    fence = ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) and not line.strip().strip(fence[0]) else fence
        elif found:
            fence = found[1]
        else:
            heading = _HEADING.fullmatch(line)
            yield number, heading[1] if heading else None


def sections(text: str) -> Iterator[tuple[int, str, str]]:
    """Every line outside of code, counted from 0, with the heading it stands under."""
    lines, under = text.split("\n"), ""
    for number, heading in _structure(lines):
        under = under if heading is None else heading
        yield number, lines[number], under


def read(text: str) -> tuple[list[Row], list[Flaw]] | None:
    """The rows of the document's table, and what of it cannot be read; None where it has no table."""
    place = find(text)
    if place is None:
        return None
    lines = text.split("\n")
    head = [cell for _, cell in _cells(lines[place.start])]
    if [cell.casefold() for cell in head] != [column.casefold() for column in COLUMNS]:
        message = f"expected the columns {', '.join(COLUMNS)}, found {', '.join(head)[:200]}"
        return [], [Flaw(place.start + 1, 1, message)]
    rows: list[Row] = []
    flaws: list[Flaw] = []
    for number in range(place.start + 2, place.end):
        row = _read_row(number + 1, lines[number], flaws)
        if row is not None:
            rows.append(row)
    if len(rows) > MOST_ITEMS:
        flaws.append(Flaw(place.start + 1, 1, f"{len(rows)} action items; a post-mortem has at most {MOST_ITEMS}"))
    return rows, flaws


def _cells(line: str) -> list[tuple[int, str]]:
    """The cells of a line with the columns they begin at, counted from 1."""
    edges = [found.start() for found in _PIPE.finditer(line)]
    begin = edges[0] + 1 if edges and not line[: edges[0]].strip() else 0
    ends = [edge for edge in edges if edge >= begin]
    if not ends or line[ends[-1] + 1 :].strip():
        ends.append(len(line))
    found = []
    for end in ends:
        cell = line[begin:end]
        found.append((begin + len(cell) - len(cell.lstrip()) + 1, plain(cell.replace("\\|", "|"))))
        begin = end + 1
    return found


def _read_row(number: int, line: str, flaws: list[Flaw]) -> Row | None:
    """None for one that says nothing, or that people have not filled in."""
    cells = _cells(line)
    if len(cells) > len(COLUMNS):
        column, _ = cells[len(COLUMNS)]
        flaws.append(Flaw(number, column, f"expected {len(COLUMNS)} cells, found {len(cells)}; a | in one is \\|"))
        return None
    (_, text), (_, owner), (_, due), (_, status) = [*cells, *[(len(line), "")] * (len(COLUMNS) - len(cells))]
    if text.startswith(BLANK) or not (text or owner or due):
        return None
    columns = [column for column, _ in cells]
    wrong = [*_long(text, owner), *_no_day(due), *_no_status(status)]
    flaws += [Flaw(number, columns[min(nth, len(columns) - 1)], message) for nth, message in wrong]
    if wrong:
        return None
    state, reason = _status(status)
    return Row(text=text, owner=owner.lstrip("@ ") or None, due=due or None, status=state, reason=reason)


def _long(text: str, owner: str) -> Iterator[tuple[int, str]]:
    if not text:
        yield 0, "expected what shall be done; to take an item out, write `Dropped: why` as its status"
    if len(text) > LONGEST_ITEM:
        yield 0, f"expected at most {LONGEST_ITEM} characters, found {len(text)}; the rest belongs into a ticket"
    if len(owner) > LONGEST_NAME:
        yield 1, f"expected a name of at most {LONGEST_NAME} characters"


def _no_day(due: str) -> Iterator[tuple[int, str]]:
    if due and not is_day(due):
        yield 2, f"expected a day like 2026-12-01, found '{due[:40]}'"


def is_day(text: str) -> bool:
    """Is it a day of this century, as `2026-12-01`?"""
    try:
        return bool(_DAY.fullmatch(text)) and 2000 <= date.fromisoformat(text).year < 2100
    except ValueError:
        return False


def _no_status(status: str) -> Iterator[tuple[int, str]]:
    word = status.casefold()
    if word in ("", "open", "done"):
        return
    found = _DROPPED.fullmatch(status)
    if found is None:
        yield 3, f"expected Open, Done, or `Dropped: why`, found '{status[:40]}'"
    elif not found[1]:
        yield 3, "expected why it was dropped, like `Dropped: the provider does it now`"
    elif len(found[1]) > LONGEST_ITEM:
        yield 3, f"expected a reason of at most {LONGEST_ITEM} characters"


def _status(status: str) -> tuple[Status, str]:
    found = _DROPPED.fullmatch(status)
    if found is not None:
        return Status.DROPPED, found[1]
    return (Status.DONE if status.casefold() == "done" else Status.OPEN), ""
