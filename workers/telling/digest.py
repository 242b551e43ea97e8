"""Many notifications in one: what is said when more has happened than people can read one by one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from rules.event import Severity
from rules.incident import Incident, Reason
from workers.channels.contract import Notification, Recipient

LINES = 10
"""Incidents named in a digest; the rest is counted."""


class Mention(NamedTuple):
    """What a digest has of one notification: a storm has thousands, and nobody reads more of them."""

    reason: Reason
    severity: Severity
    title: str
    incident: str
    since: float
    """When its incident opened, Unix seconds."""
    events: int
    """How many its incident has swallowed."""


def mention(reason: Reason, incident: Incident) -> Mention:
    """How a digest speaks of this incident."""
    one = incident
    return Mention(reason, one.severity, one.title, one.id, one.opened_at, one.count)


def urgency(one: Mention) -> tuple[bool, str, float]:
    """Sorts the worst first."""
    return (not one.reason.pages, one.severity, one.since)


def fold(mentions: Sequence[Mention], told: Sequence[Notification], id: str) -> Notification:  # noqa: A002 - the notification's own word
    """One notification for several to the same destination: how many, the worst first, and where to read the rest.

    `mentions` are in the order of their urgency. `told` begins with the notification of the first, which is shown, and
    goes on with those that may call others. It carries no button: one press would answer one, and seem to answer all.
    """
    called = _called(told)
    return replace(
        told[0],
        recipient=called[0] if called else None,
        id=id,
        incident=id,
        title=f"{_counted(one.reason.value for one in mentions)}; the worst: {told[0].title}",
        since=min(one.since for one in mentions),
        why=f"{len(mentions)} messages came faster than they can be read: {_counted(one.severity for one in mentions)}",
        count=sum(one.events for one in mentions),
        runbook=None,
        acknowledge=None,
        links=(),
        by=None,
        note="Each is an incident of its own and escalates by itself: `tocsin incidents list`, then `ack ID`.",
        others=tuple(_lines(mentions)),
        team=called[1:],
    )


def _called(told: Sequence[Notification]) -> tuple[Recipient, ...]:
    """Everybody any of them calls, whoever the worst calls first; nobody twice."""
    everybody = [one for each in told for one in (each.recipient, *each.team) if one is not None]
    return tuple({one.name: one for one in everybody}.values())


def _counted(values: Iterable[str]) -> str:
    """`12 opened, 3 recovered`, in the order in which they first come."""
    return ", ".join(f"{number} {value}" for value, number in Counter(values).items())


def _lines(mentions: Sequence[Mention]) -> list[str]:
    lines = [f"{one.severity} {one.reason}: {one.title} ({one.incident})" for one in mentions[:LINES]]
    more = len(mentions) - LINES
    return [*lines, f"and {more} more"] if more > 0 else lines
