"""The shape of a `*.test.yaml`, as pydantic models; `rules.trial.read` reads it from text, with positions."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from rules.clock import check_zone, zone
from rules.duration import parse_duration
from rules.event import Action, Severity
from rules.incident import Reason, State
from rules.match import Condition, listed
from rules.reading.fields import Duration, Strict

MOST_TIMES = 2000
"""So often may one step happen."""
_YEAR = 366 * 86400.0
_START = "expected a time with its zone, like 2026-03-02 11:00 Europe/Bucharest or 2026-03-02T09:00Z"


def _offset(value: object) -> float:
    if isinstance(value, float):
        return value
    shown = f"'{value}'" if isinstance(value, str) else "nothing" if value is None else "a list or a map"
    try:
        seconds = parse_duration(value)
    except ValueError:
        raise ValueError(f"expected the time since the beginning, like 0m, 15m or 1h30m, found {shown}") from None
    if seconds > _YEAR:
        raise ValueError(f"expected at most 366d, found {shown}")
    return seconds


def parse_start(text: object) -> float:
    """Unix seconds of `2026-03-02 11:00 Europe/Bucharest`, or of a time with an offset. Raises ValueError."""
    if isinstance(text, float):
        return text
    written = text.strip() if isinstance(text, str) else ""
    day, (hour, _, name) = written[:10], written[10:].removeprefix("T").strip().partition(" ")
    try:
        when = datetime.datetime.fromisoformat(f"{day} {hour}")
    except ValueError:
        raise ValueError(f"{_START}, found '{text}'" if isinstance(text, str) else _START) from None
    if when.tzinfo is None and not name:
        raise ValueError(f"{_START}; '{text}' says no zone")
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone(check_zone(name.strip())))
    elif name:
        raise ValueError(f"{_START}; '{text}' says it twice")
    if not 2000 <= when.year <= 2100:
        raise ValueError(f"expected a year between 2000 and 2100, found '{text}'")
    return when.timestamp()


def _short(key: str) -> Callable[[object], object]:
    """`acknowledge: ana` for `acknowledge: {by: ana}`."""
    return lambda value: {key: value} if isinstance(value, str) else value


def _nobody(value: object) -> object:
    return [] if value == "nobody" else value


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError(f"expected one line that says what the test shows, found '{text}'")
    return text


def _times(value: object) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else 0
    number = value if isinstance(value, int) else number
    if not 1 <= number <= MOST_TIMES:
        found = f"'{value}'" if isinstance(value, str) else "nothing" if value is None else "a list or a map"
        raise ValueError(f"expected a whole number from 1 to {MOST_TIMES}, found {found}")
    return number


_AS_OFFSET = {
    "type": "string",
    "pattern": r"^([0-9]{1,9}(\.[0-9]{1,3})?[smhdw])+$",
    "examples": ["0m", "15m", "1h30m"],
}
_AS_START = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S* ?\S*$",
    "examples": ["2026-03-02 11:00 Europe/Bucharest", "2026-03-02T09:00Z"],
}
_AS_TIMES = {"type": "integer", "minimum": 1, "maximum": MOST_TIMES}
Times = Annotated[int, BeforeValidator(_times), WithJsonSchema(_AS_TIMES)]
"""How often a step happens."""
Offset = Annotated[float, BeforeValidator(_offset), WithJsonSchema(_AS_OFFSET)]
"""Time since the beginning of the test; `0m` is the beginning. Held as seconds."""
Start = Annotated[float, BeforeValidator(parse_start), WithJsonSchema(_AS_START)]
"""A moment with its zone; held as Unix seconds."""


class Written(Strict):
    """An event written out, as a parser would have read it."""

    source: str
    summary: str
    kind: str | None = None
    """By default `<type of the source>.event`."""
    action: Action = Action.TRIGGER
    key: str | None = None
    """What fires and clears together; by default the summary."""
    severity: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    url: str | None = None
    id: str | None = None
    """The sender's own id of the message: a second one with it is a repetition."""
    late: Duration | None = None
    """How long ago it happened, by the sender's clock."""
    actor: str | None = None


