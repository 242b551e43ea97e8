"""The shape of the YAML an operator edits, as pydantic models. `rules.reading.load` reads it, with positions."""

from __future__ import annotations

import datetime
import re
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from rules.announcing.status_pages import StatusPageConfig
from rules.clock import Zone, parse_hand_over
from rules.event import Severity
from rules.gates.more_than import MoreThan
from rules.holds.quiet import SilenceConfig, WorkingHours
from rules.links import Template
from rules.match import Condition, listed
from rules.postmortem.config import PostmortemConfig
from rules.reading.fields import Duration, FieldName, Reference, Strict
from rules.reading.problem import Misplaced
from rules.responding.checklists import Checklist
from rules.responding.triage import CheckConfig
from rules.together.grouping import GroupConfig
from rules.together.inhibition import InhibitConfig


def _turn(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]?[dw]", text, re.ASCII):
        raise ValueError(f"expected turns like 1w or 2d, found '{text}'")
    return text


def _hand_over(text: str) -> str:
    parse_hand_over(text)
    return text


Triage = Annotated[list[str], BeforeValidator(listed)]
"""Names of checks."""


def _yes_or_name(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _a_minute(seconds: float | None) -> float | None:
    if seconds is not None and seconds < 60:
        raise ValueError("expected at least 1m: somebody has to write it")
    return seconds


class SeverityPlan(Strict):
    """One row of the severity table: what it means, how soon somebody must answer, and how people are told."""

    means: str
    respond_within: Duration
    channels: Annotated[list[str], Field(min_length=1)]
    fallback: list[str] = []
    first_responder: str | None = None
    resolve_after: Duration = 15 * 60.0
    """How long a recovered incident stays quiet before it counts as resolved."""
    repeat: int = Field(default=0, ge=0, le=10)
    """How often the whole ladder runs again when its end was reached without an answer."""
    repeat_factor: float = Field(default=1.0, ge=1.0, le=10.0)
    """Each further round waits so many times as long at the end of the one before: 2 doubles it again and again."""
    again_after: Duration | None = None
    """How long something that had recovered must fire again before anybody is told."""
    acknowledged_for: Duration | None = None
    """How long an acknowledgement holds; by default until somebody resolves it."""
    hours: str | None = None
    """The name of working hours: nobody is told outside them, and times are counted in them. Not for P1."""
    exhausted_after: Duration | None = None
    """From the last step to the end of the ladder; by default as long as the last row waited."""
    triage: Triage = []
    """The checks that are run when an incident of it opens, or is raised to it."""
    update_every: Annotated[Duration | None, AfterValidator(_a_minute)] = None
    """How long after somebody has it, or after an update, the next update is due."""
    verify: str | None = None
    """The name of the checklist that must be done before it is closed."""
    announce: list[str] = []
    """Channels whose rooms hear that it is over, if users have noticed it."""
    stakeholders: list[str] = []
    """People who hear that it is over."""
    incident_channel: Annotated[bool | str, BeforeValidator(_yes_or_name)] = False
    """Each incident gets a Slack channel of its own, made by the bot of the only channel with a `token`, or of this."""


class MatrixRow(Strict):
    """One row of the escalation matrix, as the runbook prints it."""

    severity: Severity
    responder: str
    after: Duration
    escalate_to: str


class Role(Strict):
    """Whom the matrix names: whoever a schedule says, or one person."""

    schedule: str | None = None
    person: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.schedule is None) == (self.person is None):
            raise ValueError("a role is either a schedule or a person")
        return self


class Person(Strict):
    """Somebody who can be told, with an address per kind of channel."""

    name: str | None = None
    email: str | None = None
    slack: str | None = None
    pagerduty: Reference | None = None
    timezone: Zone | None = None
    hours: str | None = None
    """The name of the hours in which they may be told of severities that have hours; others reach them always."""


class Team(Strict):
    """People who are told of a rule's incidents beside the role, and their room."""

    people: list[str] = []
    slack: str | None = None


class Override(Strict):
    """For a while somebody else is on call; `person: null` means nobody.

    Times without an offset are local to the schedule's time zone.
    """

    start: datetime.datetime
    end: datetime.datetime
    person: str | None

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("give both start and end an offset (like +02:00), or neither")
        if self.end <= self.start:
            raise Misplaced("end", "an override must end after it starts")
        return self


