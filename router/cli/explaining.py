"""`tocsin explain`: which rule decides and why, what stands between an event and the people, and who is told when."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import click

from router.cli import relating
from router.cli.incidents import whole
from router.cli.remote import ask
from router.cli.rules import ruleset_of
from router.cli.session import USAGE, Command, Failure, Session, pass_session
from router.cli.showing import Record, exact, moment
from router.sources import TYPES
from router.sources.contract import Delivery, Unreadable
from rules.event import Action, Event
from rules.explained.trace import trace
from rules.reading.config import Config, SourceConfig
from rules.reading.load import Ruleset
from rules.reading.problem import nearest
from workers.house import ways
from workers.plain import plain

LABELS = 20
"""So many of an event's labels are shown."""
DELIVERY = re.compile(r"[0-9A-HJKMNP-TV-Z]{22}", re.IGNORECASE)
"""What the id of a delivery looks like."""


@click.command(cls=Command)
@click.argument("source", metavar="SOURCE|ID")
@click.argument("body", type=click.File("rb"), required=False)
@click.option("-H", "headers", multiple=True, metavar="'KEY: VALUE'", help="A header of the delivery; may be repeated.")
@click.option("--method", default="POST", show_default=True)
@click.option("--query", default="", help="The query string, as sent.")
@click.option("--source-type", type=click.Choice(sorted(TYPES)), help="Pretend that SOURCE is of this type.")
@pass_session
def explain(
    session: Session, source: str, body: Any, headers: tuple[str, ...], method: str, query: str, source_type: str | None
) -> None:
    """Say which rule decides, why, and who is told when: of a BODY from SOURCE, a delivery or an incident.

    SOURCE BODY (a file, or -): what it would do now, by the rules of --config; nothing has to run. ID alone, of a
    delivery or of an incident: why it came as it did, asked of a running Tocsin.
    """
    if body is None:
        _explain_id(session, source)
        return
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


def _explained(ruleset: Ruleset, events: list[Event]) -> Record:
    decisions: list[Record] = []
    rows: list[Record] = []
    reaching = ways(ruleset)
    for event in events:
        if event.action is not Action.TRIGGER:
            continue
        decision = ruleset.decide(event, event.received_at)
        roster = ruleset.roster(event.received_at, reaching)
        found = trace(event, decision, ruleset, roster, event.received_at, reaching)
        team = ruleset.config.teams.get(decision.team or "")
        rows += found.pop("timetable")
        decisions.append(
            {
                **found,
                "why": [_verdict(one) for one in found["verdicts"]],
                "runbook": decision.runbook,
                "team": team and {"name": decision.team, "people": team.people},
            }
        )
    return {"events": [_shown(event) for event in events], "decisions": decisions, "timetable": rows}


def _shown(event: Event) -> Record:
    names = ("source", "kind", "action", "dedup_key", "summary", "severity", "url", "labels")
    return {name: getattr(event, name) for name in names}


def _say(session: Session, answer: Record) -> None:
    for event in answer["events"]:
        _say_event(session, event)
    if not answer["decisions"]:
        session.line("No trigger: it is handed to the open incident with this key, and pages nobody by itself.")
    for decision in answer["decisions"]:
        say_trace(session, decision)
    say_timetable(session, answer["timetable"], any(decision["gate"] for decision in answer["decisions"]))


def _say_event(session: Session, event: Record) -> None:
    session.line(f"{event['action']}: {plain(event['summary'])}", "bold")
    session.line(f"  {plain(event['kind'])} · {plain(event['dedup_key'])}")
    known = event.get("labels") or {}
    labels = ", ".join(f"{plain(name)}={plain(value, 80)}" for name, value in sorted(known.items())[:LABELS])
    if labels:
        session.line(f"  labels: {labels}" + (f" and {len(known) - LABELS} more" if len(known) > LABELS else ""))
    if event.get("severity"):
        session.line(f"  the sender's severity: {plain(event['severity'], 80)}")


def say_trace(session: Session, found: Record) -> None:
    """Which rule decided, what each rule before it made of it, and what stands between that and the people."""
    session.line(f"{found['severity']} by rule «{plain(found['rule'])}»", "bold")
    others = {key: by for key, by in found["set_by"].items() if by != found["rule"]}
    for key, by in sorted(others.items()):
        session.line(f"  {plain(key)} by «{plain(by)}»")
    for line in _verdicts(found):
        session.line(f"  {line}")
    for line in _edition(found):
        session.line(f"  {line}")
    for line in _besides(found):
        session.line(line, "bold")


def _verdicts(found: Record) -> Iterator[str]:
    told, left_out = found.get("verdicts", ()), found.get("verdicts_left_out", 0)
    for number, one in enumerate(told):
        if left_out and number == FIRST:
            yield f"… {left_out} more that did not decide"
        yield _verdict(one)


def _verdict(one: Record) -> str:
    return f"{one['name']}: {'matched' if one['matched'] else plain(one['why'])}"


def _edition(found: Record) -> Iterator[str]:
    """By which rules; only worth a word where they are not those that decided."""
    edition, again = found["edition"], found.get("by_these_rules")
    if edition["same"] or not edition["decided_by"]:
        return
    yield f"decided by the rules {edition['decided_by']}; those in force are {edition['explained_by']}"
    if again is not None:
        yield f"by these it would be {again['severity']} by «{plain(again['rule'])}»: the lines above are theirs"