class Answer(Strict):
    """What a person does with an incident: the only open one, or the one with this number, counted from 1."""

    by: str
    incident: int | None = Field(default=None, ge=1)


class Resolved(Answer):
    """It is over."""

    note: str | None = None
    override: str | None = None
    """Why it is closed although its checklist is not done."""


class Ticking(Answer):
    """Items of its checklist are done: one by its number, or all of them."""

    item: str | None = None


class Updated(Answer):
    """How it goes."""

    text: str
    status: Literal["investigating", "mitigating"] | None = None
    lasts: Annotated[Duration | None, Field(alias="next")] = None
    """When the next is promised."""


class FalseAlarm(Answer):
    """It never was one."""

    reason: str


class Severer(Answer):
    """It is as bad as this."""

    to: Severity


class Assigned(Answer):
    """It is somebody's."""

    to: str


class Snoozed(Answer):
    """It is theirs for so long."""

    lasts: Annotated[Duration, Field(alias="for")]


class Silenced(Strict):
    """Nobody is told of what matches, from the step's time on."""

    name: str = "silence"
    reason: str
    by: str = ""
    lasts: Annotated[Duration, Field(alias="for")]
    when: Condition = Condition()
    severities: list[Severity] = Field(default_factory=list)
    everything: bool = False
    then: Literal["pause", "restart"] = "pause"


class Lifted(Strict):
    """A silence is ended before its time."""

    name: str = "silence"
    by: str


class Noted(Answer):
    """A sentence for its history."""

    text: str


class Step(Strict):
    """Something that happens `at` a time: a body, an event, an answer, or channels that break."""

    at: Offset = 0.0
    times: Times = 1
    every: Duration | None = None

    source: str | None = None
    """Who sends the sample, the body or the file."""
    sample: str | None = None
    body: Any = None
    file: str | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """What is different in the sample or the file."""
    headers: dict[str, str] = Field(default_factory=dict)
    method: Literal["GET", "POST", "PUT"] | None = None
    query: str | None = None

    event: Written | None = None

    acknowledge: Annotated[Answer | None, BeforeValidator(_short("by"))] = None
    snooze: Snoozed | None = None
    mitigate: Annotated[Answer | None, BeforeValidator(_short("by"))] = None
    resolve: Annotated[Resolved | None, BeforeValidator(_short("by"))] = None
    tick: Annotated[Ticking | None, BeforeValidator(_short("by"))] = None
    update: Updated | None = None
    false_positive: FalseAlarm | None = None
    raise_: Annotated[Severer | None, Field(alias="raise")] = None
    lower: Severer | None = None
    assign: Assigned | None = None
    note: Noted | None = None

    silence: Silenced | None = None
    lift: Annotated[Lifted | None, BeforeValidator(_short("by"))] = None

    broken: Annotated[list[str] | None, BeforeValidator(listed)] = None
    """These channels refuse everything from now on; an empty list mends them all."""


class Line(Strict):
    """Somebody is told: at a time, through channels, for a reason."""

    at: Offset
    who: str
    """A person or a role."""
    by: Annotated[list[str], BeforeValidator(listed), Field(min_length=1)]
    reason: Reason
    incident: int | None = Field(default=None, ge=1)


class Expect(Strict):
    """What the test holds Tocsin to. A list has one word for each incident, in the order in which they opened."""

    incidents: int | None = Field(default=None, ge=0)
    severity: Annotated[list[Severity] | None, BeforeValidator(listed)] = None
    state: Annotated[list[State] | None, BeforeValidator(listed)] = None
    rule: Annotated[list[str] | None, BeforeValidator(listed)] = None
    runbook: Annotated[list[str] | None, BeforeValidator(listed)] = None
    told: Annotated[list[Line], BeforeValidator(_nobody)]


class Story(Strict):
    """One story: what happens, and who is told."""

    name: Annotated[str, AfterValidator(_name)]
    at: Start | None = None
    steps: Annotated[list[Step], Field(min_length=1)]
    until: Offset | None = None
    """When the test ends; by default when nothing is promised any more."""
    expect: Expect


class Stories(Strict):
    """One file."""

    tests: list[Story]
