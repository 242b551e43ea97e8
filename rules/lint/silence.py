"""`# tocsin: ignore[code]`: a finding that is meant so, at the line where it is found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf

import yaml

from rules.reading.problem import Problem, nearest, one_of

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
    used: dict[Remark, set[str | None]] = {remark: set() for remark in remarks}
    for problem in found:
        meant = [one for one in by_line.get((problem.file, problem.line), ()) if problem.code in one.codes]
        for remark in meant:
            used[remark].add(problem.code)
        if not meant:
            left.append(problem)
    return left, [
        Problem(remark.file, remark.line, remark.column, message, hint)
        for remark in remarks
        for message, hint in _needless(remark, used[remark], codes)
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
    target = len(lines)
    for number in range(
        len(lines) - 1, -1, -1
    ):  # From below: a remark alone speaks of the next line that says something.
        line = lines[number]
        says = bool(line.strip()) and not line.lstrip().startswith("#")
        target = number + 1 if says else target
        for match in _REMARK.finditer(line):
            column = match.start()
            if not any(start <= column < end for start, end in inside.get(number, ())):
                codes = tuple(code.strip() for code in (match[1] or "").split(",") if code.strip())
                yield Remark(file, number + 1, column + 1, target, codes)


def _texts(text: str) -> dict[int, list[tuple[float, float]]]:
    """Line (from 0) -> the columns that lie inside scalars with such words in them."""
    found: dict[int, list[tuple[float, float]]] = {}
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken) and "tocsin" in token.value:
            start, end = token.start_mark, token.end_mark
            for line in range(start.line, end.line + 1):
                first = start.column if line == start.line else 0
                last = end.column if line == end.line else inf
                found.setdefault(line, []).append((first, last))
    return found
