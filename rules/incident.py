"""The unit of response and everything frozen into it: `Incident`, `Signal`, `Step`, `Policy`, and its timeline."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.event import Moment, Severity
from rules.frozen import changed, frozen
from rules.plan import Plan, PlanStep, Policy
from rules.responding.response import Response
from rules.state import Hold, Reason, State, Step, StepState
from rules.transitions.last_answer import LastAnswer
from rules.upcast import VERSION

__all__ = [
    "Hold", "Incident", "Plan", "PlanStep", "Policy", "Reason", "Signal", "State", "Step", "StepState",
    "TimelineEntry", "Told",
]  # fmt: skip


@frozen
class Signal:
    """One dedup key inside an incident, with its own state. Times are Unix seconds."""

    key: str
    source: str
    kind: str
    summary: str
    firing: bool
    last: Moment
    """Where its last event stands; older ones are ignored."""
    first_seen: float
    last_seen: float
    count: int = 1
    url: str | None = None
    source_type: str = ""
    labels: dict[str, str] | None = None
    """Its event's, where they are not the incident's."""
    severity: Severity | None = None
    """What the rules said of it last: saying so again is no news."""
    quiet_for: float | None = None
    """Set for what a gate counts, which no sender takes back: it clears after so many seconds without an event."""

    @property
    def quiet_at(self) -> float | None:
        """When quiet will have cleared it; None when only its sender can, or nothing fires."""
        return self.last_seen + self.quiet_for if self.firing and self.quiet_for is not None else None


@frozen
class Told:
    """A way out that has been used for this incident; updates and the end of the story go there too."""

    channel: str
    role: str
    person: str | None
    entry: str
    """The last notification sent this way: the next one waits for it."""
    room: bool = False
    """It went to a room: updates go there once, whoever was called."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """The unit of response. Times are Unix seconds, UTC; roles and people are names of the YAML.

    Without slots: it has forty fields, and one dictionary of them is copied, and written as JSON, faster.
    """

    id: str
    group_key: str
    title: str
    severity: Severity
    state: State
    opened_at: float
    severity_since: float
    fired_at: float = 0.0
    """When it last became an emergency: opened, raised, or firing after it had recovered."""
    called_by: Moment | None = None
    """The event that made it one; None: not known. What answers something older than that answers nothing."""
    rule: str
    set_by: dict[str, str] = field(default_factory=dict)
    rules_version: str = ""
    policy: Policy
    channels: tuple[str, ...] | None = None
    runbook: str | None = None
    team: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    url: str | None = None
    signals: dict[str, Signal] = field(default_factory=dict)
    triggered: tuple[float, float] | None = None
    """When the first and the last trigger of its group happened; None: it is of no group across sources."""
    inhibits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Signal -> under which keys it keeps other incidents quiet while it fires; by the rules of its last trigger."""
    steps: tuple[Step, ...] = ()
    exhausted_at: float | None = None
    """When the ladder will be (or was) exhausted; None when it will not be."""
    exhausted: bool = False
    round: int = 0
    """How often the matrix has begun again because nobody answered."""
    ladders: int = 0
    """How often it has begun at all: at first, after a raise, in a further round. The number of the present one."""
    abandoned: int = 0
    """How many numbers after that were those of ladders that were taken back: no other ladder gets them."""
    told: tuple[Told, ...] = ()
    sent: int = 0
    """How many notifications have been written for it; numbers them."""
    all_clear: bool = False
    """The last that was said of it is that it is over."""
    assignee: str | None = None
    acknowledged_at: float | None = None
    acknowledged_by: str | None = None
    acknowledged_until: float | None = None
    """When the acknowledgement expires; None: it does not."""
    hold: Hold | None = None
    """What holds it back, or held it back last if nobody has looked since."""
    mitigated_at: float | None = None
    recovered_at: float | None = None
    resolved_at: float | None = None
    resolved_by: str | None = None
    false_positive: str | None = None
    previous: str | None = None
    """The resolved incident of the same group that came before."""
    last_answer: LastAnswer | None = None
    """What somebody answered last, if that may still be taken back."""
    response: Response = field(default_factory=Response)
    """What people do about it, beside who is paged."""
    v: int = VERSION

    def changed(self, **fields: object) -> Incident:
        """The same incident but for these fields."""
        return changed(self, fields)

    @property
    def plan(self) -> Plan:
        """The plan of the present severity."""
        return self.policy.plans[self.severity]

    @property
    def ways(self) -> tuple[str, ...]:
        """The channels a page goes out on: the rule's, else the severity's."""
        return self.plan.channels if self.channels is None else self.channels

    @property
    def is_open(self) -> bool:
        """Not yet resolved."""
        return self.state is not State.RESOLVED

    @property
    def parent(self) -> str | None:
        """The incident while whose trouble nobody is told of this one."""
        return self.hold.parent if self.hold is not None and self.state is State.TRIGGERED else None

    @property
    def answered(self) -> bool:
        """Has somebody taken it, or is there nothing left to take? Then no page goes out."""
        return self.state is not State.TRIGGERED

    @property
    def firing(self) -> bool:
        """Does any of its signals still fire?"""
        return any(signal.firing for signal in self.signals.values())

    @property
    def quiet_at(self) -> float | None:
        """When the next of the signals that only quiet clears will have been quiet for long enough."""
        return min((at for signal in self.signals.values() if (at := signal.quiet_at) is not None), default=None)

    @property
    def count(self) -> int:
        """How many events it has swallowed."""
        return sum(signal.count for signal in self.signals.values())


@frozen
class TimelineEntry:
    """One line of an incident's append-only history; `kind` is a fixed word, `text` is for people."""

    at: float
    kind: str
    text: str
    by: str | None = None
    via: str | None = None
    detail: dict[str, str] = field(default_factory=dict)
    v: int = VERSION
