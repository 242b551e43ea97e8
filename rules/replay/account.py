"""What one rehearsal came to, in few words for each incident: written while it runs, which need not keep it whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rules.decision import Decision
from rules.event import Severity
from rules.incident import Incident, Reason
from rules.rehearsal.engine import Arrival, Rehearsal
from rules.rehearsal.notices import Notice

ONE_PAGE = 60.0
"""Seconds within which channels tell a person of the same step: together they are one page."""
FORGET_EVERY = 6 * 3600.0
"""Seconds of the rehearsal's clock after which what is past is forgotten."""

Heard = tuple[str, int]
"""One event: its delivery, and which of it."""


@dataclass(slots=True)
class Page:
    """A person (or a role that nobody has) is called to work: once, by however many channels. `at` in Unix seconds."""

    at: float
    who: str
    reason: Reason
    step: int | None
    by: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Past:
    """One incident of a rehearsal."""

    id: str
    title: str
    opened_at: float
    opened_by: Heard
    severity: Severity
    """The last it had."""
    team: str | None
    """Whose people are told beside whoever is called."""
    rule: str
    """The rule that set it so, as far as that is known: the one it opened by, or that raised it."""
    pages: list[Page] = field(default_factory=list)


class Account:
    """Follows a rehearsal while that runs: it keeps what it needs, and makes it forget the rest."""

    def __init__(self, stage: Rehearsal) -> None:
        self.stage = stage
        self.incidents: dict[str, Past] = {}
        """In the order in which they opened."""
        self.fates: Counter[str] = Counter()
        """What became of the events: `opened`, `changed`, `suppressed`, `below the gate` …"""
        self.updates = 0
        """Notifications that call nobody."""
        self._forgotten_at = stage.now

    def follows(self) -> dict[Heard, str | None]:
        """Write down what has happened since; returns the incident each event went to."""
        arrivals, notices = self.stage.lets_go()
        went = {_heard(one): self._arrives(one) for one in arrivals}
        for notice in notices:
            self._tells(notice)
        if self.stage.now >= self._forgotten_at + FORGET_EVERY:
            self._forgotten_at = self.stage.now
            for incident in self.stage.forgets():
                self._last_seen(incident)
        return went

    def ends(self) -> None:
        """Nothing more happens."""
        for incident in self.stage.incidents:
            self._last_seen(incident)

    def _arrives(self, one: Arrival) -> str | None:
        self.fates[one.fate] += 1
        if one.incident is None:
            return None
        past = self.incidents.get(one.incident)
        if past is None:
            self._opens(one)
        elif one.judged.decision is not None and one.judged.decision.severity.worse_than(past.severity):
            past.severity, past.rule = one.judged.decision.severity, _says(one.judged.decision)
        return one.incident

    def _opens(self, one: Arrival) -> None:
        if one.incident is None or one.judged.decision is None:
            return
        self.incidents[one.incident] = Past(
            id=one.incident,
            title=one.judged.event.summary,
            opened_at=one.at,
            opened_by=_heard(one),
            severity=one.judged.decision.severity,
            team=one.judged.decision.team,
            rule=_says(one.judged.decision),
        )

    def _last_seen(self, incident: Incident) -> None:
        past = self.incidents.get(incident.id)
        if past is not None:
            past.severity = incident.severity

    def _tells(self, notice: Notice) -> None:
        past = self.incidents.get(notice.incident)
        if notice.outcome != "sent" or past is None:
            return
        if not notice.reason.pages:
            self.updates += 1
            return
        who = notice.person or notice.role
        for page in reversed(past.pages):
            if notice.at - page.at > ONE_PAGE:
                break
            if (page.who, page.reason, page.step) == (who, notice.reason, notice.step):
                page.by = tuple(dict.fromkeys([*page.by, notice.channel]))
                return
        past.pages.append(Page(notice.at, who, notice.reason, notice.step, (notice.channel,)))


def _heard(one: Arrival) -> Heard:
    return (one.judged.event.delivery, one.judged.event.nth)


def _says(decision: Decision) -> str:
    return decision.set_by.get("severity", decision.rule)
