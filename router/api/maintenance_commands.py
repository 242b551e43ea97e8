"""What a person may ask of a maintenance through the API: the body of each request, and the silence it becomes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from router.api.announce_commands import Public
from router.api.asked import Line
from router.api.silences import AskedToSilence
from router.problems import Problem
from rules.duration import parse_duration
from rules.event import Severity
from workers.deliveries.intake import mint_short


class AskedToMaintain(BaseModel):
    """What is worked on, and until when: `for`, or `end`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    service: Line
    """What people call it; without `sources` and `labels` its label `service` says what is silenced."""
    reason: Line = "planned maintenance"
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")] | None = None
    sources: list[str] = []
    labels: dict[str, str] = {}
    start: str | None = None
    end: str | None = None
    lasts: str | None = Field(default=None, alias="for")
    timezone: str = "UTC"
    severity: Severity = Severity.P4
    """Through whose channels people are reminded."""


class AskedToProlong(BaseModel):
    """By how much, from the end it has."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    lasts: str = Field(alias="for")
    say: Public | None = None
    """To the world, where it knows of it: in place of the sentence that it takes longer."""


class AskedToEnd(BaseModel):
    """Who ends it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    say: Public | None = None
    """To the world, where it knows of it: in place of what was to be said at the end."""


def silence_of(asked: AskedToMaintain) -> AskedToSilence:
    """The silence that it begins with."""
    when: dict[str, Any] = {"source": asked.sources} if asked.sources else {}
    if asked.labels:
        when["labels"] = asked.labels
    return AskedToSilence.model_validate(
        {
            "by": asked.by,
            "reason": f"{asked.reason}: {asked.service}",
            "name": asked.name or f"M-{mint_short()[:6]}",
            "when": when or {"labels": {"service": asked.service}},
            "timezone": asked.timezone,
            **{
                key: value
                for key, value in (("start", asked.start), ("end", asked.end), ("for", asked.lasts))
                if value is not None
            },
        }
    )


def seconds_of(text: str) -> float:
    """By how much it is prolonged. Raises Problem 422."""
    try:
        seconds = parse_duration(text)
    except ValueError as wrong:
        raise Problem(422, f"for: {wrong}", errors=[{"field": "for", "expected": str(wrong)}]) from None
    if seconds < 60:
        raise Problem(422, "for: expected at least 1m", errors=[{"field": "for", "expected": "at least 1m"}])
    return seconds
