"""The linter: what can be used and is hardly meant. One small function for each finding, listed here by its code.

`tocsin check` tells; starting is not refused. Codes are stable: people write them into comments and dashboards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from rules.lint import kinds, people, reach
from rules.lint.given import Given
from rules.lint.silence import silenced
from rules.reading.problem import Problem

__all__ = ["CODES", "NEEDLESS", "Code", "Given", "lint"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding: what it is, in a few words, and what finds it."""

    says: str
    find: Callable[[Given], Iterator[Problem]]


NEEDLESS = "needless-ignore"

CODES: dict[str, Code] = {
    "never-matches": Code("a rule whose conditions exclude one another", reach.never_matches),
    "shadowed": Code("a rule that nothing comes to, because rules above it take everything", reach.shadowed),
    "unknown-kind": Code("a kind that no type of source sends", kinds.unknown_kind),
    "no-sender": Code("a rule that asks only for sources of which none is configured", kinds.no_sender),
    "unreached-severity": Code("a severity that no rule gives", reach.unreached_severity),
    "silent-source": Code("a source of which no rule takes anything", reach.silent_source),
    "single-channel": Code("a P1 that is told through one channel, without a fallback", reach.single_channel),
    "late-step": Code("a first escalation that comes after respond_within", reach.late_step),
    "empty-role": Code("a role that nobody has, or somebody without an address", people.empty_role),
    "unreached-person": Code("somebody who may have to answer, and whom no channel reaches", people.unreached_person),
    "schedule-gap": Code("a time in the next 60 days with nobody on call", people.schedule_gap),
    "future-start": Code("a schedule that starts on a day to come", people.future_start),
    "unused": Code("a person, role, team, schedule, channel or check that nothing leads to", reach.unused),
    NEEDLESS: Code("a comment that ignores nothing", lambda _: iter(())),
}
"""Every code; a test compares them with docs/rules.md."""


def lint(given: Given, texts: Mapping[str, str]) -> tuple[Problem, ...]:
    """Everything doubtful, in the order of the files. `texts` are those that were read: their comments may silence."""
    found = [replace(problem, code=code) for code, one in CODES.items() for problem in one.find(given)]
    left, needless = silenced(found, texts, CODES)
    left += [replace(problem, code=NEEDLESS) for problem in needless]
    return tuple(sorted(left, key=lambda problem: (problem.file, problem.line, problem.column)))
