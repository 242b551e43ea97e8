"""`postmortems` of the YAML: which incidents need one, by when, and when people are reminded."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from rules.duration import show_duration
from rules.event import Severity
from rules.holds.hours import Hours
from rules.match import listed
from rules.postmortem.terms import DAY, Terms
from rules.reading.fields import Duration, Strict
from rules.reading.problem import Misplaced


class PostmortemConfig(Strict):
    """Any one of `always`, `impact` and `touching` is enough. What is left out is as the runbook has it."""

    always: Annotated[list[Severity], BeforeValidator(listed)] = Field(default=[Severity.P1])
    impact: dict[Severity, Duration] = Field(default={Severity.P2: 1800.0})
    touching: dict[str, Annotated[list[str], BeforeValidator(listed)]] = Field(default={"area": ["payments"]})
    draft_within: Duration = 2 * DAY
    review_within: Duration = 7 * DAY
    remind_before: Duration = DAY
    escalate_after: Duration = DAY
    hours: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        draft = show_duration(self.draft_within)
        if self.review_within <= self.draft_within:
            raise Misplaced("review_within", f"a review comes after the draft, which is due within {draft}")
        if self.remind_before >= self.draft_within:
            message = f"a reminder so long before the draft would come before the incident is over: less than {draft}"
            raise Misplaced("remind_before", message)
        return self

    def terms(self, hours: Hours | None) -> Terms:
        """As it is frozen into incidents; `hours` are those of its name."""
        return Terms(
            always=tuple(self.always),
            impact=dict(self.impact),
            touching={label: tuple(values) for label, values in self.touching.items()},
            draft_within=self.draft_within,
            review_within=self.review_within,
            remind_before=self.remind_before,
            escalate_after=self.escalate_after,
            hours=hours,
        )
