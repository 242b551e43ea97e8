"""What the world must do now, as `rules.transition` asks it; the ledger makes each an agenda entry."""

from __future__ import annotations

from rules.frozen import frozen
from rules.incident import Reason


@frozen
class Notify:
    """Tell `role` (now `person`) on one channel, because of `reason`."""

    entry: str
    """Id of the agenda entry: the same however often it is tried."""
    reason: Reason
    channel: str
    role: str
    person: str | None
    room: bool = False
    """It goes to a room, whoever is called in it."""
    step: int | None = None
    ladder: int = 0
    """Which of the incident's ladders it belongs to; steps of another have the same numbers."""
    after: str | None = None
    """The notification that went this way before: this one waits for it."""
    by: str | None = None
    note: str | None = None


@frozen
class WakeAt:
    """Look at the incident's ladder again at `at`; None: nothing is left to wait for. One promise per incident."""

    at: float | None


@frozen
class SettleAt:
    """Look at `at` whether the incident has become quiet; None: no longer. One such promise per incident."""

    at: float | None


@frozen
class Release:
    """The incident keeps others quiet no longer: look at its children now, who may have to be told."""


@frozen
class RemindAt:
    """Remind whoever owes something at `at`; None: nobody any more. One such promise per incident."""

    at: float | None


@frozen
class ReviewAt:
    """Look at the incident's post-mortem at `at`; None: it owes none any more. One such promise per incident."""

    at: float | None


@frozen
class ExamineAt:
    """Run the incident's checks at `at`; None: no longer. One such promise per incident."""

    at: float | None


@frozen
class RoomAt:
    """The incident's own channel is not as it should be: see to it at `at`, unless somebody is about to."""

    at: float


@frozen
class PublishOn:
    """A status page does not yet say all that was published: see to it, unless somebody is about to."""

    page: str


Effect = Notify | WakeAt | SettleAt | RemindAt | ExamineAt | ReviewAt | Release | RoomAt | PublishOn
