"""What each severity means for paging, frozen into an incident when it opens: `Plan`, its `PlanStep`s, and `Policy`."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.event import Severity
from rules.holds.hours import Hours
from rules.postmortem.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One row of the matrix, frozen: `role` is told `after` seconds if nobody answered; `waits_for` did not."""

    role: str
    after: float
    waits_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that must be so before it is closed; a person ticks it where nothing below says it by itself."""

    id: str
    """Stable while its words are: `verify:…`."""
    text: str
    check: str | None = None
    """The check that ticks it."""
    quiet_for: float | None = None
    """It is so when no event of the incident has come for so many seconds."""
    green: str | None = None
    """It is so when nothing fires any more of this source, type or family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one severity means for paging: who first, through what, and the rows of the matrix."""

    responder: str
    channels: tuple[str, ...]
    fallback: tuple[str, ...] = ()
    respond_within: float
    steps: tuple[PlanStep, ...] = ()
    exhausted_after: float
    """Seconds after the severity began at which, with nobody answering, the ladder is exhausted."""
    repeat: int = 0
    """How often the whole ladder runs again before it is exhausted."""
    repeat_factor: float = 1.0
    """Each further round waits so many times as long before it begins."""
    resolve_after: float
    """Seconds a recovered incident stays quiet before it counts as resolved."""
    again_after: float = 0.0
    """Seconds that what had recovered must fire again before anybody is told: who flaps wakes nobody."""
    acknowledged_for: float | None = None
    """Seconds an acknowledgement holds; then it burns again. None: until somebody says otherwise."""
    hours: Hours | None = None
    """When people are told of it, and in which its times are counted; None: at any time."""
    update_every: float | None = None
    """Seconds after which an update is due, once somebody has it; None: none is."""
    verify: tuple[Item, ...] = ()
    """What must be so before it is closed."""
    triage: tuple[str, ...] = ()
    """The checks that are run when an incident of it opens, or is raised to it."""
    announce: tuple[str, ...] = ()
    """Channels whose rooms hear that it is over, if users have noticed it."""
    stakeholders: tuple[str, ...] = ()
    """People who hear that it is over, whether or not they were told of it before."""
    incident_channel: str | None = None
    """The Slack channel of the YAML whose bot makes a channel for each incident; None: there is none."""
    publish: tuple[str, ...] = ()
    """The status pages that are told without a person's yes."""

    def due(self, start: float, after: float) -> float:
        """When something is due `after` seconds from `start` on, counted in its hours."""
        return start + after if self.hours is None else self.hours.after(start, after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The plans of every severity, frozen into an incident when it opens: editing the matrix moves no live one."""

    plans: dict[Severity, Plan]
    version: str = ""
    postmortem: Terms = field(default_factory=Terms)
    """Which incidents need a post-mortem, and by when."""
