"""`tocsin init`, `check` and `explain`: the rules, without Redis, secrets or a server."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import click

from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from router.sources import TYPES
from rules.load import Ruleset
from rules.problem import Problem, Wrong
from workers.channels import TYPES as CHANNELS
from workers.configuration import packaged, read, shown
from workers.house import WAYS

WARNING = "warning"


def ruleset_of(session: Session) -> Ruleset:
    """The rules of --config. Ends the command when they cannot be used."""
    return ruleset_of_folder(session.config or packaged())


def ruleset_of_folder(folder: Path) -> Ruleset:
    """The rules of this folder. Ends the command when they cannot be used."""
    try:
        return _read(folder)
    except Wrong as wrong:
        count = len(wrong.problems)
        raise Failure(f"the rules in {folder} cannot be used: {count} wrong", f"Run `tocsin check {folder}`.") from None
    except OSError as wrong:
        raise Failure(f"the folder {folder} cannot be read: {wrong.strerror}", "Check --config.", code=USAGE) from None


OPTIONS: dict[str, Any] = {
    "source_options": {name: one.options for name, one in TYPES.items()},
    "channel_options": {name: one.options for name, one in CHANNELS.items()},
    "source_kinds": {name: one.kinds for name, one in TYPES.items()},
    "channel_ways": WAYS,
}
"""What `rules.load.load` has to know of sources and channels."""


def _read(folder: Path) -> Ruleset:
    return read(folder, **OPTIONS)


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("config"))
@pass_session
def init(session: Session, folder: Path) -> None:
    """Copy the packaged rules to FOLDER, to be edited. Refuses a folder that holds something."""
    if folder.exists() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty", "Name a new folder: nothing of yours is overwritten.", code=USAGE)
    shutil.copytree(packaged(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    session.answer({"folder": str(folder)}, lambda: session.line(f"Your rules: {folder}. Now: tocsin check {folder}"))


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@pass_session
def check(session: Session, folder: Path | None) -> None:
    """Say everything that is wrong with the rules in FOLDER, each with its place and a way out."""
    folder = folder or session.config or packaged()
    level, problems = _problems(folder)
    found = {"problems": [_record(problem, level) for problem in problems]}
    session.answer(found, lambda: _say_problems(session, folder, problems, level))
    if problems:
        stop(FINDINGS)


def _problems(folder: Path) -> tuple[str, list[Problem]]:
    """What is wrong (`error`); of what can be used, what is hardly meant (`warning`)."""
    try:
        return WARNING, list(_read(folder).doubts)
    except Wrong as wrong:
        return "error", list(wrong.problems)
    except OSError as wrong:
        raise Failure(f"the folder {folder} cannot be read: {wrong.strerror}", "Name a folder.", code=USAGE) from None


def _record(problem: Problem, level: str) -> dict[str, Any]:
    record = dataclasses.asdict(problem)
    record.pop("secret")
    return {**record, "level": level}


def _say_problems(session: Session, folder: Path, problems: list[Problem], level: str) -> None:
    if not problems:
        session.line(f"{folder}: nothing is wrong.")
    for problem in problems:
        if level == WARNING:
            # After the place, as compilers do, so that an editor still finds it.
            problem = dataclasses.replace(problem, message=f"{WARNING}: {problem.message}")
        text = shown(folder / problem.file)
        for line in problem.show(text).split("\n"):
            session.line("".join(char for char in line if char.isprintable()))
    if problems and level == WARNING:
        session.line("These rules can be used: a warning stops no start.")
