"""What is to be said about an incident: `compose` makes the notification, in words, before a channel gives it a form.

Pure. A recipient's address is left as the YAML has it, for PagerDuty a reference: the job that sends reveals it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlsplit

from rules.duration import show_duration
from rules.gates.gate import asked
from rules.incident import Incident, Reason, Signal, State, Step, StepState
from rules.reading.config import Config, Person
from rules.responding.assessment import assessment
from rules.responding.verification import closes_at, missing, named
from rules.turn import moment
from workers.channels import TYPES
from workers.channels.contract import Link, Notification, Recipient
from workers.plain import clock, is_web

_PLACES = ("environment", "service", "project", "area", "component", "region", "host")


class Ruled(Protocol):
    """Rules in force, of which only what the operator wrote is needed here."""

    @property
    def config(self) -> Config:
        """What the operator wrote."""
        ...


def compose(
    incident: Incident,
    *,
    reason: Reason,
    role: str | None,
    person: str | None,
    channel: str,
    step: int | None,
    by: str | None,
    note: str | None,
    id: str,  # noqa: A002 - the notification's own word
    ruleset: Ruled,
    now: float,
    acknowledge_url: str | None,
) -> Notification:
    """The notification `reason` asks for, to `person` as `role` through `channel`; `id` is the agenda entry's."""
    config = ruleset.config
    field = _address_field(config, channel)
    team = config.teams.get(incident.team or "")
    return Notification(
        id=id,
        incident=incident.id,
        reason=reason,
        severity=incident.severity,
        title=incident.title,
        where=where(incident),
        since=incident.opened_at,
        until=incident.resolved_at,
        now=now,
        why=why(incident, reason, step, config),
        next=_next(incident, reason, now, _person(config, person).timezone),
        role=role,
        recipient=_recipient(config, person, field) if person else None,
        count=incident.count,
        labels=incident.labels,
        runbook=_runbook(incident, acknowledge_url),
        acknowledge=_acknowledge(incident, acknowledge_url),
        links=(*_afterwards(incident, reason, acknowledge_url), *_links(incident)),
        by=_shown(config, by),
        # That it is over when it stays quiet, `next` says with the hour.
        note=None if reason is Reason.RECOVERED else _assessed(incident, reason, note),
        team=tuple(_recipient(config, name, field) for name in team.people if name != person) if team else (),
        room=team.slack if team and field == "slack" else None,
    )


def _assessed(incident: Incident, reason: Reason, note: str | None) -> str | None:
    """What its checks have found, for whoever is called later than that; an update says it by itself."""
    said = assessment(incident.response.findings) if reason.pages else ""
    if not said or (note and said in note):
        return note
    return f"{note}. Checks: {said}" if note else f"Checks: {said}"


def where(incident: Incident) -> str:
    """`production · checkout · shop-sentry`: the labels that name a place, then who noticed.

    Where several did, as many as there are: `checkout · 3 alerts: uptime, sentry, stripe`, in the order they came.
    """
    places = [incident.labels[name] for name in _PLACES if incident.labels.get(name)]
    sources = list(dict.fromkeys(signal.source for signal in incident.signals.values()))
    noticed = sources if len(sources) <= 3 else [*sources[:3], f"{len(sources) - 3} more"]
    if len(sources) > 1:
        noticed = [f"{len(incident.signals)} alerts: {', '.join(noticed)}"]
    return " · ".join(dict.fromkeys([*places, *noticed]))


def why(incident: Incident, reason: Reason, step: int | None, config: Config) -> str:
    """Which rule made it this severe, the gate or silence that mattered, and for an escalation who did not answer."""
    decided = incident.set_by.get("severity", incident.rule)
    parts = [f"rule «{incident.rule}»" + (f", severity by «{decided}»" if decided != incident.rule else "")]
    parts += _gate(incident, config)
    if incident.hold is not None and incident.hold.parent is None and not incident.answered:
        parts.append(f"held back until {moment(incident.hold.until)} by the silence «{incident.hold.silence}»")
    present = [each for each in incident.steps if each.number == step]
    if reason in {Reason.ESCALATED, Reason.OPENED} and present:
        parts.append(_rung(incident, present[-1]))
    elif reason is Reason.SEVERITY_RAISED:
        parts.append(f"raised to {incident.severity.value}: {_meaning(incident)}")
    elif reason is Reason.EXHAUSTED:
        parts.append("everybody in the matrix was told and nobody answered")
    elif reason is Reason.RETRIGGERED:
        parts.append("it fires again and nobody has acknowledged it")
    return "; ".join(parts)


def _gate(incident: Incident, config: Config) -> Iterator[str]:
    """Above what its rule's gate opened, where one has counted it and the rules still say so."""
    counted = any(signal.quiet_for is not None for signal in incident.signals.values())
    gate = next((rule.more_than for rule in config.rules if counted and rule.name == incident.rule), None)
    if gate is not None:
        yield asked(gate.gate(""))


