"""`tocsin up`: a whole Tocsin in one terminal, with its own Valkey and made-up secrets."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys

import click

from router.cli.first_link import say_first_link
from router.cli.session import Command, Failure, Session, pass_session
from router.cli.starting import (
    WEAKER,
    folder_of,
    port_is_free,
    receiver,
    revealed,
    rules_of,
    to_hear_and_send,
    weaker_option,
    workers,
)
from workers import embedded, generated
from workers.rulebook import configuration, demonstration
from workers.settings import Settings, child_environment, read_settings, unset
from workers.watch import supervisor
from workers.watch.supervisor import Child, Supervisor


@click.command(cls=Command)
@click.option(
    "--demo", "demonstrate", is_flag=True, help="Fake Slack, PagerDuty and mail; missing secrets are made up."
)
@click.option("--bare", is_flag=True, help="With --demo: without the incidents it makes up at the first start.")
@weaker_option
@pass_session
def up(session: Session, demonstrate: bool, bare: bool, weaker: bool) -> None:
    """Everything in one terminal: an embedded Valkey (unless REDIS_URL is set), the receiver and the workers."""
    settings = session.settings
    env = _environment(session, settings, demonstrate) | ({WEAKER: "1"} if weaker else {})
    if demonstrate and not bare:
        env["TOCSIN_DEMO_INCIDENTS"] = "1"
    settings = _with(env, settings)
    ruleset = rules_of(folder_of(settings, session.config, to_hear_and_send), settings)
    if not demonstrate:
        revealed(*to_hear_and_send(ruleset))
    children = [receiver(session, settings, 1, **env), *workers(session, env)]
    if settings.redis_url is None:
        children.insert(0, _valkey(settings, env))
    port_is_free(settings)
    try:
        with embedded.alone(settings.data):
            Supervisor(children).run(lambda: _say_ready(session, settings, demonstrate))
    except embedded.Taken:
        then = "stop it first, or set TOCSIN_DATA to another folder"
        raise Failure(f"another Tocsin uses {settings.data}", then) from None
    except supervisor.NotStarted as wrong:
        raise Failure(str(wrong), f"is port {settings.port} taken? PORT chooses another one") from None


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
    session.line(f"Tocsin is up. Open {base} in a browser. Ctrl-C stops everything.", "bold")
    if demonstrate:
        session.line(f"  What Slack, PagerDuty and mail were told:  {base}/demo/outbox")
        session.line(f"  Send a first signed sample:                {ourselves} send shop-sentry")
    session.line(f"  See what is open, and answer it:           {ourselves} incidents list")
    session.line(f"  See what happens next, and to whom:        {ourselves} pending")
    if not demonstrate:
        say_first_link(settings)


def _ourselves(settings: Settings) -> str:
    """How the shell of whoever started us calls us: by path unless on PATH, with what is unusual about us before it."""
    called, known = "tocsin" if shutil.which("tocsin") else sys.argv[0], Settings.model_fields
    url = f"TOCSIN_URL={settings.base_url}" if settings.port != known["port"].default else ""
    # Where the secrets are that a sample is signed with, and the token of the command line.
    data = f"TOCSIN_DATA={shlex.quote(str(settings.data.resolve()))}" if settings.data != known["data"].default else ""
    return " ".join(filter(None, (url, data, called)))
