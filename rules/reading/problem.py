"""What is wrong with the YAML, where, and what was probably meant: `Problem`, and `Wrong`, which carries them all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

SECRETS = (
    "secret",
    "token",
    "password",
    "routing_key",
    "pagerduty",
    "url",
    "authorization",
    "api_key",
    "signing_secret",
)
"""Keys whose values are references to secrets; a test holds them against the models."""

_WIDTH = 200
_HIDDEN = "(not shown)"
_KEY = rf"(?:^[ \t]*(?:-[ \t]+)?|[{{,][ \t]*)[\"']?(?:{'|'.join(SECRETS)})\b[\"']?"
_LITERAL = re.compile(_KEY + r"(?:[ \t]*:[ \t]*|[ \t]+)[\"'\[ ]*(?=[^\"'\[\s$#{},])", re.ASCII)
_WITH_VALUE = re.compile(rf"(?:{'|'.join(SECRETS)})(?:[ \t:=]+)", re.ASCII)


def without_secrets(line: str) -> str:
    """A line of YAML up to what may be a secret written out: not every line that is shown could be understood."""
    found = _LITERAL.search(line)
    return line[: found.end()] + _HIDDEN if found else line


def without_value(key: str) -> str:
    """A key up to what may be a secret in it, because its colon or the space after that is missing."""
    found = _WITH_VALUE.match(key)
    return f"{found[0]}…" if found else key


@dataclass(frozen=True)
class Problem:
    """One mistake, at one place. Lines and columns count from 1; line 0 means the whole file or folder.

    >>> str(Problem("rules.yaml", 12, 7, "unknown key 'severty'", "did you mean severity?"))
    "rules.yaml:12:7: unknown key 'severty' (did you mean severity?)"
    """

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    secret: bool = False
    """The place holds what may be a secret: it is not printed."""
    code: str | None = None
    """Of what can be used all the same, the word that names the finding; None for an error."""

    def __str__(self) -> str:
        tail = (f" ({self.hint})" if self.hint else "") + (f" [{self.code}]" if self.code else "")
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}{tail}"

    def show(self, text: str) -> str:
        """The message, the line of `text` it is about, and a caret under the place."""
        lines = text.split("\n")
        return self.beside(lines[self.line - 1]) if 1 <= self.line <= len(lines) else str(self)

    def beside(self, line: str) -> str:
        """The same with the line given; of a very long one what stands around the place, of a secret nothing."""
        line = without_secrets(line.rstrip("\r").replace("\t", " "))
        if self.secret:
            line = line[: self.column - 1] + _HIDDEN
        at = self.column - 1
        if len(line) > _WIDTH:
            start = max(0, min(at - _WIDTH // 2, len(line) - _WIDTH))
            line, at = "…" + line[start : start + _WIDTH], at - start + 1
        caret = f"\n       | {' ' * at}^" if at <= len(line) else ""
        return f"{self}\n  {self.line:>4} | {line}{caret}"


class Hinted(ValueError):
    """What is wrong with a value, as a validator finds it, and what to do about it."""

    def __init__(self, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.hint = hint


class Misplaced(ValueError):
    """What is wrong with a map, as a validator finds it, and the key of it that should be changed."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Wrong(Exception):
    """The YAML cannot be used. `problems` holds every mistake found, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
        super().__init__("\n".join(str(problem) for problem in self.problems))


_COMPARED_AT_MOST = 1000


def nearest(word: str, known: Iterable[str]) -> str | None:
    """`did you mean severity?`, when one of the `known` words is near enough; upper and lower case count as equal.

    Short words must begin alike: `dan` is no `ana`.
    """
    asked = word.lower()
    by_lower = {each.lower(): each for each, _ in zip(known, range(_COMPARED_AT_MOST), strict=False)}
    close = get_close_matches(asked, by_lower, n=3, cutoff=0.6)
    near = next((each for each in close if len(asked) > 4 or each[:1] == asked[:1]), None)
    return f"did you mean {by_lower[near]}?" if near else None


def one_of(words: Iterable[str]) -> str:
    """`a, b or c`.

    >>> one_of(["P1", "P2", "P3"])
    'P1, P2 or P3'
    """
    listed = list(words)
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else "".join(listed)