def _rung(incident: Incident, step: Step) -> str:
    waited = show_duration(step.due_at - incident.severity_since)
    silent = f": {step.waits_for} did not answer within {waited}" if step.waits_for and step.number else ""
    again = f" in round {step.round + 1}" if step.round else ""
    if step.number == 0 and step.reason is not None and waited != show_duration(0.0):
        again += f", held back for {waited}"
    rungs = {each.number for each in incident.steps}
    return f"step {sorted(rungs).index(step.number) + 1} of {len(rungs)}{again}{silent}"


def _meaning(incident: Incident) -> str:
    return f"somebody must answer within {show_duration(incident.plan.respond_within)}"


def _next(incident: Incident, reason: Reason, now: float, timezone: str | None) -> str:
    """A reminder of what is over says itself what is to be done; the end says what it leaves to be done."""
    if reason is Reason.REMINDER and not incident.is_open:
        return ""
    owed = incident.response.postmortem
    if reason is Reason.RESOLVED and owed.why:
        return f"a post-mortem: its draft by {_when(owed.draft_due, now, timezone)}"
    return what_next(incident, now, timezone)


def what_next(incident: Incident, now: float, timezone: str | None = None) -> str:
    """Who is told next and when if nobody answers; else who has it, or why nothing follows."""
    if incident.state is not State.TRIGGERED:
        return _answered(incident, now, timezone)
    if incident.parent is not None:
        return f"nobody, while incident {incident.parent} lasts"
    waiting = [step for step in incident.steps if step.state is StepState.WAITING and step.due_at > now]
    if waiting:
        step = min(waiting, key=lambda each: each.due_at)
        return f"{step.role} at {_when(step.due_at, now, timezone)}, if nobody acknowledges"
    if incident.exhausted_at is not None and not incident.exhausted and incident.exhausted_at > now:
        return f"the matrix ends at {_when(incident.exhausted_at, now, timezone)}; everybody is told once more then"
    return "nothing: nobody further in the matrix"


def _answered(incident: Incident, now: float, timezone: str | None) -> str:
    if incident.state is State.RESOLVED:
        return "nothing: it is over"
    if incident.state is State.RECOVERED and incident.recovered_at is not None:
        quiet = closes_at(incident)
        if quiet is None:
            return f"it stays open until somebody has verified it: {named(missing(incident, now))}"
        return f"resolved at {_when(quiet, now, timezone)}, if it stays quiet"
    owner = incident.assignee or incident.acknowledged_by
    return f"no further escalation: {owner} has it" if owner else "no further escalation"


def _when(at: float, now: float, timezone: str | None) -> str:
    return f"{clock(at, now, timezone)}, in {show_duration(max(0.0, at - now))}"


def recipient_of(config: Config, channel: str, person: str | None) -> Recipient | None:
    """Whom a message on `channel` to `person` reaches, with the address as the YAML has it; None for no person."""
    return _recipient(config, person, _address_field(config, channel)) if person else None


def _address_field(config: Config, channel: str) -> str | None:
    """The field of a person that `channel` needs; a channel the rules no longer have needs none."""
    configured = config.channels.get(channel)
    known = TYPES.get(configured.type) if configured else None
    return known.address if known else None


def _person(config: Config, name: str | None) -> Person:
    return config.people.get(name or "", Person())


def _recipient(config: Config, name: str, field: str | None) -> Recipient:
    person = _person(config, name)
    return Recipient(name=person.name or name, address=getattr(person, field) if field else None)


def _shown(config: Config, by: str | None) -> str | None:
    return (_person(config, by).name or by) if by else None


def _runbook(incident: Incident, url: str | None) -> Link | None:
    """Below the answer page: a runbook tells how a house is built, and is not for everybody who knows its name."""
    return Link(text="Runbook", url=f"{url}/runbook") if url and incident.runbook else None


def _acknowledge(incident: Incident, url: str | None) -> Link | None:
    return Link(text="Acknowledge", url=url) if url and not incident.answered else None


def _afterwards(incident: Incident, reason: Reason, url: str | None) -> Iterator[Link]:
    """What a reminder of something that is over is about."""
    if url and reason is Reason.REMINDER and not incident.is_open:
        yield Link(text="Open the post-mortem", url=f"{url.rpartition('/a/')[0]}/postmortems/{incident.id}")


def _links(incident: Incident) -> Iterator[Link]:
    signals = list(incident.signals.values())
    found = {incident.url: signals[0] if signals else None} | {signal.url: signal for signal in signals}
    web = [(url, signal) for url, signal in found.items() if url and is_web(url)]
    yield from (Link(text=f"Open {_place(url, signal)}", url=url) for url, signal in web[:3])
    yield from (Link(text=one.text, url=one.url) for one in incident.response.links[:3] if one.url not in found)


def _place(url: str, signal: Signal | None) -> str:
    """`in shop-sentry` for a page of the sender's, else the host: a monitor's link often leads to what it watches."""
    try:
        host = urlsplit(url).hostname or "the link"
    except ValueError:  # A sender may write anything, `http://[` too.
        host = "the link"
    maker = signal.kind.partition(".")[0] if signal else ""
    theirs = signal is not None and maker and maker in host.replace("-", "")
    return f"in {signal.source}" if signal and theirs else host
