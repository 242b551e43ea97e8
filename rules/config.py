"""The shape of the YAML an operator edits, as pydantic models. Reading it from text, with positions, is `rules.load`."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rules.duration import parse_duration
from rules.event import Severity
from rules.match import Condition

NAME = r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$"


def _reference(text: str) -> str:
    if not ((text.startswith("${env:") or text.startswith("${file:")) and text.endswith("}")):
        raise ValueError("a secret must be a reference, ${env:NAME} or ${file:/path}, never the secret itself")
    return text


def _listed(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Written `90s`, `15m`, `1h`, `4h`, `7d`; held as seconds."""
Reference = Annotated[str, AfterValidator(_reference)]
"""`${env:NAME}` or `${file:/path}`; only fields of this type may hold one."""
Name = Annotated[str, Field(pattern=NAME)]


class Strict(BaseModel):
    """A mapping of the YAML: an unknown key is an error, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SeverityPlan(Strict):
    """One row of the severity table: what it means, how soon somebody must answer, and how people are told."""

    means: str
    respond_within: Duration
    channels: list[str]
    fallback: list[str] = []
    first_responder: str | None = None
    resolve_after: Duration = 15 * 60.0
    """How long a recovered incident stays quiet before it counts as resolved."""
    repeat: int = Field(default=0, ge=0, le=10)
    """How often the whole ladder runs again when its end was reached without an answer."""
    exhausted_after: Duration | None = None
    """From the last step to the end of the ladder; by default as long as the last row waited."""


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
    timezone: str | None = None


class Team(Strict):
    """People who are told of a rule's incidents beside the role, and their room."""

    people: list[str] = []
    slack: str | None = None


class Override(Strict):
    """For a while somebody else is on call; `person: null` means nobody."""

    start: datetime.datetime
    end: datetime.datetime
    person: str | None


class Schedule(Strict):
    """A rotation: `people` take turns of `every`, handing over at `hand_over` local time (`Mon 09:00`, or `09:00` for days)."""

    timezone: str
    every: Annotated[str, Field(pattern=r"^[1-9][0-9]?[dw]$")] = "1w"
    hand_over: str = "Mon 09:00"
    people: list[str]
    starts: datetime.date | None = None
    """A day of the first person's first turn; by default the first hand-over day of 2024."""
    overrides: list[Override] = []


class SourceConfig(BaseModel):
    """One configured sender. Keys of its type stand beside these and are checked by the type's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    secret: Annotated[list[Reference], BeforeValidator(_listed)] = []
    token: Annotated[list[Reference], BeforeValidator(_listed)] = []
    unsigned: bool = False
    labels: dict[str, str] = {}

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


class MoreThan(Strict):
    """A gate: open only when more than `count` events fall within `within`."""

    count: int = Field(ge=1)
    within: Duration
    quiet_for: Duration = 15 * 60.0
    per: list[str] = []
    """Count separately for each value of these fields (`source`, `kind`, `labels.user`)."""


class Then(Strict):
    """What a rule says about an event it matches."""

    severity: Severity | None = None
    runbook: str | None = None
    group_by: list[str] | None = None
    team: str | None = None
    channels: list[str] | None = None
    labels: dict[str, str] = {}
    suppress: str | None = None
    """The reason why nobody is told."""


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
    escalation: list[MatrixRow] = []
    escalation_clock: Literal["severity", "previous_step"] = "severity"
    roles: dict[str, Role] = {}
    people: dict[str, Person] = {}
    teams: dict[str, Team] = {}
    schedules: dict[str, Schedule] = {}
    sources: dict[str, SourceConfig] = {}
    channels: dict[str, ChannelConfig] = {}
    rules: list[Rule]
