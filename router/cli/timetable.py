"""Who would be told when, if nobody answered: the matrix of one severity, read aloud before anything has happened."""

from __future__ import annotations

from dataclasses import dataclass

from rules.config import Config, MatrixRow
from rules.decision import Decision
from rules.duration import show_duration
from rules.schedule import on_call


@dataclass(frozen=True)
class Row:
    """One line: `at` is like `T+15m`, `to` a role and who that is."""

    at: str
    step: int | str
    to: str
    channels: list[str]


def timetable(config: Config, decision: Decision, now: float) -> list[Row]:
    """Step 0, every row of the matrix, and the end of the ladder; nothing for a suppressed decision.

    `now` (Unix seconds) says who a schedule means.
    """
    if decision.suppress is not None:
        return []
    plan = config.severities[decision.severity]
    rows = [row for row in config.escalation if row.severity == decision.severity]
    ways = list(plan.channels if decision.channels is None else decision.channels)
    first = rows[0].responder if rows else plan.first_responder or ""
    times = due_times(config, rows)
    told = [Row(_at(0), 0, _who(config, first, now), ways)]
    told += [
        Row(_at(due), number, _who(config, row.escalate_to, now), ways)
        for number, (row, due) in enumerate(zip(rows, times, strict=True), 1)
    ]
    last = times[-1] if times else 0.0
    before = times[-2] if len(times) > 1 else 0.0
    waits = plan.exhausted_after if plan.exhausted_after is not None else (last - before or plan.respond_within)
    return [*told, Row(_at(last + waits), "exhausted", "everybody has been told; nobody answered", ways)]


def due_times(config: Config, rows: list[MatrixRow]) -> list[float]:
    """Seconds from the severity's beginning to each row, by the operator's `escalation_clock`."""
    if config.escalation_clock == "severity":
        return [row.after for row in rows]
    return [sum(row.after for row in rows[: number + 1]) for number in range(len(rows))]


def _at(seconds: float) -> str:
    return f"T+{show_duration(seconds)}" if seconds else "T+0"


def _who(config: Config, role: str, now: float) -> str:
    found = config.roles.get(role)
    if found is None:
        return role
    person = found.person if found.schedule is None else on_call(config.schedules[found.schedule], now)
    return f"{role} ({person or 'nobody now'})"
