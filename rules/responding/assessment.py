"""The initial assessment: what the checks of an incident have found, as one sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from rules.responding.response import Finding
from rules.responding.triage import Found

_ORDER = {Found.FAILED: 0, Found.UNKNOWN: 1, Found.OK: 2}


def assessment(findings: Iterable[Finding]) -> str:
    """`site answers 502 in 0.3 s, api healthy, last deployment 12m ago`: what is wrong first; "" of nothing."""
    ordered = sorted(findings, key=lambda one: _ORDER.get(Found(one.outcome), 1))
    return ", ".join(one.text for one in ordered)


def merged(before: Iterable[Finding], found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The latest finding of each check, in the order in which they were first run."""
    return tuple({one.check: one for one in (*before, *found)}.values())


def is_news(before: Iterable[Finding], found: Iterable[Finding]) -> bool:
    """Has any check come to something else than it had?"""
    known = {(one.check, one.outcome) for one in before}
    return any((one.check, one.outcome) not in known for one in found)
