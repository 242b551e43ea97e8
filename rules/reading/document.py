"""YAML text to plain data, remembering where everything stands. No type is guessed: a scalar is text, or nothing.

So `no` is Norway, `12:30` a time and `1e3` a word; the models of `rules.reading.config` say what is a number or a
switch. Read from the parser's events and not its composer: that one recurses in C, and 100,000 brackets end the
process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import yaml

from rules.reading.problem import Problem, without_value
from rules.reading.yaml_errors import in_plain_words

MAX_DEPTH = 50
MAX_CHARACTERS = 4 * 1024 * 1024
MAX_VALUES = 400_000
"""In all files together: some hundred MiB of memory, and several times what ten thousand rules need."""

Path = tuple[str | int, ...]
"""Keys and list positions from the top: `("rules", 3, "then", "severity")`."""
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})


class Place(NamedTuple):
    """Where something begins; lines and columns count from 1."""

    file: str
    line: int
    column: int


@dataclass
class Document:
    """Plain data (dict, list, str, None), the place of every key and value, and what was wrong on the way."""

    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    quoted: set[Path] = field(default_factory=set)
    """Scalars that stand in quotes, or in a block of text: whoever reads JSON out of them takes them for text."""
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, bool] = field(default_factory=dict)
    """Every file that was read: does it say anything?"""
    refused: set[Path] = field(default_factory=set)
    """Top-level keys that another file has said already: their places are not taken over."""
    whole: bool = True
    """False when a file could not be read to its end: then anything else may only seem to be missing."""

    def at(self, path: Path) -> Any:
        """The data at `path`; None where there is none."""
        found: Any = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value (or its key) stands; for a path that is not there, the nearest above it."""
        places = self.keys if key else self.values
        if path in places or path in self.values:
            return places.get(path) or self.values[path]
        return self.place(path[:-1], key=True) if path else self.values.get((), Place("rules.yaml", 1, 1))

    def complain(
        self, path: Path, message: str, hint: str | None = None, *, key: bool = False, secret: bool = False
    ) -> None:
        """Add a problem at the value (or the key) of `path`."""
        self.problems.append(Problem(*self.place(path, key=key), message, hint, secret))

    def find(self, *pattern: str) -> Iterator[tuple[Path, Any]]:
        """Every value under a pattern such as `"teams", "*", "people"`; what has another shape is passed over."""
        yield from _find(self.data, pattern, ())


def read(texts: Mapping[str, str]) -> Document:
    """All files as one document: a map may be split over files, everything else stands in exactly one.

    Never raises: what is wrong is in `problems` of the result.
    """
    whole = Document()
    for file, text in sorted(texts.items()):
        part = _Reader(file, MAX_VALUES - len(whole.values)).read(text)
        whole.problems += part.problems
        whole.files[file] = bool(part.data)
        whole.whole = whole.whole and part.whole
        for name in part.data:
            _join(whole, part, name)
        for places, more in ((whole.keys, part.keys), (whole.values, part.values)):
            for path, place in more.items():
                if path[:1] not in part.refused:
                    places.setdefault(path, place)
        whole.quoted |= part.quoted
        whole.values.setdefault((), Place(file, 1, 1))
    return whole


def _join(whole: Document, part: Document, name: str) -> None:
    """Add one top-level key of `part`; complain about what another file has said already."""
    value = part.data[name]
    if name in whole.data:
        before = whole.data[name]
        if not (isinstance(before, dict) and isinstance(value, dict)):
            _twice(whole, part, (name,), f"'{name}' stands in two files, and only a map may be split")
            part.refused.add((name,))
            return
        for key in [key for key in value if key in before]:
            _twice(whole, part, (name, key), f"'{key}' stands twice under '{name}'")
            del value[key]
        before.update(value)
    else:
        whole.data[name] = value


def _twice(whole: Document, part: Document, path: Path, message: str) -> None:
    first = whole.keys[path]
    whole.problems.append(Problem(*part.keys[path], message, f"first in {first.file}:{first.line}"))


def _find(data: Any, pattern: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Any]]:
    if not pattern:
        yield path, data
    elif isinstance(data, dict):
        for key in data if pattern[0] == "*" else [pattern[0]] if pattern[0] in data else []:
            yield from _find(data[key], pattern[1:], (*path, key))
    elif isinstance(data, list) and pattern[0] == "*":
        for number, value in enumerate(data):
            yield from _find(value, pattern[1:], (*path, number))


