"""`tocsin doctor`: what stands between this installation and its promises, each with what to do about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import click
import orjson
from redis import Redis, RedisError

from router.cli.remote import reach
from router.cli.rules import ruleset_of
from router.cli.session import FINDINGS, Command, Failure, Session, pass_session, stop
from router.cli.ways_out import examine
from rules.reading.fields import references
from rules.upcast import NewerRecord
from workers import generated, release
from workers.checks import TYPES
from workers.settings import Environment, short


class Finding(NamedTuple):
    """One line: `ok`, `warn` or `fail`, what was found, what to do next."""

    verdict: str
    what: str
    then: str = ""


@click.command(cls=Command)
@pass_session
def doctor(session: Session) -> None:
    """Examine settings, rules, Redis and the running Tocsin; exit 1 when something fails."""
    looks = (_settings, _rules, _channels, _checks, _redis, _running)
    # What several looks stumble over is one finding.
    findings = list(dict.fromkeys(finding for look in looks for finding in _safely(look, session)))
    if session.as_json:
        session.data({"findings": [finding._asdict() for finding in findings]})
    else:
        _show(session, findings)
    if any(finding.verdict == "fail" for finding in findings):
        stop(FINDINGS)


def _safely(look: Callable[[Session], Iterator[Finding]], session: Session) -> Iterator[Finding]:
    # One broken part must not hide what the others have to say.
    try:
        yield from look(session)
    except Failure as failure:
        yield Finding("fail", failure.message, failure.then)


def _show(session: Session, findings: list[Finding]) -> None:
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for finding in findings:
        session.line(f"{finding.verdict:<5}{finding.what}", styles[finding.verdict])
        if finding.then and finding.verdict != "ok":
            session.line(f"     {finding.then}")


def _settings(session: Session) -> Iterator[Finding]:
    settings = session.settings
    yield Finding("ok", "the environment can be read")
    for name, value in (("TOCSIN_API_TOKEN", settings.api_token), ("TOCSIN_SECRET", settings.secret)):
        if not value:
            yield Finding("warn", f"{name} is not set", f"`serve` refuses to start: {name}=$(openssl rand -hex 32)")
    for why in short(settings):
        yield Finding("fail", why, "`serve` and `work` refuse to start with it; make one: openssl rand -hex 32")
    if settings.public_url is None:
        yield Finding("warn", "PUBLIC_URL is not set", "Links in notifications lead to this machine only; set it.")
    if settings.allow_net:
        nets = ", ".join(str(each) for each in settings.allow_net)
        yield Finding(
            "warn", f"outgoing requests may reach private networks: {nets}", "Unset TOCSIN_ALLOW_NET if not meant."
        )


def _rules(session: Session) -> Iterator[Finding]:
    ruleset = ruleset_of(session, time.time())
    config = ruleset.config
    yield Finding("ok", f"the rules can be used: {len(config.rules)} rules, {len(config.sources)} sources")
    for doubt in ruleset.doubts:
        yield Finding("warn", str(doubt), "The rules can be used all the same.")
    for name, source in sorted(config.sources.items()):
        if source.unsigned:
            yield Finding(
                "warn", f"source {name} is unsigned: anybody may speak for it", "Give it a secret or a token."
            )

    made = generated.load(session.settings.data)
    for why in Environment(made).missing(references(config)):
        yield Finding(
            "fail", why, "`serve` and `work` refuse to start without it: set it, or take it out of the rules."
        )


def _checks(session: Session) -> Iterator[Finding]:
    """What checks need of the machine the workers run on: said of this one."""
    for name, check in sorted(ruleset_of(session).config.checks.items()):
        why, _, then = TYPES[check.type].lacks(session.settings.allow_commands).partition(": ")
        if why:
            yield Finding("warn", f"the check {name} finds nothing here: {why}", f"On the workers' machine: {then}.")


def _channels(session: Session) -> Iterator[Finding]:
    if _is_demonstration(session):
        yield Finding("ok", "the running Tocsin is a demonstration: its channels lead to its own outbox")
        return
    # Without what `up --demo` made up: an address that is random letters would only seem to be wrong.
    settings = session.settings
    for name, wrong in examine(ruleset_of(session).config, Environment(), settings.allow_net):
        if wrong:
            yield Finding("fail", f"channel {name} reaches nobody: {wrong}", "Mend it: what goes out on it is lost.")
        else:
            yield Finding("ok", f"channel {name} leads to an address that may be called")


def _is_demonstration(session: Session) -> bool:
    try:
        return reach(session, "GET", "/demo/outbox.json").status == 200
    except Failure:
        return False


def _redis(session: Session) -> Iterator[Finding]:
    url = session.settings.redis_url
    if url is None:
        yield Finding("warn", "REDIS_URL is not set", "`tocsin up` brings its own; `serve` and `work` need one.")
        return
    try:
        client = Redis.from_url(
            url.get_secret_value(), socket_timeout=3, socket_connect_timeout=3, decode_responses=True
        )
        client.ping()
        yield Finding("ok", "Redis answers")
        yield from _durability(client)
        release.examine(client)
    except NewerRecord as newer:
        yield Finding("fail", f"Redis holds {newer}", f"`serve` and `work` refuse to start: {release.ADVICE}")
    except (RedisError, ValueError) as wrong:
        # The message of the library may hold the address with its password.
        yield Finding("fail", f"Redis does not answer ({type(wrong).__name__})", "Check REDIS_URL and that it runs.")


_KEPT = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}


def _durability(client: Redis) -> Iterator[Finding]:
    for name, wanted in _KEPT.items():
        try:
            found = client.config_get(name).get(name)
        except RedisError:
            yield Finding("warn", f"Redis does not tell its {name}", f"Make sure it is {wanted}.")
            continue
        if found == wanted:
            yield Finding("ok", f"Redis has {name} {wanted}")
        else:
            yield Finding("fail", f"Redis has {name} {found}", f"A 2xx may be forgotten: CONFIG SET {name} {wanted}")


def _running(session: Session) -> Iterator[Finding]:
    checks = (("/readyz", "the receiver is ready"), ("/readyz/paging", "Redis is writable and workers are beating"))
    for path, good in checks:
        reply = reach(session, "GET", path)
        worse = _degraded(reply.body)
        if reply.status != 200:
            yield Finding(
                "fail", f"{path} answers {reply.status}", "Start a worker with `tocsin work`; look at its log."
            )
        elif worse:
            yield Finding("warn", f"{good}, but degraded: {worse}", "It still keeps what it hears; see its log.")
        else:
            yield Finding("ok", good)


def _degraded(body: bytes) -> str:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return ", ".join(map(str, said.get("degraded") or ())) if isinstance(said, dict) else ""
