"""`tocsin serve` and `work`: the processes of a Tocsin, each by itself. `up` starts them together."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson
from redis.exceptions import RedisError

from router import demo, serve
from router.accounts import first
from router.app import DEMO
from router.cli.rules import OPTIONS as RULES
from router.cli.session import USAGE, Command, Failure, Session, pass_session
from router.demo.outbox import Outbox
from router.in_force import InForce, in_force
from router.sources import TYPES as SOURCES
from rules.reading.fields import references
from rules.reading.load import Ruleset, Wrong, load
from rules.reading.problem import Problem
from rules.upcast import NewerRecord
from workers import house, release, work
from workers.agenda import Lane
from workers.channels.contract import Undelivered
from workers.ledger import Ledger
from workers.outward import Outward, call
from workers.rulebook import configuration, demonstration, edition
from workers.rulebook.configuration import Written
from workers.rulebook.reload import Folder, Live
from workers.settings import (
    Environment,
    Settings,
    SettingsError,
    child_environment,
    require,
)
from workers.store import connect
from workers.watch import supervisor
from workers.watch.alarm import Alarm
from workers.watch.supervisor import Child, Supervisor, python


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


def _required(settings: Settings) -> Settings:
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


weaker_option = click.option(
    "--accept-weaker-durability",
    "weaker",
    is_flag=True,
    help="Start on a Redis that may forget: a 2xx then survives our crash, not that of Redis.",
)
WEAKER = "TOCSIN_ACCEPT_WEAKER_DURABILITY"


@click.command("serve", cls=Command)
@weaker_option
@click.option("--processes", type=click.IntRange(1, 64), default=1, help="How many receivers share the port.")
@click.option("--share-port", is_flag=True, hidden=True)
@pass_session
def serve_command(session: Session, weaker: bool, processes: int, share_port: bool) -> None:
    """Receive deliveries, answer people. Needs REDIS_URL, TOCSIN_API_TOKEN and TOCSIN_SECRET."""
    settings = _required(session.settings)
    if weaker:
        settings = settings.model_copy(update={"accept_weaker_durability": True})
    folder = folder_of(settings, session.config, to_hear_and_send)
    ruleset = rules_of(folder, settings)
    revealed(*to_hear_and_send(ruleset))
    if processes > 1:
        _serve_together(session, settings, processes)
    else:
        _serve(settings, Live(ruleset), folder, share_port)


def _serve_together(session: Session, settings: Settings, processes: int) -> None:
    """Receivers that share a port. What none of them could start with is found out before the first is started."""
    port_is_free(settings)
    with _durable():
        serve.examine(settings)
    env = {WEAKER: "1"} if settings.accept_weaker_durability else {}
    children = [receiver(session, settings, n + 1, "--share-port", **env) for n in range(processes)]
    try:
        Supervisor(children).run(lambda: say_first_link(settings))
    except supervisor.NotStarted as wrong:
        raise Failure(str(wrong), "its log says why") from None


@contextmanager
def _durable() -> Iterator[None]:
    """Ends the command when Redis forgets, says no, or holds what a later release has written."""
    try:
        yield
    except serve.Weak as weak:
        then = "\n  ".join([*weak.problems, "or accept that with --accept-weaker-durability"])
        raise Failure("this Redis does not keep what Tocsin promises", then) from None
    except NewerRecord as newer:
        raise Failure(f"Redis holds {newer}", release.ADVICE) from None
    except RedisError as wrong:
        raise Failure(f"Redis is not to be had ({type(wrong).__name__})", "check REDIS_URL", code=3) from None


def _serve(settings: Settings, live: Live, folder: Folder, share_port: bool) -> None:
    def ledger(redis: Any, clock: Any) -> Ledger:
        return Ledger(redis, live, clock, lambda: house.ways(live()))

    def hearing(ruleset: Ruleset) -> InForce:
        return in_force(ruleset, SOURCES, Environment().reveal)

    rules = serve.Rules(live=live, folder=folder, hearing=hearing)
    # Bound before anything runs: a port that others have is found out while it can still be said and left.
    with _bound(settings, shared=share_port) as listener, _durable():
        alarm = Alarm(live, Environment(), Outward(settings.allow_net).perform)
        shown = _demonstration(settings)
        serve.run(settings, hearing(live()), ledger, rules, demonstration=shown, alarm=alarm, sockets=[listener])


def _listener(settings: Settings, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((settings.host, settings.port))
        if not shared:
            # Two that are only bound do not notice each other; a shared one hears nobody before it is ready to answer.
            listener.listen(serve.BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _bound(settings: Settings, *, shared: bool = False) -> socket.socket:
    """A socket at HOST and PORT. Ends the command when they cannot be had."""
    try:
        return _listener(settings, shared=shared)
    except OSError as wrong:
        why = f"port {settings.port} of {settings.host} cannot be had: {wrong.strerror}"
        raise Failure(why, "PORT and HOST choose another one", code=USAGE) from None


def _demonstration(settings: Settings) -> serve.Demonstration | None:
    """The fake Slack, PagerDuty and mail of `--demo`, and what has to run beside them."""
    if not settings.demo:
        return None
    outbox = Outbox()
    app = demo.demo(outbox)

    async def mail() -> None:
        server = await demo.listen_for_mail(app, port=settings.demo_smtp_port)
        async with server:
            await asyncio.Event().wait()

    return serve.Demonstration(mounts={DEMO: app}, beside=(mail,), outbox=outbox)


@click.command("work", cls=Command)
@click.option("--lane", type=click.Choice([lane.value for lane in Lane]), help="Only this lane, in this process.")
@pass_session
def work_command(session: Session, lane: str | None) -> None:
    """Notify and escalate: a supervised process per lane. Needs REDIS_URL, TOCSIN_API_TOKEN and TOCSIN_SECRET."""
    settings = _required(session.settings)
    folder = folder_of(settings, session.config, to_work)
    ruleset = rules_of(folder, settings)
    revealed(*to_work(ruleset))
    with _durable():
        if lane is not None:
            work.run(Lane(lane), settings, Live(ruleset), folder)
            return
        release.examine_at(settings.redis_url.get_secret_value() if settings.redis_url else "")
    Supervisor(workers(session, {})).run()


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
    _bound(settings).close()


def say_first_link(settings: Settings) -> None:
    """Where the first account is made, on stderr: the receivers know; nothing where there is one."""
    bearer = {"authorization": f"Bearer {settings.api_token[0].get_secret_value()}"}
    try:
        reply = call("POST", f"http://{settings.host}:{settings.port}/api/accounts/first", headers=bearer)
    except Undelivered:
        return
    link = orjson.loads(reply.body).get("link") if reply.status == 200 else None
    if link is not None:
        click.echo(first.in_words(link), err=True)


def _answers(address: str) -> bool:
    try:
        return call("GET", address, timeout=1.0).status == 200
    except Undelivered:
        return False
