"""Where an incident and the steps of its ladder may stand, and why people are told: closed sets, and the records."""

from __future__ import annotations

from enum import StrEnum

from rules.frozen import frozen


class State(StrEnum):
    """Where an incident stands. Snooze is a due time, not a state."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RECOVERED = "recovered"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why a notification is sent: a closed set."""

    OPENED = "opened"
    ESCALATED = "escalated"
    SEVERITY_RAISED = "severity raised"
    SEVERITY_LOWERED = "severity lowered"
    RETRIGGERED = "fired again"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    MITIGATED = "mitigated"
    RECOVERED = "recovered"
    RESOLVED = "resolved"
    FALSE_POSITIVE = "false positive"
    CALLED = "called in"
    """A person asked for whom the matrix names next, before their time; also where somebody has it."""
    TAKEN_BACK = "taken back"
    """Whoever had answered has not: it is nobody's again."""
    REMINDER = "reminder"
    """A named person is asked to do something that is due: no page, and also where somebody has it, or it is over."""
    UPDATE = "update"
    """Something that calls nobody; the note says what."""

    @property
    def pages(self) -> bool:
        """Does it call somebody to work? A page is not sent once somebody has answered, unless a person asked for it;
        an update still is."""
        return self in _PAGES

    @property
    def ends(self) -> bool:
        """Does it tell that it is over? Whoever was never told that it began need not hear that."""
        return self in _ENDS


_ENDS = frozenset({Reason.RECOVERED, Reason.RESOLVED, Reason.FALSE_POSITIVE})
_PAGES = frozenset(
    {
        Reason.OPENED,
        Reason.ESCALATED,
        Reason.SEVERITY_RAISED,
        Reason.RETRIGGERED,
        Reason.EXHAUSTED,
        Reason.CALLED,
        Reason.TAKEN_BACK,
    }
)


class StepState(StrEnum):
    """What became of a step."""

    WAITING = "waiting"
    SENT = "sent"
    NOBODY = "nobody to tell"
    FAILED = "failed"
    """It was sent on every channel that reaches the role, and none delivered."""
    DROPPED = "dropped"
    """A person did not want it told."""


@frozen
class Step:
    """One step of this incident's own ladder; number 0 is the first responder, the last may be the exhaustion."""

    number: int
    role: str
    due_at: float
    waits_for: str = ""
    round: int = 0
    state: StepState = StepState.WAITING
    person: str | None = None
    sent_at: float | None = None
    failed: tuple[str, ...] = ()
    """Channels that did not deliver this step."""
    fell_back: bool = False
    """The fallback channels have been asked instead."""
    reason: Reason | None = None
    """Why the first step of a ladder is told, where it had to wait; None: because nobody answered the one before."""
    note: str | None = None
    """What is said with it then."""
    asked_by: str | None = None
    """Who wanted it told before its time."""


@frozen
class Hold:
    """Nobody is told for a while. Times are Unix seconds."""

    silence: str
    """Its name, by which it is lifted."""
    since: float
    until: float
    why: str
    restarts: bool = False
    """Afterwards the matrix begins anew, instead of going on where it stood."""
    parent: str | None = None
    """The incident while whose trouble this one is kept quiet; then `until` is only when that is looked at again."""
