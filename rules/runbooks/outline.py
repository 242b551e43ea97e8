"""A Markdown file as an outline: headings, paragraphs, code, and items with what is indented below them. Pure.

As much of CommonMark as a runbook needs; what else Markdown knows stays text. Lines and columns count from 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

DEEPEST = 12
"""Items below items, so far down; what is indented further belongs to the deepest."""

# Each of these looks at a character a few times at most, however long the line is.
_HEADING = re.compile(r" {0,3}(#{1,6}) +(.*)")
_ITEM = re.compile(r"( *)([-*+]|[0-9]{1,3}[.)])( +|$)(?:\[([ xX])\] +)?(.*)")
_FENCE = re.compile(r"( *)(`{3,}|~{3,})([^`]*)")
_BREAK = re.compile(r" {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})")


@dataclass(slots=True)
class Heading:
    """A line that begins with `#`."""

    kind: ClassVar[str] = "heading"
    line: int
    column: int
    text: str
    level: int


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together, as one."""

    kind: ClassVar[str] = "text"
    line: int
    column: int
    text: str


@dataclass(slots=True)
class Code:
    """Lines between two fences, to be copied as they are."""

    kind: ClassVar[str] = "code"
    line: int
    column: int
    text: str
    language: str = ""


@dataclass(slots=True)
class Item:
    """One item of a list."""

    kind: ClassVar[str] = "item"
    line: int
    column: int
    text: str
    indent: int
    counted: bool = False
    """It begins with a number."""
    box: bool = False
    """It begins with `[ ]`."""
    below: list[Node] = field(default_factory=list)


Node = Heading | Paragraph | Code | Item


def outline(text: str) -> tuple[list[Node], int]:
    """Everything in the file in its order, and the line of a code block that is never closed; 0 when all are."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        reader.take(number, line.rstrip().expandtabs(4))
    return reader.found, reader.ends()


class _Reader:
    def __init__(self) -> None:
        self.found: list[Node] = []
        self._items: list[Item] = []
        self._open: Paragraph | Item | None = None
        self._words: list[str] = []
        self._code: Code | None = None
        self._fence = ("", 0)
        self._lines: list[str] = []

    def take(self, number: int, line: str) -> None:
        """The next line."""
        if self._code is not None:
            self._in_code(line)
        elif not line or _BREAK.fullmatch(line):
            self._close()
        elif fence := _FENCE.fullmatch(line):
            self._begin_code(number, fence)
        elif heading := _HEADING.fullmatch(line):
            self._close()
            self._items = []
            self.found.append(Heading(number, heading.start(2) + 1, _title(heading[2]), len(heading[1])))
        elif item := _ITEM.fullmatch(line):
            self._begin_item(number, item)
        else:
            self._prose(number, line)

    def ends(self) -> int:
        """The file is read: the line of the code block that is open still, else 0."""
        self._close()
        if self._code is None:
            return 0
        self._close_code()
        return self._code.line

    def _place(self, indent: int) -> list[Node]:
        """Where something indented so far belongs."""
        while self._items and indent < self._items[-1].indent + 2:
            self._items.pop()
        return self._items[-1].below if self._items else self.found

    def _begin(self, one: Paragraph | Item) -> None:
        """Lines that follow belong to it."""
        self._close()
        self._open, self._words = one, [one.text]

    def _close(self) -> None:
        """What was open has all its lines."""
        if self._open is not None:
            self._open.text = " ".join(filter(None, self._words))
        self._open = None

    def _begin_item(self, number: int, found: re.Match[str]) -> None:
        indent = len(found[1])
        place = self._place(indent)
        made = Item(number, found.start(5) + 1, found[5], indent, found[2][0].isdigit(), found[4] is not None)
        place.append(made)
        if len(self._items) < DEEPEST:
            self._items.append(made)
        self._begin(made)

    def _prose(self, number: int, line: str) -> None:
        words = line.strip()
        if self._open is not None:
            self._words.append(words)
            return
        indent = len(line) - len(line.lstrip())
        made = Paragraph(number, indent + 1, words)
        self._place(indent).append(made)
        self._begin(made)

    def _begin_code(self, number: int, found: re.Match[str]) -> None:
        indent = len(found[1])
        self._close()
        language = found[3].split()[:1]
        self._code, self._fence = Code(number, indent + 1, "", *language), (found[2], indent)
        self._lines = []
        self._place(indent).append(self._code)

    def _in_code(self, line: str) -> None:
        fence, indent = self._fence
        closing = line.strip()
        if len(closing) >= len(fence) and closing == fence[0] * len(closing):
            self._close_code()
            self._code = None
        else:
            self._lines.append(line[indent:] if not line[:indent].strip() else line.lstrip())

    def _close_code(self) -> None:
        if self._code is not None:
            self._code.text = "\n".join(self._lines)


def _title(text: str) -> str:
    """A heading without the `#` that may close it.

    >>> _title("Roll back ##")
    'Roll back'
    """
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and (not bare or bare.endswith(" ")) else text
