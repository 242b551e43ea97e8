"""`tocsin send`: a delivery as the real sender would make it, signed with the configured secret."""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

import click
import orjson

from router.cli.explaining import events_of
from router.cli.remote import refusal, unreachable
from router.cli.rules import ruleset_of
from router.cli.session import USAGE, Command, Failure, Session, pass_session
from router.sources import TYPES
from router.sources.contract import Delivery, Sample, SourceType
from router.sources.samples import samples
from rules.decision import Decision
from rules.event import Action
from rules.explained.trace import gate_of
from rules.reading.config import Config, SourceConfig
from rules.reading.load import Ruleset
from rules.reading.problem import nearest
from workers import generated
from workers.channels.contract import HttpRequest, Reply, Undelivered
from workers.outward import Outward
from workers.plain import plain
from workers.settings import Environment, MissingReference

_ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""The operator's own Tocsin is usually on loopback: the guard against private addresses is not for this request."""


@dataclass(frozen=True)
class _Sender:
    """A configured source and the module that knows its shape."""

    name: str
    source: SourceConfig
    type: SourceType


@click.command(cls=Command)
@click.argument("source", required=False)
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="List the samples, of SOURCE or of every configured source.")
@click.option("--print", "printing", is_flag=True, help="Print the sample's body instead, for `tocsin explain`.")
@click.option("--secret", help="Sign with this instead of the configured secret.")
@click.option("--token", help="Use this token in the address instead of the configured one.")
@pass_session
def send(
    session: Session,
    source: str | None,
    name: str | None,
    listing: bool,
    printing: bool,
    secret: str | None,
    token: str | None,
) -> None:
    """Send a signed sample to a running Tocsin, as SOURCE would. NAME is one of `--list`, the first by default."""
    ruleset = ruleset_of(session)
    config = ruleset.config
    if listing:
        _list(session, config, source)
        return
    if source is None:
        raise click.UsageError(f"which SOURCE? `{session.command('send --list')}` shows them")
    sender = _sender(config, source)
    if printing:
        _print(session, sender, _sample(sender, name, ruleset))
        return
    if not _may_send(sender):
        then = f'People report with `tocsin report "…"` or POST /api/incidents; `{sender.name}` takes no deliveries.'
        raise Failure(f"{sender.name} is for people: nothing is sent to /hooks/{sender.name}", then, code=USAGE)
    sample = _sample(sender, name, ruleset)
    reply = _deliver(session, _request(session, sender, sample, secret, token))
    _told(session, sender, reply, _decisions(sender, sample, ruleset))


def _list(session: Session, config: Config, only: str | None) -> None:
    senders = [_sender(config, only)] if only else [_sender(config, each) for each in sorted(config.sources)]
    people = [sender.name for sender in senders if not _may_send(sender)]
    senders = [sender for sender in senders if _may_send(sender)]
    found = [(sender.name, sender.type.name, sample.name) for sender in senders for sample in samples(sender.type.name)]
    if session.as_json:
        session.data({"samples": [{"source": source, "type": kind, "name": name} for source, kind, name in found]})
    else:
        session.table(["SOURCE", "TYPE", "SAMPLE"], found)
        if people:
            session.line(f'For people, by `tocsin report "…"`: {", ".join(people)}')


def _may_send(sender: _Sender) -> bool:
    """A source of people without a secret of its own believes the API's token only, and that at another address."""
    source = sender.source
    return sender.type.name != "manual" or bool(source.token or source.secret or source.unsigned)


def _print(session: Session, sender: _Sender, sample: Sample) -> None:
    """The body and nothing else on stdout; on stderr how to go on, since some senders say what it is in a header."""
    if session.as_json:
        body = sample.body.decode("utf-8", "replace")
        headers = dict(sample.headers)
        session.data({"method": sample.method, "query": sample.query, "headers": headers, "body": body})
        return
    click.echo(sample.body)
    told = {name: value for name, value in sample.headers.items() if value != "application/json"}
    said = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in told.items()]
    said += [f"--method {sample.method} --query {shlex.quote(sample.query)}"] if sample.query else []
    words = " ".join(["explain", sender.name, "-", *said])
    click.echo(f"See what the rules make of it: … | {session.command(words)}", err=True)


def _sender(config: Config, name: str) -> _Sender:
    if name not in config.sources:
        then = nearest(name, config.sources) or f"configured are: {', '.join(sorted(config.sources)) or 'none'}"
        raise Failure(f"the rules know no source {name!r}", then, code=USAGE)
    source = config.sources[name]
    return _Sender(name, source, TYPES[source.type])


def _sample(sender: _Sender, name: str | None, ruleset: Ruleset) -> Sample:
    known = {sample.name: sample for sample in samples(sender.type.name)}
    chosen = name or _telling(sender, known, ruleset)
    if chosen not in known:
        then = nearest(chosen, known) or f"there are: {', '.join(known) or 'none'}"
        raise Failure(f"{sender.type.title} has no sample {chosen!r}", then, code=USAGE)
    return known[chosen]


