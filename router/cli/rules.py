"""`tocsin init`, and the rules as every command reads them: without Redis, secrets or a server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from router.cli.schema import put_beside
from router.cli.session import USAGE, Command, Failure, Session, pass_session
from router.sources import TYPES
from rules.reading.load import Ruleset
from rules.reading.problem import Wrong
from rules.responding.watching import KINDS, SOURCE
from workers.channels import TYPES as CHANNELS
from workers.checks import OPTIONS as CHECKS
from workers.house import WAYS
from workers.rulebook.configuration import packaged, read

OPTIONS: dict[str, Any] = {
    "source_options": {name: one.options for name, one in TYPES.items()},
    "channel_options": {name: one.options for name, one in CHANNELS.items()},
    "check_options": CHECKS,
    "source_kinds": {SOURCE: KINDS, **{name: one.kinds for name, one in TYPES.items()}},
    "channel_ways": WAYS,
}
"""What `rules.reading.load.load` has to know of sources, channels and checks."""


def ruleset_of(session: Session, now: float | None = None) -> Ruleset:
    """The rules of --config, with `now` linted too. Ends the command when they cannot be used."""
    return ruleset_of_folder(session.config or packaged(), now)


def ruleset_of_folder(folder: Path, now: float | None = None) -> Ruleset:
    """The rules of this folder, with `now` linted too. Ends the command when they cannot be used."""
    try:
        return whole(folder, now)
    except Wrong as wrong:
        count = len(wrong.problems)
        why = str(wrong.problems[0]).partition("\n")[0] if count == 1 else f"they have {count} mistakes"
        raise Failure(f"the rules in {folder} cannot be used: {why}", f"Run `tocsin check {folder}`.") from None
    except OSError as wrong:
        raise Failure(f"the folder {folder} cannot be read: {wrong.strerror}", "Check --config.", code=USAGE) from None


def whole(folder: Path, now: float | None = None) -> Ruleset:
    """The rules of a folder, held against every table of types, with `now` linted too. Raises `Wrong` and OSError."""
    return read(folder, now=now, **OPTIONS)


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("config"))
@pass_session
def init(session: Session, folder: Path) -> None:
    """Copy the packaged rules to FOLDER, to be edited: with tests, runbooks, words, and schemas for editors.

    A folder that holds something is refused.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty", "Name a new folder: nothing of yours is overwritten.", code=USAGE)
    shutil.copytree(packaged(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    put_beside(folder)
    session.answer({"folder": str(folder)}, lambda: session.line(f"Your rules: {folder}. Now: tocsin check {folder}"))
