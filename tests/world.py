"""A Tocsin that lives on a driven clock: real Valkey, real jobs, real channels' requests, and a fake outside world.

world.hears("down", key="web")        an event comes in and is dealt with
world.passes("15m")                   time goes by, promise after promise
world.outside.heard_exactly([...])    what arrived, and nothing else
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from redis import Redis

from rules.commands import Command
from rules.decision import Judged
from rules.duration import parse_duration
from rules.event import Action, Event
from rules.incident import Incident, TimelineEntry
from rules.reading.load import Ruleset, load
from tests.outside import Outside, story_outside
from workers import jobs, keys
from workers.agenda import DESKS, Job, Lane
from workers.channels import OPTIONS
from workers.checks import OPTIONS as CHECKS
from workers.clock import DrivenClock
from workers.deliveries.intake import Received, mint, queue_commands
from workers.house import House, Pools
from workers.settings import Environment, Settings, read_settings

START = 1_772_442_000.0
"""Monday, 2 March 2026, 09:00 UTC."""

RULES = """
severities:
  P1: {means: Complete outage, respond_within: 15m, channels: [pager, slack, mail], fallback: [hook]}
  P2: {means: Major degradation, respond_within: 1h, channels: [pager, slack], fallback: [mail]}
  P3: {means: Minor issues, respond_within: 4h, channels: [slack]}
  P4: {means: Low priority, respond_within: 24h, channels: [slack], first_responder: on-call engineer}
escalation:
  - {severity: P1, responder: on-call engineer, after: 15m, escalate_to: engineering lead}
  - {severity: P1, responder: engineering lead, after: 30m, escalate_to: ceo}
  - {severity: P2, responder: on-call engineer, after: 1h, escalate_to: engineering lead}
  - {severity: P3, responder: on-call engineer, after: 4h, escalate_to: team lead}
roles:
  on-call engineer: {schedule: primary}
  engineering lead: {person: maria}
  ceo: {person: victor}
  team lead: {person: dan}
people:
  ana: {email: ana@example.com, slack: U02ANA, pagerduty: "${env:PD_ANA}"}
  maria: {email: maria@example.com, slack: U03MARIA, pagerduty: "${env:PD_MARIA}"}
  victor: {email: victor@example.com, slack: U04VICTOR, pagerduty: "${env:PD_VICTOR}"}
  dan: {email: dan@example.com, slack: U05DAN, pagerduty: "${env:PD_DAN}"}
schedules:
  primary: {timezone: Europe/Bucharest, every: 1w, hand_over: Mon 09:00, people: [ana]}
channels:
  slack: {type: slack, url: "${env:SLACK_WEBHOOK_URL}"}
  pager: {type: pagerduty}
  mail: {type: mail, host: mail.example.com, port: 25, tls: none, sender: tocsin@example.com}
  hook: {type: webhook, url: "${env:HOOK_URL}", secret: "${env:HOOK_SECRET}"}
postmortems: {always: [], impact: {}, touching: {}}
rules:
  - {name: the site is down, when: {labels: {how: outage}}, then: {severity: P1}}
  - {name: the site is slow, when: {labels: {how: degraded}}, then: {severity: P2}}
  - name: payments fail
    when: {labels: {how: payment}}
    more_than: {count: 3, within: 5m, quiet_for: 15m}
    then: {severity: P1, group_by: [source]}
  - {name: one service, when: {labels: {how: grouped}}, then: {severity: P2, group_by: [labels.service]}}
  - {name: noise, when: {labels: {how: noise}}, then: {severity: P4, suppress: known noise}}
  - {name: everything else, then: {severity: P3}}
"""

SECRETS = {
    "PD_ANA": "pd-ana-0000000000000000000000000",
    "PD_MARIA": "pd-maria-00000000000000000000000",
    "PD_VICTOR": "pd-victor-0000000000000000000000",
    "PD_DAN": "pd-dan-0000000000000000000000000",
    "SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/T0/B0/x",
    "STATUSPAGE_TOKEN": "statuspage-token-of-the-stories",
    "STATUS_URL": "https://status.example.com/in",
    "SLACK_BOT_TOKEN": "xoxb-0000000000-of-the-stories",
    "SLACK_SIGNING_SECRET": "signs-what-slack-sends",
    "HOOK_URL": "https://hook.example.com/in",
    "HOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZg==",
}


class AtOnce(Executor):
    """Runs what it is given before it returns: stories have no threads."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it now."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Inline(Pools):
    """Pools without threads."""

    def of(self, _channel: str) -> Executor:
        """The same for every channel."""
        return AtOnce()


