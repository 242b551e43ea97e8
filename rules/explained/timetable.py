"""Who would be told when, if nobody answered: the frozen plan of one severity, read aloud before anything happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.decision import Decision
from rules.duration import show_duration
from rules.incident import Plan
from rules.matrix import plan
from rules.oncall.reach import out_of_reach
from rules.oncall.schedule import Way, on_call, working_hours
from rules.reading.config import Config
from rules.turn import exhausted_after


@dataclass(frozen=True)
class Row:
    """One line: `at` is like `T+15m`, `due_at` that time in Unix seconds, `to` a role and who that is then."""

    at: str
    step: int | str
    to: str
    channels: list[str]
    due_at: float


def timetable(config: Config, decision: Decision, begins: float, reaching: Mapping[str, Way]) -> list[Row]:
    """Step 0, every row of the matrix, its repetition, and its end; nothing for a suppressed decision.

    `begins` (Unix seconds) is when the matrix does: each step is due so much later, in the hours of its severity, and
    told to whoever has the role then, in their hours. `reaching`: what each configured channel reaches.
    """
    if decision.suppress is not None:
        return []
    written = plan(config, decision.severity)
    ways = list(written.channels if decision.channels is None else decision.channels)
    told = [(0.0, written.responder), *((step.after, step.role) for step in written.steps)]
    through = [reaching[name] for name in ways if name in reaching]
    rows = []
    for number, (after, role) in enumerate(told):
        due = _due(config, written, role, written.due(begins, after))
        rows.append(Row(_at(after), number, _who(config, role, due, through), ways, due))
    return [*rows, *_end(written, ways, begins)]


def _end(written: Plan, ways: list[str], begins: float) -> list[Row]:
    """What follows the last step: as many rounds as the YAML says, then the cry that nobody has answered."""
    ends = sum(exhausted_after(written, written.repeat_factor**number) for number in range(written.repeat + 1))
    due = written.due(begins, ends)
    last = Row(_at(ends), "exhausted", "everybody above, once more: nobody has answered", ways, due)
    times = "once" if written.repeat == 1 else f"{written.repeat} times"
    due = written.due(begins, written.exhausted_after)
    again = Row(_at(written.exhausted_after), "repeat", f"all of the above again, {times}", ways, due)
    return [again, last] if written.repeat else [last]


def _at(seconds: float) -> str:
    return f"T+{show_duration(seconds)}" if seconds else "T+0"


def holder(config: Config, role: str, at: float) -> str | None:
    """Who has a role at `at` (Unix seconds), as the rota stands; None: nobody, or no such role."""
    found = config.roles.get(role)
    if found is None or found.schedule is None:
        return found.person if found is not None else None
    return on_call(config.schedules[found.schedule], at)


def _due(config: Config, written: Plan, role: str, at: float) -> float:
    """Later, where the severity has hours, and whoever is called then has others."""
    person = holder(config, role, at)
    hours = working_hours(config, config.people[person].hours) if person is not None else None
    return at if written.hours is None or hours is None else hours.opens(at)


def _who(config: Config, role: str, now: float, through: list[Way]) -> str:
    if role not in config.roles:
        return role
    person = holder(config, role, now)
    if person is not None and out_of_reach(config.people[person], through):
        return f"{role} ({person}, whom none of these reaches)"
    return f"{role} ({person or 'nobody now'})"
