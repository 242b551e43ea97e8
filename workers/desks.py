"""What can be promised, whose work each kind is, and at which desk it lies: a lane and a job of it."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """One queue and its own worker processes each: nothing in one can delay another."""

    INTAKE = "intake"
    URGENT = "urgent"
    CALM = "calm"


class Job(StrEnum):
    """The work of a lane: each is an RQ job, and each has its own part of the agenda."""

    DEDUPLICATE = "deduplicate"
    NOTIFY = "notify"
    ESCALATE = "escalate"
    CHECK = "check"
    ANNOUNCE = "announce"


class Kind(StrEnum):
    """What an entry promises."""

    INTAKE = "intake"
    """Judged events not yet put into their incidents."""
    NOTIFY = "notify"
    """One notification on one channel."""
    STEP = "step"
    """The next step of an incident's matrix, or its exhaustion."""
    SETTLE = "settle"
    """A look at an incident that may have become quiet: a gate's recovery, or resolved after its recovery."""
    RELEASE = "release"
    """A look at the children of an incident that keeps them quiet no longer."""
    MAINTENANCE = "maintenance"
    """A reminder that a maintenance is still on, and word of its end. It is of no incident."""
    REVIEW = "review"
    """A look at an incident's post-mortem: its first draft, and whom to remind of it."""
    REMIND = "remind"
    """A reminder of whoever owes an update, or a look whether it is over."""
    CHECK = "check"
    """The checks of an incident, or one check by itself: on its schedule, or because somebody asked."""
    ROOM = "room"
    """The next chore of an incident's own channel."""
    PUBLISH = "publish"
    """What a status page has yet to say of an incident."""


JOBS = dict.fromkeys(
    (Kind.STEP, Kind.SETTLE, Kind.RELEASE, Kind.REMIND, Kind.REVIEW, Kind.MAINTENANCE), Job.ESCALATE
) | {
    Kind.INTAKE: Job.DEDUPLICATE,
    Kind.NOTIFY: Job.NOTIFY,
    Kind.CHECK: Job.CHECK,
    Kind.ROOM: Job.ANNOUNCE,
    Kind.PUBLISH: Job.ANNOUNCE,
}
_EACH = (Job.ESCALATE, Job.NOTIFY, Job.CHECK, Job.ANNOUNCE)
DESKS = ((Lane.INTAKE, Job.DEDUPLICATE), *((lane, job) for lane in (Lane.URGENT, Lane.CALM) for job in _EACH))
"""Every lane with the jobs it has."""
