"""What the rules made of one trigger: `Decision`, the gate it may carry, and `Judged`, the event beside it."""

from __future__ import annotations

from dataclasses import field

from rules.event import Event, Severity
from rules.frozen import frozen
from rules.responding.response import Link


@frozen
class Gate:
    """Opens above `count` events of `key` within `within` seconds; `quiet_for` seconds without one recover it.

    Where `over` is set it adds up what the events say instead; where `times` is set it compares as well.
    """

    key: str
    """The rule's name and the values it counts by."""
    count: int
    within: float
    quiet_for: float
    counts: str = ""
    """What the event counts as: events that count as the same count once. Empty: each for itself."""
    over: str | None = None
    """Opens when what the events add is more than this decimal."""
    adds: str = ""
    """What this event adds, a decimal."""
    currency: str = ""
    """Of what is added up; amounts in another have a gate of their own."""
    nothing: str = ""
    """Why this event counts as nothing: it says no amount, or one in a currency that is not asked for."""
    times: str | None = None
    """Opens above so many times (a decimal) what is usual, once `count` is exceeded too."""


@frozen
class Decision:
    """How bad a trigger is, what it belongs to, and which rule said so.

    `set_by` names, for each key of `then` that was set, the rule that set it. Why the other rules
    did not match is asked of `rules.decide.explain`, which evaluates what `decide` may skip.
    """

    severity: Severity
    rule: str
    """Name of the rule that ended the search."""
    group_key: str
    group: str | None = None
    """Name of the group across sources that has it; None: the rule's own `group_by`, or none."""
    within: float | None = None
    """Seconds after the last trigger of that group in which this one joins its open incident."""
    gate: Gate | None = None
    runbook: str | None = None
    team: str | None = None
    channels: tuple[str, ...] | None = None
    """Instead of the severity's channels; None means the severity's own."""
    labels: dict[str, str] = field(default_factory=dict)
    """The event's labels and those the rules added."""
    suppress: str | None = None
    """Why nobody is to be told; None means: tell."""
    triage: tuple[str, ...] = ()
    """Checks to be run beside the severity's."""
    links: tuple[Link, ...] = ()
    """Where people look next, filled from the event."""
    set_by: dict[str, str] = field(default_factory=dict)
    rules_version: str = ""


@frozen
class Judged:
    """An event and, for a trigger, what the rules made of it."""

    event: Event
    decision: Decision | None = None
