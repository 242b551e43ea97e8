"""An inbox with a past: deliveries kept as the receiver keeps them, and what workers and people made of them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis import Redis

from router.hooks.hearing import hear
from router.in_force import InForce, in_force
from router.sources import TYPES
from rules.commands import Command
from rules.reading.load import Ruleset
from workers.agenda import Agenda, Job, Lane
from workers.channels import OPTIONS
from workers.clock import DrivenClock
from workers.deliveries.intake import mint, queue_commands
from workers.house import ways
from workers.ledger import Ledger
from workers.rulebook.configuration import read
from workers.store import Store

NOW = float(int(time.time()) // 86400 * 86400 + 12 * 3600)
"""Noon of today, UTC."""
HOUR = 3600.0
PEOPLE = "{ana: {slack: U0A}, maria: {slack: U0M}, victor: {slack: U0V}}"


class Kept:
    """Some rules and what came in while they were in force."""

    def __init__(self, redis: Redis, folder: Path) -> None:
        self.redis = redis
        self.ruleset: Ruleset = read(folder, channel_options=OPTIONS)
        self.in_force: InForce = in_force(self.ruleset, TYPES, lambda _: "secret")
        self.clock = DrivenClock(NOW)
        self.ledger = Ledger(redis, lambda: self.ruleset, self.clock, lambda: ways(self.ruleset))
        self.store = Store(redis)

    def hears(self, source: str, body: Mapping[str, Any] | bytes, at: float, again: bool = False) -> str:
        """A delivery that came at `at`, and what the workers make of it. Returns its id."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        named = self.in_force.sources[source]
        received = hear(named.delivery(mint(at), at, headers=headers, body=raw, again=again), named, self.ruleset)
        with self.redis.pipeline(transaction=True) as pipe:
            queue_commands(pipe, [received], at)
            pipe.execute()
        self.clock.at = at
        self.ledger.deduplicate(Agenda(self.redis).claim(Lane.INTAKE, Job.DEDUPLICATE, at))
        return received.id

    def answers(self, command: Command, at: float) -> None:
        """What somebody does with the newest incident."""
        self.clock.at = at
        self.ledger.answer(self.store.incidents(open_only=False)[0].id, command)
