"""What the parts of the ear share: one `Context` per process, built by `router.serve` or by a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from redis import Redis

from router.committer import Committer
from router.in_force import InForce
from router.refusals import Refusals
from rules.commands import Command
from rules.incident import Incident, TimelineEntry
from rules.roster import Roster
from workers.clock import Clock
from workers.settings import Settings


class Ledger(Protocol):
    """Where a person's command is obeyed (`workers.ledger.Ledger`)."""

    def answer(self, incident_id: str, command: Command) -> Incident | None:
        """The incident afterwards. Raises `workers.ledger.NoIncident`."""


class Store(Protocol):
    """What can be read back (`workers.store.Store`)."""

    def incident(self, incident_id: str, /) -> Incident | None:
        """One incident."""

    def incidents(self, open_only: bool = True, limit: int = 200) -> Sequence[Incident]:
        """The newest first."""

    def timeline(self, incident_id: str, /) -> Sequence[TimelineEntry]:
        """Its history, oldest first."""

    def beating(self) -> Sequence[str]:
        """Names of the workers that beat; a name begins with its lane."""


@dataclass(kw_only=True)
class Context:
    """Everything a request may need. `in_force` is replaced as a whole when the rules are reloaded."""

    settings: Settings
    in_force: InForce
    clock: Clock
    committer: Committer
    refusals: Refusals
    redis: Redis
    """Blocking: only used in threads."""
    fast: Any
    """The `redis.asyncio.Redis` of the event loop."""
    store: Store
    ledger: Ledger
    roster: Callable[[], Roster]
    """Who every role is now; asked when a person changes a severity."""
    weaknesses: Sequence[str] = ()
    """What Redis does not promise although it was accepted at start (`--accept-weaker-durability`)."""

    @property
    def secrets(self) -> list[bytes]:
        """What signs and verifies links."""
        return [one.get_secret_value().encode() for one in self.settings.secret]

    @property
    def api_tokens(self) -> list[bytes]:
        """What guards the API."""
        return [one.get_secret_value().encode() for one in self.settings.api_token]
