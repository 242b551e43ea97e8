"""`/numbers`: how soon incidents were answered and over, whom they woke, and what only makes noise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.api.counting import SINCE, Counted, Window
from router.console import charts
from router.console.routes import Page
from router.console.visit import Visit
from rules.event import Severity
from rules.numbers import sentences
from rules.numbers.advice import Advice
from rules.numbers.answers import Answers, Week, mondays
from rules.numbers.noise import Noise
from rules.numbers.spread import Spread
from rules.numbers.total import Numbers
from rules.reading.config import Config

PATIENCE = 0.1
"""Seconds that a page waits for its first count."""
SPANS = ("4w", "12w", "26w", "52w")
MOST_PEOPLE = 30
"""Rows of the heat map; the table beside it has everybody."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with its sentence, and the table that says the same."""

    name: str
    said: str
    drawn: Markup
    rows: list[tuple[str, Spread]]


@dataclass(frozen=True, slots=True)
class Noisy:
    """One of the noisiest."""

    noise: Noise
    said: str
    bar: Markup
    advice: Advice | None


async def show(visit: Visit) -> Response:
    """GET: the last count of what the address asks for."""
    window = Window.asked(visit.asked)
    config = visit.context.in_force.ruleset.config
    counted = await run_in_threadpool(visit.context.counting.count, window, config, PATIENCE)
    total = counted.numbers
    return visit.page(
        "numbers.html",
        counted=counted,
        window=window,
        since=visit.asked.get("since") or SINCE,
        spans=SPANS,
        severities=list(Severity),
        total=total,
        **(_drawn(counted, total, config) if total is not None else {}),
    )


PAGES = [Page("/numbers", "GET", show)]


def _drawn(counted: Counted, total: Numbers, config: Config) -> dict[str, Any]:
    begins = mondays(counted.sought.since, counted.as_of or counted.sought.since, counted.sought.timezone)
    return {
        "acknowledged": [_acknowledged(one, total.weeks, begins, config) for one in total.severities],
        "resolved": [_resolved(one, total.weeks, begins) for one in total.severities],
        "nights": sentences.nights(total.people),
        "heat": charts.nights(total.people[:MOST_PEOPLE], "Pages by person and hour, from 21:00 to 21:00"),
        "hours": charts.HOURS,
        "noisy_keys": _noisy(total.keys, total),
        "noisy_rules": _noisy(total.rules, total),
    }


def _acknowledged(of: Answers, weeks: list[Week], begins: list[date], config: Config) -> Chart:
    rows = _rows(begins, {one.monday: one.answers.acknowledged for one in weeks if one.severity is of.severity})
    plan = config.severities.get(of.severity)
    agreed = plan.respond_within if plan is not None else None
    said = sentences.acknowledged(of)
    return Chart(of.severity, said, charts.times(of.severity, _points(rows), said, agreed), rows)


def _resolved(of: Answers, weeks: list[Week], begins: list[date]) -> Chart:
    rows = _rows(begins, {one.monday: one.answers.resolved for one in weeks if one.severity is of.severity})
    said = sentences.resolved(of)
    return Chart(of.severity, said, charts.times(of.severity, _points(rows), said), rows)


def _rows(begins: list[date], seen: dict[str, Spread]) -> list[tuple[str, Spread]]:
    nothing = Spread(n=0, of=0, median=None, p90=None)
    return [(f"{day:%d %b}", seen.get(day.isoformat(), nothing)) for day in begins]


def _points(rows: list[tuple[str, Spread]]) -> list[charts.Point]:
    return [charts.Point(label, one.median, one.p90) for label, one in rows]


def _noisy(found: list[Noise], total: Numbers) -> list[Noisy]:
    most = max((one.pages for one in found), default=0)
    return [
        Noisy(
            one,
            sentences.noise(one),
            charts.bar(one.pages, most, f"{one.pages} pages"),
            total.advice.get(one.name) if one.last is not None else None,
        )
        for one in found
    ]
