"""Why one trigger was decided so, and what it meets before anybody is told: rules, gate, silences, working hours. Pure.

Nothing of it is stored: it is worked out anew when somebody asks, from the event as it was read and the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from rules.commands import Trigger
from rules.decide import Verdict
from rules.decision import Decision
from rules.duration import show_duration
from rules.event import Event
from rules.explained.timetable import timetable
from rules.gates.gate import asked
from rules.holds.silence import Silences, why
from rules.incident import Incident, Policy
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.reading.config import Config
from rules.record import as_data
from rules.together.grouping import Groups
from rules.together.inhibition import Inhibitions
from rules.together.related import related
from rules.transition import open_incident

FIRST, LAST = 20, 30
"""So many verdicts are told: the first, and the last before the search ended."""


class Explains(Protocol):
    """One edition of the rules, as far as it is asked here (`rules.reading.load.Ruleset`)."""

    @property
    def config(self) -> Config:
        """What the operator wrote."""

    @property
    def version(self) -> str:
        """Stands in every Decision."""

    @property
    def policy(self) -> Policy:
        """The plans of every severity."""

    @property
    def groups(self) -> Groups:
        """What belongs together whoever says it."""

    @property
    def inhibitions(self) -> Inhibitions:
        """What is kept quiet while something else lasts."""

    def decide(self, event: Event, now: float) -> Decision:
        """What a trigger means."""

    def explain(self, event: Event, now: float) -> list[Verdict]:
        """What every rule makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A silence that covers this trigger: `start` and `end` in Unix seconds, None when no time of it is to come."""

    name: str
    why: str
    active: bool
    start: float | None
    end: float | None


def trace(
    event: Event, decision: Decision, rules: Explains, roster: Roster, at: float, ways: Mapping[str, Way]
) -> dict[str, Any]:
    """Everything that stood between this trigger and the people, as plain data. `at` (Unix seconds): when it came.

    The verdicts are those of `rules`, which need not be the edition that decided: `edition` says whether they are.
    """
    decided, again = decision.rules_version, rules.decide(event, at)
    verdicts, left_out = _told(rules.explain(event, at), again.rule)
    quiet = silences(event, decision, rules.policy, roster, at)
    held = [one.end for one in quiet if one.active and one.end is not None]
    begins = max([at, *held])
    opened = _opened(event, decision, rules.policy, roster, at)
    return {
        "edition": {"decided_by": decided, "explained_by": rules.version, "same": decided == rules.version},
        "rule": decision.rule,
        "severity": decision.severity.value,
        "set_by": dict(decision.set_by),
        "verdicts": [as_data(one) for one in verdicts],
        "verdicts_left_out": left_out,
        "by_these_rules": {"rule": again.rule, "severity": again.severity.value},
        "group_key": decision.group_key,
        "suppress": decision.suppress,
        "gate": gate_of(decision),
        "silences": [as_data(one) for one in quiet],
        **related(rules.groups, rules.inhibitions, event, decision, opened, at),
        "hours": _hours(rules.policy, decision, begins),
        "timetable": [as_data(row) for row in timetable(rules.config, decision, begins, ways)],
    }


def gate_of(decision: Decision) -> dict[str, Any] | None:
    """What has to be counted before an incident opens; None when it opens at once."""
    gate = decision.gate
    if gate is None:
        return None
    return {
        "opens_above": gate.over if gate.over is not None else gate.count,
        "within": show_duration(gate.within),
        "recovers_after_quiet": show_duration(gate.quiet_for),
        "opens": asked(gate),
        "key": gate.key,
        "adds": " ".join(filter(None, (gate.adds, gate.currency))) if gate.adds else None,
        "counts_as": gate.counts or None,
        "counts_as_nothing": gate.nothing or None,
    }


def silences(event: Event, decision: Decision, policy: Policy, roster: Roster, at: float) -> list[Quiet]:
    """Those that cover an incident which this trigger would open, now or at their time."""
    found = []
    incident = _opened(event, decision, policy, roster, at)
    for one in roster.silences.each:
        if one.covers(incident, at):
            window, now = one.next_window(at), one.window(at)
            found.append(
                Quiet(
                    name=one.name,
                    why=why(one.config),
                    active=now is not None,
                    start=window.start if window else None,
                    end=window.end if window else None,
                )
            )
    return found


def _opened(event: Event, decision: Decision, policy: Policy, roster: Roster, at: float) -> Incident:
    command = Trigger(event=event, decision=decision, roster=replace(roster, silences=Silences()))
    return open_incident("", command, policy, at).incident


def _told(verdicts: Sequence[Verdict], ended_by: str) -> tuple[list[Verdict], int]:
    """Up to the rule that ended the search, not too many, and how many were left out of their middle."""
    ends = next((number for number, one in enumerate(verdicts, 1) if one.name == ended_by), len(verdicts))
    met = list(verdicts[:ends])
    if len(met) <= FIRST + LAST:
        return met, 0
    return [*met[:FIRST], *met[-LAST:]], len(met) - FIRST - LAST


def _hours(policy: Policy, decision: Decision, at: float) -> dict[str, Any] | None:
    """In which hours people are told of this severity; None: at any time."""
    hours = policy.plans[decision.severity].hours
    if hours is None:
        return None
    return {"name": hours.name, "timezone": hours.timezone, "open": hours.holds(at), "opens_at": hours.opens(at)}
