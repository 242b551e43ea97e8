"""Lives of incidents: the runbook's matrix, the people in it, and one incident driven by commands and by time.

life = opened("P1")                        the first trigger of a group
life.passes("15m")                         time goes by, promise after promise
life.said() == ["escalated: engineering lead (maria) on pager", …]      what went out since the last look
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rules.commands import ChangeSeverity, Clear, Command, Escalate, Settle, Trigger
from rules.decision import Decision
from rules.duration import parse_duration
from rules.effects import Effect, Notify, RemindAt, SettleAt, WakeAt
from rules.event import Action, Event, Severity
from rules.incident import Incident, Plan, PlanStep, Policy, TimelineEntry
from rules.oncall.roster import Reach, Roster
from rules.responding.response_commands import Remind
from rules.transition import Outcome, open_incident, transition

START = 1_772_442_000.0
"""Monday, 2 March 2026, 09:00 UTC."""
MINUTE, HOUR = 60.0, 3600.0

ON_CALL, LEAD, CEO, TEAM_LEAD = "on-call engineer", "engineering lead", "ceo", "team lead"
P1, P2, P3, P4 = Severity.P1, Severity.P2, Severity.P3, Severity.P4


def a_plan(channels: Iterable[str], *rows: tuple[float, str, str], exhausted_after: float, **more: Any) -> Plan:
    """A severity as the YAML would have it; a row is (seconds, whom to tell, who did not answer)."""
    steps = tuple(PlanStep(role=role, after=after, waits_for=waits_for) for after, role, waits_for in rows)
    plan = {"responder": ON_CALL, "respond_within": 900.0, "resolve_after": 15 * MINUTE, **more}
    return Plan(channels=tuple(channels), steps=steps, exhausted_after=exhausted_after, **plan)


def a_policy(**more: Any) -> Policy:
    """The runbook's matrix; `more` changes every plan, as `repeat=2` does."""
    first, second = (15 * MINUTE, LEAD, ON_CALL), (30 * MINUTE, CEO, LEAD)
    return Policy(
        plans={
            P1: a_plan(
                ["pager", "slack", "mail"], first, second, exhausted_after=45 * MINUTE, **{"fallback": ("sms",), **more}
            ),
            P2: a_plan(
                ["pager", "slack"],
                (HOUR, LEAD, ON_CALL),
                exhausted_after=2 * HOUR,
                **{"fallback": ("mail", "slack"), **more},
            ),
            P3: a_plan(["slack"], (4 * HOUR, TEAM_LEAD, ON_CALL), exhausted_after=8 * HOUR, **more),
            P4: a_plan(["slack"], exhausted_after=24 * HOUR, **more),
        },
        version="v1",
    )


PEOPLE = {ON_CALL: "ana", LEAD: "maria", CEO: "victor", TEAM_LEAD: "dan"}


def a_roster(
    *absent: str, channels: Iterable[str] = ("pager", "slack", "mail", "sms"), rooms: Iterable[str] = ("slack",)
) -> Roster:
    """Everybody can be reached, but for the roles named absent."""
    there = {role: Reach(person=who, channels=frozenset(channels)) for role, who in PEOPLE.items()}
    gone = {role: Reach(person=None, why_nobody=f"no {role} today") for role in absent}
    return Roster(there | gone, frozenset(rooms))


EVERYBODY = a_roster()


def an_event(
    key: str = "web",
    *,
    at: float,
    delivery: str,
    action: Action = Action.TRIGGER,
    occurred_at: float | None = None,
    **more: Any,
) -> Event:
    """Something an uptime monitor says."""
    stamped = {"source": "uptime", "source_type": "generic", "summary": f"{key} is down", **more}
    return Event(
        kind="test.event",
        action=action,
        dedup_key=key,
        occurred_at=occurred_at,
        delivery=delivery,
        received_at=at,
        **stamped,
    )


def a_decision(severity: Severity | str = P1, **more: Any) -> Decision:
    """What the rules made of it."""
    return Decision(**{"severity": Severity(severity), "rule": "the site is down", "group_key": "site", **more})


