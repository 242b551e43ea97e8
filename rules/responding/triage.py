"""Checks as the YAML has them: what is looked at, when, and what its outcome makes of an incident."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from rules.event import Severity
from rules.reading.fields import Duration, Strict
from rules.reading.problem import Misplaced

LONGEST = 8.0
"""Seconds that the checks of an incident have together, and each of them at most."""
OFTENEST = 10.0
"""Seconds between two runs of a check on a schedule, at least."""
AT_MOST = 12
"""Checks that are run for one incident."""


class Found(StrEnum):
    """What a check has come to."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It could not be run, so it says nothing of what it looks at."""


def _not_longer(seconds: float) -> float:
    if seconds > LONGEST:
        raise ValueError(f"expected at most {LONGEST:g}s: all checks of an incident have that long together")
    return seconds


def _not_oftener(seconds: float) -> float:
    if seconds < OFTENEST:
        raise ValueError(f"expected at least {OFTENEST:g}s between two runs")
    return seconds


_AS_DURATION = {"type": "string", "pattern": r"^([0-9]{1,9}(\.[0-9]{1,3})?[smhdw])+$", "examples": ["3s", "1m"]}
Within = Annotated[Duration, AfterValidator(_not_longer), WithJsonSchema(_AS_DURATION)]
Every = Annotated[Duration, AfterValidator(_not_oftener), WithJsonSchema(_AS_DURATION)]


class Becomes(Strict):
    """What a check's outcome makes of the incident: another severity, or a false positive for that reason."""

    severity: Severity | None = None
    false_positive: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.severity is None) == (self.false_positive is None):
            raise ValueError("expected a severity, or why it is a false positive")
        return self


class CheckConfig(BaseModel):
    """One check. Keys of its type stand beside these and are checked by the type's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    within: Within | None = None
    """How long it may take; by default as long as its type says."""
    every: Every | None = None
    """How often it is run by itself; by default only for incidents, and when somebody asks."""
    failures: int = Field(default=2, ge=1, le=100)
    """So often in a row it must fail on its schedule before that is an event."""
    when_ok: Becomes | None = None
    when_failed: Becomes | None = None
    labels: dict[str, str] = {}
    """Added to the events that its schedule makes."""

    @model_validator(mode="after")
    def _scheduled(self) -> Self:
        for key in ("failures", "labels"):
            if key in self.model_fields_set and self.every is None:
                raise Misplaced(key, f"{key} says nothing without every: only a schedule makes events")
        return self

    def becomes(self, found: str) -> Becomes | None:
        """What this outcome makes of an incident; None: nothing."""
        return self.when_ok if found == Found.OK else self.when_failed if found == Found.FAILED else None

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the check's type."""
        return dict(self.model_extra or {})
