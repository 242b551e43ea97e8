"""How processes of a Tocsin are started: their rules, their secrets, their port, and the words that start each."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from redis.exceptions import RedisError

from router.cli.rules import OPTIONS as RULES
from router.cli.session import UNREACHABLE, USAGE, Failure, Session
from router.port import listener
from rules.reading.fields import references
from rules.reading.load import Ruleset, Wrong, load
from rules.reading.problem import Problem
from rules.upcast import NewerRecord
from workers import release
from workers.agenda import Lane
from workers.channels.contract import Undelivered
from workers.outward import call
from workers.rulebook import configuration, demonstration, edition
from workers.rulebook.configuration import Written
from workers.rulebook.reload import Folder
from workers.settings import Environment, Settings, SettingsError, child_environment, require
from workers.store import connect
from workers.watch.supervisor import Child, python


def folder_of(settings: Settings, folder: Path | None, parts: Callable[[Ruleset], Iterable[object]]) -> Folder:
    """Where this process finds its rules. `parts` are those whose secrets it needs."""

    def read(written: Written) -> Ruleset:
        ruleset = load(written.texts, runbooks=written.runbooks, **RULES)
        return demonstration.pointed(ruleset, settings) if settings.demo else ruleset

    def doubts(written: Written, now: float) -> Sequence[Problem]:
        return load(written.texts, runbooks=written.runbooks, now=now, **RULES).doubts

    path = folder or settings.config or configuration.packaged()
    return Folder(path=path, load=read, lacks=lambda ruleset: missing(*parts(ruleset)), doubts=doubts)


def rules_of(folder: Folder, settings: Settings) -> Ruleset:
    """The rules of the folder, checked whole; when they are wrong, those in force by Redis, which page on.

    Ends the command with every problem when there are none of either.
    """
    try:
        return folder.load(configuration.written(folder.path))
    except Wrong as wrong:
        lines = "\n  ".join(str(problem) for problem in wrong.problems)
    ruleset = _in_force(folder, settings)
    if ruleset is None:
        raise Failure("the rules are wrong, so nothing was started", lines, code=USAGE)
    click.echo(f"tocsin: the rules in {folder.path} are wrong; started with those in force\n  {lines}", err=True)
    return ruleset


def _in_force(folder: Folder, settings: Settings) -> Ruleset | None:
    """What other processes judge by, when Redis is there and this release can read it."""
    if settings.redis_url is None:
        return None
    try:
        with connect(settings.redis_url.get_secret_value()) as redis:
            found = edition.current(redis)
        return None if found is None else folder.load(found.written)
    except (RedisError, Wrong):
        return None


def required(settings: Settings) -> Settings:
    """The same settings. Ends the command when one that a process cannot do without is missing."""
    try:
        require(settings)
    except SettingsError as wrong:
        raise Failure("the environment lacks something", "\n  ".join(wrong.problems), code=USAGE) from None
    return settings


def revealed(*parts: object) -> None:
    """Ends the command when a secret that the rules refer to is not there: found now, and not at 3 am."""
    problems = missing(*parts)
    if problems:
        then = "\n  ".join([*problems[1:], "set what is missing, or take out of the rules what needs it"])
        raise Failure(problems[0], then, code=USAGE)


def missing(*parts: object) -> list[str]:
    """Which of the secrets that these parts of the rules refer to are not there."""
    return Environment().missing(reference for part in parts for reference in references(part))


def to_hear_and_send(ruleset: Ruleset) -> tuple[object, ...]:
    """The parts whose secrets a receiver needs: when Redis is gone, it is the receiver who tells people so."""
    return (*ruleset.config.sources.values(), *to_send(ruleset))


def to_send(ruleset: Ruleset) -> tuple[object, ...]:
    """The parts whose secrets it takes to tell people."""
    return (*ruleset.config.channels.values(), *ruleset.config.people.values())


def to_work(ruleset: Ruleset) -> tuple[object, ...]:
    """The parts whose secrets a worker needs."""
    return (*ruleset.config.checks.values(), *to_send(ruleset))


@contextmanager
def reachable() -> Iterator[None]:
    """Ends the command when Redis says no, or holds what a later release has written."""
    try:
        yield
    except NewerRecord as newer:
        raise Failure(f"Redis holds {newer}", release.ADVICE) from None
    except RedisError as wrong:
        raise Failure(f"Redis is not to be had ({type(wrong).__name__})", "check REDIS_URL", code=UNREACHABLE) from None


weaker_option = click.option(
    "--accept-weaker-durability",
    "weaker",
    is_flag=True,
    help="Start on a Redis that may forget: a 2xx then survives our crash, not that of Redis.",
)
WEAKER = "TOCSIN_ACCEPT_WEAKER_DURABILITY"


def bound(settings: Settings, *, shared: bool = False) -> socket.socket:
    """A socket at HOST and PORT. Ends the command when they cannot be had."""
    try:
        return listener(settings, shared=shared)
    except OSError as wrong:
        why = f"port {settings.port} of {settings.host} cannot be had: {wrong.strerror}"
        raise Failure(why, "PORT and HOST choose another one", code=USAGE) from None


def workers(session: Session, env: dict[str, str]) -> list[Child]:
    """A worker for each lane; `env` stands on top of this process's environment."""
    whole = child_environment(env)
    return [
        Child(name=f"worker {lane}", argv=_tocsin(session, "work", "--lane", lane), env=whole, rereads=True)
        for lane in (Lane.INTAKE, Lane.URGENT, Lane.CALM)
    ]


def receiver(session: Session, settings: Settings, number: int, *arguments: str, **env: str) -> Child:
    """A receiver; `env` stands on top of this process's environment."""
    address = f"http://{settings.host}:{settings.port}/healthz"
    argv = _tocsin(session, "serve", *arguments)
    ready = partial(_answers, address)
    return Child(name=f"receiver {number}", argv=argv, env=child_environment(env), ready=ready, rereads=True)


def _tocsin(session: Session, *arguments: str) -> list[str]:
    folder = ["--config", str(session.config)] if session.config else []
    return python("-m", "router.cli", *arguments, *folder)


def port_is_free(settings: Settings) -> None:
    """Ends the command when HOST and PORT cannot be had."""
    bound(settings).close()


def _answers(address: str) -> bool:
    try:
        return call("GET", address, timeout=1.0).status == 200
    except Undelivered:
        return False
