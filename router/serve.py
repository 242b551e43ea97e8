"""One receiver process: its connections, its context, and uvicorn around the app."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

import uvicorn
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout
from starlette.types import ASGIApp

from router.accounts import first
from router.app import build
from router.context import Context
from router.demo.invented import begin
from router.demo.outbox import Outbox
from router.hooks.committer import Committer
from router.hooks.crowd import Crowd
from router.hooks.edge import Edge
from router.hooks.receiver import Receiver
from router.hooks.refusals import Refusals
from router.hooks.spooling import Spooling
from router.hooks.sweep import Server
from router.in_force import InForce
from router.port import BACKLOG
from router.redis_time import RedisTime
from router.watch import Watch
from rules.reading.load import Ruleset
from workers import log, release
from workers.agenda import Job, Lane
from workers.deliveries import intake
from workers.deliveries.intake import Received
from workers.deliveries.spool import Spool
from workers.garbage import spare_the_collector
from workers.ledger import Ledger
from workers.queue import Ringer
from workers.rulebook.reload import EVERY, Folder, Live, Reload, look
from workers.settings import Settings, require
from workers.store import Store, connect, durability
from workers.watch.alarm import Alarm
from workers.writing.wire import Wire

TIMEOUT = 1.0
"""Seconds Redis has for one answer."""
ORPHANED_EVERY = 0.5
"""Seconds between two looks whether the supervisor is still there."""
GRACE = 8
"""Seconds requests have to end when the process is told to stop; the commits have what is left of ten."""


class Weak(Exception):
    """This Redis does not keep what we promise; each line of `problems` says which promise falls and what to set."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def fast_redis(url: str) -> AsyncRedis:
    """The event loop's client: it gives up after a second and leaves the next try to the sender."""
    options: dict[str, Any] = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
    return AsyncRedis.from_url(url, retry=Retry(NoBackoff(), 0), **options)


def open_context(settings: Settings, in_force: InForce, ledger: Callable[..., Ledger]) -> tuple[Context, Ringer]:
    """Everything one process needs. `ledger(redis, clock)` makes the ledger.

    Raises Weak, NewerRecord and Redis' errors.
    """
    if settings.redis_url is None:
        raise ValueError("REDIS_URL is not set")
    url = settings.redis_url.get_secret_value()
    redis, fast = connect(url), fast_redis(url)
    problems = _examined(redis, settings)
    clock, refusals = RedisTime(fast), Refusals(fast)
    ringer = Ringer(redis, lambda wrong: log.get("ringer").warning("no bell", why=type(wrong).__name__))

    wire = Wire(fast)

    async def write(batch: Sequence[Received], now: float) -> None:
        await intake.commit(wire, batch, now)

    async def hand_over(batch: Sequence[Received], now: float) -> None:
        await intake.commit_once(fast, batch, now)

    spool = Spool(settings.data, settings.spool_limit)
    spooling = Spooling(write, hand_over, spool, clock, lambda: ringer.ring(Lane.INTAKE, Job.DEDUPLICATE))
    committer = Committer(spooling.write, clock, spooling.ring)
    context = Context(
        settings=settings,
        in_force=in_force,
        clock=clock,
        committer=committer,
        spooling=spooling,
        refusals=refusals,
        redis=redis,
        fast=fast,
        store=Store(redis),
        ledger=ledger(redis, clock),
        weaknesses=problems,
        beside=(clock.keep_measuring, refusals.keep_flushing, spooling.keep_draining),
    )
    return context, ringer


def examine(settings: Settings) -> None:
    """Does this Redis keep what we promise? For whoever starts receivers. Raises Weak, and Redis' errors."""
    if settings.redis_url is not None:
        redis = connect(settings.redis_url.get_secret_value())
        try:
            _examined(redis, settings)
        finally:
            redis.close()


def _examined(redis: Redis, settings: Settings) -> list[str]:
    """What this Redis does not promise. Away, it promises nothing and the spool does. Raises Weak and NewerRecord."""
    try:
        release.join(redis)
        problems = list(durability(redis))
    except (RedisConnectionError, RedisTimeout) as wrong:
        log.get("receiver").error("redis is away at the start, spooling", why=type(wrong).__name__)
        return ["Redis was away when this receiver started: whether it keeps what it is told was not examined"]
    if problems and not settings.accept_weaker_durability:
        raise Weak(problems)
    return problems


def server(app: ASGIApp, context: Context) -> Server:
    """uvicorn around the app, with our edge."""
    settings = context.settings
    crowd = Crowd(
        settings.connections, settings.connections_per_client, settings.trusted_proxies, context.refusals.turned_away
    )
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=partial(Edge, crowd=crowd, hooks=Receiver(context)),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )
    return Server(config, context.leaving)


def run(
    settings: Settings,
    in_force: InForce,
    ledger: Callable[..., Ledger],
    rules: Rules,
    *,
    demonstration: Demonstration | None = None,
    alarm: Alarm | None = None,
    sockets: list[socket.socket] | None = None,
) -> None:
    """Serve until told to stop, which ends with exit code 0. `alarm` is raised when Redis or the workers are gone.

    Raises SettingsError, Weak, and Redis' errors before anything is served.
    """
    require(settings)
    log.configure(settings.log)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    context, ringer = open_context(settings, in_force, ledger)
    reload = context.reload = _reloading(context, rules)
    signal.signal(signal.SIGHUP, lambda *_: reload.ask())
    watching = [Watch(context, alarm).keep_watching] if alarm is not None else []
    ending = [partial(_end_with, settings.supervisor)] if settings.supervisor is not None else []
    # Under a supervisor it is he who says it, once for all; a demonstration lets its own machine in.
    saying = [] if settings.supervisor is not None or settings.demo else [partial(first.announce, context)]
    shown = demonstration or Demonstration()
    context.outbox = shown.outbox
    invented = [partial(begin, context)] if settings.demo and settings.demo_incidents else []
    more: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (*watching, *ending, *saying, *invented, *shown.beside)
    context.beside = (*context.beside, partial(_keep_reloading, reload), *more)
    app = build(context, shown.mounts)
    spare_the_collector()
    try:
        server(app, context).run(sockets)
    finally:
        ringer.stop()
        context.spooling.close()
        context.redis.close()


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """What `--demo` adds: endpoints of its own, what runs beside them, and what they were told."""

    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    outbox: Outbox | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules in force here, where new ones come from, and what a receiver makes of them."""

    live: Live
    folder: Folder
    hearing: Callable[[Ruleset], InForce]
    """Raises MissingReference."""


def _reloading(context: Context, rules: Rules) -> Reload:
    def adopt(ruleset: Ruleset) -> None:
        context.in_force = rules.hearing(ruleset)

    reload = Reload(context.redis, context.clock, rules.live, rules.folder, adopt)
    reload.begin()
    return reload


async def _keep_reloading(reload: Reload) -> None:
    while True:
        await asyncio.sleep(EVERY)
        await asyncio.to_thread(look, reload)


async def _end_with(supervisor: int) -> None:
    """End, as when told to, once the supervisor is gone: nobody would start us anew, and a successor needs the port."""
    while True:
        await asyncio.sleep(ORPHANED_EVERY)
        if os.getppid() != supervisor:
            log.get("receiver").warning("supervisor is gone")
            signal.raise_signal(signal.SIGTERM)
            return


def _leave(*_: object) -> NoReturn:
    """To be told to stop is no failure. uvicorn drains on a signal, and then raises the signal again for us to see."""
    raise SystemExit(0)
