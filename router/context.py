"""What the parts of the ear share: one `Context` per process, built by `router.serve` or by a test."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from redis import Redis

from router.api.counting import Counting
from router.demo.outbox import Outbox
from router.hooks.committer import Committer
from router.hooks.refusals import Refusals
from router.hooks.spooling import Spooling
from router.in_force import InForce
from router.redis_time import Arrivals
from workers.channels.contract import HttpRequest, Reply
from workers.clock import Clock
from workers.ledger import Ledger
from workers.rulebook.reload import Reload
from workers.settings import Settings
from workers.store import Store


@dataclass(kw_only=True)
class Context:
    """Everything a request may need. `in_force` is replaced as a whole when the rules are reloaded."""

    settings: Settings
    in_force: InForce
    clock: Clock
    arrivals: Arrivals = field(default_factory=Arrivals)
    committer: Committer
    spooling: Spooling
    refusals: Refusals
    redis: Redis
    """Blocking: only used in threads."""
    fast: Any
    """The `redis.asyncio.Redis` of the event loop."""
    store: Store
    ledger: Ledger
    weaknesses: Sequence[str] = ()
    """What Redis does not promise although it was accepted at start (`--accept-weaker-durability`)."""

    reload: Reload | None = None
    """What puts new rules into force; None where they never change."""
    outbox: Outbox | None = None
    """What the demonstration's channels were told; None outside of it."""
    perform: Callable[[HttpRequest], Reply] | None = None
    """How people in Slack are told what came of a press; None: by the one way out."""
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    """What runs beside the requests until the app ends."""

    leaving: list[Callable[[], None]] = field(default_factory=list)
    """Called once this process has been told to end: whoever holds a connection open lets it go."""

    @cached_property
    def counting(self) -> Counting:
        """The numbers of past incidents, counted once for everybody who asks this process."""
        return Counting(self.redis, self.clock)

    @property
    def secrets(self) -> list[bytes]:
        """What signs and verifies links."""
        return [one.get_secret_value().encode() for one in self.settings.secret]

    @property
    def api_tokens(self) -> list[bytes]:
        """What guards the API."""
        return [one.get_secret_value().encode() for one in self.settings.api_token]
