"""`# tocsin: ignore[code]`: a finding that is meant so, at the line where it is found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from rules.problem import Problem, nearest, one_of

_REMARK = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*tocsin:[ \t]*ignore(?:\[([^\]\n]*)\])?", re.MULTILINE)


@dataclass(frozen=True)
class Remark:
    """One such comment: where it stands, which line it speaks of, and the codes it names."""

    file: str
    line: int
    column: int
    target: int
    codes: tuple[str, ...]


def silenced(
    found: Iterable[Problem], texts: Mapping[str, str], codes: Collection[str]
) -> tuple[list[Problem], list[Problem]]:
    """What is left of the findings, and what is to be said of the remarks that silenced nothing."""
    remarks = [remark for file, text in texts.items() for remark in remarks_of(file, text)]
    by_line: dict[tuple[str, int], list[Remark]] = {}
    for remark in remarks:
        by_line.setdefault((remark.file, remark.target), []).append(remark)
    left: list[Problem] = []
    used: set[tuple[Remark, str | None]] = set()
    for problem in found:
        meant = [one for one in by_line.get((problem.file, problem.line), ()) if problem.code in one.codes]
        used.update((remark, problem.code) for remark in meant)
        if not meant:
            left.append(problem)
    return left, [
        Problem(remark.file, remark.line, remark.column, message, hint)
        for remark in remarks
        for message, hint in _needless(remark, {code for one, code in used if one is remark}, codes)
    ]


def _needless(remark: Remark, used: Collection[str | None], codes: Collection[str]) -> Iterator[tuple[str, str | None]]:
    if not remark.codes:
        yield "this does not say which finding to ignore", "write the code in brackets: ignore[shadowed]"
    for code in remark.codes:
        if code not in codes:
            yield f"there is no finding '{code}'", nearest(code, codes) or f"the codes are {one_of(codes)}"
        elif code not in used:
            yield f"this ignores nothing: there is no {code} at line {remark.target}", "take the comment out"


def remarks_of(file: str, text: str) -> Iterator[Remark]:
    """The remarks of one file. What only looks like one, inside a text, is none."""
    if not _REMARK.search(text):
        return
    lines, inside = text.split("\n"), _texts(text)
    for match in _REMARK.finditer(text):
        line = text.count("\n", 0, match.start())
        column = match.start() - (text.rfind("\n", 0, match.start()) + 1)
        if not any(start <= (line, column) < end for start, end in inside):
            codes = tuple(code.strip() for code in (match[1] or "").split(",") if code.strip())
            yield Remark(file, line + 1, column + 1, _target(lines, line, column), codes)


def _texts(text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where scalars that hold such words begin and end, in lines and columns from 0."""
    found = []
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken) and "tocsin" in token.value:
            start, end = token.start_mark, token.end_mark
            found.append(((start.line, start.column), (end.line, end.column)))
    return found


def _target(lines: list[str], line: int, column: int) -> int:
    """The remark's own line, counted from 1; of one that stands alone the next line that says something."""
    if lines[line][:column].strip():
        return line + 1
    says = (n for n in range(line + 1, len(lines)) if lines[n].strip() and not lines[n].lstrip().startswith("#"))
    return next(says, line) + 1
