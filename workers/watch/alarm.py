"""The alarm a receiver raises by itself, when there is no Redis to promise on or nobody to keep promises.

It asks the YAML alone: P1's fallback channels, else its channels, to whoever is the first responder now. It is said
once and, when it is over, once more. Whoever watches raises it again when nobody heard.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Reason
from rules.oncall.roster import Reach
from rules.reading.load import Ruleset
from workers import log
from workers.channels import TYPES
from workers.channels.contract import HttpRequest, MailRequest, Notification, Recipient, Reply, Undelivered
from workers.house import ways
from workers.settings import Environment, MissingReference

_log = log.get("alarm")


class Matter(StrEnum):
    """What a receiver can see that nobody else may be able to tell."""

    REDIS = "redis"
    SPOOL = "spool"
    WORKERS = "workers"


_TITLES = {
    Matter.REDIS: "Tocsin on {host} cannot reach its Redis: nobody is paged",
    Matter.SPOOL: "Tocsin on {host} can keep nothing: deliveries are refused",
    Matter.WORKERS: "No worker of Tocsin is running: nobody is paged",
}
_MEANINGS = {
    Matter.REDIS: "deliveries are kept on this host's disk, and nobody is paged or called further until Redis is back",
    Matter.SPOOL: "Redis is away and the spool on this host's disk cannot be written: senders are told to come back",
    Matter.WORKERS: "deliveries are kept, but no process puts them into incidents or tells people",
}
_NEXT = {
    Matter.REDIS: "look at Redis; what waits is handed over within seconds of its return",
    Matter.SPOOL: "look at Redis and at the disk of this host",
    Matter.WORKERS: "start workers with `tocsin work`; what is due is dealt with at once",
}


class Alarm:
    """Speaks without Redis. Thread-safe."""

    def __init__(
        self,
        rules: Callable[[], Ruleset],
        environment: Environment,
        perform: Callable[[HttpRequest | MailRequest], Reply],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rules = rules
        self._environment = environment
        self._perform = perform
        self._clock = clock

    def cry(self, matter: Matter, since: float) -> list[str]:
        """Say that it is so, since then (Unix seconds). Returns the channels that took it."""
        return self._say(matter, since, Reason.OPENED, _NEXT[matter])

    def all_clear(self, matter: Matter, since: float) -> list[str]:
        """Say that it is over. Returns the channels that took it."""
        return self._say(matter, since, Reason.RESOLVED, "nothing: it is over")

    def _say(self, matter: Matter, since: float, reason: Reason, what_next: str) -> list[str]:
        now, host, ruleset = self._clock(), socket.gethostname(), self._rules()
        plan = ruleset.policy.plans[Severity.P1]
        reach = ruleset.roster(now, ways(ruleset)).reach(plan.responder)
        notification = Notification(
            id=f"alarm-{matter}-{host}-{int(since)}-{reason.value}",
            incident=f"{matter}-{host}",
            reason=reason,
            severity=Severity.P1,
            title=_TITLES[matter].format(host=host),
            where=host,
            since=since,
            now=now,
            why=f"{_MEANINGS[matter]} (for {show_duration(max(0.0, round(now - since)))})",
            next=what_next,
            role=plan.responder,
        )
        told = [name for name in plan.fallback if self._tell(ruleset, name, notification, reach)]
        if not told:
            others = [name for name in plan.channels if name not in plan.fallback]
            told = [name for name in others if self._tell(ruleset, name, notification, reach)]
        _log.error("alarm", matter=matter, reason=reason, told=told)
        return told

    def _tell(self, ruleset: Ruleset, name: str, notification: Notification, reach: Reach) -> bool:
        config = ruleset.config.channels[name]
        channel = TYPES[config.type]
        if not channel.room and name not in reach.channels:
            return False
        person = ruleset.config.people.get(reach.person or "")
        try:
            if person is not None and reach.person is not None:
                address = getattr(person, channel.address) if channel.address else None
                shown = self._environment.reveal(address) if address else None
                recipient = Recipient(name=person.name or reach.person, address=shown)
                notification = replace(notification, recipient=recipient)
            options = self._environment.reveal_options(channel.options.model_validate(config.options))
            request = channel.post(notification, options)
            if request is None:
                return False
            channel.read(self._perform(request))
        except (Undelivered, MissingReference) as wrong:
            _log.error("alarm was not heard", channel=name, why=str(wrong))
            return False
        return True
