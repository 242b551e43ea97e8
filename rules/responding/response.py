"""How an incident is responded to, beside who is paged: roles, status, impact, updates, what was ticked and checked.

One field of the incident, made of small records. Each part of the response has its own, with a default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rules.announcing.public import Public
from rules.announcing.room import Room
from rules.frozen import changed
from rules.postmortem.terms import Owed


class Status(StrEnum):
    """How it goes, in the three words of the runbook."""

    INVESTIGATING = "investigating"
    MITIGATING = "mitigating"
    RESOLVED = "resolved"


class Part(StrEnum):
    """What somebody does in the response, beside the roles of the matrix."""

    COMMANDER = "commander"
    """Leads it, decides, and sees to it that updates are posted."""
    SCRIBE = "scribe"
    """Writes down what happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """An item of a list that is done. Times are Unix seconds."""

    by: str
    at: float
    via: str
    answer: str = ""
    """What was answered, where the item asks something: `yes`."""
    words: str = ""
    """The item as people read it then, where its list may be edited since: a runbook's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What was last told of how it goes."""

    text: str
    by: str
    at: float
    next_at: float | None = None
    """When the next was promised; None: by the severity's own rhythm, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """How often somebody has been reminded of what is due, and when they will be again."""

    of: float
    """What was due then, in Unix seconds; something due at another time begins anew."""
    times: int = 0
    next_at: float | None = None
    """None: no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check has found."""

    check: str
    outcome: str
    """`ok`, `failed` or `unknown`."""
    text: str
    """A clause for a sentence, the name of what was looked at included: `site answers 502 in 0.3 s`."""
    at: float
    took: float = 0.0
    """Seconds."""
    detail: str = ""
    """What a command wrote, for whoever looks closer: several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examining:
    """The checks of an incident have been asked, and have not answered yet. Times are Unix seconds."""

    at: float
    """When they are to be run."""
    by: str = ""
    """The person who asked; empty: the incident opened, got worse or has recovered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where people look next: what it is called and where it leads (http or https)."""

    text: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Response:
    """Everything people do about an incident. Names of people are those of the YAML, or as they signed.

    Without slots, as an incident is: it changes with each step.
    """

    commander: str | None = None
    scribe: str | None = None
    status: Status | None = None
    """What a person said; None, or older than the last change of state: the state says it."""
    status_at: float = 0.0
    affected: str | None = None
    """Who."""
    broken: str | None = None
    """What."""
    users_noticed: bool = False
    update: Update | None = None
    reminding: Reminding | None = None
    ticks: dict[str, Ticked] = field(default_factory=dict)
    """Item -> who ticked it. `verify:…` of the resolve gate, `runbook:<name>:<n>` and `tree:<name>:<n>` of runbooks."""
    unverified: str | None = None
    """Why it was closed before its checklist was done."""
    findings: tuple[Finding, ...] = ()
    """The latest of each check."""
    triage: tuple[str, ...] = ()
    """Checks that its rule asks for, beside those of its severity."""
    examining: Examining | None = None
    """Its checks are being run; None: they are not."""
    severity_by: str | None = None
    """The person who has said how bad it is: no check says otherwise."""
    links: tuple[Link, ...] = ()
    room: Room | None = None
    public: Public | None = None
    postmortem: Owed = field(default_factory=Owed)
    """What is owed once it is over."""

    def changed(self, **fields: object) -> Response:
        """The same but for these fields."""
        return changed(self, fields)
