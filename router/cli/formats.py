"""What `tocsin check` found, as each reader wants it: a person, a program, GitHub's annotations, SARIF."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rules.lint import CODES
from rules.reading.problem import Problem
from workers.rulebook.configuration import shown

ERROR, WARNING = "error", "warning"
WRONG = "wrong"
"""Where a program must have a code: that of an error, which has none of its own."""

READ_AT_MOST = 200
"""What a person is told at once; programs get everything."""

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True)
class Told:
    """What is wrong with a folder (`error`), or of what can be used, what is hardly meant (`warning`)."""

    folder: Path
    level: str
    problems: Sequence[Problem]

    def path(self, problem: Problem) -> Path:
        """The file of a problem; the folder itself where it is about that."""
        return self.folder if problem.file == str(self.folder) else self.folder / problem.file


def record(told: Told) -> dict[str, Any]:
    """For `-o json`."""
    return {"problems": [_record(problem, told.level) for problem in told.problems]}


def _record(problem: Problem, level: str) -> dict[str, Any]:
    fields = dataclasses.asdict(problem)
    fields.pop("secret")
    return {**fields, "level": level}


def text(told: Told) -> Iterator[str]:
    """For a person: each with its line and a caret, then what follows from it."""
    if not told.problems:
        yield f"{told.folder}: nothing is wrong."
        return
    lines: dict[str, list[str]] = {}
    for problem in told.problems[:READ_AT_MOST]:
        if told.level == WARNING:
            # After the place, as compilers do, so that an editor still finds it.
            problem = dataclasses.replace(problem, message=f"{WARNING}: {problem.message}")
        if problem.file not in lines:
            lines[problem.file] = shown(told.path(problem)).split("\n")
        known = lines[problem.file]
        said = problem.beside(known[problem.line - 1]) if 1 <= problem.line <= len(known) else str(problem)
        yield from ("".join(char for char in line if char.isprintable()) for line in said.split("\n"))
    if len(told.problems) > READ_AT_MOST:
        yield f"And {len(told.problems) - READ_AT_MOST} more: --format json has them all."
    if told.level == WARNING:
        yield "These rules can be used: a warning stops no start."
    else:
        yield "These rules cannot be used, and nothing starts on them."


def github(told: Told) -> Iterator[str]:
    """GitHub's workflow commands: one annotation each, at its line.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    for problem in told.problems:
        place = {"file": _relative(told.path(problem))}
        if problem.line:
            place |= {"line": str(problem.line), "col": str(problem.column)}
        place["title"] = f"tocsin {problem.code or WRONG}"
        properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
        yield f"::{told.level} {properties}::{_data(_message(problem))}"


def _message(problem: Problem) -> str:
    return problem.message + (f" ({problem.hint})" if problem.hint else "")


def _data(value: str) -> str:
    """As GitHub's own toolkit escapes: a line that is ended early could begin a command of its own."""
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def sarif(told: Told) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one run (https://docs.oasis-open.org/sarif/sarif/v2.1.0/). It holds no line of a file."""
    codes = [WRONG, *CODES]
    says = {WRONG: "what cannot be used, so nothing starts", **{code: one.says for code, one in CODES.items()}}
    driver = {
        "name": "tocsin",
        "version": version("tocsin"),
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": says[code]},
                "defaultConfiguration": {"level": ERROR if code == WRONG else WARNING},
            }
            for code in codes
        ],
    }
    results = [_result(told, problem, codes) for problem in told.problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SARIF, "version": "2.1.0", "runs": [run]}


def _result(told: Told, problem: Problem, codes: list[str]) -> dict[str, Any]:
    code = problem.code or WRONG
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(told.path(problem))}}
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": problem.column}
    return {
        "ruleId": code,
        "ruleIndex": codes.index(code),
        "level": told.level,
        "message": {"text": _message(problem)},
        "locations": [{"physicalLocation": place}],
    }


def _relative(path: Path) -> str:
    """As seen from here, which in CI is the top of the repository; whole where it lies elsewhere."""
    whole = path.absolute()
    return (whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole).as_posix()


def _uri(path: Path) -> str:
    """A relative reference, or a file: URI; both with what a URI does not take escaped."""
    relative = _relative(path)
    return f"file://{quote(relative)}" if relative.startswith("/") else quote(relative)
