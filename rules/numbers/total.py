"""All numbers of one window of time, as the page, the API and the command say them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.event import Severity
from rules.numbers.advice import Advice, advice
from rules.numbers.answers import Answers, Week, by_severity, by_week
from rules.numbers.course import Course
from rules.numbers.nights import Called, called
from rules.numbers.noise import Noise, noisiest_keys, noisiest_rules
from rules.reading.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is counted: incidents that opened from `since` (Unix seconds) on, of one severity or team, or of all."""

    since: float
    timezone: str = "UTC"
    severity: Severity | None = None
    team: str | None = None

    def holds(self, one: Course) -> bool:
        """Is it counted?"""
        return (
            one.opened_at >= self.since
            and (self.severity is None or one.severity is self.severity)
            and (self.team is None or one.team == self.team)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What is said of them."""

    incidents: int
    open: int
    severities: list[Answers]
    weeks: list[Week]
    people: list[Called]
    keys: list[Noise]
    rules: list[Noise]
    advice: dict[str, Advice]
    """Key -> what could be done about it."""
    teams: list[str]
    """Every team there is to choose from."""


def numbers(courses: Iterable[Course], sought: Sought, config: Config, now: float) -> Numbers:
    """Count. `now` in Unix seconds; times of people are by their own zones, weeks by that of `sought`."""
    everything = list(courses)
    fitting = [one for one in everything if sought.holds(one)]
    keys = noisiest_keys(fitting)
    return Numbers(
        incidents=len(fitting),
        open=sum(one.over_at is None for one in fitting),
        severities=by_severity(fitting, now),
        weeks=by_week(fitting, sought.timezone, now),
        people=called(fitting, config),
        keys=keys,
        rules=noisiest_rules(fitting),
        advice={one.name: found for one in keys if (found := advice(one, config, now)) is not None},
        teams=sorted({one.team for one in everything if one.team}),
    )