def _besides(found: Record) -> Iterator[str]:
    """What else a person must know before the timetable: why it may not begin, and who is told beside it."""
    gate, team, hours = found.get("gate"), found.get("team"), found.get("hours")
    if found.get("suppress") is not None:
        yield f"Suppressed, nobody is told: {plain(found['suppress'])}"
    if gate:
        yield f"Counted; an incident opens only {gate['opens']}. {gate['recovers_after_quiet']} of quiet end it."
        yield from _at_its_gate(gate)
        if gate.get("counted") is not None:
            yield f"Counted within that time, with this one: {gate['counted']}."
    if "inhibit" in found:
        yield from relating.said(found)
    for one in found.get("silences", ()):
        when = f"until {moment(one['end'])}" if one["active"] else f"from {moment(one['start'])}"
        if one["active"] or one["start"] is not None:
            yield f"Silenced by «{plain(one['name'])}» {when}: {plain(one['why'])}"
    if hours:
        now = "open now" if hours["open"] else f"closed, open again {moment(hours['opens_at'])}"
        yield f"People are told of it in the hours «{hours['name']}» ({hours['timezone']}): {now}."
    if team:
        yield f"Team {team['name']} ({', '.join(team['people']) or 'nobody'}) is told beside every step."


def _at_its_gate(gate: Record) -> Iterator[str]:
    """What this very event does there, and where to see the rest: what was counted before stands in Redis."""
    if gate["counts_as_nothing"]:
        yield f"  This one counts as nothing: {plain(gate['counts_as_nothing'])}."
    elif gate["adds"]:
        yield f"  This one adds {plain(gate['adds'])}."
    if gate["counts_as"]:
        yield f"  It counts once as {plain(gate['counts_as'])}, however often that is told."
    yield f"  It is counted under {plain(gate['key'])}; `tocsin pending --gates` says what has been counted so far."


def say_timetable(session: Session, rows: list[Record], gated: bool) -> None:
    """Who is told when, if nobody answers."""
    if not rows:
        return
    if gated:
        session.line("Who is told, counted from when it opens and only then:", "bold")
    cells = [
        [row["at"], moment(row["due_at"]), _ordinal(row["step"]), row["to"], ", ".join(row["channels"])] for row in rows
    ]
    session.table(["AT", "THAT IS", "STEP", "TOLD", "THROUGH"], cells)


def _ordinal(step: int | str) -> str:
    """People count from 1."""
    return str(step + 1) if isinstance(step, int) else step


def _explain_id(session: Session, name: str) -> None:
    wanted = name.strip()
    if DELIVERY.fullmatch(wanted):
        otherwise = "List them: tocsin deliveries list"
        path = f"/api/deliveries/{quote(wanted.upper(), safe='')}/explain"
        delivery = ask(session, "GET", path, otherwise=otherwise)
        session.answer(delivery, lambda: _say_delivery(session, delivery))
        return
    try:
        full = whole(session, wanted)
    except Failure:
        if wanted in ruleset_of(session).config.sources:
            then = f"Give a BODY, a file or -. One to try: tocsin send {wanted} --print"
            raise Failure(f"{wanted} is a source: what does it send?", then, code=USAGE) from None
        raise
    incident = ask(session, "GET", f"/api/incidents/{full}")
    session.answer(
        {"incident": incident["id"], "trace": incident.get("trace")}, lambda: _say_incident(session, incident)
    )


def _say_delivery(session: Session, found: Record) -> None:
    session.line(f"{found['delivery']} · {plain(found['source'])} · {exact(found['received_at'])}")
    if found["unreadable"]:
        session.line(f"It could not be read: {plain(found['unreadable'])}. That is a P3 of Tocsin's own.")
    if not found["events"]:
        session.line("It says nothing.")
    for one in found["events"]:
        _say_event(session, one["event"])
        if one["trace"] is None:
            session.line("  no trigger: it goes to the open incident with this key, and pages nobody by itself")
        else:
            say_trace(session, one["trace"])
            say_timetable(session, one["trace"]["timetable"], bool(one["trace"]["gate"]))
        if one["incident"]:
            session.line(f"Its signal leads to incident {one['incident']}: tocsin explain {one['incident']}")


def _say_incident(session: Session, incident: Record) -> None:
    session.line(f"{incident['severity']} · {plain(incident['title'])}", "bold")
    found = incident.get("trace")
    if found is None:
        session.line("This Tocsin does not say why.")
        return
    session.line(f"It was opened by delivery {found['delivery']}, {moment(incident['opened_at'])}.")
    say_trace(session, found)
    if found["lost"]:
        session.line(f"  {plain(found['lost'])}")
    hold = incident.get("hold")
    if hold:
        session.line(f"Held back until {moment(hold['until'])} by «{plain(hold['silence'])}»: {plain(hold['why'])}")
    rows = [
        [moment(step.get("sent_at") or step["due_at"]), str(number), _told(step), step["state"]]
        for number, step in enumerate(incident.get("steps", ()), 1)
    ]
    if rows:
        session.table(["AT", "STEP", "TOLD", "STATE"], rows)


def _told(step: Record) -> str:
    return f"{step['role']} ({step['person']})" if step.get("person") else str(step["role"])


FIRST = 20
"""After so many verdicts others may be left out (`rules.explained.trace`)."""
