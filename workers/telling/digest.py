"""Many notifications in one: what is said when more has happened than people can read one by one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from workers.channels.contract import Notification, Recipient

LINES = 10
"""Incidents named in a digest; the rest is counted."""


def fold(notifications: Sequence[Notification], id: str) -> Notification:  # noqa: A002 - the notification's own word
    """One notification for several to the same destination: how many, the worst first, and where to read the rest.

    Only the `worst` need be whole. It carries no button: one press would answer one of them, and seem to answer all.
    """
    ordered = sorted(notifications, key=_urgency)
    called = _called(ordered)
    return replace(
        ordered[0],
        recipient=called[0] if called else None,
        id=id,
        incident=id,
        title=f"{_counted(one.reason.value for one in ordered)}; the worst: {ordered[0].title}",
        since=min(one.since for one in ordered),
        why=f"{len(ordered)} messages came faster than they can be read: {_counted(one.severity for one in ordered)}",
        count=sum(one.count for one in ordered),
        runbook=None,
        acknowledge=None,
        links=(),
        by=None,
        note="Each is an incident of its own and escalates by itself: `tocsin incidents list`, then `ack ID`.",
        others=tuple(_lines(ordered)),
        team=called[1:],
    )


def worst(notifications: Sequence[Notification]) -> int:
    """Which of them the digest begins with."""
    return min(range(len(notifications)), key=lambda number: _urgency(notifications[number]))


def _urgency(one: Notification) -> tuple[bool, str, float]:
    return (not one.reason.pages, one.severity, one.since)


def _called(ordered: Sequence[Notification]) -> tuple[Recipient, ...]:
    """Everybody any of them calls, whoever the worst calls first; nobody twice."""
    everybody = [one for each in ordered for one in (each.recipient, *each.team) if one is not None]
    return tuple({one.name: one for one in everybody}.values())


def _counted(values: Iterable[str]) -> str:
    """`12 opened, 3 recovered`, in the order in which they first come."""
    return ", ".join(f"{number} {value}" for value, number in Counter(values).items())


def _lines(ordered: Sequence[Notification]) -> list[str]:
    lines = [f"{one.severity} {one.reason}: {one.title} ({one.incident})" for one in ordered[:LINES]]
    more = len(ordered) - LINES
    return [*lines, f"and {more} more"] if more > 0 else lines