def _scalar(event: yaml.Event) -> str | None:
    """Its text; None for what is empty and not in quotes."""
    if not isinstance(event, yaml.ScalarEvent):
        return None
    plain = event.implicit[0]
    return None if plain and event.value in _EMPTY else str(event.value)


class _Stop(Exception):
    """This file cannot be read further; the problem has been written down."""


class _Reader:
    """Builds one file's `Document` out of the parser's events."""

    def __init__(self, file: str, room: int) -> None:
        self.file = file
        self.room = room
        self.document = Document()

    def read(self, text: str) -> Document:
        self.document.values[()] = Place(self.file, 1, 1)
        try:
            self._check_text(text)
            self._top(yaml.parse(text, Loader=yaml.CSafeLoader))
        except yaml.YAMLError as error:
            line, column, message, hint = in_plain_words(error, text)
            self.document.problems.append(Problem(self.file, line, column, message, hint))
            self.document.whole = False
        except _Stop:
            self.document.whole = False
        return self.document

    def _check_text(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            self._stop(1, 1, "the file is larger than 4 MiB")
        if text.startswith("\ufeff"):
            self._stop(1, 1, "the file begins with a byte order mark", "save it as UTF-8 without one")
        if found := _UNREADABLE.search(text):
            before = text[: found.start()]
            line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
            self._stop(line, column, f"a character that no text has: U+{ord(found[0]):04X}", "remove it")

    def _stop(self, line: int, column: int, message: str, hint: str | None = None) -> NoReturn:
        self.document.problems.append(Problem(self.file, line, column, message, hint))
        raise _Stop

    def _stop_at(self, event: yaml.Event, message: str, hint: str | None = None) -> NoReturn:
        self._stop(*self._place(event)[1:], message, hint)

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)

    def _top(self, events: Iterator[yaml.Event]) -> None:
        next(events)
        for event in events:
            if isinstance(event, yaml.StreamEndEvent):
                return
            if self.document.data:
                self._stop_at(event, "a second document begins here", "remove the '---'")
            content = next(events)
            data = self._value(content, events, ())
            next(events)
            if data is not None and not isinstance(data, dict):
                self._stop_at(content, "the file must be a map of keys, like 'rules:' or 'people:'")
            self.document.data = data or {}

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: Path) -> Any:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._stop_at(
                event, "anchors and aliases (&name, *name) are not read here", "write it out, or quote the text"
            )
        if getattr(event, "tag", None) not in (None, "!", "tag:yaml.org,2002:str"):
            self._stop_at(event, "tags (!name) are not read here", "remove it, or quote the text")
        self.room -= 1
        if self.room < 0:
            self._stop_at(event, f"more than {MAX_VALUES} values in the files together", "rules have far fewer")
        if len(path) > MAX_DEPTH:
            self._stop_at(event, f"nested deeper than {MAX_DEPTH} levels")
        self.document.values[path] = self._place(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._map(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(events, path)
        if isinstance(event, yaml.ScalarEvent) and not event.implicit[0]:
            self.document.quoted.add(path)
        return _scalar(event)

    def _list(self, events: Iterator[yaml.Event], path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, (*path, len(items))))
        return items

    def _map(self, events: Iterator[yaml.Event], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        again = False
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                self._stop_at(event, "a key must be plain text")
            key, place = str(event.value), self._place(event)
            here = (*path, key)
            if key in found:
                again = again or self._complain_twice(here, place, next(iter(found)))
                self._value(next(events), events, (*path, key, -1))
                continue
            self.document.keys[here] = place
            found[key] = self._value(next(events), events, here)
        return found

    def _complain_twice(self, path: Path, place: Place, first_key: str) -> bool:
        """True when a whole entry of a list seems to begin again: then one complaint is enough for all of its keys."""
        key, before = str(path[-1]), self.document.keys[path]
        begins = isinstance(path[-2:-1][0] if path[:-1] else None, int) and key == first_key
        hint = f"first in line {before.line}" + ("; a new entry begins with '- '" if begins else "")
        message = f"the key '{without_value(key)}' stands twice in this map"
        self.document.problems.append(Problem(*place, message, hint))
        return begins
