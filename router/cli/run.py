"""`tocsin serve`, `work` and `up`: the processes of a Tocsin, alone or all together."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from redis.exceptions import RedisError
from starlette.types import ASGIApp

from router import demo, serve
from router.app import DEMO
from router.cli.session import USAGE, Command, Failure, Session, pass_session
from router.in_force import InForce, in_force
from router.sources import TYPES as SOURCES
from rules.config import references
from rules.load import Ruleset, Wrong
from rules.upcast import NewerRecord
from workers import configuration, demonstration, embedded, generated, house, release, supervisor, work
from workers.agenda import Lane
from workers.alarm import Alarm
from workers.channels import OPTIONS
from workers.channels.contract import Undelivered
from workers.ledger import Ledger
from workers.outward import Outward, call
from workers.settings import (
    Environment,
    Settings,
    SettingsError,
    child_environment,
    read_settings,
    require,
    unset,
)
from workers.supervisor import Child, Supervisor, python

SOURCE_OPTIONS = {name: source.options for name, source in SOURCES.items()}


def rules_of(settings: Settings, folder: Path | None) -> Ruleset:
    """The rules in force, checked whole. Ends the command with every problem when they are wrong."""
    try:
        ruleset = configuration.read(
            folder or settings.config or configuration.packaged(),
            source_options=SOURCE_OPTIONS,
            channel_options=OPTIONS,
        )
    except Wrong as wrong:
        lines = "\n  ".join(str(problem) for problem in wrong.problems)
        raise Failure("the rules are wrong, so nothing was started", lines, code=USAGE) from None
    return demonstration.pointed(ruleset, settings) if settings.demo else ruleset


def _required(settings: Settings) -> Settings:
    try:
        require(settings)
    except SettingsError as wrong:
        raise Failure("the environment lacks something", "\n  ".join(wrong.problems), code=USAGE) from None
    return settings


def _revealed(*parts: object) -> None:
    """Ends the command when a secret that the rules refer to is not there: found now, and not at 3 am."""
    problems = Environment().missing(reference for part in parts for reference in references(part))
    if problems:
        then = "\n  ".join([*problems[1:], "set what is missing, or take out of the rules what needs it"])
        raise Failure(problems[0], then, code=USAGE)


def _to_send(ruleset: Ruleset) -> tuple[object, ...]:
    """The parts of the rules whose secrets a worker needs."""
    return (*ruleset.config.channels.values(), *ruleset.config.people.values())


def _listening(ruleset: Ruleset) -> InForce:
    _revealed(*ruleset.config.sources.values())
    return in_force(ruleset, SOURCES, Environment().reveal)


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
    if processes > 1:
        rules_of(settings, session.config)
        env = {WEAKER: "1"} if weaker else {}
        Supervisor([_receiver(session, settings, n + 1, "--share-port", **env) for n in range(processes)]).run()
    else:
        _serve(settings, rules_of(settings, session.config), share_port)


def _serve(settings: Settings, ruleset: Ruleset, share_port: bool) -> None:
    def ledger(redis: Any, clock: Any) -> Ledger:
        return Ledger(redis, lambda: ruleset, clock, lambda: house.ways(ruleset))

    mounts, beside = _demonstration(settings)
    sockets = [_listener(settings, shared=True)] if share_port else None
    try:
        alarm = Alarm(lambda: ruleset, Environment(), Outward(settings.allow_net).perform)
        serve.run(settings, _listening(ruleset), ledger, mounts=mounts, beside=beside, alarm=alarm, sockets=sockets)
    except serve.Weak as weak:
        then = "\n  ".join([*weak.problems, "or accept that with --accept-weaker-durability"])
        raise Failure("this Redis does not keep what Tocsin promises", then) from None
    except NewerRecord as newer:
        raise _too_new(newer) from None
    except RedisError as wrong:
        raise Failure(f"Redis is not to be had ({type(wrong).__name__})", "check REDIS_URL", code=3) from None


def _too_new(newer: NewerRecord) -> Failure:
    return Failure(f"Redis holds {newer}", release.ADVICE)


def _listener(settings: Settings, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((settings.host, settings.port))
    return listener


def _demonstration(settings: Settings) -> tuple[dict[str, ASGIApp], tuple[Callable[[], Any], ...]]:
    """The fake Slack, PagerDuty and mail of `--demo`, and what has to run beside them."""
    if not settings.demo:
        return {}, ()
    app = demo.demo()

    async def mail() -> None:
        server = await demo.listen_for_mail(app, port=settings.demo_smtp_port)
        async with server:
            await asyncio.Event().wait()

    return {DEMO: app}, (mail,)


@click.command("work", cls=Command)
@click.option("--lane", type=click.Choice([lane.value for lane in Lane]), help="Only this lane, in this process.")
@pass_session
def work_command(session: Session, lane: str | None) -> None:
    """Notify and escalate: a supervised process per lane. Needs REDIS_URL, TOCSIN_API_TOKEN and TOCSIN_SECRET."""
    settings = _required(session.settings)
    ruleset = rules_of(settings, session.config)
    _revealed(*_to_send(ruleset))
    try:
        if lane is not None:
            work.run(Lane(lane), settings, ruleset)
            return
        release.examine_at(settings.redis_url.get_secret_value() if settings.redis_url else "")
    except NewerRecord as newer:
        raise _too_new(newer) from None
    Supervisor(_workers(session, {})).run()


def _workers(session: Session, env: dict[str, str]) -> list[Child]:
    whole = child_environment(env)
    return [
        Child(name=f"worker {lane}", argv=_tocsin(session, "work", "--lane", lane), env=whole)
        for lane in (Lane.INTAKE, Lane.URGENT, Lane.CALM)
    ]


def _receiver(session: Session, settings: Settings, number: int, *arguments: str, **env: str) -> Child:
    address = f"http://{settings.host}:{settings.port}/healthz"
    argv = _tocsin(session, "serve", *arguments)
    return Child(name=f"receiver {number}", argv=argv, env=child_environment(env), ready=lambda: _answers(address))


def _tocsin(session: Session, *arguments: str) -> list[str]:
    folder = ["--config", str(session.config)] if session.config else []
    return python("-m", "router.cli", *arguments, *folder)


def _answers(address: str) -> bool:
    try:
        return call("GET", address, timeout=1.0).status == 200
    except Undelivered:
        return False


@click.command(cls=Command)
@click.option(
    "--demo", "demonstrate", is_flag=True, help="Fake Slack, PagerDuty and mail; missing secrets are made up."
)
@weaker_option
@pass_session
def up(session: Session, demonstrate: bool, weaker: bool) -> None:
    """Everything in one terminal: an embedded Valkey (unless REDIS_URL is set), the receiver and the workers."""
    settings = session.settings
    env = _environment(session, settings, demonstrate) | ({WEAKER: "1"} if weaker else {})
    settings = _with(env, settings)
    ruleset = rules_of(settings, session.config)
    if not demonstrate:
        _revealed(*ruleset.config.sources.values(), *_to_send(ruleset))
    children = [_receiver(session, settings, 1, **env), *_workers(session, env)]
    if settings.redis_url is None:
        children.insert(0, _valkey(settings, env))
    _port_is_free(settings)
    try:
        with embedded.alone(settings.data):
            Supervisor(children).run(lambda: _say_ready(session, settings, demonstrate))
    except embedded.Taken:
        then = "stop it first, or set TOCSIN_DATA to another folder"
        raise Failure(f"another Tocsin uses {settings.data}", then) from None
    except supervisor.NotStarted as wrong:
        raise Failure(str(wrong), f"is port {settings.port} taken? PORT chooses another one") from None


def _port_is_free(settings: Settings) -> None:
    try:
        _listener(settings).close()
    except OSError as wrong:
        why = f"port {settings.port} of {settings.host} cannot be had: {wrong.strerror}"
        raise Failure(why, "PORT chooses another one") from None


def _with(env: dict[str, str], settings: Settings) -> Settings:
    fields = {"api_token": generated.API_TOKEN, "secret": generated.LINK_SECRET, "demo": "TOCSIN_DEMO"}
    given = {field: env[name] for field, name in fields.items() if name in env}
    return read_settings(given) if given else settings


def _environment(session: Session, settings: Settings, demonstrate: bool) -> dict[str, str]:
    """What the processes need beyond this one's environment: generated secrets, and where the embedded Valkey is."""
    names = [generated.API_TOKEN, generated.LINK_SECRET]
    env: dict[str, str] = {}
    if demonstrate:
        texts = configuration.texts(session.config or configuration.packaged())
        names += sorted(demonstration.referred(texts))
        env = {
            "TOCSIN_DEMO": "1",
            "TOCSIN_DEMO_SMTP_PORT": str(_free_port()),
            "TOCSIN_ALLOW_NET": "127.0.0.0/8,::1/128",
            **demonstration.variables(settings),
        }
    missing = unset(names)
    made = generated.ensure(settings.data, missing)
    env |= {name: made[name] for name in missing}
    if settings.redis_url is None:
        env["REDIS_URL"] = embedded.url(settings.data)
    return env


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _valkey(settings: Settings, env: dict[str, str]) -> Child:
    folder = settings.data
    try:
        argv = embedded.command(folder)
    except embedded.NoServer as wrong:
        raise Failure(str(wrong)) from None
    return Child(
        name="valkey", argv=argv, env=child_environment(env), ready=lambda: embedded.answers(folder), outlives=True
    )


def _say_ready(session: Session, settings: Settings, demonstrate: bool) -> None:
    base, ourselves = settings.base_url, _ourselves(settings)
    session.line(f"Tocsin is up at {base}. Ctrl-C stops everything.", "bold")
    if demonstrate:
        session.line(f"  What Slack, PagerDuty and mail were told:  {base}/demo/outbox")
        session.line(f"  Send a first signed sample:                {ourselves} send shop-sentry")
    session.line(f"  See what is open, and answer it:           {ourselves} incidents list")
    session.line(f"  See what happens next, and to whom:        {ourselves} pending")


def _ourselves(settings: Settings) -> str:
    """How the shell of whoever started us calls us: by path unless on PATH, with the address where it is unusual."""
    called = "tocsin" if shutil.which("tocsin") else sys.argv[0]
    default = Settings.model_fields["port"].default
    return called if settings.port == default else f"TOCSIN_URL={settings.base_url} {called}"