def _telling(sender: _Sender, known: dict[str, Sample], ruleset: Ruleset) -> str:
    """The first that opens an incident, by itself if there is such: who names none wants to see something happen."""
    judged = {name: _decisions(sender, sample, ruleset) for name, sample in known.items()}
    opening = [name for name, decisions in judged.items() if decisions]
    alone = (name for name in opening if any(one.gate is None and one.suppress is None for one in judged[name]))
    return next(alone, opening[0] if opening else "")


def _decisions(sender: _Sender, sample: Sample, ruleset: Ruleset) -> list[Decision]:
    """What our own rules make of the triggers in it; nothing when it cannot be read."""
    delivery = Delivery(
        id="sample",
        source=sender.name,
        received_at=time.time(),
        method=sample.method,
        query=sample.query,
        headers=sample.headers,
        body=sample.body,
    )
    try:
        events = events_of(delivery, sender.source)
    except Failure:  # By the source's own mapping; the running Tocsin will say so.
        return []
    return [ruleset.decide(event, event.received_at) for event in events if event.action is Action.TRIGGER]


def _request(session: Session, sender: _Sender, sample: Sample, secret: str | None, token: str | None) -> HttpRequest:
    secret = secret or _first(session, sender.source.secret)
    token = token or _first(session, sender.source.token)
    headers, body = dict(sample.headers), _sent_now(sample)
    if sender.type.sign and secret:
        options = sender.type.options.model_validate(sender.source.options)
        headers |= sender.type.sign(body, secret.encode(), time.time(), options)
    path = "/".join(quote(part, safe="") for part in (sender.name, token) if part)
    query = f"?{sample.query}" if sample.query else ""
    url = f"{session.settings.url}/hooks/{path}{query}"
    return HttpRequest(url=url, method=sample.method, headers=headers, body=body)


def _sent_now(sample: Sample) -> bytes:
    """The sample with an end that no other has: a source known by its bodies would take it for a repetition.

    White space after JSON means nothing to whoever reads it.
    """
    if not sample.headers.get("content-type", "").startswith("application/json"):
        return sample.body
    return sample.body + "".join(secrets.choice(" \t") for _ in range(24)).encode()


def _first(session: Session, references: list[str]) -> str | None:
    if not references:
        return None
    try:
        return Environment(generated.load(session.settings.data)).reveal(references[0])
    except MissingReference as missing:
        raise Failure(str(missing), "Set it, or pass --secret or --token.", code=USAGE) from None


def _deliver(session: Session, request: HttpRequest) -> Reply:
    try:
        return Outward(_ANYWHERE).perform(request)
    except Undelivered as wrong:
        raise unreachable(session, wrong) from None


def _told(session: Session, sender: _Sender, reply: Reply, decisions: list[Decision]) -> None:
    if reply.status == 401:
        then = "The running Tocsin has another secret for it: pass --secret or --token, or set the same environment."
        raise Failure(f"{sender.name} was not believed (401)", then)
    if reply.status == 404:
        then = f"Start it with the same rules; yours know: `{session.command('send --list')}`."
        raise Failure(f"the running Tocsin knows no source {sender.name!r} (404)", then)
    if not 200 <= reply.status < 300:
        raise refusal(reply, session.settings.url)
    became = _became(reply)
    # Its answer names the rule. What our own rules say of that one is told only where they are the same.
    decision = next((one for one in decisions if one.rule == became.get("rule")), None)
    gate = gate_of(decision) if decision else None
    suppressed = decision.suppress if decision else None
    if session.as_json:
        extra = {"gate": gate, "suppressed": suppressed}
        session.data({"source": sender.name, "status": reply.status, **became, **extra})
        return
    session.line(f"{sender.type.title} sample delivered as {sender.name}: {reply.status}, it is kept.")
    for line in _meaning(became, gate, suppressed):
        session.line(line, "bold")
    session.line(f"See what became of it: {session.command('incidents list')}")


def _became(reply: Reply) -> dict[str, Any]:
    """What the receiver says the rules make of it, and how it read each event."""
    try:
        said = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(said, dict):
        return {}
    judged = {name: said[name] for name in ("rule", "severity", "unreadable") if said.get(name)}
    return {**judged, "actions": [one["action"] for one in said.get("read_as") or () if "action" in one]}


def _meaning(became: dict[str, Any], gate: dict[str, Any] | None, suppressed: str | None) -> Iterator[str]:
    """What a person will find, so that nobody looks for an incident that does not open."""
    if became.get("unreadable"):
        yield f"It could not be read: {plain(str(became['unreadable']))}. That is an incident of its own."
    elif became.get("rule"):
        yield f"{plain(str(became['severity']))} by rule «{plain(str(became['rule']))}»"
    elif became.get("actions"):
        actions = ", ".join(plain(str(one)) for one in dict.fromkeys(became["actions"]))
        yield f"It opens nothing ({actions}): it goes to the open incident of its key, if there is one."
    if suppressed is not None:
        yield f"Suppressed, nobody is told: {plain(suppressed)}"
    if gate:
        if gate["counts_as_nothing"]:
            yield f"It counts as nothing: {plain(gate['counts_as_nothing'])}."
        yield f"It is counted; an incident opens only {gate['opens']}. See: tocsin pending --gates"
