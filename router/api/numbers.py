"""The numbers as JSON: what the API and the command say."""

from __future__ import annotations

from typing import Any

from router.api.counting import Counted
from rules.numbers import sentences
from rules.numbers.answers import Answers
from rules.numbers.nights import Called
from rules.numbers.noise import Noise
from rules.numbers.total import Numbers
from rules.record import as_data


def told(counted: Counted) -> dict[str, Any]:
    """As JSON. `as_of` is null, and the rest is not there, while incidents are being read for the first time."""
    said = {"as_of": counted.as_of, "read": counted.done, "of": counted.all}
    total = counted.numbers
    if total is None:
        return said
    return {
        **said,
        "since": counted.sought.since,
        "timezone": counted.sought.timezone,
        "incidents": total.incidents,
        "open": total.open,
        "severities": [_answers(one) for one in total.severities],
        "weeks": as_data(total.weeks),
        "people": [_called(one) for one in total.people],
        "keys": [_noise(one, total) for one in total.keys],
        "rules": [_noise(one, total) for one in total.rules],
    }


def _answers(one: Answers) -> dict[str, Any]:
    return {**as_data(one), "said": [sentences.acknowledged(one), sentences.resolved(one)]}


def _called(one: Called) -> dict[str, Any]:
    return {**as_data(one), "pages": one.pages, "nights": one.nights}


def _noise(one: Noise, total: Numbers) -> dict[str, Any]:
    suggested = total.advice.get(one.name) if one.last is not None else None
    return {
        "name": one.name,
        "rule": one.rule,
        "severity": one.severity,
        "summary": one.last.summary if one.last is not None else None,
        "incidents": one.incidents,
        "over": one.over,
        "events": one.events,
        "pages": one.pages,
        "false_positives": one.false_positives,
        "nobody_acted": one.nobody_acted,
        "said": sentences.noise(one),
        "suggestion": as_data(suggested) if suggested is not None else None,
    }
