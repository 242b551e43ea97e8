"""`tocsin check`: everything that is wrong or doubtful in a folder of rules, for people and for machines."""

from __future__ import annotations

import time
from pathlib import Path

import click

from router.cli import formats
from router.cli.formats import ERROR, WARNING, Told
from router.cli.rules import whole
from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from rules.reading.problem import Wrong
from workers.rulebook.configuration import packaged

FORMATS = ("text", "json", "github", "sarif")


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="How to answer: json is -o json, the others are for CI."
)
@pass_session
def check(session: Session, folder: Path | None, form: str | None) -> None:
    """Say everything that is wrong with the rules in FOLDER, each with its place and a way out.

    Where nothing is wrong, say what is hardly meant. Exit codes: 0 nothing found, 1 an error or a warning,
    2 no such folder.
    """
    told = _told(folder or session.config or packaged())
    _answer(session, form or session.output, told)
    if told.problems:
        stop(FINDINGS)


def _told(folder: Path) -> Told:
    if not folder.is_dir():
        raise Failure(f"there is no folder {folder}", "Name a folder; `tocsin init` makes one.", code=USAGE)
    try:
        return Told(folder, WARNING, whole(folder, time.time()).doubts)
    except Wrong as wrong:
        return Told(folder, ERROR, wrong.problems)
    except OSError as wrong:
        raise Failure(f"the folder {folder} cannot be read: {wrong.strerror}", "Name a folder.", code=USAGE) from None


def _answer(session: Session, form: str, told: Told) -> None:
    if form == "json":
        session.data(formats.record(told))
    elif form == "sarif":
        session.data(formats.sarif(told))
    elif form == "github":
        for line in formats.github(told):
            click.echo(line)
    else:
        for line in formats.text(told):
            session.line(line)
