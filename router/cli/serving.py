"""`tocsin serve`: the receiver, or several that share a port."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from router import demo, serve
from router.app import DEMO
from router.cli.first_link import say_first_link
from router.cli.session import Command, Failure, Session, pass_session
from router.cli.starting import (
    WEAKER,
    bound,
    folder_of,
    port_is_free,
    reachable,
    receiver,
    required,
    revealed,
    rules_of,
    to_hear_and_send,
    weaker_option,
)
from router.demo.outbox import Outbox
from router.in_force import InForce, in_force
from router.sources import TYPES as SOURCES
from rules.reading.load import Ruleset
from workers import house
from workers.ledger import Ledger
from workers.outward import Outward
from workers.rulebook.reload import Folder, Live
from workers.settings import Environment, Settings
from workers.watch import supervisor
from workers.watch.alarm import Alarm
from workers.watch.supervisor import Supervisor


@click.command("serve", cls=Command)
@weaker_option
@click.option("--processes", type=click.IntRange(1, 64), default=1, help="How many receivers share the port.")
@click.option("--share-port", is_flag=True, hidden=True)
@pass_session
def serve_command(session: Session, weaker: bool, processes: int, share_port: bool) -> None:
    """Receive deliveries, answer people. Needs REDIS_URL, TOCSIN_API_TOKEN and TOCSIN_SECRET."""
    settings = required(session.settings)
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
        with reachable():
            yield
    except serve.Weak as weak:
        then = "\n  ".join([*weak.problems, "or accept that with --accept-weaker-durability"])
        raise Failure("this Redis does not keep what Tocsin promises", then) from None


def _serve(settings: Settings, live: Live, folder: Folder, share_port: bool) -> None:
    def ledger(redis: Any, clock: Any) -> Ledger:
        return Ledger(redis, live, clock, lambda: house.ways(live()))

    def hearing(ruleset: Ruleset) -> InForce:
        return in_force(ruleset, SOURCES, Environment().reveal)

    rules = serve.Rules(live=live, folder=folder, hearing=hearing)
    # Bound before anything runs: a port that others have is found out while it can still be said and left.
    with bound(settings, shared=share_port) as listener, _durable():
        alarm = Alarm(live, Environment(), Outward(settings.allow_net).perform)
        shown = _demonstration(settings)
        serve.run(settings, hearing(live()), ledger, rules, demonstration=shown, alarm=alarm, sockets=[listener])


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
