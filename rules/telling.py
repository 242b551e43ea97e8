"""Whether a notification whose time has come is still to be sent: asked by whoever sends, and by a rehearsal."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from rules.incident import Incident, Reason, State

IN_TURN = 15.0
"""Seconds a notification waits at most for the one that went the same way before it."""
AGAIN = 0.5
"""Seconds after which one that waits is looked at again."""


class Verdict(Enum):
    """What is to become of a notification whose time has come."""

    SEND = auto()
    LATER = auto()
    SKIPPED = auto()


def judge(
    reason: Reason,
    ladder: int,
    incident: Incident,
    *,
    age: float,
    waits: bool,
    told_here: bool,
    never_told: Callable[[], bool],
) -> tuple[Verdict, str]:
    """The verdict and, where it is skipped, why. `ladder` is the one it belongs to, `age` its seconds since promised.

    `waits`: the one before it on its way is still to be sent. `told_here`: that one goes out in this very message.
    `never_told`: nothing that went this way before can have left the house.
    """
    if reason.pages and incident.answered and not _is_called_in(reason, incident):
        return Verdict.SKIPPED, f"the incident is {incident.state}"
    if _is_overtaken(reason, ladder, incident):
        again = ladder < incident.ladders
        return Verdict.SKIPPED, "it has fired again since" if again else "what called for it was taken back"
    if waits and not told_here and age < IN_TURN:
        return Verdict.LATER, ""
    if reason.ends and not told_here and never_told():
        return Verdict.SKIPPED, "nobody there was told that it began"
    return Verdict.SEND, ""


def what(channel: str, role: str, person: str | None, reason: Reason | str, did: str = "to") -> str:
    """`slack to on-call engineer (ana): opened`."""
    whom = f"{role} ({person})" if person else role
    return f"{channel} {did} {whom}: {reason}"


def needs_help(reason: Reason, step: int | None) -> bool:
    """Is it worth a fallback when it fails? Only a page that calls somebody; a lost update is shown, no more."""
    return reason.pages and step is not None


def _is_called_in(reason: Reason, incident: Incident) -> bool:
    """Does whoever has it want help, and still need it?"""
    return reason is Reason.CALLED and incident.state in (State.ACKNOWLEDGED, State.MITIGATED)


def _is_overtaken(reason: Reason, ladder: int, incident: Incident) -> bool:
    """Is it of another ladder than the present one, this page or this good news? Then the present one's pages tell."""
    return (reason.pages or reason is Reason.RECOVERED) and ladder != incident.ladders
