"""`tocsin init`, `check` and `explain`: the rules, without Redis, secrets or a server."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from router.cli import relating
from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from router.cli.timetable import timetable
from router.sources import TYPES
from router.sources.contract import Delivery, Unreadable
from rules.config import Config, SourceConfig
from rules.decision import Decision
from rules.duration import show_duration
from rules.event import Action, Event
from rules.load import Ruleset
from rules.problem import Problem, Wrong, nearest
from workers.channels import TYPES as CHANNELS
from workers.configuration import packaged, read, shown
from workers.house import WAYS, ways
from workers.plain import plain

WARNING = "warning"


def ruleset_of(session: Session) -> Ruleset:
    """The rules of --config. Ends the command when they cannot be used."""
    folder = session.config or packaged()
    try:
        return _read(folder)
    except Wrong as wrong:
        count = len(wrong.problems)
        raise Failure(f"the rules in {folder} cannot be used: {count} wrong", f"Run `tocsin check {folder}`.") from None
    except OSError as wrong:
        raise Failure(f"the folder {folder} cannot be read: {wrong.strerror}", "Check --config.", code=USAGE) from None


def _read(folder: Path) -> Ruleset:
    sources = {name: one.options for name, one in TYPES.items()}
    channels = {name: one.options for name, one in CHANNELS.items()}
    kinds = {name: one.kinds for name, one in TYPES.items()}
    return read(folder, source_options=sources, channel_options=channels, source_kinds=kinds, channel_ways=WAYS)


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


@click.command(cls=Command)
@click.argument("source")
@click.argument("body", type=click.File("rb"))
@click.option("-H", "headers", multiple=True, metavar="'KEY: VALUE'", help="A header of the delivery; may be repeated.")
@click.option("--method", default="POST", show_default=True)
@click.option("--query", default="", help="The query string, as sent.")
@click.option("--source-type", type=click.Choice(sorted(TYPES)), help="Pretend that SOURCE is of this type.")
@pass_session
def explain(
    session: Session, source: str, body: Any, headers: tuple[str, ...], method: str, query: str, source_type: str | None
) -> None:
    """Say what a delivery with this BODY (a file, or -) from SOURCE would do: event, rules, and who is told when."""
    ruleset = ruleset_of(session)
    sender = SourceConfig(type=source_type) if source_type else _sender(ruleset.config, source)
    delivery = Delivery(
        source=source,
        source_type=sender.type,
        labels=sender.labels,
        received_at=time.time(),
        method=method,
        query=query,
        headers=dict(map(_header, headers)),
        body=body.read(),
    )
    answer = _explained(ruleset, events_of(delivery, sender))
    session.answer(answer, lambda: _say(session, answer))


def _sender(config: Config, name: str) -> SourceConfig:
    if name not in config.sources:
        then = nearest(name, config.sources) or "Name a configured source, or give --source-type."
        raise Failure(f"the rules know no source {name!r}", then, code=USAGE)
    return config.sources[name]


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.BadParameter(f"{text!r} is not 'KEY: VALUE'", param_hint="-H")
    return name.strip().lower(), value.strip()


def events_of(delivery: Delivery, sender: SourceConfig) -> list[Event]:
    """What the delivery says, as the receiver would read it. Ends the command when it cannot be read."""
    kind = TYPES[sender.type]
    try:
        return kind.parse(delivery, kind.options.model_validate(sender.options))
    except Unreadable as wrong:
        raise Failure(
            f"{kind.title} cannot be read: {plain(str(wrong), 200)}", "A running Tocsin keeps it as a P3."
        ) from None


def _explained(ruleset: Ruleset, events: list[Event]) -> dict[str, Any]:
    decisions, rows = [], []
    reaching = ways(ruleset)
    for event in events:
        if event.action is not Action.TRIGGER:
            continue
        decision = ruleset.decide(event, event.received_at)
        decisions.append(_decided(ruleset, event, decision))
        rows += [dataclasses.asdict(row) for row in timetable(ruleset.config, decision, event.received_at, reaching)]
    return {"events": [_shown(event) for event in events], "decisions": decisions, "timetable": rows}


def _decided(ruleset: Ruleset, event: Event, decision: Decision) -> dict[str, Any]:
    team = ruleset.config.teams.get(decision.team or "")
    return {
        "rule": decision.rule,
        "severity": decision.severity,
        "why": _why(ruleset, event, decision.rule),
        "set_by": decision.set_by,
        "group_key": decision.group_key,
        "runbook": decision.runbook,
        "team": team and {"name": decision.team, "people": team.people},
        "gate": gate_of(decision),
        "suppress": decision.suppress,
        **relating.related(ruleset, event, decision),
    }


def gate_of(decision: Decision) -> dict[str, Any] | None:
    """What has to be counted before an incident opens; None when it opens at once."""
    gate = decision.gate
    if gate is None:
        return None
    return {
        "opens_above": gate.count,
        "within": show_duration(gate.within),
        "recovers_after_quiet": show_duration(gate.quiet_for),
    }


def _why(ruleset: Ruleset, event: Event, until: str) -> list[str]:
    said = []
    for verdict in ruleset.explain(event, event.received_at):
        said.append(f"{verdict.name}: {'matched' if verdict.matched else plain(verdict.why)}")
        if verdict.name == until:
            break
    return said


def _shown(event: Event) -> dict[str, Any]:
    names = ("source", "kind", "action", "dedup_key", "summary", "severity", "url", "labels")
    return {name: getattr(event, name) for name in names}


def _say(session: Session, answer: dict[str, Any]) -> None:
    for event in answer["events"]:
        session.line(f"{event['action']}: {plain(event['summary'])}", "bold")
        session.line(f"  {plain(event['kind'])} · {plain(event['dedup_key'])}")
    if not answer["decisions"]:
        session.line("No trigger: it is handed to the open incident with this key, and pages nobody by itself.")
    for decision in answer["decisions"]:
        session.line(f"{decision['severity']} by rule «{decision['rule']}»", "bold")
        for why in decision["why"]:
            session.line(f"  {why}")
        for line in _besides(decision):
            session.line(line, "bold")
    if answer["timetable"]:
        if any(decision["gate"] for decision in answer["decisions"]):
            session.line("Who is told, counted from when it opens and only then:", "bold")
        rows = [
            [row["at"], _ordinal(row["step"]), row["to"], ", ".join(row["channels"])] for row in answer["timetable"]
        ]
        session.table(["AT", "STEP", "TOLD", "THROUGH"], rows)


def _ordinal(step: int | str) -> str:
    """People count from 1."""
    return str(step + 1) if isinstance(step, int) else step


def _besides(decision: dict[str, Any]) -> Iterator[str]:
    """What else a person must know before the timetable: why it may not begin, and who is told beside it."""
    gate, team = decision["gate"], decision["team"]
    if decision["suppress"] is not None:
        yield f"Suppressed, nobody is told: {plain(decision['suppress'])}"
    if gate:
        opens, quiet = f"above {gate['opens_above']} within {gate['within']}", gate["recovers_after_quiet"]
        yield f"Counted; an incident opens only {opens}. {quiet} of quiet end it."
    yield from relating.said(decision)
    if team:
        yield f"Team {team['name']} ({', '.join(team['people']) or 'nobody'}) is told beside every step."
