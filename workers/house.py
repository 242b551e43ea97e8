"""The wiring of one worker process: what its jobs need, built once. RQ's jobs are functions, so they find it here."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from redis import Redis

from rules.oncall.schedule import Way
from rules.reading.load import Ruleset
from workers.agenda import Agenda
from workers.announcing.publishing import Publishing
from workers.announcing.rooms import Rooms
from workers.channels import TYPES
from workers.checks.contract import Outside
from workers.clock import Clock, RedisClock
from workers.ledger import Ledger
from workers.postmortems.looking import Looks
from workers.settings import Environment, Settings
from workers.store import Store
from workers.telling.attempting import Perform
from workers.telling.pace import Pace
from workers.telling.sending import Sender
from workers.telling.together import Together
from workers.triage.examining import Examiner, Nowhere

AT_ONCE = 4
"""Sends in flight per channel, and as many of P1 besides: a channel that hangs keeps these busy and no other's."""


QUEUED = 100
"""Sends that may wait for the threads of a channel. A claim lasts seconds: of a thousand that were queued at once all
would be too late when their turn came, be queued again, and none ever be sent."""

WAYS = {
    name: Way(room=one.room, address=one.address, shared=one.shared, gap=one.gap, silent=one.silent)
    for name, one in TYPES.items()
}
"""What each type of channel reaches, before a channel's own options."""


def ways(ruleset: Ruleset) -> Mapping[str, Way]:
    """What the configured channels reach: a room, everybody, or a person by which address."""
    return {name: WAYS[one.type].configured(one.options) for name, one in ruleset.config.channels.items()}


class Pools:
    """A few threads per channel, made when the channel is first used."""

    def __init__(self) -> None:
        self._pools: dict[str, Executor] = {}
        self._lock = threading.Lock()
        self._queued: Counter[str] = Counter()
        self._under_way: set[Future[None]] = set()

    def begin(self, channel: str, send: Callable[[], None]) -> bool:
        """Send in one of the channel's threads; False when so many wait for them that it might begin too late."""
        with self._lock:
            if self._queued[channel] >= QUEUED:
                return False
            self._queued[channel] += 1
        sending = self.of(channel).submit(self._send, channel, send)
        self._under_way.add(sending)
        sending.add_done_callback(self._under_way.discard)
        return True

    def settle(self, within: float) -> None:
        """Wait so many seconds, at most, for what has begun: whoever goes on at once takes Python from its threads."""
        wait([*self._under_way], timeout=within)

    def _send(self, channel: str, send: Callable[[], None]) -> None:
        with self._lock:
            self._queued[channel] -= 1
        send()

    def of(self, channel: str) -> Executor:
        """The threads of one channel."""
        with self._lock:
            if channel not in self._pools:
                self._pools[channel] = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=f"send-{channel}")
            return self._pools[channel]

    def close(self) -> None:
        """Wait for what is in flight (at most one attempt's deadline) and start nothing more."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


@dataclass(kw_only=True)
class House:
    """One process's connections and doors."""

    redis: Redis
    rules: Callable[[], Ruleset]
    settings: Settings
    environment: Environment
    perform: Perform
    clock: Clock
    name: str = ""
    """This worker's, in its claims (`workers.watch.succession.name_of`)."""
    joined: bool = False
    """Has the release been written into this Redis? Then it must be found there from now on."""
    outside: Outside = field(default_factory=Nowhere)
    """Where checks look."""
    pools: Pools = field(default_factory=Pools)
    agenda: Agenda = field(init=False)
    store: Store = field(init=False)
    ledger: Ledger = field(init=False)
    pace: Pace = field(init=False)
    looks: Looks = field(init=False)
    sender: Sender = field(init=False)
    together: Together = field(init=False)
    examiner: Examiner = field(init=False)
    rooms: Rooms = field(init=False)
    publishing: Publishing = field(init=False)

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.redis, self.name)
        self.store = Store(self.redis)
        self.pace = Pace(self.redis, self.rules)
        self.ledger = Ledger(self.redis, self.rules, self.clock, lambda: ways(self.rules()))
        self.looks = Looks(self.redis, self.clock, self.ledger, self.settings.base_url)
        self.sender = Sender(
            ledger=self.ledger,
            store=self.store,
            agenda=self.agenda,
            clock=self.clock,
            rules=self.rules,
            settings=self.settings,
            environment=self.environment,
            perform=self.perform,
        )
        self.examiner = Examiner(
            redis=self.redis,
            rules=self.rules,
            settings=self.settings,
            environment=self.environment,
            clock=self.clock,
            outside=self.outside,
        )
        self.rooms = Rooms(
            redis=self.redis,
            ledger=self.ledger,
            store=self.store,
            clock=self.clock,
            rules=self.rules,
            settings=self.settings,
            environment=self.environment,
            perform=self.perform,
        )
        self.publishing = Publishing(
            ledger=self.ledger,
            store=self.store,
            clock=self.clock,
            rules=self.rules,
            environment=self.environment,
            perform=self.perform,
        )
        self.together = Together(
            sender=self.sender,
            ledger=self.ledger,
            store=self.store,
            agenda=self.agenda,
            clock=self.clock,
            perform=self.perform,
        )


def build(
    redis: Redis,
    rules: Callable[[], Ruleset],
    settings: Settings,
    environment: Environment,
    perform: Perform,
    name: str,
    outside: Outside | None = None,
) -> House:
    """A house on Redis' own clock; without an `outside` its checks find nothing."""
    return House(
        name=name,
        outside=outside or Nowhere(),
        redis=redis,
        rules=rules,
        settings=settings,
        environment=environment,
        perform=perform,
        clock=RedisClock(redis),
    )
