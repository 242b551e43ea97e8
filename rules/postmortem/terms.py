"""Which incidents need a post-mortem, and by when: `Terms`, frozen into an incident when it opens.

The defaults are the runbook's: every P1, a P2 with more than 30 minutes of impact, anything that touches payments; a
draft within 48 hours, a review within a week.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from rules.event import Severity
from rules.holds.hours import Hours

DAY = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the YAML's `postmortems` says. Durations are seconds."""

    always: tuple[Severity, ...] = (Severity.P1,)
    """Every incident that ever was one of these."""
    impact: dict[Severity, float] = field(default_factory=lambda: {Severity.P2: 1800.0})
    """One of these, whose impact lasted longer than that."""
    touching: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"area": ("payments",)})
    """One with such a label, its own or a signal's, however bad it was."""
    draft_within: float = 2 * DAY
    review_within: float = 7 * DAY
    remind_before: float = DAY
    """So long before a deadline whoever writes it is reminded."""
    escalate_after: float = DAY
    """So long after a deadline the next of the matrix hears of it, and so on."""
    hours: Hours | None = None
    """When reminders are sent; None: at any time. Deadlines count all hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What an incident remembers of this while it lives. Times are Unix seconds."""

    graded: tuple[Severity, ...] = ()
    """Every severity it has had, in their order; empty while it has kept its first."""
    asked_by: str | None = None
    asked_why: str = ""
    """Somebody wants one, whatever the rules say."""
    why: tuple[str, ...] = ()
    """Why a post-mortem is owed, in words; empty while none is."""
    draft_due: float = 0.0
    review_due: float = 0.0

    def changed(self, **fields: Any) -> Owed:
        """The same but for these fields."""
        return replace(self, **fields)
