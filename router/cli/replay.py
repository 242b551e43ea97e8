"""`tocsin replay`: what came in lately, heard once more by new rules before they are in force."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from redis import Redis
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from router.cli.deliveries import AGO
from router.cli.keeping import redis_of
from router.cli.replayed import Report, markdown, record, say
from router.cli.rules import OPTIONS, ruleset_of, ruleset_of_folder
from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from router.cli.showing import moment
from router.replaying import Replay, Told, replay, side
from rules.clock import zone
from rules.reading.config import Person
from rules.reading.load import Ruleset, Wrong, load
from rules.replay.compare import IsNight
from workers.deliveries.inbox import Inbox
from workers.house import ways
from workers.rulebook import edition, overrides, silences
from workers.rulebook.configuration import packaged
from workers.store import Store

NIGHT_BEGINS, NIGHT_ENDS = 22, 7
"""Hours of the day, by the clock of whoever is called."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """One edition and what people call it."""

    ruleset: Ruleset
    name: str


@click.command("replay", cls=Command)
@click.argument("folder", metavar="[NEW]", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--since", type=AGO, default="7d", show_default=True, help="From how long ago on, like 2d.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="OLD",
    help="The folder to compare with; by default the rules in force.",
)
@click.option(
    "--markdown",
    "report",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write it for a pull request too; - instead of the text.",
)
@pass_session
def replaying(session: Session, folder: Path | None, since: float, against: Path | None, report: Path | None) -> None:
    """Hear what came in lately once more, by the rules in NEW and by those in force, and say what is different.

    NEW is the folder of --config by default. Nothing is sent and nothing is changed. Exit code 0: no difference; 1:
    some; 2: asked wrongly, or rules that cannot be used; 3: no Redis. It needs the Redis that keeps the inbox, as
    `tocsin backup` does.
    """
    new = _new(session, folder)
    with redis_of(session, new=False) as redis:
        old = _old(session, redis, against)
        found = _replayed(session, redis, old, new, since)
    if report is not None and str(report) != "-":
        _write(report, markdown(found))
    session.answer(
        record(found), lambda: click.echo(markdown(found), nl=False) if str(report) == "-" else say(session, found)
    )
    if not found.comparison.same:
        stop(FINDINGS)


def _new(session: Session, folder: Path | None) -> _Rules:
    folder = folder or session.config or packaged()
    return _Rules(_of_folder(folder), str(folder))


def _of_folder(folder: Path) -> Ruleset:
    """Without usable rules nothing can be compared, which is another matter than a difference."""
    try:
        return ruleset_of_folder(folder)
    except Failure as wrong:
        raise Failure(wrong.message, wrong.then, code=USAGE) from None


def _old(session: Session, redis: Redis, against: Path | None) -> _Rules:
    """Those of --against, else those in force, else those of --config."""
    if against is not None:
        return _Rules(_of_folder(against), str(against))
    found = edition.current(redis)
    if found is None:
        try:
            return _Rules(ruleset_of(session), f"{session.config or 'the packaged rules'} (none are in force)")
        except Failure as wrong:
            raise Failure(wrong.message, "Name the old ones with --against.", code=USAGE) from None
    try:
        ruleset = load(found.written.texts, runbooks=found.written.runbooks, **OPTIONS)
    except Wrong as wrong:
        first = wrong.problems[0]
        raise Failure(
            f"the rules in force cannot be read by this release: {first}",
            "Name the old ones with --against.",
            code=USAGE,
        ) from None
    return _Rules(ruleset, f"the rules in force since {moment(found.at)}")


def _replayed(session: Session, redis: Redis, old: _Rules, new: _Rules, since: float) -> Report:
    until, inbox = time.time(), Inbox(redis)
    quiet, made = silences.every(redis), overrides.every(redis)
    begins = inbox.begins()
    start = since if begins is None else max(since, begins)
    both = Replay(
        side(old.ruleset, ways(old.ruleset), start, quiet, made),
        side(new.ruleset, ways(new.ruleset), start, quiet, made),
        list(Store(redis).answers(start, until)),
    )
    with _progress(session, inbox.count(since, until)) as progress, _collecting_seldom():
        replay(inbox.again(since, until), both, until, progress)
    return Report(
        comparison=both.compared((_night(old.ruleset.config.people), _night(new.ruleset.config.people))),
        replay=both,
        before=old.name,
        now=new.name,
        since=since,
        until=until,
        begins=begins,
        silences=tuple(one.name for one in quiet),
    )


def _night(people: Mapping[str, Person]) -> IsNight:
    """By the clock of the person, else by UTC."""
    zones = {name: zone(one.timezone or "UTC") for name, one in people.items()}

    def is_night(who: str, at: float) -> bool:
        hour = datetime.fromtimestamp(at, zones.get(who) or zone("UTC")).hour
        return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS

    return is_night


@contextmanager
def _progress(session: Session, total: int) -> Iterator[Told]:
    """A bar on the terminal's stderr; nothing for a program, or where nobody looks."""
    console = Console(stderr=True, no_color=session.settings.no_color)
    if session.as_json or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("deliveries", total=total)
        yield lambda number: bar.advance(task, number)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Nearly all that a replay makes lives as long as it does: looking for rubbish took a sixth of the time."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _write(report: Path, text: str) -> None:
    try:
        report.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise Failure(f"{report} cannot be written: {wrong.strerror}", "Name another file.", code=USAGE) from None
