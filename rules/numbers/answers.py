"""How soon incidents were answered and over: by severity, and by week."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.clock import zone
from rules.event import Severity
from rules.numbers.course import Course
from rules.numbers.spread import Spread, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What became of the incidents of one severity. False positives are counted, and in nothing but that count.

    `incidents` = acknowledged.n + by_themselves + waiting; respond_within was kept, missed, not needed or still runs.
    """

    severity: Severity
    incidents: int
    false_positives: int
    acknowledged: Spread
    """Seconds from opened to the first answer of a person, of all incidents."""
    by_themselves: int
    """Over before anybody answered."""
    waiting: int
    """Open, and nobody has answered yet."""
    resolved: Spread
    """Seconds from opened to over, of all incidents; the others are open."""
    kept: int
    missed: int
    """Answered too late, or by nobody when the time was up."""
    not_needed: int
    """Over by themselves before the time was up."""
    running: int
    """Open, unanswered, and the time is not up yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One ISO week of one severity, by when incidents opened."""

    severity: Severity
    week: str
    """`2026-W48`."""
    monday: str
    """`2026-11-23`."""
    answers: Answers


def answers(severity: Severity, courses: Sequence[Course], now: float) -> Answers:
    """Count the incidents of one severity. `now` in Unix seconds."""
    true = [one for one in courses if not one.false_positive]
    answered = [one.answered_at - one.opened_at for one in true if one.answered_at is not None]
    unanswered = [one for one in true if one.answered_at is None]
    over = [one.over_at - one.opened_at for one in true if one.over_at is not None]
    verdicts = [_kept(one, now) for one in true]
    themselves = sum(one.quiet_at is not None for one in unanswered)
    return Answers(
        severity=severity,
        incidents=len(true),
        false_positives=len(courses) - len(true),
        acknowledged=spread(answered, len(true)),
        by_themselves=themselves,
        waiting=len(unanswered) - themselves,
        resolved=spread(over, len(true)),
        kept=verdicts.count("kept"),
        missed=verdicts.count("missed"),
        not_needed=verdicts.count("not needed"),
        running=verdicts.count("running"),
    )


def _kept(one: Course, now: float) -> str:
    if one.answered_at is not None:
        return "kept" if one.answered_at <= one.respond_by else "missed"
    if one.quiet_at is not None and one.quiet_at <= one.respond_by:
        return "not needed"
    return "missed" if one.quiet_at is not None or now > one.respond_by else "running"


def by_severity(courses: Iterable[Course], now: float) -> list[Answers]:
    """One line for each severity that had an incident, the worst first."""
    sorted_out: dict[Severity, list[Course]] = {}
    for one in courses:
        sorted_out.setdefault(one.severity, []).append(one)
    return [answers(severity, sorted_out[severity], now) for severity in Severity if severity in sorted_out]


def by_week(courses: Iterable[Course], timezone: str, now: float) -> list[Week]:
    """One line for each severity and ISO week of `timezone` in which an incident opened, in that order."""
    sorted_out: dict[tuple[Severity, date], list[Course]] = {}
    for one in courses:
        day = datetime.fromtimestamp(one.opened_at, zone(timezone)).date()
        sorted_out.setdefault((one.severity, day - timedelta(days=day.weekday())), []).append(one)
    return [
        Week(severity=severity, week=week_of(monday), monday=monday.isoformat(), answers=answers(severity, found, now))
        for (severity, monday), found in sorted(sorted_out.items())
    ]


def week_of(day: date) -> str:
    """The ISO week of a day.

    >>> week_of(date(2027, 1, 1))
    '2026-W53'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def mondays(since: float, until: float, timezone: str) -> list[date]:
    """The Monday of every week from `since` to `until` (Unix seconds), also of those in which nothing happened."""
    first, last = (datetime.fromtimestamp(at, zone(timezone)).date() for at in (since, until))
    begin = first - timedelta(days=first.weekday())
    return [begin + timedelta(weeks=number) for number in range((last - begin).days // 7 + 1)]