class World:
    """One Tocsin and everything around it."""

    def __init__(
        self, redis: Redis, outside: Outside, clock: DrivenClock, ruleset: Ruleset, settings: Settings
    ) -> None:
        self.outside = outside
        self.clock = clock
        self.ruleset = ruleset
        self.settings = settings
        self.restarts(redis)

    def restarts(self, redis: Redis) -> None:
        """A new process in place of the old one: it knows what Redis knows, and nothing else."""
        self.redis = redis
        self.house = self.another(redis)
        jobs.install(self.house)

    def another(self, redis: Redis) -> House:
        """A further process beside the one that works."""
        return House(
            redis=redis,
            rules=lambda: self.ruleset,
            settings=self.settings,
            environment=Environment(SECRETS),
            perform=self.outside.perform,
            clock=self.clock,
            outside=self.outside,
            pools=Inline(),
        )

    # --- what happens ---

    def hears(
        self,
        how: str = "outage",
        *,
        key: str = "web",
        action: Action = Action.TRIGGER,
        source: str = "uptime",
        at: float | None = None,
        work: bool = True,
        **more: Any,
    ) -> Event:
        """An event comes in, is kept as the receiver keeps it, and is worked on."""
        now = self.clock.now()
        labels = {"how": how, **more.pop("labels", {})}
        summary = more.pop("summary", f"{key} is down")
        event = Event(
            kind=more.pop("kind", "test.event"),
            action=action,
            dedup_key=key,
            summary=summary,
            labels=labels,
            source=source,
            source_type="generic",
            delivery=more.pop("delivery", mint(now)),
            received_at=now,
            occurred_at=at,
            **more,
        )
        self.takes_in(event)
        if work:
            self.works()
        return event

    def takes_in(self, *events: Event) -> None:
        """Keep events as the receiver does: judged, with their promise, in one MULTI."""
        now = self.clock.now()
        judged = tuple(
            Judged(event=e, decision=self.ruleset.decide(e, now) if e.action is Action.TRIGGER else None)
            for e in events
        )
        first = events[0]
        received = Received(
            id=first.delivery, source=first.source, source_type=first.source_type, received_at=now, judged=judged
        )
        with self.redis.pipeline(transaction=True) as pipe:
            queue_commands(pipe, [received], now)
            pipe.execute()

    def works(self) -> None:
        """Every desk deals with what is due, until nothing is."""
        for _ in range(100):
            if not self._each_desk():
                return
        raise AssertionError("the work never ends")

    def _each_desk(self) -> int:
        """One desk after the other, but for those where nothing is due: there a claim takes nothing but time."""
        due, taken = self._desks_with_work(), 0
        for desk in DESKS:
            if desk in due:
                taken += jobs.drain(self.house, *desk)
                due = self._desks_with_work()
        return taken

    def _desks_with_work(self) -> list[tuple[Lane, Job]]:
        """Where something is due, found out in one go."""
        with self.redis.pipeline(transaction=False) as pipe:
            for desk in DESKS:
                pipe.zcount(keys.agenda(*desk), "-inf", self.clock.now())
            return [desk for desk, due in zip(DESKS, pipe.execute(), strict=True) if due]

    def _next_due(self) -> float | None:
        """When the next promise of any desk is due, found out in one go, too."""
        with self.redis.pipeline(transaction=False) as pipe:
            for desk in DESKS:
                pipe.zrange(keys.agenda(*desk), 0, 0, withscores=True)
            return min((due for found in pipe.execute() for _, due in found), default=None)

    def passes(self, duration: str | float) -> None:
        """Time goes by: the clock stops at every promise that comes due and the work is done there."""
        until = self.clock.at + (parse_duration(duration) if isinstance(duration, str) else duration)
        for _ in range(1000):
            due = self._next_due()
            if due is None or due > until:
                break
            self.clock.at = max(self.clock.at, due)
            self.works()
        self.clock.at = until
        self.works()

    def asks(self, command: Command, incident: Incident | None = None) -> Incident:
        """A person asks something of the only incident (or the one given)."""
        answered = self.house.ledger.answer((incident or self.incident).id, command)
        self.works()
        return answered

    # --- what can be seen ---

    @property
    def incidents(self) -> list[Incident]:
        """Every incident there has been, oldest first."""
        return self.house.store.incidents(open_only=False)[::-1]

    @property
    def incident(self) -> Incident:
        """The only incident there is."""
        (only,) = self.incidents
        return only

    @property
    def timeline(self) -> list[TimelineEntry]:
        """Its history."""
        return self.house.store.timeline(self.incident.id)

    def history(self) -> list[str]:
        """Its history as text."""
        return [line.text for line in self.timeline]


def settings(**given: str) -> Settings:
    """Settings as a well set-up process has them."""
    defaults = {
        "secret": "story-secret-000000000000",
        "api_token": "story-token",
        "public_url": "https://tocsin.example.com",
    }
    return read_settings(defaults | given)


@contextmanager
def a_world(
    redis: Redis, rules: str = RULES, start: float = START, texts: Mapping[str, str] | None = None, **given: str
) -> Iterator[World]:
    """A world that goes red at its end when a message arrived that nobody expected."""
    clock = DrivenClock(start)
    files: Mapping[str, str] = {"rules.yaml": rules, **(texts or {})}
    with story_outside(clock.now) as outside:
        yield World(
            redis, outside, clock, load(files, channel_options=OPTIONS, check_options=CHECKS), settings(**given)
        )