class Life:
    """One incident: commands go in, and everything that came of them is kept."""

    def __init__(self, policy: Policy, roster: Roster = EVERYBODY) -> None:
        self.policy, self.roster = policy, roster
        self.now = START
        self.incident: Incident
        self.last: Outcome
        self.notified: list[Notify] = []
        self.timeline: list[TimelineEntry] = []
        self.wake_at: float | None = None
        self.settle_at: float | None = None
        self.remind_at: float | None = None
        self._deliveries = 0
        self._heard_until = 0

    # --- what happens ---

    def trigger(self, severity: Severity | str = P1, key: str = "web", **more: Any) -> Trigger:
        """A trigger as it would come in now; `event` and `decision` carry what is not usual."""
        gated, count = more.pop("gated", False), more.pop("count", 1)
        decision = a_decision(severity, **more.pop("decision", {}))
        return Trigger(event=self._event(key, **more), decision=decision, roster=self.roster, gated=gated, count=count)

    def opens(self, severity: Severity | str = P1, **more: Any) -> Life:
        """The first trigger of the group."""
        previous = more.pop("previous", None)
        return self._take(open_incident("inc-1", self.trigger(severity, **more), self.policy, self.now, previous))

    def fires(self, severity: Severity | str = P1, key: str = "web", **more: Any) -> Life:
        """A further trigger."""
        return self.asks(self.trigger(severity, key, **more))

    def clears(self, key: str = "web", **more: Any) -> Life:
        """The sender says it is over."""
        event = self._event(key, action=Action.RESOLVE, **{"summary": f"{key} is up", **more})
        return self.asks(Clear(event=event, key=event.signal_key))

    def _event(self, key: str, **more: Any) -> Event:
        self._deliveries += 1
        return an_event(key, **{"at": self.now, "delivery": f"d-{self._deliveries:06}", **more})

    def asks(self, command: Command) -> Life:
        """Any command, now."""
        return self._take(transition(self.incident, command, self.now))

    def passes(self, duration: str) -> Life:
        """Time goes by; the clock stops at every promise and keeps it."""
        until = self.now + parse_duration(duration)
        while (due := self.due) is not None and due <= until:
            self.now = max(self.now, due)
            self.keeps_promises()
        self.now = until
        return self

    def sleeps(self, duration: str) -> Life:
        """Time goes by and nobody keeps the promises: Tocsin is away. Then it comes back."""
        self.now += parse_duration(duration)
        return self.keeps_promises()

    @property
    def due(self) -> float | None:
        """When the next promise is due."""
        return min((at for at in (self.wake_at, self.settle_at, self.remind_at) if at is not None), default=None)

    def keeps_promises(self) -> Life:
        """Do now what is due now, as a worker does: the promise is gone, unless it is made again."""
        if self.wake_at is not None and self.wake_at <= self.now:
            self.wake_at = None
            self.asks(Escalate(roster=self.roster))
        if self.settle_at is not None and self.settle_at <= self.now:
            self.settle_at = None
            self.asks(Settle())
        if self.remind_at is not None and self.remind_at <= self.now:
            self.remind_at = None
            self.asks(Remind(roster=self.roster))
        return self

    def _take(self, outcome: Outcome) -> Life:
        self.last, self.incident = outcome, outcome.incident
        self.timeline += outcome.timeline
        for effect in outcome.effects:
            self._promise(effect)
        return self

    def _promise(self, effect: Effect) -> None:
        if isinstance(effect, Notify):
            self.notified.append(effect)
        elif isinstance(effect, WakeAt):
            self.wake_at = effect.at
        elif isinstance(effect, SettleAt):
            self.settle_at = effect.at
        elif isinstance(effect, RemindAt):
            self.remind_at = effect.at

    # --- what can be seen ---

    def said(self) -> list[str]:
        """What went out since this was last asked."""
        new, self._heard_until = self.notified[self._heard_until :], len(self.notified)
        return [f"{one.reason}: {one.role} ({one.person}) on {one.channel}" for one in new]

    def wakes_in(self) -> float | None:
        """Minutes until the promised look at the ladder."""
        return None if self.wake_at is None else (self.wake_at - self.now) / MINUTE

    def settles_in(self) -> float | None:
        """Minutes until the promised look whether it is quiet."""
        return None if self.settle_at is None else (self.settle_at - self.now) / MINUTE

    def history(self, kind: str | None = None) -> list[str]:
        """The timeline as text, or the lines of one kind."""
        return [line.text for line in self.timeline if kind in (None, line.kind)]


def opened(
    severity: Severity | str = P1, policy: Policy | None = None, roster: Roster = EVERYBODY, **more: Any
) -> Life:
    """An incident that has just opened."""
    return Life(policy or a_policy(), roster).opens(severity, **more)


def heard_so_far(severity: Severity | str = P1, **more: Any) -> Life:
    """An incident that has opened, with the first pages already looked at."""
    life = opened(severity, **more)
    life.said()
    return life


def everywhere(reason: str, role: str) -> list[str]:
    """A step of P1 as it is said: to the person on pager and mail, and in the room."""
    return [f"{reason}: {role} ({PEOPLE[role]}) on {channel}" for channel in ("pager", "slack", "mail")]


def to_severity(severity: Severity) -> ChangeSeverity:
    """Ana says how bad it is."""
    return ChangeSeverity(by="ana", via="cli", to=severity, roster=EVERYBODY)


EXHAUSTED = [
    "exhausted: on-call engineer (ana) on pager",
    "exhausted: on-call engineer (ana) on mail",
    "exhausted: engineering lead (maria) on pager",
    "exhausted: engineering lead (maria) on mail",
    "exhausted: ceo (victor) on pager",
    "exhausted: ceo (victor) on mail",
    "exhausted: ceo (victor) on slack",
]
"""How the end of P1's matrix is said, on every channel."""
