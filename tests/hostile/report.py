"""What a scenario found: a row of the table that `make hostile` prints and docs/hostile.md keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario."""

    scenario: str
    cases: int
    worst: str
    """The worst that was seen, with its unit."""
    wrong: tuple[str, ...] = ()
    """What must not have happened; empty when it passed."""

    @property
    def line(self) -> str:
        """As a row of Markdown."""
        return f"| {self.scenario} | {self.cases:,} | {self.worst} | {'no' if self.wrong else 'yes'} |"


@dataclass(frozen=True, slots=True)
class Run:
    """How much is to be tried, and with which seed."""

    cases: int
    seed: int


Scenario = Callable[[Run], Row]
HEAD = "| scenario | cases | worst | pass |\n|---|---|---|---|"
