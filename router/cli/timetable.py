"""Who would be told when, if nobody answered: the frozen plan of one severity, read aloud before anything happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.config import Config
from rules.decision import Decision
from rules.duration import show_duration
from rules.incident import Plan
from rules.matrix import plan
from rules.reach import out_of_reach
from rules.schedule import Way, on_call


@dataclass(frozen=True)
class Row:
    """One line: `at` is like `T+15m`, `to` a role and who that is."""

    at: str
    step: int | str
    to: str
    channels: list[str]


def timetable(config: Config, decision: Decision, now: float, reaching: Mapping[str, Way]) -> list[Row]:
    """Step 0, every row of the matrix, its repetition, and its end; nothing for a suppressed decision.

    `now` (Unix seconds) says who a schedule means; `reaching` what each configured channel reaches.
    """
    if decision.suppress is not None:
        return []
    written = plan(config, decision.severity)
    ways = list(written.channels if decision.channels is None else decision.channels)
    told = [(0.0, written.responder), *((step.after, step.role) for step in written.steps)]
    through = [reaching[name] for name in ways if name in reaching]
    rows = [
        Row(_at(after), number, _who(config, role, now, through), ways) for number, (after, role) in enumerate(told)
    ]
    return [*rows, *_end(written, ways)]


def _end(written: Plan, ways: list[str]) -> list[Row]:
    """What follows the last step: as many rounds as the YAML says, then the cry that nobody has answered."""
    ends = written.exhausted_after * (written.repeat + 1)
    last = Row(_at(ends), "exhausted", "everybody above, once more: nobody has answered", ways)
    times = "once" if written.repeat == 1 else f"{written.repeat} times"
    again = Row(_at(written.exhausted_after), "repeat", f"all of the above again, {times}", ways)
    return [again, last] if written.repeat else [last]


def _at(seconds: float) -> str:
    return f"T+{show_duration(seconds)}" if seconds else "T+0"


def _who(config: Config, role: str, now: float, through: list[Way]) -> str:
    found = config.roles.get(role)
    if found is None:
        return role
    person = found.person if found.schedule is None else on_call(config.schedules[found.schedule], now)
    if person is not None and out_of_reach(config.people[person], through):
        return f"{role} ({person}, whom none of these reaches)"
    return f"{role} ({person or 'nobody now'})"
