"""What a delivery says, in one shape for every sender: `Event`, its `Action`, and the four severities."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rules.frozen import frozen


class Action(StrEnum):
    """What an event asks of the incident that holds its dedup key."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    INFO = "info"


class Severity(StrEnum):
    """The runbook's levels, P1 the worst. Compare with `worse_than` only: the strings sort the wrong way round."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    def worse_than(self, other: Severity) -> bool:
        """Is this severity more urgent than `other`?"""
        return self.value < other.value


URGENT = frozenset({Severity.P1, Severity.P2})
"""What never waits behind the rest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where an event stands among those of its signal. The ledger keeps the last and ignores older ones."""

    occurred_at: float | None
    received_at: float
    delivery: str
    nth: int = 0

    def is_after(self, other: Moment) -> bool:
        """Did this come later than `other`?

        By the sender's clock where both were stamped by it, else by arrival: the sender's clock is
        never compared with ours, since a recovery must not be overtaken by the difference of two clocks.
        """
        if self.occurred_at is not None and other.occurred_at is not None and self.occurred_at != other.occurred_at:
            return self.occurred_at > other.occurred_at
        return (self.received_at, self.delivery, self.nth) > (other.received_at, other.delivery, other.nth)


@frozen
class Event:
    """One normalised thing a delivery says.

    A parser fills in the first group of fields; the second is the delivery's. Times are Unix seconds, UTC.

    >>> Event(kind="sentry.issue.created", action=Action.TRIGGER, dedup_key="sentry issue 1", summary="Boom").action
    <Action.TRIGGER: 'trigger'>
    """

    kind: str
    """Dotted, begins with the source's type: `sentry.issue.created`."""
    action: Action
    dedup_key: str
    """Names the sender's entity: the same entity gives the same key whether it fires or clears."""
    summary: str
    """One line that a woken person understands; the sender's words, unescaped."""
    severity: str | None = None
    """The sender's own word for how bad it is (`fatal`, `critical`, `P2`, `warning`), lower-cased; a hint only."""
    labels: dict[str, str] = field(default_factory=dict)
    url: str | None = None
    """Where a person looks next; http(s) only."""
    occurred_at: float | None = None
    """When the sender says it happened; None when the sender does not say."""
    sender_id: str | None = None
    """The sender's own id of this message, the same on every retry; None where it has none that can be trusted."""
    incident: str | None = None
    """The id of an incident of ours, when the sender echoes one back to us (PagerDuty's `incident_key`)."""
    actor: str | None = None
    """Who reported it, or acknowledged or resolved it at the sender's, when it says."""

    source: str = ""
    """Name of the configured source."""
    source_type: str = ""
    delivery: str = ""
    """Id of the delivery; sorts by arrival."""
    nth: int = 0
    """Which event of its delivery it is, from 0: one body may say that a thing went down and came back."""
    received_at: float = 0.0

    @property
    def signal_key(self) -> str:
        """The dedup key made unique across sources: two Uptime Kumas may both have a monitor 1."""
        return f"{self.source}/{self.dedup_key}"

    @property
    def moment(self) -> Moment:
        """Where this event stands among those of its signal."""
        return Moment(self.occurred_at, self.received_at, self.delivery, self.nth)


def occurred(event: Event) -> float:
    """When it happened, in Unix seconds; a sender's clock that runs ahead of ours counts as now."""
    return event.received_at if event.occurred_at is None else min(event.occurred_at, event.received_at)
