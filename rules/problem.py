"""What is wrong with the YAML, where, and what was probably meant: `Problem`, and `Wrong`, which carries them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


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
        if not 1 <= self.line <= len(lines):
            return str(self)
        line = lines[self.line - 1].rstrip("\r").replace("\t", " ")
        if self.secret:
            line = line[: self.column - 1] + "(not shown)"
        return f"{self}\n  {self.line:>4} | {line}\n       | {' ' * (self.column - 1)}^"


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
    """`did you mean severity?`, when one of the `known` words is near enough; upper and lower case count as equal."""
    by_lower = {each.lower(): each for each, _ in zip(known, range(_COMPARED_AT_MOST), strict=False)}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"did you mean {by_lower[near[0]]}?" if near else None


def one_of(words: Iterable[str]) -> str:
    """`a, b or c`.

    >>> one_of(["P1", "P2", "P3"])
    'P1, P2 or P3'
    """
    listed = list(words)
    return " or ".join([", ".join(listed[:-1]), listed[-1]]) if len(listed) > 1 else "".join(listed)