_AS_TURN = {"type": "string", "pattern": "^[1-9][0-9]?[dw]$", "examples": ["1w", "2d"]}
_AS_HAND_OVER = {"type": "string", "pattern": "^([A-Za-z]+ )?[0-9]{1,2}:[0-9]{2}$", "examples": ["Mon 09:00", "09:00"]}


class Schedule(Strict):
    """A rotation: `people` take turns of `every` (`1w`, `2d`).

    They hand over at `hand_over`, local time: `Mon 09:00`, or `09:00` for turns of days.
    """

    timezone: Zone
    every: Annotated[str, AfterValidator(_turn), WithJsonSchema(_AS_TURN)] = "1w"
    hand_over: Annotated[str, AfterValidator(_hand_over), WithJsonSchema(_AS_HAND_OVER)] = "Mon 09:00"
    people: list[str]
    starts: Annotated[datetime.date | None, Field(ge=datetime.date(2000, 1, 1), le=datetime.date(2100, 1, 1))] = None
    """A day of the first person's first turn; by default the first hand-over day of 2024."""
    overrides: list[Override] = []

    @model_validator(mode="after")
    def _hand_over_of_the_turn(self) -> Self:
        weekly, day = self.every.endswith("w"), parse_hand_over(self.hand_over).day
        if weekly == (day is None):
            wanted = "a day, like 'Mon 09:00'" if weekly else "no day, like '09:00'"
            message = f"hand_over of turns of {self.every} has {wanted}, found '{self.hand_over}'"
            raise Misplaced("hand_over" if "hand_over" in self.model_fields_set else "every", message)
        return self


class SourceConfig(BaseModel):
    """One configured sender. Keys of its type stand beside these and are checked by the type's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    secret: Annotated[list[Reference], BeforeValidator(listed)] = []
    token: Annotated[list[Reference], BeforeValidator(listed)] = []
    unsigned: bool = False
    gzip: bool = False
    """May its bodies come compressed?"""
    redact: Annotated[list[str], BeforeValidator(listed)] = []
    """Dotted paths into its JSON bodies (`data.event.user.email`, `*` for any key) whose values are not kept."""
    labels: dict[str, str] = {}
    links: dict[str, Template] = {}
    """Where people look next: what it is called, and the address, filled from the event."""

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the source's type."""
        return dict(self.model_extra or {})


class ChannelConfig(BaseModel):
    """One way out. Keys of its type stand beside `type` and are checked by the type's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the channel's type."""
        return dict(self.model_extra or {})


class Then(Strict):
    """What a rule says about an event it matches."""

    severity: Severity | None = None
    runbook: str | None = None
    group_by: Annotated[list[FieldName], BeforeValidator(listed)] | None = None
    team: str | None = None
    channels: Annotated[list[str], Field(min_length=1)] | None = None
    labels: dict[str, str] = {}
    suppress: str | None = None
    """The reason why nobody is told."""
    triage: Triage | None = None
    """Checks that are run beside the severity's."""
    links: dict[str, Template] | None = None
    """Where people look next, beside the links of the source."""

    @cached_property
    def said(self) -> tuple[tuple[str, Any], ...]:
        """What it sets, key and value in the order above; its labels are asked for themselves."""
        written = ((name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set)
        return tuple((name, value) for name, value in written if name != "labels" and value is not None)


class Rule(Strict):
    """`when` it matches, `then` it says; the first match decides unless it says `continue`."""

    name: str
    when: Condition = Condition()
    more_than: MoreThan | None = None
    then: Then = Then()
    goes_on: bool = Field(default=False, alias="continue")


class Config(Strict):
    """Everything the operator wrote, whole and consistent in itself."""

    severities: dict[Severity, SeverityPlan]
    checklists: dict[str, Checklist] = {}
    escalation: list[MatrixRow] = []
    escalation_clock: Literal["severity", "previous_step"] = "severity"
    roles: dict[str, Role] = {}
    people: dict[str, Person] = {}
    teams: dict[str, Team] = {}
    schedules: dict[str, Schedule] = {}
    hours: dict[str, WorkingHours] = {}
    silences: list[SilenceConfig] = []
    groups: list[GroupConfig] = []
    inhibit: list[InhibitConfig] = []
    postmortems: PostmortemConfig = PostmortemConfig()
    sources: dict[str, SourceConfig] = {}
    channels: dict[str, ChannelConfig] = {}
    checks: dict[str, CheckConfig] = {}
    status_pages: dict[str, StatusPageConfig] = {}
    rules: list[Rule]
