"""How incidents lie beneath others that keep them quiet: who must be known before a command, what follows after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from rules.commands import ChangeSeverity, Command, Escalate, EscalateNow, Trigger, Undeliverable, Undo
from rules.effects import Release
from rules.incident import Incident
from rules.responding.response_commands import Assess
from rules.together.inhibition import inhibiting
from rules.transition import Outcome
from rules.transitions import on_events

AT_MOST = 8
"""So many of those that stand under one key are looked at, the oldest first: one is enough to keep others quiet."""


WITH_ROSTER = Trigger | Escalate | EscalateNow | ChangeSeverity | Undeliverable | Undo | Assess
"""Commands that know who is called and what keeps what quiet."""


class Shelves(Protocol):
    """What the books know of incidents that keep others quiet."""

    @property
    def now(self) -> float:
        """When the changes are made, in Unix seconds."""

    def above(self, key: str) -> tuple[Incident, ...]:
        """Incidents that stand under a key and keep others quiet now, the oldest first, `AT_MOST` of them."""

    def stands(self, incident: Incident, left: Iterable[str], under: Iterable[str]) -> None:
        """An incident keeps others quiet under these keys from now on, and no longer under those it has left."""

    def lies(self, incident: Incident, parent: str) -> None:
        """An incident has become the child of `parent`."""


Asked = TypeVar("Asked", bound=Command)


def informed(books: Shelves, command: Asked, incident: Incident | None = None) -> Asked:
    """The command with what it must know of those that may keep the incident quiet; None: one that is to open."""
    if not isinstance(command, WITH_ROSTER):
        return command
    inhibitions = command.roster.inhibitions
    if not inhibitions.each:
        return command
    labels = incident.labels if incident is not None else {}
    signals = dict(incident.signals) if incident is not None else {}
    if isinstance(command, Trigger):
        fires = on_events.signal(command, None, labels)
        signals[fires.key] = fires
    firing = [signal for signal in signals.values() if signal.firing]
    above = {key: books.above(key) for key in inhibitions.may(firing, labels, books.now)}
    return replace(command, roster=replace(command.roster, above=above))


def concluded(books: Shelves, before: Incident | None, outcome: Outcome, command: Command) -> Outcome:
    """What a command has come to, with where the incident stands and lies from now on. None: it has just opened."""
    outcome = _standing(outcome, command)
    after = outcome.incident
    was, stands = inhibiting(before) if before is not None else (), inhibiting(after)
    if was != stands:
        left = [key for key in was if key not in stands]
        books.stands(after, left, stands)
        if left:
            outcome = replace(outcome, effects=(*outcome.effects, Release()))
    if after.parent is not None and (before is None or before.parent != after.parent):
        books.lies(after, after.parent)
    return outcome


def _standing(outcome: Outcome, command: Command) -> Outcome:
    """Under which keys it keeps others quiet is written into it whenever the rules are at hand."""
    if not (isinstance(command, WITH_ROSTER) and outcome.incident.is_open):
        return outcome
    inhibits = command.roster.inhibitions.over(outcome.incident)
    if inhibits == outcome.incident.inhibits:
        return outcome
    return replace(outcome, incident=outcome.incident.changed(inhibits=inhibits))
