"""`tocsin test`: the rules tried on the cases beside them, in memory, before they page anybody."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from router.cli.junit import junit
from router.cli.rules import ruleset_of
from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from router.rehearsing import Speaker, sample_names
from rules.reading.load import TESTS, Ruleset
from rules.reading.problem import Problem, Wrong, nearest
from rules.trial.play import Unplayable
from rules.trial.read import Trial, names_of, trials
from rules.trial.result import Difference, Result
from rules.trial.run import run
from workers.house import ways
from workers.plain import plain
from workers.rulebook.configuration import beside, packaged, shown, tests

SHOWN = 50
"""Differences of one test that a person is shown; a program and JUnit get all of them."""
_STYLES = {"-": "red", "+": "green", "!": "yellow"}
_KINDS = {"-": "missing", "+": "unexpected", "!": "wrong"}


@click.command("test", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("-k", "part", metavar="WORDS", help="Only tests whose name or file holds WORDS.")
@click.option(
    "--junit", "report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write JUnit XML too."
)
@pass_session
def trying(session: Session, folder: Path | None, part: str | None, report: Path | None) -> None:
    """Try the rules in FOLDER on their *.test.yaml: who would be told, when and why. Nothing is sent.

    Exit codes: 0 all green, 1 some failed, 2 nothing could be tried.
    """
    session.folder = folder or session.folder
    folder = session.config or packaged()
    ruleset = _ruleset(session)
    try:
        chosen = _chosen(trials(tests(folder), ruleset.config, sample_names()), folder, part)
    except Wrong as wrong:
        _say_wrong(session, folder, wrong.problems)
        stop(USAGE)
    began = time.perf_counter()
    results = list(_results(chosen, ruleset, folder))
    took = time.perf_counter() - began
    if report is not None:
        _write(report, junit(results))
    session.answer(_record(results, took), lambda: _say(session, folder, results, took))
    if not all(one.green for one in results):
        stop(FINDINGS)


def _ruleset(session: Session) -> Ruleset:
    """The rules to be tried: without them no test can be, which is another matter than one that fails."""
    try:
        return ruleset_of(session)
    except Failure as wrong:
        raise Failure(wrong.message, wrong.then, code=USAGE) from None


def _chosen(found: Sequence[Trial], folder: Path, part: str | None) -> list[Trial]:
    if not found:
        raise Failure(f"{folder} has no tests", f"Write some into *{TESTS}: docs/rules.md shows how.", code=USAGE)
    chosen = list(found) if part is None else names_of(found, part)
    if not chosen:
        then = nearest(part or "", [one.name for one in found]) or f"There is «{found[0].name}», for example."
        raise Failure(f"no test is called like {part!r}", then, code=USAGE)
    return chosen


def _results(chosen: Sequence[Trial], ruleset: Ruleset, folder: Path) -> Iterator[Result]:
    def read(name: str) -> bytes:
        try:
            return beside(folder, name)
        except Wrong as wrong:
            raise Unplayable(str(wrong.problems[0])) from None

    speaker, reaching = Speaker(ruleset, read), ways(ruleset)
    for one in chosen:
        began = time.perf_counter()
        result = run(one, ruleset, reaching, speaker)
        yield dataclasses.replace(result, seconds=time.perf_counter() - began)


def _write(report: Path, xml: bytes) -> None:
    try:
        report.write_bytes(xml)
    except OSError as wrong:
        raise Failure(f"{report} cannot be written: {wrong.strerror}", "Name another file.", code=USAGE) from None


def _say_wrong(session: Session, folder: Path, problems: Sequence[Problem]) -> None:
    """As `tocsin check` says what is wrong with rules."""
    fields = ("file", "line", "column", "message", "hint")
    record = {"problems": [{name: getattr(one, name) for name in fields} for one in problems]}

    def say() -> None:
        for problem in problems:
            for line in problem.show(shown(folder / problem.file)).split("\n"):
                session.line("".join(char for char in line if char.isprintable()))
        session.line("No test was tried: these must be mended first.")

    session.answer(record, say)


def _record(results: Sequence[Result], took: float) -> dict[str, Any]:
    failed = sum(not one.green for one in results)
    return {
        "tests": [_test(one) for one in results],
        "passed": len(results) - failed,
        "failed": failed,
        "seconds": round(took, 3),
    }


def _test(result: Result) -> dict[str, Any]:
    place = result.trial.place
    return {
        "name": result.trial.name,
        "file": place.file,
        "line": place.line,
        "passed": result.green,
        "differences": [_difference(one) for one in result.differences],
        "told": [dataclasses.asdict(one) for one in result.told],
        "account": list(result.account),
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {"kind": _KINDS[one.sign], "text": one.text, "file": one.place.file, "line": one.place.line}


def _say(session: Session, folder: Path, results: Sequence[Result], took: float) -> None:
    failed = [one for one in results if not one.green]
    for result in failed:
        _say_one(session, result)
    count = f"{len(results)} test{'' if len(results) == 1 else 's'}"
    if failed:
        session.line(f"{len(failed)} of {count} failed, in {took:.1f} s.", "bold red")
    else:
        session.line(f"{folder}: {count}, all green, in {took:.1f} s.")


def _say_one(session: Session, result: Result) -> None:
    place = result.trial.place
    session.line(f"{place.file}:{place.line}:{place.column}: {plain(result.trial.name)}", "bold")
    for one in result.differences[:SHOWN]:
        said = plain(f"{one.sign} {one.text}", 2000)
        session.line(f"    {said:<56}  {one.place.file}:{one.place.line}", _STYLES[one.sign])
    if len(result.differences) > SHOWN:
        session.line(f"    and {len(result.differences) - SHOWN} more")
    if result.account:
        session.line("  what happened:")
    for line in result.account:
        session.line(f"    {plain(line, 2000)}")
