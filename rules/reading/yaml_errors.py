"""The YAML parser's complaints, said so that somebody half awake understands them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

# What libyaml says (its `problem`), what we say, and what to do about it.
_WORDS = (
    (
        "mapping values are not allowed",
        "a ':' where no value can begin",
        "indent evenly, and quote text that contains ': '",
    ),
    (
        "did not find expected ',' or '}'",
        "this '{' is not closed as expected",
        "check commas and '}', and quote \"${…}\" inside { }",
    ),
    ("did not find expected ',' or ']'", "this '[' is not closed as expected", "check commas and ']'"),
    ("did not find expected '-' indicator", "a list ends here without its next '-'", "check the indentation"),
    ("did not find expected key", "no key can begin here", "check the indentation, and quotes inside quotes"),
    ("could not find expected ':'", "a key without its ':'", "write 'key: value', or indent text that goes on"),
    ("found a tab character", "a tab in the indentation", "YAML wants spaces"),
    (
        "block sequence entries are not allowed",
        "a list cannot begin on the line of its key",
        "begin it on the next line, or write [a, b]",
    ),
    ("found unexpected end of stream", "this quote is never closed", None),
    (
        "found unknown escape character",
        "an unknown \\ escape in double quotes",
        "use single quotes for text with backslashes",
    ),
)


_MERGE = re.compile(r"<{7} |={7}$|>{7} ")
_LOOKALIKES = (
    (re.compile("^ *([\u00a0\u2000-\u200b\u3000])"), "a space in the indentation that is none", "type it anew"),
    (re.compile("(?:[:,\\[{-] *)([\u2018-\u201f\u00ab\u00bb])"), "a typographic quote", "use ' or \""),
)
_TIGHT = re.compile(r"[ -]*([A-Za-z][\w-]*):[^\s/]", re.ASCII)
_BEFORE_A_MAP = re.compile(r"[ -]*([A-Za-z][\w -]*?) +[{\[]", re.ASCII)
"""`ana {name: Ana}`, where `ana: {name: Ana}` was meant."""


def in_plain_words(error: yaml.YAMLError, text: str) -> tuple[int, int, str, str | None]:
    """Line, column (from 1), message and hint for what PyYAML raised while reading `text`."""
    mark = getattr(error, "problem_mark", None)
    said = str(getattr(error, "problem", None) or "this is not YAML")
    if mark is None:
        return 1, 1, said, None
    line, column = mark.line, mark.column
    if "cannot start any token" in said:
        return line + 1, column + 1, *_odd_character(text, line, column)
    start = getattr(error, "context_mark", None)
    seen = _seen(text, {line, line - 1, start.line if start is not None else line})
    if seen is not None:
        return seen
    if said.startswith("could not find expected ':'") and start is not None:
        return start.line + 1, start.column + 1, *_key_without(text, start.line)
    if said.startswith("mapping values are not allowed") and (key := _bare_key(text, line)) is not None:
        return *key, *_key_without(text, key[0] - 1)
    if start is not None and said.startswith("did not find expected ','") and start.line == line:
        return line + 1, column + 1, *_comma(said)
    if start is not None and ("not closed" in (words := _plain(said))[0] or "never closed" in words[0]):
        line, column = start.line, start.column
    return line + 1, column + 1, *_plain(said)


def _seen(text: str, around: Iterable[int]) -> tuple[int, int, str, str | None] | None:
    """What a person would see, and the parser cannot name: marks of a merge, characters that only look right."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _MERGE.match(line):
            hint = "keep one side, and remove the lines with <<<<<<<, ======= and >>>>>>>"
            return number + 1, 1, "a merge was not finished here", hint
    for number in sorted(number for number in around if 0 <= number < len(lines)):
        for odd, message, hint in _LOOKALIKES:
            if found := odd.search(lines[number]):
                return number + 1, found.start(1) + 1, message, hint
    return None


def _key_without(text: str, line: int) -> tuple[str, str | None]:
    """A key whose ':' is missing, or the space after that."""
    lines = text.split("\n")
    if line < len(lines) and (found := _TIGHT.match(lines[line])):
        return "a ':' without a space after it", f"write '{found[1]}: …'"
    return _plain("could not find expected ':'")


def _comma(said: str) -> tuple[str, str | None]:
    closing = said[len("did not find expected ',' or '") :][:1]
    return f"expected a ',' or '{closing}' before this", 'check the commas, and quote "${…}" inside { }'


def _bare_key(text: str, line: int) -> tuple[int, int] | None:
    """Line and column of a key without its ':' at or above `line`: YAML takes it for text, and stumbles later."""
    lines = text.split("\n")
    if found := _BEFORE_A_MAP.match(lines[line]):
        return line + 1, found.start(1) + 1
    above = next((n for n in range(line - 1, -1, -1) if lines[n].split("#")[0].strip()), None)
    if above is None:
        return None
    key = lines[above].split("#")[0].strip().removeprefix("-").strip()
    plain = key and key[0].isalpha() and ":" not in key
    return (above + 1, lines[above].index(key) + 1) if plain else None


def _plain(said: str) -> tuple[str, str | None]:
    for theirs, ours, hint in _WORDS:
        if said.startswith(theirs):
            return ours, hint
    return said, None


def _odd_character(text: str, line: int, column: int) -> tuple[str, str | None]:
    lines = text.split("\n")
    character = lines[line][column : column + 1] if line < len(lines) else ""
    if character == "\t":
        return "a tab in the indentation", "YAML wants spaces"
    return f"text cannot begin with {character}", "put it in quotes"
